import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PeriodKind } from '../../../collector/energy/calendar/period.ts';
import type { Views } from '../../../collector/ledger/views.ts';
import type { PeriodSource } from '../../../collector/reports/period-source.ts';
import { periodReports, type PeriodReport } from '../../../collector/reports/period-report.ts';
import type { Uncertainty } from '../../../collector/energy/uncertainty/uncertainty-statement.ts';
import type { SitePlan } from '../../../collector/reports/site-plan.ts';
import { sitePlanOf } from '../../../cli/site-plan-of.ts';
import { OPERATING_STATES } from '../../../protocols/telemetry/operating-state.ts';
import { derivePlant, HOUR_MS, MACHINE, plantConfig } from './period-plant.ts';

/** 21:00 in Berlin on the eve of the day on which the clocks go back, an hour of which is shown twice. */
const FROM_MS = Date.UTC(2026, 9, 24, 19);
const HOURS = 54;
const TO_MS = FROM_MS + HOURS * HOUR_MS;
const EVERY_DAY = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
const SHIFTS = [
  { name: 'early', begins: '06:00', ends: '14:00', days: EVERY_DAY },
  { name: 'late', begins: '14:00', ends: '22:00', days: EVERY_DAY },
  { name: 'night', begins: '22:00', ends: '06:00', days: EVERY_DAY },
];
/** A quarter of an hour without readings, in processing and ready; the counter runs on. */
const HOLE: [number, number] = [FROM_MS + 9.5 * HOUR_MS, FROM_MS + 9.75 * HOUR_MS];

let plant: Awaited<ReturnType<typeof derivePlant>>;
beforeAll(async () => {
  const config = plantConfig({ calendar: { zone: 'Europe/Berlin', dayBegins: '06:00', shifts: SHIFTS } });
  plant = await derivePlant(FROM_MS, HOURS, { config, holeMs: HOLE });
}, 60_000);
afterAll(() => plant.close());

function report(
  kind: PeriodKind,
  fromMs = FROM_MS,
  toMs = TO_MS,
  plan: SitePlan = plant.plan,
): PeriodReport[] {
  return [...periodReports({ ...plant, plan }, { machine: MACHINE, kind, fromMs, toMs })];
}

function viewsOf(views: Views): PeriodSource['views'] {
  return {
    hours: (...query) => views.hours(...query),
    bases: (...query) => views.bases(...query),
    minutes: (...query) => views.minutes(...query),
    states: (...query) => views.states(...query),
    watched: (machine) => views.watched(machine),
    channels: (machine) => views.channels(machine),
    snapshot: (hash) => views.snapshot(hash),
  };
}

/** Everything of reports that has to add up. */
function addUp(reports: readonly PeriodReport[]): Record<string, number> {
  const sum: Record<string, number> = {};
  const add = (name: string, value: number) => {
    if (value !== 0) sum[name] = (sum[name] ?? 0) + value;
  };
  for (const { timeMs, decidedMs, spanMs, measuredMs, energy, obtained } of reports) {
    add('span', spanMs);
    add('measured', measuredMs);
    add('supply', energy.supplyMwh ?? 0);
    for (const way of ['counterMwh', 'integratedMwh', 'bridgedMwh'] as const) add(way, obtained[way]);
    for (const [name, mwh] of Object.entries(energy.componentMwh)) add(`of ${name}`, mwh);
    for (const state of OPERATING_STATES) {
      add(`time ${state}`, timeMs[state]);
      add(`energy ${state}`, energy.stateMwh[state]);
      for (const [decider, ms] of Object.entries(decidedMs[state])) add(`${state} by ${decider}`, ms);
    }
  }
  return sum;
}

describe('periods of a machine that a collector received', () => {
  it('sum exactly: hours to shifts to days, and to the machine-hours themselves, over a change of the clocks', () => {
    const days = report('day');
    expect(days.map(({ period, fromMs, toMs }) => [period.key, (toMs - fromMs) / HOUR_MS])).toEqual([
      // From 06:00 to 06:00: 18 hours of Saturday's date, then 25 - 18 = 7 more to 06:00 on Sunday.
      ['2026-10-24', 25],
      ['2026-10-25', 24],
      ['2026-10-26', 24],
    ]);
    expect(
      report('shift').map(({ period, fromMs, toMs }) => [period.name, (toMs - fromMs) / HOUR_MS]),
    ).toEqual([
      ['late', 8],
      ['night', 9],
      ['early', 8],
      ['late', 8],
      ['night', 8],
      ['early', 8],
      ['late', 8],
      ['night', 8],
    ]);
    const whole = addUp(days);
    for (const kind of ['quarterHour', 'hour', 'shift', 'week', 'month', 'year'] as const)
      expect(addUp(report(kind)), kind).toEqual(whole);
    const hours = plant.views.hours(MACHINE, FROM_MS, TO_MS);
    const sumOf = (of: (hour: (typeof hours)[number]) => number) =>
      hours.reduce((sum, hour) => sum + of(hour), 0);
    expect(whole['supply']).toBe(sumOf((hour) => hour.energy.supplyMwh ?? 0));
    expect(whole['of spindle']).toBe(sumOf((hour) => hour.energy.componentMwh['spindle'] ?? 0));
    expect(whole['energy ready']).toBe(sumOf((hour) => hour.energy.stateMwh.ready));
    expect(whole['span']).toBe(sumOf((hour) => hour.spanMs));
    expect(whole['bridgedMwh']).toBeGreaterThan(0);
  });

  it('lie where the calendar has them: half-hour zones cut the hours, and still all adds up', () => {
    const plan = (calendar: object) => sitePlanOf(plantConfig({ calendar }), '2026a');
    const kolkata = plan({ zone: 'Asia/Kolkata', dayBegins: '06:30' });
    const whole = addUp(report('day'));
    for (const kind of ['hour', 'day'] as const)
      expect(addUp(report(kind, FROM_MS, TO_MS, kolkata)), kind).toEqual(whole);
    // 06:30+05:30 is 01:00Z: days begin on whole UTC hours. Hours begin at half past.
    expect(report('day', FROM_MS, TO_MS, kolkata)[1]?.fromMs).toBe(Date.UTC(2026, 9, 25, 1));
    const [hour] = report('hour', Date.UTC(2026, 9, 25, 12, 30), Date.UTC(2026, 9, 25, 13), kolkata);
    // Half past to half past: 10 minutes ready, 20 processing, 30 ready. 40 min x 1.2 kW = 0.8, 20 min x 6 kW = 2 kWh.
    expect(hour).toMatchObject({
      fromMs: Date.UTC(2026, 9, 25, 12, 30),
      timeMs: { ready: 2_400_000, processing: 1_200_000 },
      decidedMs: { ready: { control: 2_400_000 }, processing: { control: 1_200_000 } },
      energy: { supplyMwh: 2_800_000, stateMwh: { ready: 800_000, processing: 2_000_000 } },
      basis: { hours: { count: 2, firstMs: Date.UTC(2026, 9, 25, 12), lastMs: Date.UTC(2026, 9, 25, 13) } },
    });
  });

  it('state their uncertainty from what was read, as the example of docs/uncertainty.md computes it', () => {
    const [day] = report('day', Date.UTC(2026, 9, 25, 12), Date.UTC(2026, 9, 25, 12) + 1);
    const supply = day?.uncertainty['supply'];
    const [meter] = supply?.meters ?? [];
    expect(meter).toMatchObject({
      meter: 'serial S-1',
      channel: 'mill-1.supply.activeEnergyImport',
      facts: { basis: 'register', counterStepMwh: 1000 },
    });
    const loads = Object.fromEntries((meter?.facts.states ?? []).map((load) => [load.state, load]));
    expect(loads['ready']).toMatchObject({ powerFactor: 0.5, currentA: 5 });
    expect(loads['processing']?.powerFactor).toBeCloseTo(0.7, 12);
    expect(loads['processing']?.currentA).toBe(20);
    // 24 h: 16 h x 1.2 kW = 19.2 kWh ready, 8 h x 6 kW = 48 kWh processing. Ready is entered 24 times, and once at 06:00.
    expect(day?.energy.stateMwh).toMatchObject({ ready: 19_200_000, processing: 48_000_000 });
    // a of meter, ct and its phase as in the document: 1, 1.5, 4.5345 ready; 0.5589, 0.75, 1.3354 processing.
    const rows = (state: 'ready' | 'processing') => {
      const stated = supply?.states[state];
      return stated?.kind === 'known'
        ? stated.rows.slice(0, 3).map(({ halfWidthPercent }) => halfWidthPercent?.toFixed(4))
        : stated;
    };
    expect(rows('ready')).toEqual(['1.0000', '1.5000', '4.5345']);
    expect(rows('processing')).toEqual(['0.5589', '0.7500', '1.3354']);
    const total = supply?.total;
    if (total?.kind !== 'known') throw new Error('the total is unknown');
    // (19.2 x 1 + 48 x 0.5589) / 67.2 = 0.6849; (19.2 x 1.5 + 48 x 0.75) / 67.2 = 0.9643;
    // (19.2 x 4.53451 + 48 x 1.33544) / 67.2 = 2.2495; root of (0.6849^2 + 0.9643^2 + 2.2495^2) / 3, doubled: 2.93 %.
    expect(total.rows.slice(0, 3).map(({ halfWidthPercent }) => halfWidthPercent?.toFixed(4))).toEqual([
      '0.6849',
      '0.9643',
      '2.2495',
    ]);
    expect(total.expandedPercent.toFixed(2)).toBe('2.93');
    expect(supply?.missing).toEqual([]);
    // Without a counter: power, with what sampling adds.
    const [spindle] = day?.uncertainty['spindle']?.meters ?? [];
    expect(spindle?.facts).toMatchObject({ basis: 'power', counterStepMwh: null });
    // 0 to 2.5 kW and back every hour, read every 10 s; what power was before the day is not asked.
    const sampling = spindle?.facts.states.map((load) => load.sampling);
    expect(sampling?.reduce((sum, one) => sum + (one?.stepSquaresW2 ?? 0), 0)).toBe((2 * 24 - 1) * 2500 ** 2);
    expect(sampling?.[0]?.everyMs).toBeCloseTo(10_000, 6);
  });

  it('take a counter for one, whatever its profile says of it', () => {
    const views = {
      ...viewsOf(plant.views),
      snapshot: (hash: string) => {
        const snapshot = plant.views.snapshot(hash);
        const channels = snapshot?.channels.map((channel) => {
          if (channel.kind !== 'measured') return channel;
          const { counter: _, ...plain } = channel;
          return plain;
        });
        return snapshot === undefined || channels === undefined ? undefined : { ...snapshot, channels };
      },
    };
    const query = { machine: MACHINE, kind: 'hour', fromMs: HOLE[0], toMs: HOLE[0] + 1 } as const;
    const [hour] = [...periodReports({ ...plant, views }, query)];
    const facts = hour?.uncertainty['supply']?.meters[0]?.facts;
    // 1.2 and 6 kW are 0.02 and 0.1 kWh a minute, read in whole Wh: what is seen is a multiple of that.
    expect(facts).toMatchObject({ basis: 'register' });
    expect(facts?.counterStepMwh).toBeGreaterThanOrEqual(1000);
  });

  it('count a gap where it lies, and no gap in the total of a counter', () => {
    const [hour] = report('hour', HOLE[0], HOLE[0] + 1);
    const supply = hour?.uncertainty['supply'];
    const gaps = (supply?.meters[0]?.facts.states ?? []).map(({ state, gap }) => [
      state,
      Math.round((gap?.ms ?? 0) / 1000),
    ]);
    // From minute 30 to 45 of the hour: the last reading is 10 s before it. 10 minutes ready, 5 processing.
    expect(gaps.reduce((sum, [, seconds]) => sum + Number(seconds), 0)).toBe(910);
    const gapOf = (uncertainty: Uncertainty | null | undefined) =>
      uncertainty?.kind === 'known'
        ? uncertainty.rows.find(({ source }) => source === 'gap')?.note
        : uncertainty;
    expect(gapOf(supply?.total)).toBe('the counter ran on across the gaps');
    expect(gapOf(supply?.states.processing)).toMatch(/s not read, power spread by 0 W$/);
  });

  it('say what is missing, and which key of collector.yaml tells it', () => {
    const plan = sitePlanOf(plantConfig({}, { metering: {} }), '2026a');
    const [day] = report('day', FROM_MS, FROM_MS + 1, plan);
    expect(day?.uncertainty['supply']?.total?.kind).toBe('unknown');
    expect(day?.uncertainty['supply']?.missing).toEqual([
      expect.objectContaining({
        fact: 'accuracy class of the current transformer',
        key: 'machines.mill-1.metering.supply.ct.class',
      }),
    ]);
    expect(day?.uncertainty['spindle']?.missing.map(({ key }) => key)).toContain(
      'machines.mill-1.metering.spindle.ct.class',
    );
  });

  it('name what they rest on; another calendar is another basis', () => {
    const [day] = report('day');
    const other = sitePlanOf(plantConfig({ calendar: { zone: 'Europe/Paris' } }), '2026a');
    expect(day?.basis).toMatchObject({
      hours: { revisions: { from: 1, to: 1 } },
      algorithms: [expect.stringMatching(/^millwatt-energy\//)],
      configs: [expect.stringMatching(/^[\w-]{43}$/)],
      amendments: [],
      plan: plant.plan.hash,
    });
    expect(other.hash).not.toBe(plant.plan.hash);
    expect(sitePlanOf(plantConfig(), '2026b').hash).not.toBe(sitePlanOf(plantConfig(), '2026a').hash);
  });

  it('that are not over have no gap in what has not come yet', () => {
    const [last] = report('day', TO_MS - 1, TO_MS);
    expect(last).toMatchObject({ quality: 'partial', reasons: [], status: 'provisional' });
    expect(report('day', HOLE[0], HOLE[1])[0]?.reasons).toContain('gap');
  });

  it('of a time in which nobody watched have no energy, and are not final', () => {
    const [day] = report('day', FROM_MS - 100 * 24 * HOUR_MS, FROM_MS - 100 * 24 * HOUR_MS + 1);
    expect(day).toMatchObject({ spanMs: 0, energy: { supplyMwh: null }, quality: 'null', uncertainty: {} });
    expect([
      ...periodReports(plant, { machine: 'none', kind: 'day', fromMs: FROM_MS, toMs: TO_MS }),
    ]).toMatchObject([
      { energy: { supplyMwh: null } },
      { energy: { supplyMwh: null } },
      { energy: { supplyMwh: null } },
    ]);
  });
});
