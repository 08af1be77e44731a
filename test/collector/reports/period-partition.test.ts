import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { boundariesOf, PERIOD_KINDS } from '../../../collector/energy/calendar/period.ts';
import { openCalendar } from '../../../collector/energy/calendar/site-calendar.ts';
import { sumPeriods } from '../../../collector/energy/calendar/sum-periods.ts';
import { STATE_COUNT } from '../../../collector/energy/hour-account.ts';
import { openZone } from '../../../collector/energy/calendar/zone.ts';
import { baseHour, HOUR_MS, NO_ENERGY } from '../energy/calendar/base-hours.ts';
import { calendarOf, LONG_MS, RUNS, shift } from '../energy/calendar/calendars.ts';

const MINUTE_MS = 60_000;
/** What zones have learnt of their clocks is kept from run to run. */
const ZONES = [
  'Europe/Berlin',
  'Asia/Kolkata',
  'Australia/Lord_Howe',
  'America/St_Johns',
  'Pacific/Apia',
  'UTC',
].map((name) => openZone(name));
const SHIFTS = [shift('early', '06:30-14:30'), shift('night', '22:00-06:30')];

it(
  'whatever a calendar divides time into: each period is its last reading of the counter less its first, and all of them telescope',
  () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...ZONES),
        fc.constantFrom(...PERIOD_KINDS),
        fc.constantFrom('00:00', '06:00', '06:30', '22:00'),
        // Of a year with all its changes of clocks, an hour to begin with; some hours of a minute's energies.
        fc.integer({ min: 0, max: 366 * 24 }),
        fc.array(fc.array(fc.nat(1_000_000), { minLength: 60, maxLength: 60 }), {
          minLength: 1,
          maxLength: 8,
        }),
        (zone, kind, dayBegins, offset, minutes) => {
          const startMs = Date.UTC(2026, 0, 1) + offset * HOUR_MS;
          const endMs = startMs + minutes.length * HOUR_MS;
          // What the counter showed at the begin of each minute.
          const shown = minutes.flat().reduce((all, mwh) => [...all, (all.at(-1) ?? 0) + mwh], [4711]);
          const showedAt = (atMs: number) => {
            const minute = Math.round((Math.min(Math.max(atMs, startMs), endMs) - startMs) / MINUTE_MS);
            return shown[minute] ?? Number.NaN;
          };
          const hours = minutes.map((energies, hour) => {
            const counter = Array.from({ length: 60 * STATE_COUNT }, () => 0);
            // Each minute in another state: the split must not matter.
            for (const [minute, mwh] of energies.entries())
              counter[minute * STATE_COUNT + ((minute + hour) % STATE_COUNT)] = mwh;
            return baseHour(startMs + hour * HOUR_MS, { components: { supply: { ...NO_ENERGY, counter } } });
          });
          const model = calendarOf(zone.name, dayBegins, { shifts: SHIFTS });
          const periods = openCalendar(model, zone).periodsIn(kind, startMs, endMs);
          const sums = sumPeriods(hours, boundariesOf(periods), { fromMs: startMs, toMs: endMs });
          for (const { fromMs, toMs, energy } of sums)
            expect(energy.supplyMwh ?? 0).toBe(showedAt(toMs) - showedAt(fromMs));
          expect(sums.reduce((sum, { energy }) => sum + (energy.supplyMwh ?? 0), 0)).toBe(
            (shown.at(-1) ?? 0) - (shown[0] ?? 0),
          );
        },
      ),
      { numRuns: RUNS },
    );
  },
  LONG_MS,
);
