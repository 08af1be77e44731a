const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

/** A span of time, ms and either sign, in words that one can picture: `9.9 s`, `12 minutes`, `5 hours`, `2 days`. */
export function saySpan(ms: number): string {
  const spanMs = Math.abs(ms);
  if (spanMs < 100_000) return `${(spanMs / 1000).toFixed(1)} s`;
  if (spanMs < 100 * MINUTE_MS) return `${Math.round(spanMs / MINUTE_MS)} minutes`;
  if (spanMs < 2 * DAY_MS) return `${Number((spanMs / HOUR_MS).toFixed(1))} hours`;
  return `${Math.round(spanMs / DAY_MS)} days`;
}
