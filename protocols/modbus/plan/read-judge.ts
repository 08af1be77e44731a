import type { ReadLimits, RegisterRange } from '../profile/profile.ts';

/** The registers of one request. */
export interface ReadRange {
  address: number;
  count: number;
}

/**
 * Tells for one function code which requests a device must accept. Every rule is either one of where a request may begin
 * and end, or one that a shorter request at the same beginning cannot break: so `startFor`, `endFor` and `reach` say all.
 */
export interface ReadJudge {
  isLegal(address: number, count: number): boolean;
  /** The last register up to `first` at which a request may begin. */
  startFor(first: number): number;
  /** The first end from `end` on (the register behind the last) at which a request may end. */
  endFor(end: number): number;
  /** The farthest end of a request that begins at `start`, as `startFor` gives it; -1 where none can. */
  reach(start: number): number;
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

  /** The values that are torn when a request begins or ends before this register. */
  function cutAt(register: number): RegisterRange | undefined {
    return runs.holding(register - 1, register);
  }

  function isEdge(register: number): boolean {
    return !(limits.even && register % 2 !== 0) && cutAt(register) === undefined;
  }

  function blockOf(register: number): RegisterRange | undefined {
    return limits.whole.find((block) => block.first <= register && register <= block.last);
  }

  function startFor(first: number): number {
    const block = blockOf(first);
    if (block !== undefined) return block.first;
    let start = first;
    // Neither rule can ask for less than the other gave, so each step is forced and the result is the nearest.
    for (let before = NaN; before !== start;) {
      before = start;
      start = cutAt(start)?.first ?? start;
      if (limits.even) start -= start % 2;
    }
    return start;
  }

  function endFor(last: number): number {
    const block = blockOf(last - 1);
    if (block !== undefined) return block.last + 1;
    let end = last;
    for (let before = NaN; before !== end;) {
      before = end;
      const cut = cutAt(end);
      if (cut !== undefined) end = cut.last + 1;
      if (limits.even) end += end % 2;
    }
    return end;
  }

  function reach(start: number): number {
    if (start < 0 || !isEdge(start)) return -1;
    const farthest = Math.min(
      start + registersMax,
      LAST_REGISTER + 1,
      forbidden.nextFrom(start),
      readable === undefined ? Infinity : readable.endFrom(start),
      refusals.nearestLastFrom(start),
    );
    const block = blockOf(start);
    if (block === undefined) return Math.min(farthest, whole.nextFrom(start));
    const end = block.last + 1;
    const isAlone = limits.whole.every(
      ({ first, last }) =>
        last < block.first || first > block.last || (first === block.first && last === block.last),
    );
    return start === block.first && isAlone && isEdge(end) && end <= farthest ? end : -1;
  }

  function cover(first: number, end: number): ReadRange | null {
    const address = startFor(first);
    const to = endFor(end);
    return to <= reach(address) ? { address, count: to - address } : null;
  }

  function isLegal(address: number, count: number): boolean {
    const end = address + count;
    return count >= 1 && startFor(address) === address && endFor(end) === end && end <= reach(address);
  }

  return { isLegal, startFor, endFor, reach, cover };
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

  /** The first register from `register` on that lies in a range; Infinity where there is none. */
  nextFrom(register: number): number {
    const begun = this.#begunBy(register);
    if ((this.#farthest[begun - 1] ?? -1) >= register) return register;
    return this.#ranges[begun]?.first ?? Infinity;
  }

  /** The register behind the farthest range that holds `register`, or no more than `register` where none does. */
  endFrom(register: number): number {
    return (this.#farthest[this.#begunBy(register) - 1] ?? -1) + 1;
  }

  /** The last register of the range that ends first, of those that begin at `register` or behind; Infinity for none. */
  nearestLastFrom(register: number): number {
    return this.#nearest[this.#begunBy(register - 1)] ?? Infinity;
  }

  /** The range that holds `first` .. `last`, in a table whose ranges do not overlap. */
  holding(first: number, last: number): RegisterRange | undefined {
    const range = this.#ranges[this.#begunBy(first) - 1];
    return range !== undefined && range.last >= last ? range : undefined;
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
