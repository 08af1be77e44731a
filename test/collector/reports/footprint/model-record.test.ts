import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { EXPORT_FORMATS, writeExport } from '../../../../collector/exports/export-formats.ts';
import { checkRecord } from '../../../../collector/footprint/record/check-record.ts';
import type { FootprintRecord } from '../../../../collector/footprint/record/footprint-record.ts';
import { modelExpandedPercent, scatterOf } from '../../../../collector/footprint/record/unit-scatter.ts';
import { stepRecord } from '../../../../collector/reports/footprint/record-subject.ts';
import type { OperatingState } from '../../../../protocols/telemetry/operating-state.ts';
import { foreignFaults } from '../../footprint/exports/foreign-faults.ts';
import { d } from '../../footprint/sample-record.ts';
import { last, recordSource, sourceOf } from './footprint-plant.ts';

const FROM_MS = Date.UTC(2026, 5, 1);
const MINUTE_MS = 60_000;
const RANGE = { fromMs: FROM_MS, toMs: FROM_MS + 120 * MINUTE_MS };
const CASE = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../../cases/footprints/model.json'), 'utf8'),
) as {
  machines: Record<string, { minutes: [number, number]; state: OperatingState; mwh: number }[]>;
  record: Record<string, unknown>;
  withMeters: { measuredExpandedPercent: string; expandedPercent: string; singleExpandedPercent: string };
};
const NAMES = Object.keys(CASE.machines);

const source = () =>
  sourceOf(
    Object.fromEntries(
      Object.entries(CASE.machines).map(([machine, spans]) => [
        machine,
        spans.map(({ minutes: [from, to], state, mwh }) => ({
          fromMs: FROM_MS + from * MINUTE_MS,
          toMs: FROM_MS + to * MINUTE_MS,
          state,
          mwh,
        })),
      ]),
    ),
  );

function modelOf(machines: readonly string[], footprint: Record<string, unknown> = {}): FootprintRecord {
  const products = NAMES.map((id, index) => ({
    id,
    ratedPower: '15kW',
    product: { parameters: { spindleKw: 15, year: 2020 + index } },
  }));
  const model = { id: 'vx-500', name: 'VX 500', machines, parameters: { massKg: 8200 } };
  const from = recordSource(source(), { models: [model], ...footprint }, products);
  return last(stepRecord(from, { kind: 'model', id: 'vx-500' }, RANGE));
}

const at = (record: object, path: string): unknown =>
  path.split('.').reduce<unknown>((value, key) => (value as Record<string, unknown>)[key], record);

describe('three machines of one model, computed by hand (test/cases/footprints/model.json)', () => {
  test('the typical unit, and how units differ', () => {
    const record = modelOf(NAMES);
    for (const [path, value] of Object.entries(CASE.record)) expect(at(record, path), path).toBe(value);
    expect(checkRecord(record)).toEqual([]);
    // What differs between the machines is no parameter of the model.
    expect(record.subject.parameters).not.toHaveProperty('year');
    expect(record.remarks[0]).toContain('from 3 to 4.5 kWh/h, mean 3.9, standard deviation 0.793725');
    // Nobody told how they are metered here.
    expect(record.uncertainty.expandedPercent).toBeNull();
    expect(record.uncertainty.sources.at(-1)).toMatchObject({
      source: 'between-units',
      standardPercent: '27.1934',
    });
  });

  test('meters and scatter together', () => {
    const units = modelOf(NAMES).scatter?.units ?? [];
    const scatter = scatterOf(units, d(CASE.withMeters.measuredExpandedPercent));
    expect(scatter.singleExpandedPercent).toBe(CASE.withMeters.singleExpandedPercent);
    expect(modelExpandedPercent(scatter)).toBe(CASE.withMeters.expandedPercent);
    // Machines that draw the same differ by nothing: what is left is what their meters may be wrong by.
    const same = scatterOf([units[0]!, { ...units[0]!, machine: 'mill-9' }], d('2.45'));
    expect(same).toMatchObject({ standardDeviationKwhPerHour: '0', singleExpandedPercent: '2.45' });
    expect(modelExpandedPercent(same)).toBe('2.45');
  });

  test('one machine alone tells a figure, and no uncertainty of it', () => {
    const record = modelOf(['mill-1']);
    expect(record.activity.perUnitKwh).toBe('4.5');
    expect(record.scatter).toMatchObject({ count: '1', standardDeviationKwhPerHour: null });
    expect(record.uncertainty.missing.join()).toContain('a second machine');
    expect(record.dataQuality.precision.score).toBe('5');
    expect(record.remarks[0]).toContain('how units differ is not known');
    expect(checkRecord(record)).toEqual([]);
  });

  test('a machine without hours of the basis is refused: it tells nothing per hour', () => {
    expect(() => modelOf(NAMES, { hours: 'processing' })).not.toThrow();
    const spans = [{ ...RANGE, state: 'off' as const, mwh: 1000 }];
    const from = recordSource(sourceOf({ 'mill-4': spans }), {
      models: [{ id: 'vx-500', machines: ['mill-4'] }],
    });
    expect(() => last(stepRecord(from, { kind: 'model', id: 'vx-500' }, RANGE))).toThrow(
      'mill-4 had no operating hours in this time',
    );
    expect(() => last(stepRecord(from, { kind: 'model', id: 'vx-501' }, RANGE))).toThrow('no model vx-501');
  });

  test.each(Object.keys(EXPORT_FORMATS).filter((format) => format !== 'parquet'))(
    'as %s it passes the check of that format, and that of those who made it',
    async (name) => {
      const format = name as Exclude<keyof typeof EXPORT_FORMATS, 'parquet'>;
      const written = await writeExport(format, modelOf(NAMES));
      expect(written.faults).toEqual([]);
      expect(written.files.length).toBeGreaterThan(0);
      expect(await foreignFaults(format, written.files)).toEqual([]);
    },
  );
});

test('every figure of the scatter that was changed is found', () => {
  const sound = modelOf(NAMES);
  const faultsWith = (change: (scatter: NonNullable<FootprintRecord['scatter']>) => void) => {
    const record = structuredClone(sound);
    change(record.scatter!);
    return checkRecord(record).join('\n');
  };
  expect(faultsWith(() => {})).toBe('');
  for (const key of [
    'count',
    'meanKwhPerHour',
    'leastKwhPerHour',
    'mostKwhPerHour',
    'standardDeviationKwhPerHour',
    'smallSampleFactor',
    'standardPercent',
  ] as const)
    expect(
      faultsWith((scatter) => (scatter[key] = d('2'))),
      key,
    ).toContain(`$.scatter.${key} is 2, but`);
  expect(faultsWith((scatter) => (scatter.units[1]!.kwhPerHour = d('3.1')))).toContain('units[1].kwhPerHour');
  expect(faultsWith((scatter) => (scatter.units[1]!.energyKwh = d('6.1')))).toContain(
    'the sum of scatter.units',
  );
  expect(faultsWith((scatter) => scatter.units.pop())).toContain('subject.machines are');
  expect(faultsWith((scatter) => (scatter.measuredExpandedPercent = d('1')))).toContain(
    'meters and scatter together are',
  );
  const { scatter: _, ...without } = sound;
  expect(checkRecord(without).join()).toContain('$.scatter is missing');
  expect(checkRecord({ ...sound, subject: { ...sound.subject, kind: 'line' } }).join()).toContain(
    'only a model has it',
  );
});
