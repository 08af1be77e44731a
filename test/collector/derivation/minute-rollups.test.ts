import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { MinuteRollups } from '../../../collector/derivation/minute-rollups.ts';
import { openViews } from '../../../collector/ledger/sqlite-views.ts';
import { makeTempFolder } from '../ledger/temp-folder.ts';

const MINUTE_MS = 60_000;
const CHANNEL = 'mill-1.supply.activePower';

test('after a restart, a record of an older minute that comes first does not make a written minute forgotten', () => {
  const views = openViews({ folder: makeTempFolder() });
  const before = new MinuteRollups(views);
  before.add(CHANNEL, [5 * MINUTE_MS, 5 * MINUTE_MS + 1000], [10, 20], 1);
  views.commit({ reader: 'derive', ordinal: 1, minutes: before.take() });

  const after = new MinuteRollups(views);
  after.add(CHANNEL, [3 * MINUTE_MS], [1], 1);
  after.add(CHANNEL, [5 * MINUTE_MS + 2000], [30], 1);
  views.commit({ reader: 'derive', ordinal: 2, minutes: after.take() });

  expect(views.minute(CHANNEL, 5 * MINUTE_MS)).toMatchObject({ count: 3, min: 10, max: 30, sum: 60 });
  expect(views.minute(CHANNEL, 3 * MINUTE_MS)).toMatchObject({ count: 1 });
  views.close();
});

test('a record of a minute that comes behind a later one loses the step between the two, and none of its own', () => {
  const views = openViews({ folder: makeTempFolder() });
  const values = [10, 13, 11, 16, 20, 21];
  const times = values.map((_, row) => 5 * MINUTE_MS + row * 10_000);
  const steps = (pieces: [from: number, to: number][]) => {
    const rollups = new MinuteRollups(views);
    for (const [from, to] of pieces) rollups.add(CHANNEL, times.slice(from, to), values.slice(from, to), 1);
    return rollups.take()[0]?.steps;
  };
  const all = 9 + 4 + 25 + 16 + 1;
  expect(steps([[0, 6]])).toBe(all);
  expect(
    steps([
      [0, 4],
      [4, 6],
    ]),
  ).toBe(all);
  expect(
    steps([
      [4, 6],
      [0, 4],
    ]),
  ).toBe(all - 16);
  expect(
    steps([
      [2, 4],
      [4, 6],
      [0, 2],
    ]),
  ).toBe(all - 4);
  views.close();
});

test('whatever the order of the records and the restarts, each reading stands in one minute', () => {
  const record = fc.record({
    minute: fc.nat(6),
    rows: fc.integer({ min: 1, max: 4 }),
    restart: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(record, { maxLength: 20 }), (records) => {
      const views = openViews({ folder: makeTempFolder() });
      let rollups = new MinuteRollups(views);
      const expected = new Map<number, number>();
      records.forEach(({ minute, rows, restart }, ordinal) => {
        const times = Array.from({ length: rows }, (_, row) => minute * MINUTE_MS + row);
        rollups.add(CHANNEL, times, times, 1);
        expected.set(minute, (expected.get(minute) ?? 0) + rows);
        if (!restart) return;
        views.commit({ reader: 'derive', ordinal, minutes: rollups.take() });
        rollups = new MinuteRollups(views);
      });
      views.commit({ reader: 'derive', ordinal: 100, minutes: rollups.take() });
      for (const [minute, count] of expected)
        expect(views.minute(CHANNEL, minute * MINUTE_MS)?.count).toBe(count);
      views.close();
    }),
    { numRuns: 60 },
  );
});
