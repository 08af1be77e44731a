import type { Clock } from '../protocols/clock.ts';
import type { Poll, StatusReport } from '../protocols/driver.ts';
import type { Channel } from '../protocols/telemetry/channel.ts';
import type { LiveMessage } from '../protocols/telemetry/live.ts';
import { QUANTITIES, type Quality } from '../protocols/telemetry/quantity.ts';

/** Digits that a display needs, and no float noise behind them. */
const DISPLAY_DIGITS = 12;

type LiveValue = number | string | boolean | null;

/** The latest values of every machine in canonical units: for people, never for energy. */
export class LiveValues {
  readonly #clock: Clock;
  readonly #simulated: boolean;
  readonly #channels = new Map<string, Channel>();
  readonly #sourcesOf = new Map<string, Set<string>>();
  /** By source. A poll reads every polled channel, so the last one is all there is to say. */
  readonly #polls = new Map<string, Poll>();
  /** By channel. */
  readonly #statuses = new Map<string, StatusReport>();

  constructor(channels: readonly Channel[], clock: Clock, simulated: boolean) {
    this.#clock = clock;
    this.#simulated = simulated;
    for (const channel of channels) {
      this.#channels.set(channel.id, channel);
      const sources = this.#sourcesOf.get(channel.machine) ?? new Set();
      this.#sourcesOf.set(channel.machine, sources.add(channel.source));
    }
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
    for (const { readings, atMs } of this.#polls.values()) {
      for (const { channel, value, quality } of readings) {
        const known = this.#channels.get(channel);
        if (known?.kind === 'measured') add(known, toCanonical(value, known.scale), atMs, quality);
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
      down: down.filter(({ source }) => sources.has(source)),
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
