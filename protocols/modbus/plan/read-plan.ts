import { MillwattError } from '../../errors.ts';
import type { ReadLimits, RegisterFunction, RegisterRange } from '../profile/profile.ts';
import { FEWEST_REQUESTS, type ReadCost } from './read-cost.ts';
import { makeReadJudge, type ReadJudge } from './read-judge.ts';

/** A value that must be read, wholly within one request. */
export interface WantedRegisters {
  functionCode: RegisterFunction;
  address: number;
  count: number;
}

/** A request as traces, logs and people name it; equal for requests that are the same on the wire. */
export function describeRead({ functionCode, address, count }: WantedRegisters): string {
  return `fc${functionCode} ${address} +${count}`;
}

/** One request, and which of the wanted values its reply holds. */
export interface PlannedRead<T extends WantedRegisters> {
  functionCode: RegisterFunction;
  address: number;
  count: number;
  wanted: T[];
}

/** What is known of a device besides its limits. */
export interface KnownRegisters {
  /** All its values, wanted or not; wanted ones need not be among them. Matters where `wholeValues` is set. */
  values?: readonly WantedRegisters[];
  /** Requests that it refused: none that holds all of such a request is made. */
  refused?: readonly WantedRegisters[];
}

/**
 * The cheapest legal requests that read every wanted value, each value in exactly one of them and never split. Registers
 * nobody wants are read only up to `maxGap` in a row (what `even`, `wholeValues` and `whole` force upon a request does
 * not count), and only where that is cheaper than one more request. Function codes are planned apart.
 * Throws an error of class `refuse` (code `unreadable-point`) for a value that no legal request can hold.
 *
 * Why it is the cheapest there is: every rule is such that a request which holds less than a legal one, cut to its
 * smallest legal cover, is legal and no dearer. Take any legal plan. A request within another is needless. Where a value
 * lies in two requests, it may be given to either. What then could still break the order of addresses is a value that lies
 * inside a longer one, and it can move to the longer one's request, since `maxGap` counts registers that no value of the
 * plan wants. So some cheapest plan cuts the values, in order of address, into runs; and the shortest path over these
 * cuts looks at every such plan.
 */
export function planReads<T extends WantedRegisters>(
  wanted: readonly T[],
  limits: ReadLimits,
  cost: ReadCost = FEWEST_REQUESTS,
  known: KnownRegisters = {},
): PlannedRead<T>[] {
  const codes = [...new Set(wanted.map((value) => value.functionCode))].sort((a, b) => a - b);
  return codes.flatMap((code) =>
    planOfFunction(
      wanted.filter((value) => value.functionCode === code),
      limits.maxGap,
      cost,
      judgeOfFunction(code, wanted, limits, known),
    ),
  );
}

/**
 * True when a device with these limits must accept the request.
 * @param values where the device's values of this function code lie; matters where `wholeValues` is set
 */
export function isLegalRead(
  address: number,
  count: number,
  limits: ReadLimits,
  values: readonly RegisterRange[] = [],
): boolean {
  return makeReadJudge(limits, { values }).isLegal(address, count);
}

/** The judge of one function code; what is wanted is a value of the device, whether or not `known` has it. */
export function judgeOfFunction(
  functionCode: RegisterFunction,
  wanted: readonly WantedRegisters[],
  limits: ReadLimits,
  { values = [], refused = [] }: KnownRegisters,
): ReadJudge {
  const rangesOf = (blocks: readonly WantedRegisters[]): RegisterRange[] =>
    blocks
      .filter((block) => block.functionCode === functionCode)
      .map(({ address, count }) => ({ first: address, last: address + count - 1 }));
  return makeReadJudge(limits, {
    values: limits.wholeValues ? [...rangesOf(values), ...rangesOf(wanted)] : [],
    refused: rangesOf(refused),
  });
}

/** Limits of a device whose operator counts registers differently: every range moved by `shift` registers. */
export function shiftLimits(limits: ReadLimits, shift: number): ReadLimits {
  const move = (ranges: readonly RegisterRange[]) =>
    ranges.map(({ first, last }) => ({ first: first + shift, last: last + shift }));
  return {
    ...limits,
    forbidden: move(limits.forbidden),
    readable: move(limits.readable),
    whole: move(limits.whole),
  };
}

function planOfFunction<T extends WantedRegisters>(
  wanted: readonly T[],
  maxGap: number,
  { requestMs, registerMs }: ReadCost,
  judge: ReadJudge,
): PlannedRead<T>[] {
  const values = wanted.toSorted((a, b) => a.address - b.address || a.count - b.count);
  const starts = Float64Array.from(values, ({ address }) => judge.startFor(address));
  const ends = Float64Array.from(values, ({ address, count }) => judge.endFor(address + count));
  // Of the cheapest way to read the first so many values: its cost, and the first value and the end of its last request.
  const costMs = new Float64Array(values.length + 1).fill(Infinity);
  const lastFrom = new Int32Array(values.length + 1);
  const lastEnd = new Float64Array(values.length + 1);
  costMs[0] = 0;
  /** End of everything wanted so far, whoever reads it: the registers behind it are a gap. */
  let wantedEnd = 0;
  for (const [from, first] of values.entries()) {
    wantedEnd = Math.max(wantedEnd, first.address + first.count);
    const start = starts[from] ?? 0;
    const reach = judge.reach(start);
    const beforeMs = (costMs[from] ?? Infinity) + requestMs;
    let end = 0;
    let gapFrom = wantedEnd;
    for (let i = from; i < values.length; i++) {
      const value = values[i];
      if (value === undefined) break;
      // A gap that the values before it force upon the request costs nothing more.
      if (value.address - gapFrom > maxGap && value.address > end) break;
      end = Math.max(end, ends[i] ?? Infinity);
      // Whatever holds more is not legal either.
      if (end > reach) break;
      gapFrom = Math.max(gapFrom, value.address + value.count);
      const withMs = beforeMs + (end - start) * registerMs;
      if (withMs >= (costMs[i + 1] ?? 0)) continue;
      costMs[i + 1] = withMs;
      lastFrom[i + 1] = from;
      lastEnd[i + 1] = end;
    }
  }
  const plan: PlannedRead<T>[] = [];
  for (let at = values.length; at > 0;) {
    const from = lastFrom[at] ?? 0;
    const first = values[from];
    if (costMs[at] === Infinity || first === undefined) throw unreadable(values, judge);
    const address = starts[from] ?? 0;
    const count = (lastEnd[at] ?? 0) - address;
    plan.push({ functionCode: first.functionCode, address, count, wanted: values.slice(from, at) });
    at = from;
  }
  return plan.reverse();
}

function unreadable(values: readonly WantedRegisters[], judge: ReadJudge): MillwattError {
  const alone = values.find((value) => judge.cover(value.address, value.address + value.count) === null);
  return new MillwattError(
    'refuse',
    'unreadable-point',
    `No request that the device allows can hold the registers from ${alone?.address ?? 'some value'} on.`,
    { cure: 'Correct the limits of the device profile, or leave the value out.' },
  );
}
