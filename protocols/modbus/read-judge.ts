import type { ReadLimits, RegisterRange } from './profile.ts';

/** The registers of one request. */
export interface ReadRange {
  address: number;
  count: number;
}

/** Tells for one function code which requests a device must accept. */
export interface ReadJudge {
  isLegal(address: number, count: number): boolean;
  /** The smallest legal request that holds registers `first` .. `end` - 1; null where there is none. */
  cover(first: number, end: number): ReadRange | null;
}

/** What is known of a device besides its limits, for one function code. */
export interface JudgedRegisters {
  /** Where its values lie, wanted or not: `wholeValues` forbids requests that begin or end inside one. */
  values?: readonly RegisterRange[];
  /** What it has refused: a request that holds all of one of these would be refused too. */
  refused?: readonly RegisterRange[];
}

/** No frame holds more. */
const PROTOCOL_REGISTERS_MAX = 125;
const LAST_REGISTER = 65_535;

/** The one place that knows the limits; tables are made once, each question takes logarithmic time. */
export function makeReadJudge(
  limits: ReadLimits,
  { values = [], refused = [] }: JudgedRegisters = {},
): ReadJudge {
  const registersMax = Math.min(limits.maxRegisters, PROTOCOL_REGISTERS_MAX);
  const forbidden = new RangeTable(limits.forbidden);
  const readable = limits.readable.length === 0 ? undefined : new RangeTable(limits.readable);
  const whole = new RangeTable(limits.whole);
  const runs = new RangeTable(limits.wholeValues ? mergeOverlapping(values) : []);
  const refusals = new RangeTable(refused);

  function isLegal(address: number, count: number): boolean {
    const last = address + count - 1;
    return (
      count >= 1 &&
      count <= registersMax &&
      address >= 0 &&
      last <= LAST_REGISTER &&
      (!limits.even || (address % 2 === 0 && count % 2 === 0)) &&
      !forbidden.touches(address, last) &&
      (readable === undefined || readable.holds(address, last)) &&
      (!whole.touches(address, last) || isWholeBlock(address, last)) &&
      !cutAt(address) &&
      !cutAt(last + 1) &&
      !refusals.isHeldBy(address, last)
    );
  }

  function isWholeBlock(address: number, last: number): boolean {
    const touched = limits.whole.filter((block) => block.first <= last && block.last >= address);
    return touched.every((block) => block.first === address && block.last === last);
  }

  /** The values that are torn when a request begins or ends before this register. */
  function cutAt(register: number): RegisterRange | undefined {
    return runs.holding(register - 1, register);
  }

  function cover(first: number, end: number): ReadRange | null {
    let from = first;
    let to = end;
    if (whole.touches(first, end - 1)) {
      const block = limits.whole.find((one) => one.first <= first && one.last >= end - 1);
      if (block === undefined) return null;
      from = block.first;
      to = block.last + 1;
    } else {
      // Neither rule can ask for less than the other gave, so each step is forced and the result is the smallest.
      for (let moved = true; moved;) {
        const cut = cutAt(from);
        const before = from;
        if (cut !== undefined) from = cut.first;
        if (limits.even) from -= from % 2;
        moved = from < before;
      }
      for (let moved = true; moved;) {
        const cut = cutAt(to);
        const before = to;
        if (cut !== undefined) to = cut.last + 1;
        if (limits.even) to += to % 2;
        moved = to > before;
      }
    }
    return isLegal(from, to - from) ? { address: from, count: to - from } : null;
  }

  return { isLegal, cover };
}

/** Ranges by their beginning, with the farthest end of all that begin no later, and the nearest of all that begin no earlier. */
class RangeTable {
  readonly #ranges: readonly RegisterRange[];
  readonly #farthest: number[] = [];
  readonly #nearest: number[] = [];

  constructor(ranges: readonly RegisterRange[]) {
    this.#ranges = ranges.toSorted((a, b) => a.first - b.first);
    let farthest = -1;
    for (const { last } of this.#ranges) this.#farthest.push((farthest = Math.max(farthest, last)));
    let nearest = Infinity;
    for (const { last } of this.#ranges.toReversed()) this.#nearest.push((nearest = Math.min(nearest, last)));
    this.#nearest.reverse();
  }

  /** Some range shares a register with `first` .. `last`. */
  touches(first: number, last: number): boolean {
    return (this.#farthest[this.#begunBy(last) - 1] ?? -1) >= first;
  }

  /** Some range holds `first` .. `last`. */
  holds(first: number, last: number): boolean {
    return (this.#farthest[this.#begunBy(first) - 1] ?? -1) >= last;
  }

  /** The range that holds `first` .. `last`, in a table whose ranges do not overlap. */
  holding(first: number, last: number): RegisterRange | undefined {
    const range = this.#ranges[this.#begunBy(first) - 1];
    return range !== undefined && range.last >= last ? range : undefined;
  }

  /** Some range lies wholly in `first` .. `last`. */
  isHeldBy(first: number, last: number): boolean {
    return (this.#nearest[this.#begunBy(first - 1)] ?? Infinity) <= last;
  }

  /** How many ranges begin at `register` or before. */
  #begunBy(register: number): number {
    let low = 0;
    let high = this.#ranges.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#ranges[middle]?.first ?? Infinity) <= register) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Values that share registers become one: none of the boundaries inside can be cut without tearing one of them. */
function mergeOverlapping(values: readonly RegisterRange[]): RegisterRange[] {
  const merged: RegisterRange[] = [];
  for (const { first, last } of values.toSorted((a, b) => a.first - b.first)) {
    const before = merged.at(-1);
    if (before !== undefined && first <= before.last) before.last = Math.max(before.last, last);
    else merged.push({ first, last });
  }
  return merged;
}
