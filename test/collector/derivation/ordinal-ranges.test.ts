import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  addOrdinal,
  rangesOf,
  unsetOrdinals,
  type OrdinalRanges,
} from '../../../collector/derivation/ordinal-ranges.ts';
import type { LedgerRecord } from '../../../collector/ledger/ledger.ts';

test('ordinals in any order, some twice, are the same ranges, and hold what was added alone', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 60 })), (ordinals) => {
      const ranges: OrdinalRanges = [];
      for (const ordinal of ordinals) addOrdinal(ranges, ordinal);
      const held = ranges.flatMap(([from, to]) =>
        Array.from({ length: to - from + 1 }, (_, index) => from + index),
      );
      expect(held).toEqual([...new Set(ordinals)].sort((a, b) => a - b));
      for (const [index, [from]] of ranges.entries())
        expect(from).toBeGreaterThan((ranges[index - 1]?.[1] ?? -1) + 1);
      expect(rangesOf(ordinals)).toEqual(ranges);
      expect(rangesOf(ranges)).toEqual(ranges);
    }),
  );
});

test('a boot that never gets a clock is remembered in bounded room, and nothing of it is forgotten', () => {
  const ranges: OrdinalRanges = [];
  // Another agent speaks in between.
  for (let ordinal = 1; ordinal < 20_000; ordinal += 2) addOrdinal(ranges, ordinal);
  expect(ranges.length).toBeLessThanOrEqual(1000);
  expect(ranges.at(0)?.[0]).toBe(1);
  expect(ranges.at(-1)?.[1]).toBe(19_999);
  const isHeld = (ordinal: number) => ranges.some(([from, to]) => ordinal >= from && ordinal <= to);
  for (let ordinal = 1; ordinal < 20_000; ordinal += 202) expect(isHeld(ordinal)).toBe(true);
});

test('what came in between of others, or by a clock that was set, is left out', () => {
  const record = (ordinal: number, agent: string, boot: string, state: string): LedgerRecord =>
    ({ ordinal, header: { agent, boot, clock: { state } } }) as LedgerRecord;
  const records = Array.from({ length: 60 }, (_, index) => [
    record(index * 4 + 1, 'gw', 'b1', 'unsynced'),
    record(index * 4 + 2, 'gw', 'b2', 'unsynced'),
    record(index * 4 + 3, 'other', 'b1', 'unsynced'),
    record(index * 4 + 4, 'gw', 'b1', 'synced'),
  ]).flat();
  const ledger = {
    readAfter: (after: number, limit: number) =>
      records.filter(({ ordinal }) => ordinal > after).slice(0, limit),
  };
  const taken = {
    agent: 'gw',
    boot: 'b1',
    ordinals: [
      [5, 5],
      [9, 201],
    ] satisfies OrdinalRanges,
  };
  expect([...unsetOrdinals(ledger, taken)]).toEqual([
    5,
    ...Array.from({ length: 49 }, (_, index) => 9 + index * 4),
  ]);
});
