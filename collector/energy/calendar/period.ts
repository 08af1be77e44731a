/** What a calendar divides time into. */
export const PERIOD_KINDS = ['quarterHour', 'hour', 'shift', 'day', 'week', 'month', 'year'] as const;
export type PeriodKind = (typeof PERIOD_KINDS)[number];

/** A stretch of time, [from, to). Periods of one kind follow each other without holes or overlap. */
export interface Period {
  kind: PeriodKind;
  /**
   * Names it among all of its kind: `2026-10-25`, `2026-W43`, `2026-10`, `2026`; hours and shifts by what the clock shows
   * when they begin, with the offset: `2026-10-25T02:00+01:00`, `2026-10-24T22:00+02:00 night`.
   */
  key: string;
  /** What people call it: the shift's name, `no shift`, else the key. */
  name: string;
  /** Date it belongs to, `2026-10-25`: of its first day; of a shift, the day on which it begins by the plan. */
  date: string;
  /** Wall ms (UTC). */
  fromMs: number;
  toMs: number;
}

/** The moments that part periods which follow each other: one more than there are periods. */
export function boundariesOf(periods: readonly Period[]): number[] {
  const [first] = periods;
  return first === undefined ? [] : [first.fromMs, ...periods.map(({ toMs }) => toMs)];
}

/** Periods cut to a range: what lies outside [fromMs, toMs) is left out. */
export function clipPeriods(periods: readonly Period[], fromMs: number, toMs: number): Period[] {
  return periods
    .map((period) => ({
      ...period,
      fromMs: Math.max(period.fromMs, fromMs),
      toMs: Math.min(period.toMs, toMs),
    }))
    .filter((period) => period.fromMs < period.toMs);
}

/** Pieces of time that lie in one period of each of two divisions, in order: shifts within days, hours within shifts. */
export function crossPeriods(
  a: readonly Period[],
  b: readonly Period[],
): { a: Period; b: Period; fromMs: number; toMs: number }[] {
  const pieces: { a: Period; b: Period; fromMs: number; toMs: number }[] = [];
  for (let [i, j] = [0, 0]; ;) {
    const [one, other] = [a[i], b[j]];
    if (one === undefined || other === undefined) return pieces;
    const fromMs = Math.max(one.fromMs, other.fromMs);
    const toMs = Math.min(one.toMs, other.toMs);
    if (fromMs < toMs) pieces.push({ a: one, b: other, fromMs, toMs });
    if (one.toMs <= other.toMs) i++;
    else j++;
  }
}
