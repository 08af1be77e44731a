/** A stretch of wall time, ms. */
export interface Stretch {
  fromMs: number;
  toMs: number;
}

/** What a control's own timer showed, and where the log says so. */
export interface TimerReading {
  atMs: number;
  /** The control's count, s. */
  seconds: number;
  line: number;
}

/** Between two readings of the timer: what was counted, and how far the timer went. */
export interface Interval extends Stretch {
  fromLine: number;
  toLine: number;
  countedMs: number;
  timerMs: number;
}

/** Counted time against the control's own timer, over the window in which the timer was known. */
export interface Comparison {
  countedMs: number;
  /** Last reading minus first; negative where the timer was set back. */
  timerMs: number;
  /** Counted over timer; null where the timer did not go forward. */
  ratio: number | null;
  intervals: Interval[];
}

/** Lines between which counted time and timer part, and what is left when they are put aside. */
export interface Explanation {
  causes: Interval[];
  /** What is left of both, ms. */
  countedMs: number;
  timerMs: number;
  /** Whether the rest agrees. */
  isExplained: boolean;
}

/** Timers show whole seconds and are read once a second: at the ends of a window that is no difference, ms. */
const RESOLUTION_MS = 2000;
/** A longer list explains nothing. */
const CAUSES_MAX = 20;

/** Compares counted stretches (in order, not overlapping) with the readings of a timer (in the order they were told). */
export function compareWithTimer(counted: readonly Stretch[], readings: readonly TimerReading[]): Comparison {
  const countedBefore = accumulate(counted);
  const ordered = [...readings].sort((a, b) => a.atMs - b.atMs);
  const intervals = ordered.slice(1).map((to, index): Interval => {
    const from = ordered[index]!;
    return {
      fromMs: from.atMs,
      toMs: to.atMs,
      fromLine: from.line,
      toLine: to.line,
      countedMs: countedBefore(to.atMs) - countedBefore(from.atMs),
      timerMs: 1000 * (to.seconds - from.seconds),
    };
  });
  const countedMs = sum(intervals.map((one) => one.countedMs));
  const timerMs = sum(intervals.map((one) => one.timerMs));
  return { countedMs, timerMs, ratio: timerMs > 0 ? countedMs / timerMs : null, intervals };
}

/**
 * Names the intervals that make counted time and timer differ by more than a share: those that part most are put aside,
 * one by one, until what is left agrees, or until the list is too long to be an explanation.
 */
export function explainDifference(
  { countedMs, timerMs, intervals }: Pick<Comparison, 'countedMs' | 'timerMs' | 'intervals'>,
  share: number,
): Explanation {
  const rest = { countedMs, timerMs };
  const agrees = () =>
    rest.timerMs >= 0 &&
    Math.abs(rest.countedMs - rest.timerMs) <= Math.max(RESOLUTION_MS, share * rest.timerMs);
  const partOf = (one: Interval) => one.countedMs - one.timerMs;
  const waiting = [...intervals].sort((a, b) => Math.abs(partOf(b)) - Math.abs(partOf(a)));
  const causes: Interval[] = [];
  while (!agrees() && causes.length < CAUSES_MAX) {
    // What adds to the difference; an interval that takes from it causes nothing.
    const sign = Math.sign(rest.countedMs - rest.timerMs);
    const index = waiting.findIndex((one) => Math.sign(partOf(one)) === sign);
    const [worst] = index < 0 ? [] : waiting.splice(index, 1);
    if (worst === undefined) break;
    causes.push(worst);
    rest.countedMs -= worst.countedMs;
    rest.timerMs -= worst.timerMs;
  }
  causes.sort((a, b) => a.fromMs - b.fromMs);
  return { causes, ...rest, isExplained: agrees() };
}

/** The middle of several numbers; NaN of none. */
export function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return (sorted[Math.ceil(middle) - 1]! + sorted[Math.floor(middle)]!) / 2;
}

/** How much of the stretches lies before a time, ms. */
function accumulate(stretches: readonly Stretch[]): (atMs: number) => number {
  let total = 0;
  const before = stretches.map(({ fromMs, toMs }) => {
    const so = total;
    total += toMs - fromMs;
    return so;
  });
  return (atMs) => {
    let low = 0;
    let high = stretches.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (stretches[middle]!.fromMs < atMs) low = middle + 1;
      else high = middle;
    }
    const last = stretches[low - 1];
    if (last === undefined) return 0;
    return before[low - 1]! + Math.min(atMs, last.toMs) - last.fromMs;
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
