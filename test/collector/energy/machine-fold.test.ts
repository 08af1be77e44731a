import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { closeHour } from '../../../collector/energy/close-hour.ts';
import { defineCounter } from '../../../collector/energy/counter-value.ts';
import { HOUR_MS, type HourAccount } from '../../../collector/energy/hour-account.ts';
import {
  advanceFold,
  restoreFold,
  saveFold,
  takeChangedAccounts,
} from '../../../collector/energy/machine-fold.ts';
import { feedHeard, feedRecord } from '../../../collector/energy/feed-record.ts';
import { startFold } from '../../../collector/energy/fold-state.ts';
import type { RecordFeed } from '../../../collector/energy/record-feed.ts';
import type { MachineHour } from '../../../collector/energy/machine-hour.ts';
import { unconfiguredMachine, type MachineModel } from '../../../collector/energy/machine-model.ts';
import { LONG_MS, RUNS } from './calendar/calendars.ts';
import { bandSetOf, feedOf, foldHours, type Words } from './fold-feed.ts';
import { watts } from '../../../protocols/telemetry/unit.ts';

const START_MS = Date.UTC(2026, 2, 2, 9, 20);
const MODEL: MachineModel = {
  ...unconfiguredMachine('m'),
  ratedPowerW: watts(20_000),
  offBelowW: watts(30),
  bandSets: [bandSetOf([{ state: 'standby', belowW: watts(400) }])],
};
/** One raw step is 1 mWh, 0.1 Wh, 10 Wh or 1 kWh. */
const STEPS = ['1', '100', '10000', '1000000'] as const;

interface Reading {
  atMs: number;
  powerW: number | null;
  supply: number | null;
  spindleW: number | null;
}

interface Plant {
  readings: Reading[];
  words: Words;
  step: (typeof STEPS)[number];
}

/** A plant whose counter integrates its power, read at uneven times with holes, jumps and missing values. */
const plant = fc
  .record({
    step: fc.constantFrom(...STEPS),
    polls: fc.array(
      fc.record({
        dtMs: fc.oneof(
          { weight: 12, arbitrary: fc.integer({ min: 20_000, max: 60_000 }) },
          { weight: 2, arbitrary: fc.integer({ min: 60_001, max: 9_000_000 }) },
        ),
        powerW: fc.integer({ min: 0, max: 15_000 }),
        missing: fc.integer({ min: 0, max: 19 }),
        jump: fc.integer({ min: 0, max: 60 }),
      }),
      { minLength: 2, maxLength: 120 },
    ),
    words: fc.array(
      fc.record({
        at: fc.double({ min: 0, max: 1, noNaN: true }),
        word: fc.constantFrom('ACTIVE', 'READY', 'UNAVAILABLE', null),
      }),
      { maxLength: 12 },
    ),
  })
  .map(({ step, polls, words }): Plant => {
    let atMs = START_MS;
    let mwh = 5_000_000;
    let offset = 0;
    const readings = polls.map(({ dtMs, powerW, missing, jump }): Reading => {
      atMs += dtMs;
      mwh += (powerW * dtMs) / 3600;
      if (jump === 0) offset += 500_000_000;
      const glitch = jump === 1 ? 7_000_000 : 0;
      return {
        atMs,
        powerW: missing === 1 ? null : powerW,
        supply: missing === 2 ? null : Math.floor((mwh + offset + glitch) / Number(step)),
        spindleW: missing === 3 ? null : Math.floor(powerW / 3),
      };
    });
    const lastMs = atMs;
    const spread = words.map(({ at, word }): [number, string | null] => [
      Math.floor(START_MS + at * (lastMs - START_MS)),
      word,
    ]);
    return { step, readings, words: spread.sort((a, b) => a[0] - b[0]) };
  });

function records({ readings, words, step }: Plant, sizes: readonly number[]): RecordFeed[] {
  const definition = defineCounter('meter', [step, '1000']);
  const feeds: RecordFeed[] = [];
  for (let row = 0; row < readings.length;) {
    const size = sizes[feeds.length % sizes.length] ?? 1;
    const own = readings.slice(row, row + size);
    const fromMs = row === 0 ? -Infinity : (readings[row]?.atMs ?? 0);
    const toMs = readings[row + size]?.atMs ?? Infinity;
    feeds.push(
      feedOf(
        feeds.length + 1,
        {
          timesMs: own.map((reading) => reading.atMs),
          everyMs: 30_000,
          powers: { supply: own.map(({ powerW }) => powerW), spindle: own.map(({ spindleW }) => spindleW) },
          imports: { supply: { values: own.map(({ supply }) => supply), definition } },
        },
        words.filter(([atMs]) => atMs >= fromMs && atMs < toMs),
      ),
    );
    row += size;
  }
  return feeds;
}

const endOf = (of: Plant) => (of.readings[of.readings.length - 1]?.atMs ?? 0) + 1;

/** What does not depend on how readings were cut into records. */
const figures = (hours: MachineHour[]) => hours.map((hour) => ({ ...hour, basis: null }));

function close(taken: Map<number, HourAccount>): MachineHour[] {
  return [...taken.values()]
    .sort((a, b) => a.hourMs - b.hourMs)
    .map((account) => closeHour('site', unconfiguredMachine('m'), account));
}

describe('a machine fold', () => {
  it(
    'is a function of the set of records: order, duplicates, batches and checkpoints leave no trace',
    () => {
      fc.assert(
        fc.property(
          plant,
          fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 5 }),
          fc.integer({ min: 1, max: 1000 }),
          (plant, sizes, shuffle) => {
            const feeds = records(plant, sizes);
            const whole = foldHours(MODEL, feeds, endOf(plant));
            const shuffled = [...feeds, ...feeds].sort(
              (a, b) => ((a.record.seq * shuffle) % 17) - ((b.record.seq * shuffle) % 17),
            );
            expect(foldHours(MODEL, shuffled, endOf(plant))).toEqual(whole);

            // Record by record, through a checkpoint at every hour that is passed, as a collector that always restarts.
            let fold = startFold();
            const taken = new Map<number, HourAccount>();
            const take = () =>
              takeChangedAccounts(fold).forEach((account) => taken.set(account.hourMs, account));
            feeds.forEach((feed, index) => {
              feedRecord(fold, feed);
              const horizonMs = feeds[index + 1]?.rows[0]?.timesMs[0] ?? endOf(plant);
              const hourMs = Math.floor(horizonMs / HOUR_MS) * HOUR_MS;
              if (hourMs > fold.horizonMs && fold.horizonMs > 0) {
                advanceFold(MODEL, fold, hourMs);
                take();
                fold = restoreFold(saveFold(fold));
                for (const again of feeds.slice(0, index + 1)) feedRecord(fold, again, hourMs);
              }
              advanceFold(MODEL, fold, horizonMs);
              take();
            });
            expect(close(taken)).toEqual(whole);

            expect(figures(foldHours(MODEL, records(plant, [7]), endOf(plant)))).toEqual(figures(whole));
          },
        ),
        { numRuns: RUNS },
      );
    },
    LONG_MS,
  );

  it(
    'books exactly last minus first, whatever the gaps and the step of the counter',
    () => {
      fc.assert(
        fc.property(plant, (drawn) => {
          const honest = withoutJumps(drawn);
          const hours = foldHours(MODEL, records(honest, [20]), endOf(honest) + HOUR_MS);
          const counted = honest.readings.flatMap(({ supply }) => (supply === null ? [] : [supply]));
          const rise = (counted[counted.length - 1] ?? 0) - (counted[0] ?? 0);
          const sum = hours.reduce((sum, hour) => sum + (hour.energy.supplyMwh ?? 0), 0);
          expect(sum).toBe(rise * Number(honest.step));
          for (const hour of hours) {
            const { stateMwh, supplyMwh } = hour.energy;
            const { counterMwh, integratedMwh: byPower, bridgedMwh } = hour.obtained;
            expect(Object.values(stateMwh).reduce((a, b) => a + b, 0)).toBe(supplyMwh ?? 0);
            expect(counterMwh + byPower + bridgedMwh).toBe(supplyMwh ?? 0);
            expect(Object.values(hour.timeMs).reduce((a, b) => a + b, 0)).toBe(hour.spanMs);
            expect(Object.values(stateMwh).every((mwh) => Number.isSafeInteger(mwh) && mwh >= 0)).toBe(true);
            expect(hour.spanMs).toBeLessThanOrEqual(HOUR_MS);
            // No bucket above the bound, but for one step of the counter.
            expect(supplyMwh ?? 0).toBeLessThanOrEqual(20_000 * 1.2 * 1000 + Number(honest.step));
          }
        }),
        { numRuns: RUNS },
      );
    },
    LONG_MS,
  );

  it(
    'changes nothing that was measured outside the neighbourhood when one reading is missing, and no total',
    () => {
      fc.assert(
        fc.property(plant, fc.nat(), (drawn, pick) => {
          const honest = { ...withoutJumps(drawn), step: '1' as const };
          if (honest.readings.length < 4) return;
          const index = 1 + (pick % (honest.readings.length - 2));
          const thinned = { ...honest, readings: honest.readings.filter((_, row) => row !== index) };
          const before = foldHours(MODEL, records(honest, [1000]), endOf(honest));
          const after = foldHours(MODEL, records(thinned, [1000]), endOf(honest));
          // Around the reading, up to the nearest readings that hold all values and moved the counter.
          const whole = (row: number) => {
            const { powerW, supply, spindleW } = honest.readings[row] ?? {};
            const earlier = honest.readings.slice(0, row).filter((reading) => reading.supply !== null);
            const moved = supply !== earlier[earlier.length - 1]?.supply;
            return powerW !== null && supply !== null && spindleW !== null && moved;
          };
          let from = index - 1;
          while (from > 0 && !whole(from)) from--;
          let to = index + 1;
          while (to < honest.readings.length - 1 && !whole(to)) to++;
          const fromMs = Math.floor((honest.readings[from]?.atMs ?? 0) / HOUR_MS) * HOUR_MS;
          const toMs = honest.readings[to]?.atMs ?? 0;
          // How a later gap is filled may rest on what was measured so far; what it holds in all may not.
          const outside = (hours: MachineHour[]) =>
            hours
              .filter(({ hourMs }) => hourMs < fromMs || hourMs > toMs)
              .map(({ hourMs, timeMs, measuredMs, closure, obtained: { counterMwh, integratedMwh } }) => ({
                hourMs,
                timeMs,
                measuredMs,
                closure,
                counterMwh,
                integratedMwh,
              }));
          expect(outside(after)).toEqual(outside(before));
          const total = (of: Plant) =>
            foldHours(MODEL, records(of, [1000]), endOf(honest) + HOUR_MS).reduce(
              (sum, hour) => sum + (hour.energy.supplyMwh ?? 0),
              0,
            );
          const isLast = honest.readings.slice(index + 1).every(({ supply }) => supply === null);
          if (!isLast) expect(total(thinned)).toBe(total(honest));
        }),
        { numRuns: RUNS },
      );
    },
    LONG_MS,
  );

  it('does not grow while nothing is read of a machine, and knows which links are down when its time begins', () => {
    const at = (minutes: number) => START_MS + minutes * 60_000;
    const DAYS = 3;
    const links = Array.from({ length: DAYS * 1440 }, (_, minute): RecordFeed => ({
      ...feedOf(minute + 1, null),
      links: [{ source: 'meter', timesMs: [at(minute), at(minute) + 1], up: [true, false] }],
    }));
    const timesMs = Array.from({ length: 90 }, (_, minute) => at(DAYS * 1440 + 10 + minute));
    const rows = feedOf(10_000, { timesMs, everyMs: 60_000, powers: { supply: timesMs.map(() => 900) } });
    const fold = startFold();
    let largest = 0;
    for (const [minute, feed] of links.entries()) {
      feedRecord(fold, feed);
      feedHeard(fold, 'gw', at(minute) + 2);
      advanceFold(MODEL, fold, at(minute + 1));
      if (minute % 60 === 0) largest = Math.max(largest, saveFold(fold).length);
    }
    expect(largest).toBeLessThan(10_000);
    feedRecord(fold, rows);
    const endMs = at(DAYS * 1440 + 200);
    advanceFold(MODEL, fold, endMs);
    const hours = takeChangedAccounts(fold).map((account) =>
      closeHour('site', unconfiguredMachine('m'), account),
    );
    expect(hours).toEqual(foldHours(MODEL, [...links, rows], endMs));
    expect(hours).toHaveLength(2);
    expect(hours.every(({ reasons }) => reasons.includes('source-down'))).toBe(true);
    expect(hours.every(({ spanMs }) => spanMs > 0)).toBe(true);
  });

  it('begins with the first reading and ends with the latest, whatever links say and however long nothing comes', () => {
    const at = (seconds: number) => START_MS + seconds * 1000;
    const link = (seq: number, atMs: number, up: boolean): RecordFeed => ({
      ...feedOf(seq, null),
      links: [{ source: 'meter', timesMs: [atMs], up: [up] }],
    });
    const rows = (seq: number, timesMs: number[]) =>
      feedOf(seq, { timesMs, powers: { supply: timesMs.map(() => 1000) } });
    const early = [link(1, at(-30), true), rows(2, [at(0), at(1), at(2)]), link(3, at(5), false)];
    const [hour] = foldHours(MODEL, early, at(1800));
    expect([hour?.spanMs, hour?.measuredMs]).toEqual([2000, 2000]);
    const [healed] = foldHours(MODEL, [...early, rows(4, [at(1500), at(1501)])], at(1800));
    expect([healed?.spanMs, healed?.measuredMs]).toEqual([1_501_000, 3000]);
    expect(healed?.reasons).toContain('source-down');
  });
});

/** The plant without glitches, jumps and readings that were missing at its ends. */
function withoutJumps(drawn: Plant): Plant {
  let mwh = 5_000_000;
  let lastMs = START_MS;
  const readings = drawn.readings.map((reading, index) => {
    mwh += ((reading.powerW ?? 900) * (reading.atMs - lastMs)) / 3600;
    lastMs = reading.atMs;
    const present = index === 0 || reading.supply !== null;
    return { ...reading, supply: present ? Math.floor(mwh / Number(drawn.step)) : null };
  });
  return { ...drawn, readings };
}
