import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { STATE_COUNT } from '../../../../collector/energy/hour-account.ts';
import { checkRecord } from '../../../../collector/footprint/record/check-record.ts';
import { pactFootprint } from '../../../../collector/footprint/exports/pact/write-pact.ts';
import type { FootprintRecord } from '../../../../collector/footprint/record/footprint-record.ts';
import { subjectAsked, stepRecord } from '../../../../collector/reports/footprint/record-subject.ts';
import type { OperatingState } from '../../../../protocols/telemetry/operating-state.ts';
import { milliwattHours } from '../../../../protocols/telemetry/unit.ts';
import { uuidOf } from '../../../../protocols/evidence/uuid5.ts';
import { d } from '../../footprint/sample-record.ts';
import { tellMarks, type PlantSpan } from '../job-plant.ts';
import { last, recordSource, sourceOf } from './footprint-plant.ts';

const FROM_MS = Date.UTC(2026, 5, 1);
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const CASE = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../../cases/footprints/two-hours.json'), 'utf8'),
) as {
  spans: { minutes: [number, number]; state: OperatingState; mwh: number }[];
  useHours: Record<string, unknown>;
  dutyCycle: [change: string, from: string, to: string, deltaPercent: string][];
  part: Record<string, unknown>;
};
const STEEL = {
  stage: 'material',
  name: 'steel bar',
  kgCo2e: '4.00',
  source: 'supplier declaration',
  primary: '100',
};

const spansOfCase = (): PlantSpan[] =>
  CASE.spans.map(({ minutes: [from, to], state, mwh }) => ({
    fromMs: FROM_MS + from * MINUTE_MS,
    toMs: FROM_MS + to * MINUTE_MS,
    state,
    mwh,
  }));

function at(record: FootprintRecord, path: string): unknown {
  return path.split('.').reduce<unknown>((value, key) => (value as Record<string, unknown>)[key], record);
}

const tellJob = (
  source: ReturnType<typeof sourceOf>,
  fromMs: number,
  toMs: number,
  job: string,
  goodParts: number,
) =>
  tellMarks(source.journal, 'mill', [
    { id: `${job}-b`, kind: 'begin', at: new Date(fromMs).toISOString(), job, part: 'housing-7' },
    { id: `${job}-e`, kind: 'end', at: new Date(toMs).toISOString(), job, goodParts },
  ]);

describe('two hours computed by hand (test/cases/footprints/two-hours.json)', () => {
  test('the machine-hour', () => {
    const from = recordSource(sourceOf({ mill: spansOfCase() }), { losses: '10.0' });
    const range = { fromMs: FROM_MS, toMs: FROM_MS + 2 * HOUR_MS };
    const record = last(stepRecord(from, { kind: 'machine', id: 'mill' }, range));
    for (const [path, value] of Object.entries(CASE.useHours)) expect(at(record, path), path).toBe(value);
    expect(record.cutOff.statement).toBe('Nothing within the boundary was left out.');
    // All of the electricity is covered, and it is no product's footprint: two statements.
    expect(record.completeness.because[0]).toMatch(/^electricity of the machine alone, not the footprint/);
    const pact = pactFootprint(record, { uuidOf });
    expect(pact.comment).toMatch(/^Partial footprint: electricity of the machine alone, not/);
    expect(checkRecord(record)).toEqual([]);
    const duty = record.sensitivity.filter(({ choice }) => choice === 'duty-cycle');
    expect(duty.map(({ change, from: was, to, deltaPercent }) => [change, was, to, deltaPercent])).toEqual(
      CASE.dutyCycle,
    );
    // The same again is the same record; another period, another view is another one.
    expect(last(stepRecord(from, { kind: 'machine', id: 'mill' }, range))).toEqual(record);
    const shorter = { ...range, toMs: FROM_MS + HOUR_MS };
    expect(last(stepRecord(from, { kind: 'machine', id: 'mill' }, shorter)).id).not.toBe(record.id);
  });

  test('a component that was not read in some of the hours is named: what it drew then is in the residual', () => {
    const source = sourceOf({ mill: spansOfCase() });
    const { hours } = source.views;
    source.views = {
      ...source.views,
      hours: (machine, fromMs, toMs) =>
        hours(machine, fromMs, toMs).map((hour) => {
          const { energy } = hour;
          const componentMwh = { ...energy.componentMwh, spindle: milliwattHours(500_000) };
          return hour.hourMs === FROM_MS ? { ...hour, energy: { ...energy, componentMwh } } : hour;
        }),
    };
    const of = (toMs: number) =>
      last(stepRecord(recordSource(source), { kind: 'machine', id: 'mill' }, { fromMs: FROM_MS, toMs }))
        .remarks;
    const unread =
      'spindle was not read in 1 hour of 2: what it drew then is in no component, and in what no sub-meter saw.';
    expect(of(FROM_MS + 2 * HOUR_MS)).toContain(unread);
    expect(of(FROM_MS + HOUR_MS).join()).not.toContain('was not read');
  });

  test('the part, with its steel', () => {
    const source = sourceOf({ mill: spansOfCase() });
    tellJob(source, FROM_MS, FROM_MS + HOUR_MS, '4711', 2);
    const from = recordSource(source, {
      losses: 10,
      parts: [
        {
          id: 'housing-7',
          massKg: 3.2,
          fossilCarbonKg: 0,
          upstream: [STEEL],
          cutOff: { percent: 1.5, leaves: 'lubricants' },
        },
      ],
    });
    const range = { fromMs: FROM_MS, toMs: FROM_MS + 2 * HOUR_MS };
    const part = last(stepRecord(from, { kind: 'part', id: 'housing-7', machine: 'mill' }, range));
    for (const [path, value] of Object.entries(CASE.part)) expect(at(part, path), path).toBe(value);
    expect(part.completeness.because.join()).toContain('watched for 8.33 % of the period');
    // What nobody could read is told apart from what was lost.
    expect(part.completeness.because[0]).toMatch(
      /coverage of mill, 24 h: 2 h read, 22 h after the last on 20\d\d-\d\d-\d\d \d\d:00 UTC/,
    );
    const early = last(
      stepRecord(from, { kind: 'machine', id: 'mill' }, { ...range, fromMs: FROM_MS - 40 * HOUR_MS }),
    );
    expect(early.coverage.lacks[0]).toContain(
      `coverage of mill, 42 h: 2 h read, 40 h before the first reading on ${new Date(FROM_MS).toISOString().slice(0, 10)}`,
    );
    // 1.727625 of electricity and 4 of steel: another factor changes the product by far less than its electricity.
    const bySet = part.sensitivity.filter(({ choice }) => choice === 'factor-set');
    expect(bySet.map(({ figure, from: was, to, deltaPercent }) => [figure, was, to, deltaPercent])).toEqual([
      ['perUnitKgCo2e', '1.727625', '2.472', '43.1'],
      ['perUnitWholeKgCo2e', '5.727625', '6.472', '13'],
    ]);
    const wrong = part.sensitivity.map((one) =>
      one.figure === 'perUnitWholeKgCo2e' ? { ...one, from: one.to, to: one.from } : one,
    );
    expect(checkRecord({ ...part, sensitivity: wrong }).join()).toContain(
      'perUnitWholeKgCo2e of the record is 5.727625',
    );
    expect(part.remarks.join()).toContain('that of the whole footprint is not known');
    expect(early.remarks).toContain(
      'Hours of the basis calendar are those watched, 2 h of the 42 h of the period: kWh per hour of it are of these.',
    );
    const byHours = early.sensitivity.filter(({ choice }) => choice === 'hour-basis');
    expect(byHours.map(({ change }) => change)).toContain(
      'calendar hours watched instead of operating hours',
    );
    // What nobody watched was left out by nobody's decision, and has no share.
    expect(early.cutOff.exemptedPercent).toBe('0');
    expect(early.cutOff.statement).toBe(
      'No cut-off was declared. Not in the figures: 40 h of the 42 h of the period were not watched.',
    );
    expect(part.cutOff).toEqual({
      exemptedPercent: '1.5',
      statement:
        'Left out by declaration, 1.5 % of the emissions by estimate: lubricants. Not in the figures: 22 h of the 24 h of the period were not watched.',
    });
    expect(pactFootprint(part, { uuidOf }).pcf).toMatchObject({
      exemptedEmissionsPercent: '1.5',
      exemptedEmissionsDescription: part.cutOff.statement,
    });
    const job = last(stepRecord(from, { kind: 'job', id: '4711', machine: 'mill' }, range));
    expect(job.activity.energyKwh).toBe(part.activity.energyKwh);
    expect(job.id).not.toBe(part.id);
    expect(() => last(stepRecord(from, { kind: 'part', id: 'housing-8', machine: 'mill' }, range))).toThrow(
      'mill made no part housing-8 in this time.',
    );
  });

  test('a line has the energy and the machine-hours of its machines', () => {
    const line = { id: 'line-a', machines: ['mill', 'lathe'] };
    const from = recordSource(sourceOf({ mill: spansOfCase(), lathe: spansOfCase() }), { lines: [line] });
    const range = { fromMs: FROM_MS, toMs: FROM_MS + 2 * HOUR_MS };
    const record = last(stepRecord(from, { kind: 'line', id: 'line-a' }, range));
    expect(record.activity.energyKwh).toBe('13.5');
    expect(record.functionalUnit.count).toBe('3');
    expect(record.activity.perUnitKwh).toBe('4.5');
    expect(record.evidence.hours.count).toBe('4');
    expect(() => last(stepRecord(from, { kind: 'line', id: 'line-b' }, range))).toThrow('no line line-b');
  });
});

test('what was bridged over gaps is left out, hour by hour, to see what it is worth', () => {
  const source = sourceOf({ mill: spansOfCase() });
  const { views } = source;
  // The first half hour of processing, 3 kWh, was bridged.
  const half = (cells: ArrayLike<number>, isFirst: boolean) =>
    Array.from(cells, (mwh, cell) => (cell < (60 * STATE_COUNT) / 2 === isFirst ? mwh : 0));
  const bridged = milliwattHours(3_000_000);
  const from = recordSource({
    ...source,
    views: {
      ...views,
      hours: (machine, ...range) =>
        [...views.hours(machine, ...range)].map((hour) =>
          hour.hourMs === FROM_MS
            ? {
                ...hour,
                obtained: {
                  counterMwh: bridged,
                  integratedMwh: milliwattHours(0),
                  bridgedMwh: bridged,
                  bridgedBy: { ...hour.obtained.bridgedBy, linear: bridged },
                },
              }
            : hour,
        ),
      bases: (machine, ...range) =>
        [...views.bases(machine, ...range)].map((base) => {
          const supply = base.components['supply'];
          if (base.hourMs !== FROM_MS || !supply?.counter) return base;
          const [counter, gap] = [half(supply.counter, false), half(supply.counter, true)];
          return { ...base, components: { supply: { ...supply, counter, bridged: gap } } };
        }),
    },
  });
  const range = { fromMs: FROM_MS, toMs: FROM_MS + 2 * HOUR_MS };
  const record = last(stepRecord(from, { kind: 'machine', id: 'mill' }, range));
  expect(checkRecord(record)).toEqual([]);
  expect(record.coverage.obtained.bridgedKwh).toBe('3');
  const cases = record.sensitivity.filter(({ choice }) => choice === 'gap-filling');
  // 3.75 / 1.5 h = 2.5 kWh, and x 460.7 g = 1.15175 kg, of 4.5 kWh and 2.07315 kg: - 44.4 %.
  expect(cases.map(({ figure, from: was, to, deltaPercent }) => [figure, was, to, deltaPercent])).toEqual([
    ['perUnitKwh', '4.5', '2.5', '-44.4'],
    ['perUnitKgCo2e', '2.07315', '1.15175', '-44.4'],
  ]);
  const changed = structuredClone(record);
  changed.sensitivity.find(({ choice }) => choice === 'gap-filling')!.to = d('2.6');
  expect(checkRecord(changed).join()).toContain(
    'is 2.6, but without the 3 kWh that were bridged over gaps, over the same hours gives 2.5',
  );
  changed.sensitivity.find(({ choice }) => choice === 'duty-cycle')!.from = d('4');
  expect(checkRecord(changed).join()).toContain('is 4, but perUnitKwh of the record is 4.5');
});

test('without a region of its own a factor is taken only where that is allowed; without a factor there is a record all the same', () => {
  const source = sourceOf({ mill: spansOfCase() });
  const range = { fromMs: FROM_MS, toMs: FROM_MS + 2 * HOUR_MS };
  const record = (footprint: Record<string, unknown>) =>
    last(stepRecord(recordSource(source, footprint), { kind: 'machine', id: 'mill' }, range));
  expect(record({ region: 'XX', elsewhere: 'WORLD' }).dataQuality.geographical.score).toBe('4');
  const bare = record({ region: 'XX' });
  expect(bare.emissions).toEqual([]);
  expect(bare.remarks.join()).toContain('No factor of XX is known');
});

test('a machine that drew nothing has a record: no energy, no emissions, a factor all the same', () => {
  const off = [{ fromMs: FROM_MS, toMs: FROM_MS + 2 * DAY_MS, state: 'off' as const, mwh: 0 }];
  const source = sourceOf({ mill: off });
  tellJob(source, FROM_MS, FROM_MS + HOUR_MS, '4711', 2);
  const from = recordSource(source);
  const range = { fromMs: FROM_MS, toMs: FROM_MS + 2 * DAY_MS };
  for (const subject of [
    { kind: 'machine', id: 'mill' },
    { kind: 'job', id: '4711', machine: 'mill' },
  ] as const) {
    const record = last(stepRecord(from, subject, range));
    expect(record.activity.energyKwh).toBe('0');
    expect(record.emissions[0]?.kgCo2e).toBe('0');
    expect(checkRecord(record)).toEqual([]);
  }
});

test('a period of which no energy is known is refused', () => {
  const from = recordSource(sourceOf({ mill: spansOfCase() }));
  const range = { fromMs: FROM_MS - 2 * DAY_MS, toMs: FROM_MS - DAY_MS };
  expect(() => last(stepRecord(from, { kind: 'machine', id: 'mill' }, range))).toThrow(
    'No energy of mill is known',
  );
});

test('the two views are refused in one', () => {
  expect(() => subjectAsked({ line: 'line-a', part: 'housing-7' })).toThrow(
    'two readings of the same energy',
  );
  expect(() => subjectAsked({ machine: 'mill', line: 'line-a' })).toThrow('two subjects');
  expect(() => subjectAsked({ model: 'vx-500', job: '4711' })).toThrow('two readings of the same energy');
  expect(() => subjectAsked({ model: 'vx-500', line: 'line-a' })).toThrow('two subjects');
  expect(subjectAsked({ model: 'vx-500' })).toEqual({ kind: 'model', id: 'vx-500' });
  expect(() => subjectAsked({ job: '4711' })).toThrow('on which machine');
  expect(subjectAsked({ part: 'housing-7' })).toEqual({ kind: 'part', id: 'housing-7', machine: null });
  expect(subjectAsked({ machine: 'mill', job: '4711' })).toEqual({
    kind: 'job',
    id: '4711',
    machine: 'mill',
  });
});

/** MILLWATT_SEED=N vitest run test/collector/reports/footprint/footprint-records.test.ts */
const SEED = Number(process.env['MILLWATT_SEED'] ?? 1);

describe(`simulated times of twelve days (MILLWATT_SEED=${SEED})`, () => {
  test.each([0, 1, 2, 3])(
    'number %i: every record passes its check, and its energy is that of its hours',
    (index) => {
      const random = randomOf(SEED * 100 + index);
      const spans = randomStates(random);
      const source = sourceOf({ mill: spans, lathe: randomStates(random) });
      for (let job = 0; job < 8; job++) {
        const begin = FROM_MS + Math.floor(random() * 240) * HOUR_MS;
        tellJob(
          source,
          begin,
          begin + Math.ceil(random() * 90) * MINUTE_MS,
          `j${job}`,
          Math.floor(random() * 5),
        );
      }
      const footprint = {
        losses: random() < 0.5 ? undefined : (random() * 20).toFixed(3),
        region: ['VN', 'CN-N', 'TH', 'DE'][Math.floor(random() * 4)],
        hours: ['calendar', 'powered', 'operating', 'processing'][index % 4],
        lines: [{ id: 'line-a', machines: ['mill', 'lathe'] }],
        models: [{ id: 'vx-500', machines: ['lathe', 'mill'] }],
        parts: random() < 0.5 ? [] : [{ id: 'housing-7', upstream: [STEEL] }],
      };
      const from = recordSource(source, footprint);
      const range = { fromMs: FROM_MS, toMs: FROM_MS + 12 * 24 * HOUR_MS };
      const machine = last(stepRecord(from, { kind: 'machine', id: 'mill' }, range));
      const mwh = source.views
        .hours('mill', range.fromMs, range.toMs)
        .reduce((sum, hour) => sum + BigInt(hour.energy.supplyMwh ?? 0), 0n);
      expect(machine.activity.energyKwh).toBe(String(Number(mwh) / 1e6));
      for (const subject of [
        { kind: 'machine', id: 'mill' },
        { kind: 'line', id: 'line-a' },
        { kind: 'model', id: 'vx-500' },
        { kind: 'part', id: 'housing-7', machine: 'mill' },
        { kind: 'job', id: 'j3', machine: 'mill' },
      ] as const)
        expect(checkRecord(last(stepRecord(from, subject, range))), subject.kind).toEqual([]);
    },
    60_000,
  );
});

function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Twelve days of states of one minute to six hours, holes between some of them. */
function randomStates(random: () => number): PlantSpan[] {
  const states = ['off', 'standby', 'warmUp', 'ready', 'processing', 'unknown'] as const;
  const spans: PlantSpan[] = [];
  const endMs = FROM_MS + 12 * 24 * HOUR_MS;
  for (let fromMs = FROM_MS; fromMs < endMs;) {
    const toMs = Math.min(endMs, fromMs + Math.ceil(random() * 360) * MINUTE_MS);
    const state = states[Math.floor(random() * states.length)] ?? 'unknown';
    spans.push({ fromMs, toMs, state, mwh: Math.floor(random() * 30_000_000) });
    fromMs = toMs + (random() < 0.1 ? Math.ceil(random() * 120) * MINUTE_MS : 0);
  }
  return spans;
}
