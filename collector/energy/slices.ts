import { MINUTE_MS } from './hour-account.ts';

/** A stretch of time in one state since the counter last moved. `covered` ones lie within a minute. */
export interface Slice {
  fromMs: number;
  ms: number;
  /** Index of the operating state. */
  state: number;
  /** `covered`: power was measured; `timed`: only the counter was, in time; `gap`: neither. */
  kind: 'covered' | 'timed' | 'gap';
  /** Integrated power, W x ms. */
  wattMs: number;
  /** By how much the integral may be wrong, W x ms: power may have jumped anywhere between two readings. */
  slackMs: number;
}

/** The same stretches, none of them across a minute. */
export function cutAtMinutes(slices: readonly Slice[]): Slice[] {
  const pieces: Slice[] = [];
  for (const slice of slices) {
    const endMs = slice.fromMs + slice.ms;
    for (let at = slice.fromMs; at < endMs;) {
      const end = Math.min(endMs, (Math.floor(at / MINUTE_MS) + 1) * MINUTE_MS);
      pieces.push(end - at === slice.ms ? slice : { ...slice, fromMs: at, ms: end - at });
      at = end;
    }
  }
  return pieces;
}
