import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ReadLimits } from '../../../protocols/modbus/profile.ts';
import { isLegalRead, planReads, type WantedRegisters } from '../../../protocols/modbus/read-plan.ts';
import { splitRead } from '../../../protocols/modbus/split-read.ts';

const OPEN: ReadLimits = {
  maxRegisters: 125,
  even: false,
  wholeValues: false,
  maxGap: 16,
  forbidden: [],
  readable: [],
  whole: [],
};
const value = (address: number, count = 2, functionCode: 3 | 4 = 3): WantedRegisters => ({
  functionCode,
  address,
  count,
});
const shapes = (wanted: WantedRegisters[], limits: ReadLimits) =>
  planReads(wanted, limits).map((read) => `${read.functionCode}:${read.address}+${read.count}`);

describe('the read plan', () => {
  it('reads neighbours at once, and over small holes', () => {
    expect(shapes([value(10), value(12), value(20)], OPEN)).toEqual(['3:10+12']);
    expect(shapes([value(10), value(40)], OPEN)).toEqual(['3:10+2', '3:40+2']);
  });

  it('keeps function codes apart', () => {
    expect(shapes([value(10, 2, 4), value(12, 2, 3)], OPEN)).toEqual(['3:12+2', '4:10+2']);
  });

  it('never splits a value at the limit', () => {
    expect(shapes([value(0, 4), value(4, 4), value(8, 4)], { ...OPEN, maxRegisters: 11 })).toEqual([
      '3:0+4',
      '3:4+8',
    ]);
  });

  it('asks even addresses and counts where it must', () => {
    expect(shapes([value(5, 1), value(9, 2)], { ...OPEN, even: true })).toEqual(['3:4+8']);
  });

  it('does not touch forbidden registers', () => {
    const limits = { ...OPEN, forbidden: [{ first: 12, last: 13 }] };
    expect(shapes([value(10), value(14)], limits)).toEqual(['3:10+2', '3:14+2']);
    expect(() => planReads([value(11)], limits)).toThrow(/No request/);
  });

  it('plans nothing for nothing', () => {
    expect(planReads([], OPEN)).toEqual([]);
  });
});

/** Values without overlap, limits that admit each of them alone. */
const scenes = fc
  .record({
    steps: fc.array(
      fc.record({
        gap: fc.oneof(fc.nat(3), fc.nat(40)),
        count: fc.constantFrom(1, 2, 4),
        code: fc.constantFrom<3 | 4>(3, 4),
      }),
      { minLength: 1, maxLength: 12 },
    ),
    maxRegisters: fc.integer({ min: 6, max: 125 }),
    even: fc.boolean(),
    maxGap: fc.nat(30),
    forbidden: fc.array(fc.record({ first: fc.nat(200), length: fc.nat(4) }), { maxLength: 4 }),
  })
  .map(({ steps, forbidden, ...rest }) => {
    const wanted: WantedRegisters[] = [];
    let at = 0;
    for (const { gap, count, code } of steps) {
      wanted.push({ functionCode: code, address: at + gap, count });
      at += gap + count;
    }
    const ranges = forbidden.map(({ first, length }) => ({ first, last: first + length }));
    const limits: ReadLimits = { ...rest, wholeValues: false, forbidden: ranges, readable: [], whole: [] };
    return { limits, wanted: wanted.filter((one) => requestOf([one], limits) !== null) };
  });

/** The request for a run of values, or null where it is illegal: written apart from the planner. */
function requestOf(run: WantedRegisters[], limits: ReadLimits): { address: number; count: number } | null {
  let from = Math.min(...run.map((one) => one.address));
  let to = Math.max(...run.map((one) => one.address + one.count));
  const taken = new Set(run.flatMap((one) => Array.from({ length: one.count }, (_, i) => one.address + i)));
  let hole = 0;
  for (let register = from; register < to; register++) {
    hole = taken.has(register) ? 0 : hole + 1;
    if (hole > limits.maxGap) return null;
  }
  if (limits.even) {
    if (from % 2 === 1) from--;
    if (to % 2 === 1) to++;
  }
  for (let register = from; register < to; register++)
    if (limits.forbidden.some(({ first, last }) => register >= first && register <= last)) return null;
  return to - from > limits.maxRegisters ? null : { address: from, count: to - from };
}

function greedyCount(wanted: WantedRegisters[], limits: ReadLimits): number {
  let requests = 0;
  for (const code of [3, 4]) {
    let run: WantedRegisters[] = [];
    for (const one of wanted.filter((each) => each.functionCode === code)) {
      if (run.length > 0 && requestOf([...run, one], limits) !== null) run.push(one);
      else {
        requests++;
        run = [one];
      }
    }
  }
  return requests;
}

/** Every way to cut the values into runs: exponential, so only for few. */
function fewest(wanted: WantedRegisters[], limits: ReadLimits): number {
  const best = (from: number): number => {
    if (from === wanted.length) return 0;
    let least = Infinity;
    for (let to = from + 1; to <= wanted.length; to++)
      if (requestOf(wanted.slice(from, to), limits) !== null) least = Math.min(least, 1 + best(to));
    return least;
  };
  return best(0);
}

describe('any read plan', () => {
  it('is legal, whole and complete, in no more requests than the greedy way', () => {
    fc.assert(
      fc.property(scenes, fc.boolean(), ({ wanted, limits }, isReversed) => {
        const plan = planReads(isReversed ? wanted.toReversed() : wanted, limits);
        for (const read of plan) {
          expect(isLegalRead(read.address, read.count, limits)).toBe(true);
          expect(requestOf(read.wanted, limits)).toEqual({ address: read.address, count: read.count });
          for (const one of read.wanted) {
            expect(one.functionCode).toBe(read.functionCode);
            expect(one.address).toBeGreaterThanOrEqual(read.address);
            expect(one.address + one.count).toBeLessThanOrEqual(read.address + read.count);
          }
        }
        const covered = plan.flatMap((read) => read.wanted);
        expect(covered).toHaveLength(wanted.length);
        expect(new Set(covered)).toEqual(new Set(wanted));
        expect(plan.length).toBeLessThanOrEqual(greedyCount(wanted, limits));
      }),
      { numRuns: 2000 },
    );
  });

  it('has the fewest requests there can be', () => {
    fc.assert(
      fc.property(scenes, ({ wanted, limits }) => {
        const few = wanted.filter((one) => one.functionCode === 3).slice(0, 9);
        expect(planReads(few, limits)).toHaveLength(fewest(few, limits));
      }),
      { numRuns: 1000 },
    );
  });

  it('can be cut down to single values, each step legal', () => {
    fc.assert(
      fc.property(scenes, ({ wanted, limits }) => {
        const queue = planReads(wanted, limits);
        const singles = [];
        let steps = 0;
        for (let read = queue.pop(); read !== undefined; read = queue.pop()) {
          expect(++steps).toBeLessThan(200);
          const parts = splitRead(read, limits);
          if (parts.length === 0) singles.push(...read.wanted);
          for (const part of parts) expect(isLegalRead(part.address, part.count, limits)).toBe(true);
          queue.push(...parts);
        }
        expect(new Set(singles)).toEqual(new Set(wanted));
        expect(singles).toHaveLength(wanted.length);
      }),
    );
  });
});
