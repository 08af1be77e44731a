import type { MeasuredChannel } from '../protocols/telemetry/channel.ts';
import type { Reading } from '../protocols/telemetry/decimal.ts';

/** A raw reading in the canonical unit of its channel, as a double for people to look at; null stays null. */
export function valueOf(channel: Pick<MeasuredChannel, 'scale'>, reading: Reading | null): number | null {
  return reading === null ? null : (Number(reading) * Number(channel.scale[0])) / Number(channel.scale[1]);
}

/** Up to six significant digits, all digits of large counters, "-" for null. */
export function formatReading(value: number | null): string {
  if (value === null) return '-';
  return Math.abs(value) >= 100_000 ? value.toFixed(1) : String(Number(value.toPrecision(6)));
}
