import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { closeHour } from '../../../collector/energy/close-hour.ts';
import { defineCounter } from '../../../collector/energy/counter-value.ts';
import { feedRecord } from '../../../collector/energy/feed-record.ts';
import { startFold } from '../../../collector/energy/fold-state.ts';
import { HOUR_MS, type HourAccount } from '../../../collector/energy/hour-account.ts';
import {
  advanceFold,
  restoreFold,
  saveFold,
  takeChangedAccounts,
} from '../../../collector/energy/machine-fold.ts';
import { unconfiguredMachine, type MachineModel } from '../../../collector/energy/machine-model.ts';
import type { RecordFeed } from '../../../collector/energy/record-feed.ts';
import { watts } from '../../../protocols/telemetry/unit.ts';
import { feedOf, foldHours } from './fold-feed.ts';

const START_MS = Date.UTC(2026, 2, 2, 9, 20);
const EVERY_MS = 600_000;
const MODEL: MachineModel = { ...unconfiguredMachine('m'), ratedPowerW: watts(10_000) };
const DEFINITION = defineCounter('a', ['1', '1']);

/** Ten minutes a reading at 3.6 kW (600 raw steps); power is read all the while, the counter outside of holes. */
function feedsOf(rows: number, holes: readonly (readonly [from: number, rows: number])[]): RecordFeed[] {
  return Array.from({ length: Math.ceil(rows / 6) }, (_, record) => {
    const own = Array.from({ length: 6 }, (_, row) => record * 6 + row);
    const isRead = (row: number) => holes.every(([from, length]) => row < from || row >= from + length);
    return feedOf(record + 1, {
      timesMs: own.map((row) => START_MS + row * EVERY_MS),
      everyMs: EVERY_MS,
      powers: { supply: own.map(() => 3600) },
      imports: {
        supply: { definition: DEFINITION, values: own.map((row) => (isRead(row) ? row * 600 : null)) },
      },
    });
  });
}

describe('a counter that is not read while power is', () => {
  it('does not let a fold grow for ever, nor hours stay without energy', () => {
    const fold = startFold();
    let largest = 0;
    const feeds = feedsOf(144 * 20, [[10, Infinity]]);
    for (const [index, feed] of feeds.entries()) {
      feedRecord(fold, feed);
      advanceFold(MODEL, fold, START_MS + (index + 1) * HOUR_MS);
      takeChangedAccounts(fold);
      largest = Math.max(largest, saveFold(fold).length);
    }
    expect(largest).toBeLessThan(250_000);
    const hours = foldHours(MODEL, feeds, START_MS + 20 * 24 * HOUR_MS);
    expect(hours.length).toBeGreaterThanOrEqual(20 * 24);
    expect(hours.slice(1, -1).every(({ energy }) => energy.supplyMwh === 3_600_000)).toBe(true);
  });

  it('is given up at the same reading, however readings come in batches, with checkpoints between them', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 1, max: 600 }), fc.integer({ min: 1, max: 200 })), {
          maxLength: 3,
        }),
        fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 4 }),
        (holes, sizes) => {
          const feeds = feedsOf(600, holes);
          const endMs = START_MS + 100 * HOUR_MS;
          const whole = foldHours(MODEL, feeds, endMs);
          let fold = startFold();
          const taken = new Map<number, HourAccount>();
          for (let at = 0, batch = 0; at < feeds.length; batch++) {
            const size = sizes[batch % sizes.length] ?? 1;
            for (const feed of feeds.slice(at, at + size)) feedRecord(fold, feed);
            at += size;
            advanceFold(MODEL, fold, Math.min(endMs, START_MS + at * HOUR_MS));
            for (const account of takeChangedAccounts(fold)) taken.set(account.hourMs, account);
            fold = restoreFold(saveFold(fold));
          }
          const hours = [...taken.values()].map((account) => closeHour('site', MODEL, account));
          expect(hours.sort((a, b) => a.hourMs - b.hourMs)).toEqual(whole);
        },
      ),
      { numRuns: 100 },
    );
  });
});
