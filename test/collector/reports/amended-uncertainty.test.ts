import { afterEach, describe, expect, it } from 'vitest';
import { explainHour } from '../../../collector/reports/explain-hour.ts';
import { periodReports, type PeriodReport } from '../../../collector/reports/period-report.ts';
import type { ComponentUncertainty } from '../../../collector/reports/uncertain-period.ts';
import { isConfirmed, sayingsOf, typeEquations } from './pocket-calculator.ts';
import { derivePlant, HOUR_MS, MACHINE, plantConfig, type PlantOptions } from './period-plant.ts';

const FROM_MS = Date.UTC(2026, 6, 6);
const MINUTE_MS = 60_000;

let close = () => {};
afterEach(() => close());

let plant: Awaited<ReturnType<typeof derivePlant>>;

async function derive(options: PlantOptions, hours = 3): Promise<PeriodReport> {
  plant = await derivePlant(FROM_MS, hours, options);
  close = plant.close;
  const query = { machine: MACHINE, kind: 'day', fromMs: FROM_MS, toMs: FROM_MS + 1 } as const;
  const [day] = [...periodReports(plant, query)];
  if (day === undefined) throw new Error('no day');
  return day;
}

/** Half widths of meter, ct and ctPhase of a state. */
function halfWidths(one: ComponentUncertainty | undefined, state: 'ready' | 'processing') {
  const stated = one?.states[state];
  return stated?.kind === 'known'
    ? stated.rows.slice(0, 3).map(({ halfWidthPercent }) => halfWidthPercent?.toFixed(4))
    : stated;
}

const rowOf = (one: ComponentUncertainty | undefined, source: string) =>
  one?.total?.kind === 'known' ? one.total.rows.find((row) => row.source === source) : one?.total;

describe('the uncertainty of what people amended', () => {
  // 100/5 was written where 200/5 stands: power, current and counter are twice what was read, and so is the primary
  // current. 10 A of 200 A and 40 A of 200 A are 5 % and 20 %: the limits are those of docs/uncertainty.md.
  const TWICE = { kind: 'scale', num: '2', den: '1' };

  it('a ratio: loads are the true current over the true primary current', async () => {
    const { energy, uncertainty } = await derive({ amendments: [TWICE] });
    // 2 x (2/3 h x 1.2 kW + 1/3 h x 6 kW) x 3 = 16.8 kWh; of the last 10 s nobody knows.
    expect((energy.supplyMwh ?? 0) / 1e6).toBeCloseTo(16.8, 1);
    const { supply } = uncertainty;
    expect(halfWidths(supply, 'ready')).toEqual(['1.0000', '1.5000', '4.5345']);
    expect(halfWidths(supply, 'processing')).toEqual(['0.5589', '0.7500', '1.3354']);
    const [meter] = supply?.meters ?? [];
    expect(meter?.facts.states.map(({ currentA }) => currentA)).toEqual([10, 40]);
    expect(meter?.facts.metering.connection).toMatchObject({ ct: { primaryA: 200, secondaryA: 5 } });
    // The counter shows whole Wh before its transformers: 2 Wh behind them.
    expect(meter?.facts.counterStepMwh).toBe(2000);
  }, 30_000);

  it('a ratio, where the current follows from power and voltage', async () => {
    const { uncertainty } = await derive({ amendments: [TWICE], withoutCurrents: true });
    expect(halfWidths(uncertainty['supply'], 'ready')).toEqual(['1.0000', '1.5000', '4.5345']);
  }, 30_000);

  it('a ratio of a part: its counter and its power are compared as both are meant', async () => {
    const { uncertainty } = await derive({ amendments: [{ ...TWICE, component: 'spindle' }] });
    const [spindle] = uncertainty['spindle']?.meters ?? [];
    // Steps of 2 x 2.5 kW, up or down: three times up, twice down.
    const steps = spindle?.facts.states.reduce((sum, one) => sum + (one.sampling?.stepSquaresW2 ?? 0), 0);
    expect(steps).toBe(5 * 5000 ** 2);
  }, 30_000);

  it('another component: its meter is found under the name that it was read by', async () => {
    const metering = { supply: { ct: { class: '0.5' } }, coolant: { class: '1%', direct: true } };
    const { energy, uncertainty } = await derive({
      amendments: [{ kind: 'component', component: 'spindle', becomes: 'coolant' }],
      config: plantConfig({}, { metering }),
    });
    expect(energy.componentMwh['spindle']).toBeUndefined();
    const { coolant } = uncertainty;
    expect(coolant?.missing).toEqual([]);
    expect(coolant?.meters.map(({ channel, meter }) => [channel, meter])).toEqual([
      ['mill-1.spindle.activePower', 'serial S-1'],
    ]);
    expect(halfWidths(coolant, 'processing')).toEqual(['1.0000', '0.0000', '0.0000']);
    expect(coolant?.meters[0]?.facts.states.some(({ sampling }) => sampling !== undefined)).toBe(true);
  }, 30_000);

  it('readings that are left out tell no load, and what a counter bridges is still that of its meter', async () => {
    const fromMs = FROM_MS + HOUR_MS + 41 * MINUTE_MS;
    const { uncertainty } = await derive({
      amendments: [{ kind: 'exclude', fromMs, toMs: fromMs + 10 * MINUTE_MS }],
    });
    expect(uncertainty['supply']?.missing).toEqual([]);
    expect(halfWidths(uncertainty['supply'], 'processing')).toEqual(['0.5589', '0.7500', '1.3354']);
  }, 30_000);

  it('a wiring that was changed within an hour counts by the one that is the more uncertain', async () => {
    const swap = (meter: { serial: string; class?: string }) =>
      derive({ rewired: { atMs: FROM_MS + HOUR_MS + 30 * MINUTE_MS, about: { meter } } });
    const worse = await swap({ serial: 'S-2', class: '2' });
    const meters = worse.uncertainty['supply']?.meters ?? [];
    expect(meters.map(({ meter }) => meter)).toEqual(['serial S-1', 'serial S-2', 'serial S-2']);
    expect(meters[1]?.notes).toContainEqual(expect.stringContaining('(serial S-1 and serial S-2)'));
    close();
    // Of a class that nobody knows nothing can be said, whichever snapshot is named first.
    const unknown = await swap({ serial: 'S-2' });
    expect(unknown.uncertainty['supply']?.meters.map(({ total }) => total?.kind)).toEqual([
      'known',
      'unknown',
      'unknown',
    ]);
    expect(rowOf(unknown.uncertainty['supply'], 'meter')).toMatchObject({ kind: 'unknown' });
  }, 60_000);
});

describe('the explanation of an hour that people amended', () => {
  const explain = () => {
    const explained = explainHour({ ...plant, assess: () => 'not asked' }, MACHINE, FROM_MS + HOUR_MS);
    if (explained === undefined) throw new Error('no hour');
    for (const saying of sayingsOf(explained))
      for (const typed of typeEquations(saying)) expect(isConfirmed(typed), typed.text).toBe(true);
    return explained;
  };

  it('compares counter and power as both are meant, and says the factor', async () => {
    await derive({ amendments: [{ kind: 'scale', num: '2', den: '1' }] });
    const { closure, curve, counters } = explain();
    // Twice 2.8 kWh each, and not 5.6 kWh beside 2.8 kWh.
    expect(closure.find(({ label }) => label === 'counter over power')?.value).toBeCloseTo(1, 2);
    expect(curve[50]?.meanW).toBe(12_000);
    // 40 min x 2.4 kW + 19 min 50 s x 12 kW; the counter shows whole Wh, so 2 Wh.
    expect(Math.abs((curve[59]?.countedMwh ?? 0) - 5_600_000)).toBeLessThan(40_000);
    expect(counters[0]?.figures.find(({ label }) => label === 'it rose by')?.saying).toMatch(
      /kWh; 2\.8\d* kWh x 2 = 5\.6\d* kWh as amended$/,
    );
    expect(counters[0]?.figures.find(({ label }) => label === 'inside the hour')?.saying).toBe(
      '01:00:00 to 02:00:00: 21.2 kWh - 15.6 kWh = 5.6 kWh, as amended: what was read x 2',
    );
  }, 30_000);

  it('finds what was read under another name, and leaves out what was left out', async () => {
    await derive({ amendments: [{ kind: 'component', component: 'spindle', becomes: 'supply' }] });
    const { curve } = explain();
    expect(curve[10]?.meanW).toBe(1200);
    close();
    const fromMs = FROM_MS + HOUR_MS + 30 * MINUTE_MS;
    await derive({ amendments: [{ kind: 'exclude', fromMs, toMs: fromMs + 10 * MINUTE_MS }] });
    expect(
      explain()
        .curve.slice(29, 41)
        .map(({ meanW }) => meanW === null),
    ).toEqual([false, ...Array.from({ length: 10 }, () => true), false]);
  }, 30_000);
});
