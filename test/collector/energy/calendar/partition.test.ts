import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CalendarModel, Shift } from '../../../../collector/energy/calendar/calendar-model.ts';
import { CIVIL_DAY_MS } from '../../../../collector/energy/calendar/civil-date.ts';
import { findCalendarFaults } from '../../../../collector/energy/calendar/calendar-faults.ts';
import {
  formatLocal,
  localAt,
  momentOf,
  readLocal,
} from '../../../../collector/energy/calendar/local-time.ts';
import { PERIOD_KINDS, type Period } from '../../../../collector/energy/calendar/period.ts';
import { openCalendar } from '../../../../collector/energy/calendar/site-calendar.ts';
import { openZone, type Zone } from '../../../../collector/energy/calendar/zone.ts';
import { bruteForce } from './brute-force.ts';
import { LONG_MS, RUNS } from './calendars.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
/** Zones in which something odd was done to the clocks. */
const ZONES = [
  'UTC',
  'Europe/Berlin',
  'Europe/Lisbon',
  'Europe/Istanbul',
  'Europe/Volgograd',
  'America/New_York',
  'America/St_Johns',
  'America/Sao_Paulo',
  'America/Havana',
  'America/Caracas',
  'America/Asuncion',
  'America/Scoresbysund',
  'Africa/Casablanca',
  'Africa/Cairo',
  'Africa/Khartoum',
  'Asia/Kolkata',
  'Asia/Kathmandu',
  'Asia/Tehran',
  'Asia/Beirut',
  'Asia/Gaza',
  'Asia/Pyongyang',
  'Asia/Amman',
  'Australia/Adelaide',
  'Australia/Lord_Howe',
  'Australia/Eucla',
  'Antarctica/Casey',
  'Antarctica/Troll',
  'Pacific/Apia',
  'Pacific/Chatham',
  'Pacific/Kiritimati',
  'Pacific/Kwajalein',
];
const zones = new Map(ZONES.map((name) => [name, openZone(name)]));
const zoneOf = (name: string): Zone => zones.get(name) ?? openZone(name);

/** A moment on a whole minute, in three of four cases near a change of the clocks. */
const moment = fc
  .record({
    zone: fc.constantFrom(...ZONES),
    year: fc.integer({ min: 1973, max: 2060 }),
    at: fc.nat({ max: 365 * 1440 }),
    near: fc.integer({ min: -1800, max: 1800 }),
    pick: fc.integer({ min: 0, max: 3 }),
  })
  .map(({ zone, year, at, near, pick }) => {
    const startMs = Date.UTC(year, 0, 1);
    const changes = zoneOf(zone)
      .spansBetween(startMs, startMs + 365 * CIVIL_DAY_MS)
      .slice(1);
    const change = pick === 0 ? undefined : changes[pick % Math.max(1, changes.length)];
    return { zone, atMs: change === undefined ? startMs + at * MINUTE_MS : change.fromMs + near * MINUTE_MS };
  });

/** Up to five shifts a day that meet or leave holes, each on weekdays of its own; the last runs over midnight, or none does. */
const plan = fc
  .record({
    cuts: fc.uniqueArray(fc.nat({ max: 95 }), { minLength: 2, maxLength: 6 }),
    isRound: fc.boolean(),
    days: fc.array(fc.subarray([1, 2, 3, 4, 5, 6, 7], { minLength: 1 }), { minLength: 6, maxLength: 6 }),
  })
  .map(({ cuts, isRound, days }): Omit<Shift, 'fromDay' | 'untilDay'>[] => {
    const edges = cuts.map((quarter) => quarter * 15).sort((a, b) => a - b);
    const ends = [...edges.slice(1), ...(isRound ? [(edges[0] ?? 0) + 1440] : [])];
    return ends.map((endsMin, index) => ({
      name: `shift ${index}`,
      beginsMin: edges[index] ?? 0,
      endsMin,
      weekdays: days[index] ?? [1],
    }));
  });

const calendar = fc
  .record({
    moment,
    begins: fc.integer({ min: -1439, max: 1439 }),
    later: fc.option(fc.integer({ min: -5, max: 5 })),
    plan,
    replaced: fc.subarray([0, 1, 2, 3, 4]),
    changesAt: fc.option(fc.integer({ min: -2, max: 2 })),
    holidays: fc.uniqueArray(fc.integer({ min: -3, max: 3 }), { maxLength: 3 }),
  })
  .map(({ moment: { zone, atMs }, begins, later, plan: shifts, replaced, changesAt, holidays }) => {
    const today = localAt(zoneOf(zone), atMs).dayNumber;
    const change = changesAt === null ? null : today + changesAt;
    const model: CalendarModel = {
      zone,
      dayBegins: [
        { fromDay: null, beginsMin: begins },
        // Later by up to four hours, or earlier.
        ...(later === null
          ? []
          : [{ fromDay: today, beginsMin: Math.max(-1439, Math.min(1439, begins + later * 48)) }]),
      ],
      shifts: shifts.flatMap((shift, index): Shift[] =>
        change === null || !replaced.includes(index)
          ? [{ ...shift, fromDay: null, untilDay: null }]
          : [
              { ...shift, fromDay: null, untilDay: change },
              {
                ...shift,
                name: `${shift.name} anew`,
                weekdays: [1, 3, 5, 7],
                fromDay: change,
                untilDay: null,
              },
            ],
      ),
      exceptions: holidays.map((offset, index) => ({
        dayNumber: today + offset,
        name: 'holiday',
        shifts: shifts.slice(0, index),
      })),
    };
    return { model, atMs };
  });

function expectPartition(periods: readonly Period[], fromMs: number, toMs: number): void {
  expect(periods[0]?.fromMs).toBeLessThanOrEqual(fromMs);
  expect(periods[0]?.toMs).toBeGreaterThan(fromMs);
  expect(periods[periods.length - 1]?.fromMs).toBeLessThan(toMs);
  expect(periods[periods.length - 1]?.toMs).toBeGreaterThanOrEqual(toMs);
  for (const [index, period] of periods.entries()) {
    expect(period.toMs).toBeGreaterThan(period.fromMs);
    if (index > 0) expect(period.fromMs).toBe(periods[index - 1]?.toMs);
  }
  expect(new Set(periods.map(({ key }) => key)).size).toBe(periods.length);
}

describe('a site calendar', () => {
  it(
    'puts every minute where a clock that is read minute by minute puts it',
    () => {
      fc.assert(
        fc.property(calendar, fc.integer({ min: 60, max: 900 }), ({ model, atMs }, lengthMin) => {
          expect(findCalendarFaults(model)).toEqual([]);
          const toMs = atMs + lengthMin * MINUTE_MS;
          const { periodsIn } = openCalendar(model, zoneOf(model.zone));
          const [days, shifts, hours] = (['day', 'shift', 'hour'] as const).map((kind) =>
            periodsIn(kind, atMs, toMs),
          );
          let [day, shift, hour] = [0, 0, 0];
          let offsetMs: number | null = null;
          for (const minute of bruteForce(model, atMs, toMs)) {
            while ((days?.[day]?.toMs ?? Infinity) <= minute.atMs) day++;
            while ((shifts?.[shift]?.toMs ?? Infinity) <= minute.atMs) shift++;
            const [lastHour] = [hour];
            while ((hours?.[hour]?.toMs ?? Infinity) <= minute.atMs) hour++;
            const inShift = shifts?.[shift];
            const told = inShift?.name === 'no shift' ? 'no shift' : `${inShift?.date} ${inShift?.name}`;
            if (days?.[day]?.key !== minute.day || told !== minute.shift)
              expect(`${minute.shown} ${days?.[day]?.key} ${told}`).toBe(
                `${minute.shown} ${minute.day} ${minute.shift}`,
              );
            // An hour begins when the clock shows a full one, or was just changed.
            const begins =
              minute.shown.endsWith(':00') || (offsetMs !== null && offsetMs !== minute.offsetMs);
            if (offsetMs !== null && hour - lastHour !== Number(begins))
              expect(`${minute.shown} ${hour - lastHour}`).toBe(begins);
            offsetMs = minute.offsetMs;
          }
        }),
        { numRuns: RUNS },
      );
    },
    LONG_MS,
  );

  it(
    'covers any range exactly once, in periods that do not depend on the range',
    () => {
      fc.assert(
        fc.property(
          calendar,
          fc.constantFrom(...PERIOD_KINDS),
          fc.integer({ min: 1, max: 40 * 1440 }),
          fc.nat({ max: 1_000_000 }),
          ({ model, atMs }, kind, lengthMin, part) => {
            const { periodsIn } = openCalendar(model, zoneOf(model.zone));
            const toMs = atMs + lengthMin * MINUTE_MS;
            const periods = periodsIn(kind, atMs, toMs);
            expectPartition(periods, atMs, toMs);
            const middleMs = atMs + (part % (toMs - atMs));
            const expected = periods.filter((period) => period.toMs > middleMs);
            expect(periodsIn(kind, middleMs, toMs)).toEqual(expected);
            const [first] = expected;
            if (first !== undefined) expect(periodsIn(kind, first.fromMs, first.toMs)).toEqual([first]);
          },
        ),
        { numRuns: RUNS },
      );
    },
    LONG_MS,
  );

  it(
    'nests days in weeks, months and years',
    () => {
      fc.assert(
        fc.property(calendar, fc.constantFrom('week', 'month', 'year'), ({ model, atMs }, kind) => {
          const { periodsIn } = openCalendar(model, zoneOf(model.zone));
          const [whole] = periodsIn(kind, atMs, atMs + 1);
          const days = periodsIn('day', whole?.fromMs ?? 0, whole?.toMs ?? 0);
          expect(days[0]?.fromMs).toBe(whole?.fromMs);
          expect(days[days.length - 1]?.toMs).toBe(whole?.toMs);
        }),
        { numRuns: Math.min(RUNS, 2000) },
      );
    },
    LONG_MS,
  );
});

describe('local time', () => {
  it(
    'goes to wall time and back, and in order',
    () => {
      fc.assert(
        fc.property(moment, fc.integer({ min: -2880, max: 2880 }), ({ zone: name, atMs }, further) => {
          const zone = zoneOf(name);
          const { dayNumber, dayMs, offsetMs } = localAt(zone, atMs);
          expect(dayNumber * CIVIL_DAY_MS + dayMs - offsetMs).toBe(atMs);
          const reading = readLocal(zone, dayNumber, dayMs / MINUTE_MS);
          // What a clock shows now was not skipped; it is shown now, or now again.
          expect([reading.atMs, reading.againMs]).toContain(atMs);
          expect(reading.shown).toBe(reading.againMs === null ? 'once' : 'twice');
          const minute = dayMs / MINUTE_MS;
          const [first, second] = [minute, minute + further].sort((a, b) => a - b);
          expect(momentOf(zone, dayNumber, first ?? 0)).toBeLessThanOrEqual(
            momentOf(zone, dayNumber, second ?? 0),
          );
        }),
        { numRuns: RUNS },
      );
    },
    LONG_MS,
  );

  it('that is skipped, or shown twice, is told so', () => {
    const berlin = openZone('Europe/Berlin');
    const [march, october] = [Date.UTC(2026, 2, 29), Date.UTC(2026, 9, 25)];
    // 02:30 of 29 March is skipped at 01:00Z; 02:30 of 25 October is 00:30Z (+02:00) and 01:30Z (+01:00).
    expect(readLocal(berlin, march / CIVIL_DAY_MS, 150)).toEqual({
      shown: 'skipped',
      atMs: march + HOUR_MS,
      againMs: null,
    });
    expect(readLocal(berlin, october / CIVIL_DAY_MS, 150)).toEqual({
      shown: 'twice',
      atMs: october + HOUR_MS / 2,
      againMs: october + 1.5 * HOUR_MS,
    });
    expect(formatLocal(berlin, october + 1.5 * HOUR_MS)).toBe('2026-10-25T02:30+01:00');
    expect(formatLocal(openZone('America/St_Johns'), Date.UTC(2026, 0, 1))).toBe('2025-12-31T20:30-03:30');
  });
});
