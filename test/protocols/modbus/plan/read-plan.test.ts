import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ReadLimits } from '../../../../protocols/modbus/profile/profile.ts';
import { costOfReads, FEWEST_REQUESTS } from '../../../../protocols/modbus/plan/read-cost.ts';
import {
  isLegalRead,
  planReads,
  shiftLimits,
  type KnownRegisters,
  type WantedRegisters,
} from '../../../../protocols/modbus/plan/read-plan.ts';
import { greedyCost, isAccepted, leastCost, requestOf, scenes } from './read-scene.ts';

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
const shapes = (
  wanted: WantedRegisters[],
  limits: ReadLimits,
  cost = FEWEST_REQUESTS,
  known: KnownRegisters = {},
) =>
  planReads(wanted, limits, cost, known).map((read) => `${read.functionCode}:${read.address}+${read.count}`);

describe('the read plan', () => {
  it('reads neighbours at once, and over small holes', () => {
    expect(shapes([value(10), value(12), value(20)], OPEN)).toEqual(['3:10+12']);
    expect(shapes([value(10), value(40)], OPEN)).toEqual(['3:10+2', '3:40+2']);
  });

  it('reads over a hole only where that is cheaper than another request', () => {
    const wanted = [value(0), value(12)];
    expect(shapes(wanted, OPEN, { requestMs: 24, registerMs: 2.3 })).toEqual(['3:0+14']);
    expect(shapes(wanted, OPEN, { requestMs: 22, registerMs: 2.3 })).toEqual(['3:0+2', '3:12+2']);
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

  it('keeps each request within one of the readable ranges', () => {
    const readable = [
      { first: 10, last: 13 },
      { first: 14, last: 20 },
    ];
    expect(shapes([value(12), value(14)], { ...OPEN, readable })).toEqual(['3:12+2', '3:14+2']);
    expect(() => planReads([value(13)], { ...OPEN, readable })).toThrow(/from 13/);
  });

  it('reads a whole block at once and alone, however few of it is wanted and whatever lies between', () => {
    const limits = { ...OPEN, maxGap: 2, whole: [{ first: 100, last: 126 }] };
    expect(shapes([value(98), value(101), value(120, 1), value(127)], limits)).toEqual([
      '3:98+2',
      '3:100+27',
      '3:127+2',
    ]);
  });

  it('does not begin or end inside a value that nobody wants', () => {
    const limits = { ...OPEN, even: true, wholeValues: true };
    const values = [value(3, 2), value(5, 1), value(6, 4)];
    expect(shapes([value(5, 1)], limits, FEWEST_REQUESTS, { values })).toEqual(['3:2+4']);
    // The other function code has values of its own.
    expect(shapes([value(5, 1, 4)], limits, FEWEST_REQUESTS, { values })).toEqual(['4:4+2']);
    expect(isLegalRead(4, 2, limits)).toBe(true);
    expect(isLegalRead(4, 2, limits, [{ first: 3, last: 4 }])).toBe(false);
  });

  it('repeats nothing that was refused, and nothing that holds it', () => {
    const wanted = [value(10), value(14), value(18)];
    const refused = [value(12, 4)];
    expect(shapes(wanted, OPEN, FEWEST_REQUESTS, { refused })).toEqual(['3:10+2', '3:14+6']);
    expect(shapes(wanted, OPEN, FEWEST_REQUESTS, { refused: [value(12, 4, 4)] })).toEqual(['3:10+10']);
  });

  it('moves every kind of range with the operator’s offset', () => {
    const range = { first: 5, last: 6 };
    const moved = shiftLimits({ ...OPEN, forbidden: [range], readable: [range], whole: [range] }, -1);
    for (const ranges of [moved.forbidden, moved.readable, moved.whole])
      expect(ranges).toEqual([{ first: 4, last: 5 }]);
  });

  it('plans nothing for nothing', () => {
    expect(planReads([], OPEN)).toEqual([]);
  });
});

describe('any read plan', () => {
  it('is legal, whole and complete, and no dearer than the greedy ways', () => {
    fc.assert(
      fc.property(scenes(12), fc.boolean(), (scene, isReversed) => {
        const { wanted, limits, cost } = scene;
        const plan = planReads(isReversed ? wanted.toReversed() : wanted, limits, cost, scene);
        for (const read of plan) {
          expect(isAccepted(read, scene)).toBe(true);
          expect(isLegalRead(read.address, read.count, limits)).toBe(true);
          expect(requestOf(read.wanted, scene)).toEqual({ address: read.address, count: read.count });
          for (const one of read.wanted) {
            expect(one.address).toBeGreaterThanOrEqual(read.address);
            expect(one.address + one.count).toBeLessThanOrEqual(read.address + read.count);
          }
        }
        const covered = plan.flatMap((read) => read.wanted);
        expect(covered).toHaveLength(wanted.length);
        expect(new Set(covered)).toEqual(new Set(wanted));
        const costMs = costOfReads(plan, cost) - 1e-6;
        expect(costMs).toBeLessThanOrEqual(greedyCost(scene, false));
        expect(costMs).toBeLessThanOrEqual(greedyCost(scene, true));
      }),
      { numRuns: 3000 },
    );
  });

  it('is the cheapest of all ways to share the values among requests', () => {
    fc.assert(
      fc.property(scenes(8), (scene) => {
        const plan = planReads(scene.wanted, scene.limits, scene.cost, scene);
        expect(costOfReads(plan, scene.cost)).toBeCloseTo(leastCost(scene), 6);
      }),
      { numRuns: 2500 },
    );
  });

  it('exists for a single value exactly where some legal request holds it', () => {
    fc.assert(
      fc.property(scenes(8), (scene) => {
        for (const one of scene.values) {
          const alone = { ...scene, wanted: [one] };
          const request = requestOf([one], alone);
          const plan = () => planReads([one], scene.limits, scene.cost, scene);
          if (request === null) expect(plan).toThrow(/No request/);
          else expect(plan()).toEqual([{ functionCode: 3, ...request, wanted: [one] }]);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('judges any request as the limits say', () => {
    fc.assert(
      fc.property(scenes(8), fc.nat(50), fc.integer({ min: 0, max: 20 }), (scene, address, count) => {
        const values = [...scene.values, ...scene.wanted].map((one) => ({
          first: one.address,
          last: one.address + one.count - 1,
        }));
        const isLegal = isAccepted({ address, count }, { ...scene, refused: [] });
        expect(isLegalRead(address, count, scene.limits, values)).toBe(isLegal);
      }),
      { numRuns: 3000 },
    );
  });

  it('keeps function codes to themselves', () => {
    fc.assert(
      fc.property(scenes(6), scenes(6), (one, two) => {
        const inputs = two.wanted.map((each) => ({ ...each, functionCode: 4 as const }));
        const limits = { ...OPEN, maxGap: one.limits.maxGap };
        const apart = [...planReads(one.wanted, limits), ...planReads(inputs, limits)];
        expect(planReads([...inputs, ...one.wanted], limits)).toEqual(apart);
      }),
      { numRuns: 200 },
    );
  });
});
