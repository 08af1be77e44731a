import type { ChannelReading, StatusReport } from '../driver.ts';
import type { Quality } from '../telemetry/quantity.ts';
import { ConditionBoard } from './condition-board.ts';
import { readingOf } from './item-value.ts';
import type { DataItem, Observation } from './mtconnect-document.ts';
import type { WiredItem } from './wire-device.ts';

type WordValue = StatusReport['value'];

interface WordState {
  channel: string;
  item: DataItem;
  conditions: ConditionBoard | undefined;
  /** undefined until something was told. */
  told: WordValue | undefined;
  toldMs: number;
}

/** Where the time of an observation comes from: monotonic ms of the injected clock. */
export type TimeOf = (observation: Observation) => number;

/**
 * The newest value of every channel. Values are kept for the next row; words are told when they change, in the order of
 * the agent's sequence, and the time of a channel never runs backwards.
 */
export class ObservationBook {
  #report: (status: StatusReport) => void = () => {};
  #values = new Map<string, { channel: string; reading: ChannelReading['value'] }>();
  #words = new Map<string, WordState>();

  onStatus(report: (status: StatusReport) => void): void {
    this.#report = report;
  }

  /** Another wiring holds from now on; nothing is known yet, and every word is told anew but one that was taken back. */
  rewire(wired: readonly WiredItem[]): void {
    const before = new Map([...this.#words.values()].map((state) => [state.channel, state]));
    this.#values = new Map();
    this.#words = new Map();
    for (const { item, channel } of wired) {
      if (channel.kind === 'measured') this.#values.set(item.id, { channel: channel.id, reading: null });
      else
        this.#words.set(item.id, {
          channel: channel.id,
          item,
          conditions: item.category === 'CONDITION' ? new ConditionBoard() : undefined,
          told: before.get(channel.id)?.told === null ? null : undefined,
          toldMs: before.get(channel.id)?.toldMs ?? 0,
        });
    }
  }

  /** Takes all values of now; each word is told once, whatever the answer says of it. Those not in it have no value. */
  begin(observations: readonly Observation[], timeOf: TimeOf, nowMs: number): void {
    this.#clear();
    const words = this.#takeAll(observations, timeOf);
    for (const [item, state] of this.#words) {
      const word = words.get(item);
      this.#tell(state, word?.value ?? null, word?.atMs ?? nowMs);
    }
  }

  /** Takes what is new, in the order of its sequence. */
  takeNews(observations: readonly Observation[], timeOf: TimeOf): void {
    for (const observation of observations) {
      const state = this.#words.get(observation.item);
      if (state === undefined) this.#takeValue(observation);
      else this.#tell(state, wordOf(state, observation), timeOf(observation));
    }
  }

  /** Nothing is known from then on: what was said since was lost. */
  lose(atMs: number): void {
    this.#clear();
    for (const state of this.#words.values()) if (state.told !== undefined) this.#tell(state, null, atMs);
  }

  /** One row: the newest value of every measured channel; null, and bad, where the agent has none. */
  readings(quality: Quality): ChannelReading[] {
    return [...this.#values.values()].map(({ channel, reading }) => ({
      channel,
      value: reading,
      quality: reading === null ? 'bad' : quality,
    }));
  }

  #takeAll(
    observations: readonly Observation[],
    timeOf: TimeOf,
  ): Map<string, { value: WordValue; atMs: number }> {
    const words = new Map<string, { value: WordValue; atMs: number }>();
    for (const observation of observations) {
      const state = this.#words.get(observation.item);
      if (state === undefined) this.#takeValue(observation);
      else words.set(observation.item, { value: wordOf(state, observation), atMs: timeOf(observation) });
    }
    return words;
  }

  #takeValue({ item, value }: Observation): void {
    const known = this.#values.get(item);
    if (known !== undefined) known.reading = readingOf(value);
  }

  #clear(): void {
    for (const known of this.#values.values()) known.reading = null;
    for (const { conditions } of this.#words.values()) conditions?.clear();
  }

  #tell(state: WordState, value: WordValue, atMs: number): void {
    if (value === state.told) return;
    state.told = value;
    state.toldMs = Math.max(state.toldMs, atMs);
    this.#report({ channel: state.channel, atMs: state.toldMs, value });
  }
}

function wordOf({ item, conditions }: WordState, observation: Observation): WordValue {
  if (conditions !== undefined) return conditions.take(observation);
  const { value } = observation;
  if (value === null) return missingWord(item);
  // Counters of time and of parts are numbers where they can be; one that a number cannot hold stays a text.
  if (!COUNTED.test(item.type)) return value;
  const reading = readingOf(value);
  return typeof reading === 'number' ? reading : value;
}

const COUNTED = /(?:TIME|TIMER|COUNT)$/;

/** UNAVAILABLE is no value, except where it is the very word that the item is there to say. */
function missingWord({ type }: DataItem): WordValue {
  return type === 'AVAILABILITY' ? 'UNAVAILABLE' : null;
}
