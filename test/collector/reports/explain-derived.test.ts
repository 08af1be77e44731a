import { describe, expect, test } from 'vitest';
import { plainCalendar } from '../../../collector/energy/calendar/calendar-model.ts';
import { explainHour } from '../../../collector/reports/explain-hour.ts';
import type { ExplainedHour } from '../../../collector/reports/explained-hour.ts';
import { assessHour } from '../../../collector/reports/uncertain-hour.ts';
import { watts } from '../../../protocols/telemetry/unit.ts';
import { Bench } from '../derivation/derivation-bench.ts';
import { CHANNELS, MACHINE, PlantFeed, powerAtW, START_MS } from '../derivation/plant-feed.ts';
import { explainedPlant, HOUR_MS as BY_HAND_MS } from './explained-plant.ts';
import { isConfirmed, sayingsOf, typeEquations } from './pocket-calculator.ts';

const HOUR = 3_600_000;
const MINUTE = 60_000;
/** 10:00 UTC, half an hour after the plant begins. */
const HOUR_MS = START_MS + HOUR / 2;
const MODULUS = 4_000_000;
const GLITCH_MS = HOUR_MS + 50 * MINUTE;
const GAP_MS = [HOUR_MS + 30 * MINUTE, HOUR_MS + 42 * MINUTE] as const;

/** Two hours and a half of a machine whose counter starts again at 4 kWh, shows nonsense once, and is silent for 12 minutes. */
async function deriveHour(): Promise<{ explained: ExplainedHour; trueMwh: number }> {
  const channels = CHANNELS.map((channel) =>
    channel.id === `${MACHINE}.supply.activeEnergyImport` && channel.kind === 'measured'
      ? { ...channel, counter: { behaviour: 'monotone' as const, modulus: String(MODULUS) } }
      : channel,
  );
  const feed = new PlantFeed({ channels, about: { meter: { serial: 'S-1', class: '0.5S' } } });
  const bench = await Bench.open();
  bench.model = { ...bench.model, ratedPowerW: watts(10_000) };
  await bench.restart();
  const records = [feed.config()];
  let [mwh, beginMwh, endMwh] = [2_500_000, 0, 0];
  for (let at = START_MS; at < START_MS + 2.5 * HOUR; at += 5 * MINUTE) {
    const rows: { t: number; power: number; raw: number }[] = [];
    for (let t = at; t < at + 5 * MINUTE; t += 10_000) {
      if (t === HOUR_MS) beginMwh = mwh;
      if (t === HOUR_MS + HOUR) endMwh = mwh;
      const raw = t === GLITCH_MS ? 3_999_999 : Math.round(mwh) % MODULUS;
      if (t < GAP_MS[0] || t >= GAP_MS[1]) rows.push({ t, power: powerAtW(t), raw });
      mwh += (powerAtW(t) * 10_000) / 3600;
    }
    const columns = {
      [`${MACHINE}.supply.activePower`]: rows.map(({ power }) => power),
      [`${MACHINE}.supply.activeEnergyImport`]: rows.map(({ raw }) => raw),
      [`${MACHINE}.spindle.activePower`]: rows.map(({ power }) => power / 4),
    };
    const timesMs = rows.map(({ t }) => t);
    records.push(
      feed.say({
        rows: rows.length === 0 ? [] : [{ source: 'meter', everyMs: 10_000, timesMs, columns }],
        words: [
          {
            channel: `${MACHINE}.control.execution`,
            source: 'cnc',
            timesMs: [at],
            values: [powerAtW(at) > 5000 ? 'ACTIVE' : 'READY'],
          },
        ],
        sealedToMs: at + 5 * MINUTE,
      }),
    );
  }
  await bench.append(...records);
  await bench.derive();
  const { views } = bench;
  const plan = {
    site: 'plant',
    calendar: plainCalendar('UTC'),
    machines: [],
    mainMeters: [],
    sharedLoads: [],
    hash: 'plan',
  };
  const explained = explainHour(
    {
      views,
      journal: null,
      assess: (hour) => assessHour({ views, plan, journal: null }, hour) ?? 'no energy',
    },
    MACHINE,
    HOUR_MS,
  );
  if (explained === undefined) throw new Error('There is no such hour.');
  expect(explained.hour).toEqual(views.hour(MACHINE, HOUR_MS));
  return { explained, trueMwh: endMwh - beginMwh };
}

describe('an hour derived from sealed records, with a rollover, a glitch and a gap', () => {
  test('its explanation names each of them, and its energy is what the plant drew', async () => {
    const { explained, trueMwh } = await deriveHour();
    const { hour, decisions, gaps, counters, curve, meters, spans } = explained;
    // The hour ends between two readings: each side gets its part to the mWh or so.
    expect(Math.abs((hour.energy.supplyMwh ?? 0) - trueMwh)).toBeLessThan(50);
    expect(decisions.map(({ kind }) => kind).sort()).toEqual(expect.arrayContaining(['glitch', 'rollover']));
    expect(gaps).toHaveLength(1);
    const [gap] = gaps;
    // From the last reading at 10:29:50 to the next at 10:42:00.
    expect(gap?.missingMs).toBe(12 * MINUTE + 10_000);
    expect([gap?.fromMs, gap?.toMs]).toEqual([HOUR_MS + 29 * MINUTE, HOUR_MS + 42 * MINUTE]);
    expect(gap?.bridgedMwh).toBe(hour.obtained.bridgedMwh);
    expect(gap?.reasons).toContain('gap');
    const [counter] = counters;
    expect(counter?.before?.atMs).toBe(HOUR_MS - 10_000);
    expect(counter?.last?.atMs).toBe(HOUR_MS + HOUR - 10_000);
    expect(counter?.figures.find(({ label }) => label === 'it rose by')?.saying).toBe(
      '0.494444 kWh + 4 kWh - 0.977778 kWh = 3.516666 kWh, as it starts again at 4 kWh',
    );
    expect(curve.reduce((sum, { bookedMwh }) => sum + bookedMwh, 0)).toBe(hour.energy.supplyMwh);
    expect(curve.filter(({ meanW }) => meanW === null)).toHaveLength(12);
    expect(spans[0]?.fromMs).toBe(HOUR_MS);
    expect(meters.map(({ quantity, component }) => `${component} ${quantity}`)).toEqual([
      'supply activeEnergyImport',
      'supply activePower',
      'spindle activePower',
    ]);
    expect(explained.uncertainty).toMatchObject({ kind: 'assessed', total: { kind: 'unknown' } });
  });

  test('every equation that it says is right on a pocket calculator', async () => {
    const byHand = explainedPlant();
    const sources = { views: byHand.views, journal: null, assess: () => 'not asked' };
    const all = [
      (await deriveHour()).explained,
      explainHour(sources, 'mill', BY_HAND_MS),
      explainHour(sources, 'mill', BY_HAND_MS - HOUR),
    ];
    byHand.close();
    for (const explained of all) {
      if (explained === undefined) throw new Error('There is no such hour.');
      const equations = sayingsOf(explained).flatMap(typeEquations);
      expect(equations.length).toBeGreaterThan(8);
      expect(equations.filter((one) => !isConfirmed(one))).toEqual([]);
      // The terms of each sum are the figures of the record.
      const { supplyMwh } = explained.hour.energy;
      expect(typeEquations(explained.sums[1]?.saying ?? '')[0]?.printed).toBeCloseTo(
        (supplyMwh ?? 0) / 1e6,
        9,
      );
    }
  });

  test('the calculator finds what is wrong', () => {
    const [right] = typeEquations('41.25 kWh - 38.05 kWh = 3.2 kWh');
    expect(right).toEqual({
      text: '41.25 kWh - 38.05 kWh = 3.2',
      typed: expect.closeTo(3.2, 9),
      printed: 3.2,
    });
    for (const saying of [
      '41.25 kWh - 38.05 kWh = 3.3 kWh',
      '0.42 kWh / 0.35 h = 1.21 kW',
      '12.5 Wh x 3600 / 30 s = 1,400 W',
      '3,060 s / 3,600 s = 86 %',
      '3.2 kWh x 5.6 % = 1.792 kWh',
    ])
      expect(typeEquations(saying).map(isConfirmed), saying).toEqual([false]);
    for (const saying of [
      '12.5 Wh x 3600 / 30 s = 1,500 W',
      '3,060 s / 3,600 s = 85 %',
      '3.2 kWh x 5.6 % = 0.1792 kWh (k = 2)',
      'records 118 to 179: 179 - 118 + 1 = 62',
    ])
      expect(typeEquations(saying).map(isConfirmed), saying).toEqual([true]);
  });
});
