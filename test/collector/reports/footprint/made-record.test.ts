import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { EXPORT_FORMATS, writeExport } from '../../../../collector/exports/export-formats.ts';
import { inventoryOf } from '../../../../collector/footprint/exports/inventory.ts';
import { carbonFiguresOf } from '../../../../collector/footprint/exports/pact/carbon-figures.ts';
import { checkRecord } from '../../../../collector/footprint/record/check-record.ts';
import { madeUncertainty } from '../../../../collector/reports/footprint/made-uncertainty.ts';
import type { MadeStep } from '../../../../collector/reports/footprint/made-steps.ts';
import { stepRecord, type RecordSubject } from '../../../../collector/reports/footprint/record-subject.ts';
import type { MachinePlan } from '../../../../collector/reports/site-plan.ts';
import { foreignFaults } from '../../footprint/exports/foreign-faults.ts';
import { planOf, tellMarks, type PlantSpan } from '../job-plant.ts';
import { last, recordSource, sourceOf } from './footprint-plant.ts';

const FROM_MS = Date.UTC(2026, 5, 1);
const HOUR_MS = 3_600_000;
const DAY = { fromMs: FROM_MS, toMs: FROM_MS + 24 * HOUR_MS };
const ROUTE = { id: 'housing-7', machines: ['lathe', 'mill'], massKg: 3.2, fossilCarbonKg: 0 };
const PART: RecordSubject = { kind: 'part', id: 'housing-7', machine: null };

const span = (hours: [number, number], state: PlantSpan['state'], mwh: number): PlantSpan => ({
  fromMs: FROM_MS + hours[0] * HOUR_MS,
  toMs: FROM_MS + hours[1] * HOUR_MS,
  state,
  mwh,
});

/**
 * A lathe: 2 kWh in an hour of processing, 0.5 kWh in one of ready. A mill: 6 kWh and 0.75 kWh. Job T makes 5 parts on the lathe, job M
 * 4 of them on the mill, each the only job of its day: 2.5 + 6.75 = 9.25 kWh, / 4 = 2.3125 kWh a part.
 */
function plant(plans: Partial<MachinePlan>[] = [], isTold = true) {
  const source = sourceOf({
    lathe: [span([0, 1], 'processing', 2_000_000), span([1, 2], 'ready', 500_000)],
    mill: [span([0, 1], 'processing', 6_000_000), span([1, 2], 'ready', 750_000)],
  });
  const tell = (machine: string, job: string, goodParts: number) =>
    tellMarks(source.journal, machine, [
      { id: `${job}-b`, kind: 'begin', at: new Date(FROM_MS).toISOString(), job, part: 'housing-7' },
      { id: `${job}-e`, kind: 'end', at: new Date(FROM_MS + HOUR_MS).toISOString(), job, goodParts },
    ]);
  if (isTold) {
    tell('lathe', 'T', 5);
    tell('mill', 'M', 4);
  }
  const machines = ['lathe', 'mill'].map((machine) => ({
    machine,
    ...plans.find((one) => one.machine === machine),
  }));
  return { ...source, plan: planOf({ machines }) };
}

describe('a part that is made on two machines', () => {
  test('takes what both steps took, by the good parts that left the last', () => {
    const from = recordSource(plant(), { parts: [ROUTE] });
    const record = last(stepRecord(from, PART, DAY));
    expect(checkRecord(record)).toEqual([]);
    expect(record.activity).toMatchObject({
      energyKwh: '9.25',
      perUnitKwh: '2.3125',
      allocated: { directKwh: '8', dividedKwh: '1.25' },
    });
    expect(record.subject.machines).toEqual(['lathe', 'mill']);
    expect(record.functionalUnit).toMatchObject({
      count: '4',
      description: '1 good part of part housing-7, leaving mill, of 2 steps (lathe, mill)',
    });
    expect(record.remarks.join()).toContain('lathe made 5 good parts and mill 4');
    expect(record.evidence.hours.count).toBe('4');
    // The same energy as both steps by themselves.
    const kwh = ['lathe', 'mill'].map((machine) =>
      Number(last(stepRecord(from, { ...PART, machine }, DAY)).activity.energyKwh),
    );
    expect(kwh).toEqual([2.5, 6.75]);
    expect(last(stepRecord(from, { ...PART, machine: 'mill' }, DAY)).id).not.toBe(record.id);
  });

  test('says where one part may be counted twice, and where nobody counted', () => {
    const source = plant();
    const tell = (machine: string, job: string, [begin, end]: [number, number], more: object) =>
      tellMarks(source.journal, machine, [
        {
          id: `${job}-b`,
          kind: 'begin',
          at: new Date(FROM_MS + begin * HOUR_MS).toISOString(),
          job,
          order: 'O-1',
          part: 'housing-7',
        },
        { id: `${job}-e`, kind: 'end', at: new Date(FROM_MS + end * HOUR_MS).toISOString(), job, ...more },
      ]);
    tell('mill', 'OP10', [1, 1.2], { goodParts: 4 });
    tell('mill', 'OP20', [1.3, 1.4], { goodParts: 4 });
    tell('lathe', 'T2', [1, 1.5], {});
    const record = last(stepRecord(recordSource(source, { parts: [ROUTE] }), PART, DAY));
    const twice = 'mill made order O-1 in 2 jobs, and their good parts are added';
    expect(record.remarks.join()).toContain(twice);
    expect(record.completeness.because.join()).toContain(twice);
    expect(record.remarks.join()).toContain('lathe counts no good parts: what was lost between it and mill');
  });

  test('a job that the windows cut, or whose parts nobody counted, has no figure a piece, and every format says why', () => {
    const source = plant();
    const tell = (id: string, job: string, part: string, [begin, end]: [number, number], more: object) =>
      tellMarks(source.journal, 'mill', [
        { id: `${id}-b`, kind: 'begin', at: new Date(FROM_MS + begin * HOUR_MS).toISOString(), job, part },
        { id: `${id}-e`, kind: 'end', at: new Date(FROM_MS + end * HOUR_MS).toISOString(), job, ...more },
      ]);
    tell('c', 'CUT', 'cut-part', [1.5, 27], { goodParts: 4 });
    tell('u', 'UNTOLD', 'untold-part', [1.3, 1.4], {});
    const refusals = (id: string) => {
      const record = last(stepRecord(recordSource(source), { kind: 'part', id, machine: 'mill' }, DAY));
      expect(record.functionalUnit.count).toBeNull();
      return [() => carbonFiguresOf(record), () => inventoryOf(record)];
    };
    for (const refusal of refusals('cut-part')) {
      expect(refusal).toThrow(/no (emissions|energy) per piece: .*3 h of job CUT lie outside the windows/);
      expect(refusal).toThrow(
        expect.objectContaining({
          cure: expect.stringContaining('whole windows hold all of its jobs') as string,
        }) as Error,
      );
    }
    for (const refusal of refusals('untold-part'))
      expect(refusal).toThrow('nobody told how many good parts mill made of it');
  });

  /** Jobs of the mill's second hour, and of the lathe's. */
  const partRecord = (jobs: [machine: string, job: string, more: object][]) => {
    const source = plant([], false);
    for (const [index, [machine, job, { order, ...more }]] of (
      jobs as [string, string, { order?: string }][]
    ).entries())
      tellMarks(source.journal, machine, [
        {
          id: `${job}-b`,
          kind: 'begin',
          at: new Date(FROM_MS + index * 600_000).toISOString(),
          job,
          part: 'housing-7',
          ...(order === undefined ? {} : { order }),
        },
        {
          id: `${job}-e`,
          kind: 'end',
          at: new Date(FROM_MS + (index + 1) * 600_000).toISOString(),
          job,
          ...more,
        },
      ]);
    return last(stepRecord(recordSource(source, { parts: [ROUTE] }), PART, DAY));
  };

  test('counts the operation that has good parts, where the others are told 0', () => {
    const record = partRecord([
      ['lathe', 'T', { goodParts: 4 }],
      ['mill', 'OP10', { order: 'O-1', goodParts: 0 }],
      ['mill', 'OP20', { order: 'O-1', goodParts: 4 }],
    ]);
    expect(record.functionalUnit.count).toBe('4');
    expect([...record.remarks, ...record.completeness.because].join()).not.toContain('are added');
  });

  test('says the same of jobs without an order, and of kilograms', () => {
    const parts = partRecord([
      ['lathe', 'T', { goodParts: 4 }],
      ['mill', 'A', { goodParts: 4 }],
      ['mill', 'B', { goodParts: 4 }],
    ]);
    expect(parts.completeness.because.join()).toContain('mill made it without an order in 2 jobs');
    const kg = partRecord([
      ['lathe', 'T', {}],
      ['mill', 'A', { order: 'O-1', massKg: 8 }],
      ['mill', 'B', { order: 'O-1', massKg: 7 }],
    ]);
    expect(kg.functionalUnit).toMatchObject({ unit: 'kilogram', count: '15' });
    expect(kg.completeness.because.join()).toContain('mill made order O-1 in 2 jobs, and their kg are added');
    expect(kg.remarks.join()).toContain('lathe has no mass: what was lost between it and mill is not known.');
    const less = partRecord([
      ['lathe', 'T', { massKg: 9.5 }],
      ['mill', 'A', { massKg: 8 }],
    ]);
    expect(less.remarks.join()).toContain('lathe made 9.5 kg and mill 8: all of its energy');
  });

  test('counts where the configuration says', () => {
    const from = recordSource(plant(), { parts: [{ ...ROUTE, countedAt: 'lathe' }] });
    expect(last(stepRecord(from, PART, DAY)).activity.perUnitKwh).toBe('1.85');
  });

  test('is refused where something of it cannot be told', () => {
    const steps = (footprint: Record<string, unknown>, plans?: Partial<MachinePlan>[]) =>
      last(stepRecord(recordSource(plant(plans), footprint), PART, DAY));
    expect(() => steps({})).toThrow('Made on which machine?');
    expect(() => steps({ parts: [{ ...ROUTE, machines: [] }] })).toThrow('Made on which machine?');
    const other = recordSource(plant(), { parts: [{ ...ROUTE, id: 'housing-8' }] });
    expect(() => last(stepRecord(other, { ...PART, id: 'housing-8' }, DAY))).toThrow(
      'lathe made no part housing-8',
    );
    const monthly = { machine: 'mill', jobs: { rule: 'time', window: 'month' } } as const;
    expect(() => steps({ parts: [ROUTE] }, [monthly])).toThrow(
      'lathe divides by the day and mill by the month',
    );
  });

  test.each(Object.keys(EXPORT_FORMATS).filter((format) => format !== 'parquet'))(
    'as %s it passes the check of that format, and that of those who made it',
    async (name) => {
      const format = name as Exclude<keyof typeof EXPORT_FORMATS, 'parquet'>;
      const record = last(stepRecord(recordSource(plant(), { parts: [ROUTE] }), PART, DAY));
      const written = await writeExport(format, record);
      expect(written.faults).toEqual([]);
      expect(await foreignFaults(format, written.files)).toEqual([]);
    },
  );
});

test('steps add in quadrature between meters, linearly where they share one', () => {
  const step = (machine: string, meter: string, expandedMwh: number | null) =>
    ({
      machine,
      jobs: [{ id: machine, uncertainty: { expandedMwh, saying: 'none' } }],
      facts: { span: { uncertainty: { supply: { meters: [{ meter }] } } } },
    }) as unknown as MadeStep;
  const of = (...steps: MadeStep[]) => madeUncertainty(steps, 1000).expandedPercent;
  expect(of(step('a', 'A', 30), step('b', 'B', 40))).toBe('5');
  expect(of(step('a', 'A', 30), step('b', 'A', 40))).toBe('7');
  // Two of three share one: 70 and 24.
  expect(of(step('a', 'A', 30), step('c', 'C', 24), step('b', 'A', 40))).toBe('7.4');
  expect(madeUncertainty([step('a', 'A', 30), step('b', 'B', null)], 1000)).toMatchObject({
    expandedPercent: null,
    missing: ['job b: none'],
  });
});

describe('hourly factors', () => {
  /** 300 g in the first hour, 600 g in the second, 900 g in the third, 500 g in the year. */
  function hourly() {
    const folder = mkdtempSync(join(tmpdir(), 'millwatt-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    writeFileSync(
      join(folder, 'own.csv'),
      'id,region,year,gCo2ePerKwh,gases,boundary,basis,losses,source\nown/VN/2026,VN,2026,500,CO2e,life-cycle,consumption,included,grid operator\n',
    );
    writeFileSync(
      join(folder, 'hours.csv'),
      'factor,begin,gCo2ePerKwh\nown/VN/2026,2026-06-01T00:00Z,300\nown/VN/2026,2026-06-01T01:00Z,600\nown/VN/2026,2026-06-01T02:00Z,900\n',
    );
    return { tables: [join(folder, 'own.csv')], hourly: [join(folder, 'hours.csv')] };
  }

  test('meet the energy of their hour: what a job drew itself in its own, what was divided in all of the window', () => {
    const from = recordSource(plant(), { ...hourly(), parts: [ROUTE] });
    const record = last(stepRecord(from, { kind: 'job', id: 'M', machine: 'mill' }, DAY));
    expect(checkRecord(record)).toEqual([]);
    const own = record.emissions.find(({ factorSet }) => factorSet === 'own');
    // 6 kWh x 300 g in the hour of the job + 0.75 kWh ready x 600 g in the next = 1.8 + 0.45.
    expect(own).toMatchObject({
      kgCo2e: '2.25',
      perUnitKgCo2e: '0.5625',
      factors: [{ id: 'own/VN/2026', energyKwh: '6.75', kgCo2e: '2.25', hourly: { hours: '2' } }],
    });
    expect(own?.remarks.join()).not.toContain('had no hourly value');
    // Both steps: 8 kWh x 300 g + 1.25 kWh x 600 g = 2.4 + 0.75.
    const part = last(stepRecord(from, PART, DAY));
    expect(part.emissions.find(({ factorSet }) => factorSet === 'own')?.kgCo2e).toBe('3.15');
  });

  test('of two jobs of a day, each has the hours in which it ran', () => {
    const source = sourceOf({
      mill: [
        span([0, 1], 'processing', 6_000_000),
        span([1, 2], 'ready', 750_000),
        span([2, 3], 'processing', 6_000_000),
      ],
    });
    for (const [job, hour] of [
      ['M', 0],
      ['N', 2],
    ] as const)
      tellMarks(source.journal, 'mill', [
        { id: `${job}-b`, kind: 'begin', at: new Date(FROM_MS + hour * HOUR_MS).toISOString(), job },
        {
          id: `${job}-e`,
          kind: 'end',
          at: new Date(FROM_MS + (hour + 1) * HOUR_MS).toISOString(),
          job,
          goodParts: 1,
        },
      ]);
    const from = recordSource(source, hourly());
    const kgOf = (id: string) =>
      last(stepRecord(from, { kind: 'job', id, machine: 'mill' }, DAY)).emissions.find(
        ({ factorSet }) => factorSet === 'own',
      )?.kgCo2e;
    // 6 kWh x 300 g, or x 900 g, and half of the 0.75 kWh ready x 600 g.
    expect([kgOf('M'), kgOf('N')]).toEqual(['2.025', '5.625']);
  });
});
