import { readdirSync, statSync } from 'node:fs';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { MachineHour } from '../../../collector/energy/machine-hour.ts';
import { plainCalendar } from '../../../collector/energy/calendar/calendar-model.ts';
import { readFrozen } from '../../../collector/ledger/frozen-store.ts';
import { verifyLedger } from '../../../collector/ledger/verify-ledger.ts';
import { periodReports } from '../../../collector/reports/period-report.ts';
import type { SitePlan } from '../../../collector/reports/site-plan.ts';
import { usePhaseReport } from '../../../collector/reports/use-phase-report.ts';
import { lateFindings } from '../../../collector/retention/late-findings.ts';
import type { SealedRecord } from '../../../protocols/evidence/seal.ts';
import { Bench } from '../derivation/derivation-bench.ts';
import { MACHINE, PlantFeed } from '../derivation/plant-feed.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const EVERY_MS = 600_000;
/** Of March six days, of April twelve. */
const FROM_MS = Date.UTC(2026, 2, 26);
const DAYS = 18;
const PIECE_MS = 6 * HOUR_MS;
/** More with MILLWATT_TEST_LONG=1, for the long run. */
const RUNS = process.env['MILLWATT_TEST_LONG'] === '1' ? 200 : 2;

interface Piece {
  record: SealedRecord;
  fromMs: number;
  toMs: number;
}

/** Six hours a record: a meter with a counter, and a control that tells words; some are silent, some come late. */
function plantOf(pieces: readonly { watts: number; silent: boolean }[]): {
  config: SealedRecord;
  records: Piece[];
} {
  const feed = new PlantFeed({ bootMs: FROM_MS - 60_000 });
  const config = feed.config();
  let mwh = 0;
  const records = pieces.map(({ watts, silent }, index) => {
    const fromMs = FROM_MS + index * PIECE_MS;
    const timesMs = Array.from({ length: PIECE_MS / EVERY_MS }, (_, row) => fromMs + row * EVERY_MS);
    const powers = timesMs.map((_, row) => watts + 13 * (row % 5));
    const counters = powers.map((power) => {
      const before = mwh;
      mwh += Math.round((power * EVERY_MS) / HOUR_MS) * 1000;
      return before;
    });
    const record = feed.say({
      rows: silent
        ? []
        : [
            {
              source: 'meter',
              everyMs: EVERY_MS,
              timesMs,
              columns: {
                [`${MACHINE}.supply.activePower`]: powers,
                [`${MACHINE}.supply.activeEnergyImport`]: counters,
              },
            },
          ],
      words: [
        {
          channel: `${MACHINE}.control.execution`,
          source: 'control',
          timesMs: [fromMs + 1000],
          values: [watts > 1000 ? 'ACTIVE' : 'READY'],
        },
      ],
      sealedToMs: fromMs + PIECE_MS,
    });
    return { record, fromMs, toMs: fromMs + PIECE_MS };
  });
  return { config, records };
}

const piece = fc.record({
  watts: fc.integer({ min: 50, max: 9000 }),
  silent: fc.integer({ min: 0, max: 7 }).map((draw) => draw === 0),
});
const pieces = fc.array(piece, {
  minLength: (DAYS * DAY_MS) / PIECE_MS,
  maxLength: (DAYS * DAY_MS) / PIECE_MS,
});
const lateness = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 80, maxLength: 80 });

async function open(config: SealedRecord) {
  const bench = await Bench.open();
  bench.clock.stepTo(FROM_MS);
  await bench.append(config);
  return bench;
}

const PLAN: SitePlan = {
  site: 'plant',
  calendar: plainCalendar('UTC'),
  machines: [],
  mainMeters: [],
  sharedLoads: [],
  hash: 'plan',
};

/** Of every day and week, with uncertainty, and of the use phase: what a person reads of the hours. */
function reportsOf(bench: Bench) {
  const source = { views: bench.views, plan: PLAN, journal: null };
  const span = { machine: MACHINE, fromMs: FROM_MS, toMs: FROM_MS + DAYS * DAY_MS };
  const kinds = ['quarterHour', 'day', 'month'] as const;
  const periods = kinds.flatMap((kind) => [...periodReports(source, { ...span, kind })]);
  expect(periods).toHaveLength(DAYS * 24 * 4 + DAYS + 2);
  expect(periods.some(({ energy }) => (energy.supplyMwh ?? 0) > 0)).toBe(true);
  return { periods, usePhase: usePhaseReport(source, span) };
}

function verify(bench: Bench) {
  const steps = verifyLedger({
    folder: `${bench.folder}/ledger`,
    isKnownKey: () => true,
    readEnd: () => undefined,
    faultsMax: 9,
  });
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

const ledgerBytes = ({ folder }: Bench) =>
  readdirSync(`${folder}/ledger`).reduce((sum, name) => sum + statSync(`${folder}/ledger/${name}`).size, 0);

test('whenever readings are let go, every figure stays as it was, also when the views are computed again', async () => {
  const prunings = fc.array(fc.integer({ min: 0, max: 71 }), { minLength: 1, maxLength: 3 });
  await fc.assert(
    fc.asyncProperty(pieces, lateness, prunings, async (said, late, prunedAt) => {
      const { config, records } = plantOf(said);
      const [plain, pruned] = [await open(config), await open(config)];
      // Late ones up to three pieces late.
      const arrivals = records
        .map((one, index) => ({ ...one, atMs: one.toMs + (late[index] ?? 0) * PIECE_MS }))
        .sort((a, b) => a.atMs - b.atMs);
      let appended: Promise<void>[] = [];
      for (const [index, { record, atMs }] of arrivals.entries()) {
        for (const bench of [plain, pruned]) {
          bench.clock.stepTo(atMs);
          appended.push(bench.append(record));
        }
        if (!prunedAt.includes(index)) continue;
        await Promise.all(appended);
        appended = [];
        await pruned.letGo();
      }
      await Promise.all(appended);
      const endMs = FROM_MS + DAYS * DAY_MS + 4 * PIECE_MS;
      plain.clock.stepTo(endMs);
      pruned.clock.stepTo(endMs);
      const expected = await plain.derived();
      const reports = reportsOf(plain);
      expect(await pruned.derived()).toEqual(expected);
      expect(await pruned.letGo()).toMatchObject({ monthsPruned: 1, stuck: '' });
      expect(await pruned.derived()).toEqual(expected);
      expect(reportsOf(pruned)).toEqual(reports);
      await pruned.restart();
      expect(await pruned.derived()).toEqual(expected);
      await pruned.startOver();
      expect(await pruned.derived()).toEqual(expected);
      expect(reportsOf(pruned)).toEqual(reports);
      const verdict = verify(pruned);
      expect(verdict).toMatchObject({ faults: 0, records: records.length + 1 });
      expect(verdict.months[0]?.headOnly).toBeGreaterThan(15);
      await plain.close();
      await pruned.close();
      // Closed: how large a log of SQLite is while it is open is by chance. Of a dozen small records not even a page may come free.
      expect(ledgerBytes(pruned)).toBeLessThanOrEqual(ledgerBytes(plain));
    }),
    { numRuns: RUNS, endOnFailure: true },
  );
}, 120_000);

test('what comes too late is kept, booked nowhere and told; another model and an amendment hold from the edge on', async () => {
  const said = Array.from({ length: (DAYS * DAY_MS) / PIECE_MS }, (_, index) => ({
    watts: 1000 + 100 * (index % 7),
    silent: false,
  }));
  const { config, records } = plantOf(said);
  const bench = await open(config);
  const late = records[5]!;
  await Promise.all(
    records
      .filter((one) => one !== late)
      .map((one) => {
        bench.clock.stepTo(one.toMs);
        return bench.append(one.record);
      }),
  );
  bench.clock.stepTo(FROM_MS + DAYS * DAY_MS + HOUR_MS);
  await bench.derive();
  expect(await bench.letGo()).toMatchObject({ monthsPruned: 1, failures: 0 });
  const frozen = readFrozen(bench.folder)[0]!;
  // April began with the sixth day; a day of labels ahead and six hours to warm up on are kept.
  expect(frozen.toMs).toBeGreaterThanOrEqual(Date.UTC(2026, 3, 2, 6));
  expect(frozen.toMs).toBeLessThanOrEqual(Date.UTC(2026, 3, 4));
  const before = await bench.derived();

  await bench.append(late.record);
  expect(await bench.derived()).toEqual(before);
  const told = [
    {
      machine: MACHINE,
      agent: 'gw-1',
      fromMs: late.fromMs,
      toMs: late.toMs - EVERY_MS,
      records: 1,
      samples: 73,
    },
  ];
  expect(bench.derivation.late()).toEqual(told);
  expect(lateFindings(told, 0)).toMatchObject([
    { kind: 'late-for-frozen', agent: 'gw-1', message: expect.stringContaining('73 readings of mill-1') },
  ]);
  await bench.startOver();
  expect(await bench.derived()).toEqual(before);
  expect(bench.derivation.late()).toEqual(told);

  // Twice the energy since long ago: of what is frozen, nothing changes.
  const isFrozen = ({ hourMs }: { hourMs: number }) => hourMs < frozen.toMs;
  const sum = (hours: MachineHour[]) =>
    hours.reduce((total, hour) => total + (hour.energy.supplyMwh ?? 0), 0);
  const terms = { id: 'a1', machine: MACHINE, component: 'supply', fromMs: FROM_MS - DAY_MS, toMs: null };
  bench.book.enter({ ...terms, kind: 'scale', num: '2', den: '1' });
  bench.derivation.wake();
  const amended = await bench.derived();
  expect(amended.hours.filter(isFrozen)).toEqual(before.hours.filter(isFrozen));
  const behind = (hours: MachineHour[]) =>
    sum(hours.filter((hour) => hour.hourMs >= frozen.toMs + 2 * HOUR_MS));
  expect(behind(amended.hours) / behind(before.hours)).toBeCloseTo(2, 6);
  bench.book.revoke('a1');
  await bench.restart();
  expect(await bench.derived()).toEqual(before);

  // Another model: from the edge on, by the readings that are here.
  bench.model = { ...bench.model, quietAfterMs: bench.model.quietAfterMs + 60_000 };
  await bench.restart();
  const anew = await bench.derived();
  expect(anew.hours.filter(isFrozen)).toEqual(before.hours.filter(isFrozen));
  expect(anew.hours.map(({ hourMs, energy }) => [hourMs, energy.supplyMwh])).toEqual(
    before.hours.map(({ hourMs, energy }) => [hourMs, energy.supplyMwh]),
  );
}, 60_000);
