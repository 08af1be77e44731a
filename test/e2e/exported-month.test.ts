import { buffer } from 'node:stream/consumers';
import { Readable } from 'node:stream';
import { parquetReadObjects } from 'hyparquet';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openCollectorJournal } from '../../cli/journal-access.ts';
import { EXPORT_FORMATS, writeExport, type ExportFormat } from '../../collector/exports/export-formats.ts';
import { hoursToParquet } from '../../collector/exports/hours-table.ts';
import type { FootprintRecord } from '../../collector/footprint/record/footprint-record.ts';
import { stepRecord, subjectAsked } from '../../collector/reports/footprint/record-subject.ts';
import { createLoadProfile } from '../../protocols/simulator/load-profile.ts';
import { stateBands } from '../../protocols/simulator/load-shares.ts';
import { silentLog } from '../../protocols/log.ts';
import { FOREIGN_JUDGES, type JudgedFormat } from '../collector/footprint/exports/foreign-faults.ts';
import { last, recordSource } from '../collector/reports/footprint/footprint-plant.ts';
import { tellMarks } from '../collector/reports/job-plant.ts';
import { derivePlant, HOUR_MS, MACHINE, plantConfig } from '../collector/reports/period-plant.ts';

/*
 * A month of a simulated machining centre, with shifts, weekends and jobs, received and derived by a real collector; then every
 * subject in every format, held against what those who made the format say of it.
 */
const FROM_MS = Date.UTC(2026, 5, 1);
const TO_MS = Date.UTC(2026, 6, 1);
const STEP_MS = 30_000;
const RATED_W = 15_000;
const VOLTAGE_V = 400;
const FACTOR = 0.8;

const profile = createLoadProfile({ seed: 7, kind: 'machiningCentre', ratedPowerW: RATED_W });
const WORDS = { processing: 'ACTIVE', warmUp: 'ACTIVE', ready: 'READY', standby: 'READY' } as const;

const BANDS = [
  ...stateBands(RATED_W).map(({ state, belowW }) => ({ state, below: `${belowW}W` })),
  { state: 'processing' },
];

function loadAt(atMs: number) {
  const powerW = profile.powerW('supply', atMs);
  const { state } = profile.momentAt(atMs);
  return {
    powerW,
    currentA: powerW / (Math.sqrt(3) * VOLTAGE_V * FACTOR),
    factor: FACTOR,
    word: state in WORDS ? WORDS[state as keyof typeof WORDS] : 'UNAVAILABLE',
  };
}

const FOOTPRINT = {
  losses: 6.5,
  lines: [{ id: 'line-a', machines: [MACHINE] }],
  models: [{ id: 'vx-500', machines: [MACHINE] }],
  parts: [
    {
      id: 'housing-7',
      massKg: 3.2,
      fossilCarbonKg: 0.013,
      upstream: [{ stage: 'material', name: 'steel bar', kgCo2e: 4.48, source: 'supplier', primary: 100 }],
    },
  ],
};
const SUBJECTS = {
  machine: { machine: MACHINE },
  line: { line: 'line-a' },
  model: { model: 'vx-500' },
  part: { machine: MACHINE, part: 'housing-7' },
  job: { machine: MACHINE, job: '4711' },
};
const FORMATS = Object.keys(EXPORT_FORMATS).filter(
  (format): format is Exclude<ExportFormat, 'parquet'> => format !== 'parquet',
);

describe('a simulated month', () => {
  let plant: Awaited<ReturnType<typeof derivePlant>>;
  const records: Record<string, FootprintRecord> = {};

  beforeAll(async () => {
    plant = await derivePlant(FROM_MS, (TO_MS - FROM_MS) / HOUR_MS, {
      config: plantConfig({}, { bands: BANDS }),
      load: { at: loadAt, stepMs: STEP_MS },
    });
    const journal = openCollectorJournal(plant.dataFolder, silentLog);
    const at = (day: number, hour: number) => new Date(FROM_MS + (24 * day + hour) * HOUR_MS).toISOString();
    tellMarks(
      journal,
      MACHINE,
      [0, 1, 2, 7, 8, 9].flatMap((day) => [
        { id: `b${day}`, kind: 'begin', at: at(day, 8), job: day < 7 ? '4711' : '4712', part: 'housing-7' },
        { id: `e${day}`, kind: 'end', at: at(day, 14), job: day < 7 ? '4711' : '4712', goodParts: 40 + day },
      ]),
    );
    const source = { views: plant.views, plan: plant.plan, journal };
    const from = recordSource(source, FOOTPRINT, [
      { id: MACHINE, ratedPower: '15kW', product: { parameters: { axes: 5 } } },
    ]);
    for (const [name, asked] of Object.entries(SUBJECTS))
      records[name] = last(stepRecord(from, subjectAsked(asked), { fromMs: FROM_MS, toMs: TO_MS }));
    journal.close();
  }, 180_000);
  afterAll(() => plant.close());

  describe.each(Object.keys(SUBJECTS))('of a %s', (subject) => {
    test.each(FORMATS)('as %s passes our check', async (format) => {
      const { files, faults } = await writeExport(format, records[subject]!);
      expect(faults).toEqual([]);
      expect(files.length).toBeGreaterThan(0);
    });

    for (const [format, { isHere, faults }] of Object.entries(FOREIGN_JUDGES))
      test.skipIf(!isHere)(`as ${format} passes the check of those who made the format`, async () => {
        const { files } = await writeExport(format as JudgedFormat, records[subject]!);
        expect(await faults(files)).toEqual([]);
      });
  });

  test('the energy of the record is that of the hours, of the table of hours and of the counter, exactly', async () => {
    const hours = plant.views.hours(MACHINE, FROM_MS, TO_MS);
    expect(hours).toHaveLength(720);
    const mwh = hours.reduce((sum, hour) => sum + (hour.energy.supplyMwh ?? 0), 0);
    const { activity, coverage } = records['machine']!;
    expect(Number(activity.energyKwh) * 1e6).toBe(mwh);
    expect(records['line']!.activity.energyKwh).toBe(activity.energyKwh);
    const parquet = hoursToParquet(hours);
    const bytes = parquet instanceof Readable ? await buffer(parquet) : Buffer.from(parquet);
    const rows = await parquetReadObjects({ file: Uint8Array.from(bytes).buffer });
    expect(rows.reduce((sum, row) => sum + (row['energy_mWh'] as bigint), 0n)).toBe(BigInt(mwh));
    // The counter shows whole Wh, and the last step has no reading that ends it.
    let wattMs = 0;
    for (let t = FROM_MS; t < TO_MS - STEP_MS; t += STEP_MS) wattMs += loadAt(t).powerW * STEP_MS;
    expect(mwh).toBe(Math.floor(wattMs / HOUR_MS) * 1000);
    expect(coverage.isComplete).toBe(true);
    const states = Object.entries(activity.states).filter(([, { hours: time }]) => Number(time) > 0);
    expect(states.map(([state]) => state).sort()).toEqual([
      'extendedStandby',
      'off',
      'processing',
      'ready',
      'standby',
      'warmUp',
    ]);
  });

  test('the jobs of a part are the part', () => {
    const { functionalUnit, activity } = records['part']!;
    expect(functionalUnit.count).toBe('267');
    expect(Number(activity.energyKwh)).toBeGreaterThan(Number(records['job']!.activity.energyKwh));
    expect(Number(activity.energyKwh)).toBeLessThan(Number(records['machine']!.activity.energyKwh));
  });
});
