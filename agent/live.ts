import type { Clock } from '../protocols/clock.ts';
import type { Poll, StatusReport } from '../protocols/driver.ts';
import type { Channel } from '../protocols/telemetry/channel.ts';
import type { LiveMessage } from '../protocols/telemetry/live.ts';
import { QUANTITIES, type Quality } from '../protocols/telemetry/quantity.ts';

/** Digits that a display needs, and no float noise behind them. */
const DISPLAY_DIGITS = 12;

type LiveValue = number | string | boolean | null;

interface Latest {
  value: LiveValue;
  atMs: number;
  quality: Quality;
}

/** The latest values of every machine in canonical units: for people, never for energy. */
export class LiveValues {
  readonly #clock: Clock;
  readonly #simulated: boolean;
  readonly #channels: ReadonlyMap<string, Channel>;
  readonly #latest = new Map<string, Latest>();
  readonly #machines: readonly string[];

  constructor(channels: readonly Channel[], clock: Clock, simulated: boolean) {
    this.#clock = clock;
    this.#simulated = simulated;
    this.#channels = new Map(channels.map((channel) => [channel.id, channel]));
    this.#machines = [...new Set(channels.map(({ machine }) => machine))];
  }

  takePoll(poll: Poll): void {
    for (const { channel, value, quality } of poll.readings) {
      const known = this.#channels.get(channel);
      if (known?.kind === 'measured')
        this.#latest.set(channel, { value: toCanonical(value, known.scale), atMs: poll.atMs, quality });
    }
  }

  takeStatus({ channel, atMs, value }: StatusReport): void {
    if (this.#channels.get(channel)?.kind === 'status')
      this.#latest.set(channel, { value, atMs, quality: 'good' });
  }

  /** One message a machine. What a source that is down last said is no longer known: its values are null. */
  messages(down: readonly { source: string; reason: string }[]): LiveMessage[] {
    const lost = new Set(down.map(({ source }) => source));
    const nowMs = this.#clock.monotonicMs();
    return this.#machines.map((machine) => {
      const values: LiveMessage['values'] = {};
      const sources = new Set<string>();
      for (const channel of this.#channels.values()) {
        if (channel.machine !== machine) continue;
        sources.add(channel.source);
        const latest = this.#latest.get(channel.id);
        if (latest === undefined) continue;
        const unit = channel.kind === 'measured' ? QUANTITIES[channel.quantity].unit : channel.vocabulary;
        const { quality, atMs } = latest;
        const value = lost.has(channel.source) ? null : latest.value;
        values[channel.id] = { value, unit, ageMs: Math.max(0, nowMs - atMs), quality };
      }
      return {
        v: 1,
        machine,
        at: this.#clock.wallMs(),
        values,
        down: down.filter(({ source }) => sources.has(source)),
        ...(this.#simulated ? { simulated: true as const } : {}),
      };
    });
  }
}

function toCanonical(
  value: Poll['readings'][number]['value'],
  [num, den]: readonly [num: string, den: string],
): number | null {
  if (value === null) return null;
  const scaled = (Number(value) * Number(num)) / Number(den);
  return Number.isFinite(scaled) ? Number(scaled.toPrecision(DISPLAY_DIGITS)) : null;
}
