import type { Clock } from '../protocols/clock.ts';
import type { Poll, StatusReport } from '../protocols/driver.ts';
import type { Channel } from '../protocols/telemetry/channel.ts';
import type { LiveMessage } from '../protocols/telemetry/live.ts';
import type { Wiring } from './wiring.ts';
import { QUANTITIES, type Quality } from '../protocols/telemetry/quantity.ts';

/** Digits that a display needs, and no float noise behind them. */
const DISPLAY_DIGITS = 12;

/** Which channels there are, and which machines each source feeds. */
type LiveWiring = Pick<Wiring, 'channelOf' | 'machinesOf'>;
type LiveValue = number | string | boolean | null;

/** The latest values of every machine in canonical units: for people, never for energy. */
export class LiveValues {
  readonly #clock: Clock;
  readonly #simulated: boolean;
  #channels: ReadonlyMap<string, Channel> = new Map();
  #sourcesOf: ReadonlyMap<string, readonly string[]> = new Map();
  /** By source. A poll reads every polled channel, so the last one is all there is to say. */
  readonly #polls = new Map<string, Poll>();
  /** By channel. */
  readonly #statuses = new Map<string, StatusReport>();

  constructor(wiring: LiveWiring, clock: Clock, simulated: boolean) {
    this.#clock = clock;
    this.#simulated = simulated;
    this.rewire(wiring);
  }

  /** Another wiring holds from now on. */
  rewire({ channelOf, machinesOf }: LiveWiring): void {
    this.#channels = channelOf;
    const sourcesOf = new Map<string, string[]>();
    for (const [source, machines] of machinesOf)
      for (const machine of machines) sourcesOf.set(machine, [...(sourcesOf.get(machine) ?? []), source]);
    this.#sourcesOf = sourcesOf;
    for (const channel of this.#statuses.keys()) if (!channelOf.has(channel)) this.#statuses.delete(channel);
  }

  takePoll(source: string, poll: Poll): void {
    this.#polls.set(source, poll);
  }

  takeStatus(status: StatusReport): void {
    this.#statuses.set(status.channel, status);
  }

  /** One message a machine. What a source that is down last said is no longer known: its values are null. */
  messages(down: readonly { source: string; reason: string }[]): LiveMessage[] {
    const lost = new Set(down.map(({ source }) => source));
    const nowMs = this.#clock.monotonicMs();
    const valuesOf = new Map<string, LiveMessage['values']>();
    const add = (channel: Channel, known: LiveValue, atMs: number, quality: Quality) => {
      const value = lost.has(channel.source) ? null : known;
      const unit = channel.kind === 'measured' ? QUANTITIES[channel.quantity].unit : channel.vocabulary;
      const values = valuesOf.get(channel.machine) ?? {};
      values[channel.id] = { value, unit, ageMs: Math.max(0, nowMs - atMs), quality };
      valuesOf.set(channel.machine, values);
    };
    for (const [source, { readings, atMs }] of this.#polls) {
      for (const { channel, value, quality } of readings) {
        const known = this.#channels.get(channel);
        if (known?.kind === 'measured' && known.source === source)
          add(known, toCanonical(value, known.scale), atMs, quality);
      }
    }
    for (const { channel, value, atMs } of this.#statuses.values()) {
      const known = this.#channels.get(channel);
      if (known?.kind === 'status') add(known, value, atMs, 'good');
    }
    return [...this.#sourcesOf].map(([machine, sources]) => ({
      v: 1,
      machine,
      at: this.#clock.wallMs(),
      values: valuesOf.get(machine) ?? {},
      down: down.filter(({ source }) => sources.includes(source)),
      ...(this.#simulated ? { simulated: true as const } : {}),
    }));
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
