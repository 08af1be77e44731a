import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BaseHour } from '../../../../collector/energy/calendar/base-hour.ts';
import { boundariesOf, clipPeriods, crossPeriods } from '../../../../collector/energy/calendar/period.ts';
import type { PeriodSum } from '../../../../collector/energy/calendar/period-sum.ts';
import { openCalendar } from '../../../../collector/energy/calendar/site-calendar.ts';
import { sumPeriods } from '../../../../collector/energy/calendar/sum-periods.ts';
import { STATE_COUNT } from '../../../../collector/energy/hour-account.ts';
import { REASONS } from '../../../../collector/energy/machine-hour.ts';
import { OPERATING_STATES } from '../../../../protocols/telemetry/operating-state.ts';
import { milliwattHours } from '../../../../protocols/telemetry/unit.ts';
import { baseHour, everyMinute, grid, HOUR_MS, NO_BRIDGED, NO_ENERGY } from './base-hours.ts';
import { calendarOf, LONG_MS, RUNS, shift } from './calendars.ts';

const MINUTE_MS = 60_000;
const START_MS = Date.UTC(2026, 9, 24, 20);
const ALWAYS = { fromMs: -Infinity, toMs: null };

describe('sums over periods', () => {
  it('of an early shift from 06:30 in Kolkata take whole hours, from 06:00 halves of two', () => {
    // 06:00+05:30 = 00:30Z, 14:00+05:30 = 08:30Z: 8 h = 480 minutes of 100 mWh (6 W) would be 48,000 mWh.
    const hours = Array.from({ length: 12 }, (_, index) => baseHour(Date.UTC(2026, 0, 5, index)));
    // 30 minutes of the first hour belong to the night: 50 mWh in each.
    hours[0] = baseHour(Date.UTC(2026, 0, 5), {
      components: {
        supply: { ...NO_ENERGY, counter: grid('processing', 50, 0, 30), bridged: grid('ready', 70, 30) },
      },
      timeMs: grid('processing', MINUTE_MS, 0, 30).map(
        (ms, cell) => ms + (grid('ready', MINUTE_MS, 30)[cell] ?? 0),
      ),
      measuredMs: [...everyMinute(MINUTE_MS).slice(30), ...everyMinute(0).slice(30)],
      reasons: [
        { reason: 'clock-unsynced', fromMinute: 0, toMinute: 30 },
        { reason: 'source-down', fromMinute: 30, toMinute: 60 },
      ],
      quality: 'estimated',
    });
    const model = calendarOf('Asia/Kolkata', '06:00', {
      shifts: [shift('early', '06:00-14:00'), shift('late', '14:00-22:00')],
    });
    const periods = openCalendar(model).periodsIn('shift', Date.UTC(2026, 0, 5), Date.UTC(2026, 0, 5, 9));
    expect(periods.map(({ name }) => name)).toEqual(['no shift', 'early', 'late']);
    const [night, early] = sumPeriods(hours, boundariesOf(periods), ALWAYS);
    // `no shift` began at 22:00+05:30 = 16:30Z, 8 hours before; of it 30 minutes were watched: 1/16 = 0.0625.
    expect(night).toMatchObject({
      energy: { supplyMwh: 30 * 50 },
      spanMs: 30 * MINUTE_MS,
      coverage: { watched: 0.0625, time: 1, energy: 1 },
      reasons: ['clock-unsynced', 'gap'],
      quality: 'partial',
      status: 'provisional',
    });
    // 30 x 70 = 2,100 bridged, then 7.5 h x 60 x 100 = 45,000 by the counter: 47,100. 45,000 / 47,100 = 0.955414.
    // Measured 7.5 of 8 h = 0.9375. Mean power ready: 2,100 mWh in half an hour = 4,200 mW.
    expect(early).toMatchObject({
      energy: { supplyMwh: 47_100, stateMwh: { ready: 2100, processing: 45_000 }, residualMwh: null },
      obtained: { counterMwh: 45_000, integratedMwh: 0, bridgedMwh: 2100 },
      timeMs: { ready: 1_800_000, processing: 27_000_000, off: 0 },
      spanMs: 8 * HOUR_MS,
      meanPowerW: { ready: 4.2, processing: 6, off: null },
      coverage: { watched: 1, time: 0.9375, energy: 0.955414 },
      reasons: ['gap', 'source-down'],
      quality: 'estimated',
      qualityMs: { measured: 27_000_000, estimated: 1_800_000, partial: 0, null: 0 },
      status: 'final',
      finalBy: 'watermark',
      revision: 1,
    });
  });

  it('of a running shift end where it is clipped', () => {
    const model = calendarOf('Europe/Berlin', '06:00', { shifts: [shift('night', '22:00-06:00')] });
    const [fromMs, nowMs] = [START_MS - HOUR_MS / 2, START_MS + 90 * MINUTE_MS];
    const periods = clipPeriods(openCalendar(model).periodsIn('shift', fromMs, nowMs), fromMs, nowMs);
    const hours = [-1, 0, 1].map((index) => baseHour(START_MS + index * HOUR_MS));
    // The night began at 20:00Z, an hour and a half ago: 90 x 100 = 9,000 mWh; before it, half an hour of no shift.
    expect(
      sumPeriods(hours, boundariesOf(periods), ALWAYS).map(({ energy, coverage }, index) => [
        periods[index]?.key,
        energy.supplyMwh,
        coverage.watched,
      ]),
    ).toEqual([
      ['2026-10-24T06:00+02:00 no shift', 3000, 1],
      ['2026-10-24T22:00+02:00 night', 9000, 1],
    ]);
    expect(clipPeriods(periods, nowMs, nowMs + HOUR_MS)).toEqual([]);
  });

  it('give a night shift its nine hours, and the day its twenty-five', () => {
    const model = calendarOf('Europe/Berlin', '06:00', { shifts: [shift('night', '22:00-06:00')] });
    const { periodsIn } = openCalendar(model);
    // Night of 24 October: 20:00Z to 05:00Z, 9 h x 60 x 100 = 54,000 mWh. Day from 04:00Z to 05:00Z: 25 h = 150,000 mWh.
    const hours = Array.from({ length: 40 }, (_, index) =>
      baseHour(START_MS - 20 * HOUR_MS + index * HOUR_MS),
    );
    const sum = (kind: 'shift' | 'day'): (number | null)[] =>
      sumPeriods(hours, boundariesOf(periodsIn(kind, START_MS, START_MS + 1)), ALWAYS).map(
        ({ energy }) => energy.supplyMwh,
      );
    expect(sum('shift')).toEqual([54_000]);
    expect(sum('day')).toEqual([150_000]);
  });

  it('count every revision of every hour, and are provisional while one of them is', () => {
    const sum = (hours: BaseHour[], watch = { fromMs: START_MS, toMs: null as number | null }): unknown[] =>
      sumPeriods(hours, [START_MS, START_MS + 3 * HOUR_MS], watch).map(({ status, finalBy, revision }) => [
        status,
        finalBy,
        revision,
      ]);
    const hours = [0, 1, 2].map((index) => baseHour(START_MS + index * HOUR_MS));
    const changed = (index: number, more: Partial<BaseHour>): BaseHour[] =>
      hours.map((hour, at) => (at === index ? { ...hour, ...more } : hour));
    expect(sum(hours)).toEqual([['final', 'watermark', 1]]);
    // One hour revised twice: 1 + 2; another one once: never the same number again.
    expect(sum(changed(0, { revision: 3 }))).toEqual([['final', 'watermark', 3]]);
    expect(
      sum(changed(0, { revision: 3 }).map((hour, at) => (at === 2 ? { ...hour, revision: 2 } : hour))),
    ).toEqual([['final', 'watermark', 4]]);
    expect(sum(changed(1, { finalBy: 'seven-days' }))).toEqual([['final', 'seven-days', 1]]);
    expect(sum(changed(1, { status: 'provisional', finalBy: null, revision: 0 }))).toEqual([
      ['provisional', null, 0],
    ]);
    // An hour that is not there yet is waited for: of a running period nobody knows what comes, however long it is silent.
    expect(sum(hours.slice(0, 2))).toEqual([['provisional', null, 0]]);
    expect(sum(hours.slice(0, 2), { fromMs: START_MS, toMs: START_MS + 2 * HOUR_MS })).toEqual([
      ['provisional', null, 0],
    ]);
    // Before the machine was first watched there is nothing to wait for.
    expect(sum(hours.slice(1), { fromMs: START_MS + HOUR_MS, toMs: null })).toEqual([
      ['final', 'watermark', 1],
    ]);
    expect(sum([])).toEqual([['provisional', null, 0]]);
  });

  it('say null where no supply is known, and partial where some is', () => {
    const without = baseHour(START_MS, { components: {}, quality: 'null' });
    const rest = baseHour(START_MS + HOUR_MS, {
      components: {
        supply: { ...NO_ENERGY, integrated: grid('ready', 10) },
        spindle: { ...NO_ENERGY, counter: grid('ready', 12) },
      },
      exportMwh: everyMinute(3),
      reasons: [
        { reason: 'children-over-supply', fromMinute: 0, toMinute: 60 },
        { reason: 'no-counter', fromMinute: 0, toMinute: 60 },
      ],
    });
    const at = (boundaries: number[]): PeriodSum[] => sumPeriods([without, rest], boundaries, ALWAYS);
    const [first, second] = at([START_MS, START_MS + HOUR_MS, START_MS + 2 * HOUR_MS]);
    expect(first).toMatchObject({
      energy: { supplyMwh: null, residualMwh: null },
      quality: 'null',
      coverage: { energy: null },
    });
    // 60 x 10 - 60 x 12 = -120.
    expect(second).toMatchObject({
      energy: {
        supplyMwh: 600,
        componentMwh: { spindle: 720, supply: 600 },
        residualMwh: -120,
        exportMwh: 180,
      },
      reasons: ['children-over-supply', 'no-counter'],
      quality: 'measured',
    });
    expect(at([START_MS, START_MS + 2 * HOUR_MS])[0]).toMatchObject({
      energy: { supplyMwh: 600 },
      quality: 'partial',
    });
    expect(at([])).toEqual([]);
    expect(at([START_MS])).toEqual([]);
  });

  it('refuse boundaries within a minute, and hours out of order', () => {
    const hour = baseHour(START_MS);
    expect(() => sumPeriods([hour], [START_MS, START_MS + 1], ALWAYS)).toThrow(
      expect.objectContaining({ code: 'uneven-boundaries' }),
    );
    expect(() => sumPeriods([hour], [START_MS, START_MS], ALWAYS)).toThrow(
      expect.objectContaining({ code: 'uneven-boundaries' }),
    );
    expect(() => sumPeriods([hour, hour], [START_MS, START_MS + HOUR_MS], ALWAYS)).toThrow(
      expect.objectContaining({ code: 'hours-out-of-order' }),
    );
  });

  it(
    'of the parts of any division are the sum of the whole, to the last mWh and ms',
    () => {
      fc.assert(
        fc.property(
          fc.array(fc.record({ isThere: fc.boolean(), seed: fc.nat() }), { minLength: 1, maxLength: 12 }),
          fc.uniqueArray(fc.integer({ min: -90, max: 13 * 60 }), { minLength: 2, maxLength: 12 }),
          (plan, minutes) => {
            const hours = plan.flatMap(({ isThere, seed }, index) =>
              isThere ? [randomHour(START_MS + index * HOUR_MS, seed)] : [],
            );
            const boundaries = minutes.sort((a, b) => a - b).map((minute) => START_MS + minute * MINUTE_MS);
            const ends = [boundaries[0] ?? 0, boundaries[boundaries.length - 1] ?? 0];
            const parts = sumPeriods(hours, boundaries, ALWAYS);
            const [whole] = sumPeriods(hours, ends, ALWAYS);
            expect(parts.map(({ fromMs, toMs }) => [fromMs, toMs])).toEqual(
              boundaries.slice(1).map((toMs, index) => [boundaries[index], toMs]),
            );
            expect(addUp(parts)).toEqual(addUp(whole === undefined ? [] : [whole]));
            if (whole === undefined) return;
            expect(addUp([whole])).toEqual(addByCell(hours, ends));
            expect(total(whole.timeMs)).toBe(whole.spanMs);
            expect(total(whole.obtained.bridgedBy)).toBe(whole.obtained.bridgedMwh);
            if (whole.energy.supplyMwh !== null)
              expect(total(whole.energy.stateMwh)).toBe(whole.energy.supplyMwh);
            // Reasons: all of the parts; `gap` is the period's own, too.
            const own = new Set(['gap']);
            const reasons = new Set(
              parts.flatMap((part) => part.reasons.filter((reason) => !own.has(reason))),
            );
            expect(new Set(whole.reasons.filter((reason) => !own.has(reason)))).toEqual(reasons);
          },
        ),
        { numRuns: RUNS },
      );
    },
    LONG_MS,
  );

  it('of shifts within days are both at once', () => {
    const { periodsIn } = openCalendar(
      calendarOf('Europe/Berlin', '00:00', { shifts: [shift('night', '22:00-06:00')] }),
    );
    const days = periodsIn('day', START_MS, START_MS + 1);
    const shifts = periodsIn('shift', days[0]?.fromMs ?? 0, days[0]?.toMs ?? 0);
    // 24 October 2026 begins at 22:00Z, within the night of the 23rd.
    expect(
      crossPeriods(days, shifts).map(({ a, b, fromMs, toMs }) => [
        a.key,
        b.date,
        b.name,
        (toMs - fromMs) / HOUR_MS,
      ]),
    ).toEqual([
      ['2026-10-24', '2026-10-23', 'night', 6],
      ['2026-10-24', '2026-10-24', 'no shift', 16],
      ['2026-10-24', '2026-10-24', 'night', 2],
    ]);
  });
});

type Additive = Record<string, unknown>;

/** What must add up, of sums that follow each other. */
function addUp(sums: readonly PeriodSum[]): Additive {
  const total: Record<string, number> = {};
  const add = (name: string, value: number): void => {
    if (value !== 0) total[name] = (total[name] ?? 0) + value;
  };
  for (const { timeMs, spanMs, measuredMs, energy, obtained, qualityMs, media } of sums) {
    for (const [name, litres] of Object.entries(media)) add(`media ${name}`, litres);
    for (const [state, ms] of Object.entries(timeMs)) add(`time ${state}`, ms);
    for (const [quality, ms] of Object.entries(qualityMs)) add(`quality ${quality}`, ms);
    add('span', spanMs);
    add('measured', measuredMs);
    add('export', energy.exportMwh);
    add('counter', obtained.counterMwh);
    add('integrated', obtained.integratedMwh);
    add('bridged', obtained.bridgedMwh);
    for (const [name, states] of Object.entries(energy.componentStateMwh))
      for (const [state, mwh] of Object.entries(states)) add(`${name} ${state}`, mwh);
  }
  return total;
}

/** The same from the cells, one by one. */
function addByCell(hours: readonly BaseHour[], [fromMs = 0, toMs = 0]: number[]): Additive {
  const total: Record<string, number> = {};
  const add = (name: string, value: number): void => {
    if (value !== 0) total[name] = (total[name] ?? 0) + value;
  };
  for (const hour of hours)
    for (let minute = 0; minute < 60; minute++) {
      const atMs = hour.hourMs + minute * MINUTE_MS;
      if (atMs < fromMs || atMs >= toMs) continue;
      add('measured', hour.measuredMs[minute] ?? 0);
      add('export', hour.exportMwh?.[minute] ?? 0);
      for (const [name, litres] of Object.entries(hour.media)) add(`media ${name}`, litres[minute] ?? 0);
      for (const [index, state] of OPERATING_STATES.entries()) {
        const cell = minute * STATE_COUNT + index;
        const ms = hour.timeMs[cell] ?? 0;
        add(`time ${state}`, ms);
        add('span', ms);
        add(`quality ${hour.quality}`, ms);
        for (const [name, energy] of Object.entries(hour.components))
          for (const way of ['counter', 'integrated', 'bridged'] as const) {
            const mwh = energy[way]?.[cell] ?? 0;
            add(`${name} ${state}`, mwh);
            if (name === 'supply') add(way, mwh);
          }
      }
    }
  return total;
}

/** An hour of which every cell may be anything. */
function randomHour(hourMs: number, seed: number): BaseHour {
  let state = seed + 1;
  const next = (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const cells = (below: number): number[] =>
    Array.from({ length: 60 * STATE_COUNT }, () => (next(3) === 0 ? next(below) : 0));
  const minutes = (below: number): number[] => Array.from({ length: 60 }, () => next(below));
  const some = (): number[] | null => (next(2) === 0 ? null : cells(1e9));
  const energy = (): BaseHour['components'][string] => ({
    counter: some(),
    integrated: some(),
    bridged: some(),
  });
  const fromMinute = next(60);
  return {
    hourMs,
    timeMs: cells(8000),
    measuredMs: minutes(MINUTE_MS),
    components: {
      ...(next(4) === 0 ? {} : { supply: energy() }),
      ...(next(2) === 0 ? { spindle: energy() } : {}),
    },
    exportMwh: next(2) === 0 ? null : minutes(1e6),
    media: next(2) === 0 ? {} : { compressedAir: minutes(2000) },
    bridgedBy: { ...NO_BRIDGED, linear: milliwattHours(next(1000)), profile: milliwattHours(next(1000)) },
    closure: next(2) === 0 ? null : 0.9 + next(200) / 1000,
    reasons: [
      {
        reason: REASONS[next(REASONS.length)] ?? 'gap',
        fromMinute,
        toMinute: fromMinute + 1 + next(60 - fromMinute),
      },
    ],
    quality: (['measured', 'estimated', 'partial', 'null'] as const)[next(4)] ?? 'null',
    status: 'final',
    finalBy: 'watermark',
    revision: 1 + next(3),
  };
}

function total(values: Readonly<Record<string, number>>): number {
  return Object.values(values).reduce((sum, value) => sum + value, 0);
}
