import { z } from 'zod';

const DAY_MS = 86_400_000;
const DAY_MIN = 1440;
const TIME_WORDS = 'a time of day, hours and minutes, such as 06:30';
const DATE_WORDS = 'a date of the years 1900 to 2199, such as 2026-12-25';
const NAME_WORDS = '1 to 40 characters without line breaks, such as early';
const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;

/** Minutes after midnight. */
const timeOfDay = z
  .string(TIME_WORDS)
  .regex(/^(([01]\d|2[0-3]):[0-5]\d|24:00)$/, TIME_WORDS)
  .transform((text) => Number(text.slice(0, 2)) * 60 + Number(text.slice(3)));

/** Days since 1970-01-01. */
const date = z.iso
  .date(DATE_WORDS)
  .regex(/^(19|2[01])\d\d-/, DATE_WORDS)
  .transform((text) => Date.parse(text) / DAY_MS);

const shiftName = z.string(NAME_WORDS).regex(/^[^\n\r]{1,40}$/, NAME_WORDS);

const shiftTime = {
  name: shiftName.describe('What people call the shift.').meta({ examples: ['early'] }),
  begins: timeOfDay.describe('Local time at which it begins.').meta({ examples: ['06:00'] }),
  ends: timeOfDay
    .describe('Local time at which it ends; on the next day where that is not after begins.')
    .meta({ examples: ['14:00'] }),
};

/** How a site divides time: `calendar` of a collector's configuration. */
export const calendarConfig = z
  .strictObject({
    zone: z
      .string()
      .describe('Time zone of the plant, by its name in the IANA database.')
      .meta({ examples: ['Europe/Berlin'] }),
    dayBegins: z
      .union([
        timeOfDay,
        z
          .array(
            z.strictObject({
              at: timeOfDay.describe('Local time at which days begin.').meta({ examples: ['06:30'] }),
              from: date
                .optional()
                .describe('First day that begins so; left out in the first entry.')
                .meta({ examples: ['2027-01-01'] }),
            }),
          )
          .min(1),
      ])
      .prefault('00:00')
      .describe('Local time at which the production day begins; a list where that was changed at a date.')
      .meta({ examples: ['06:00'] }),
    dayNamedBy: z
      .enum(['begin', 'end'])
      .default('begin')
      .describe(
        'Whether a day has the date on which it begins or ends; end for a Monday from Sunday, 22:00.',
      ),
    shifts: z
      .array(
        z.strictObject({
          ...shiftTime,
          days: z
            .array(z.enum(WEEKDAYS))
            .min(1)
            .describe('Weekdays on which it begins.')
            .meta({ examples: [['mon', 'tue', 'wed', 'thu', 'fri']] }),
          from: date
            .optional()
            .describe('First day on which it may begin.')
            .meta({ examples: ['2026-01-01'] }),
          until: date
            .optional()
            .describe('Last day on which it may begin.')
            .meta({ examples: ['2026-12-31'] }),
        }),
      )
      .default([])
      .describe(
        'Shifts, week by week; what lies in none is "no shift". A changed plan: end the old with until, begin the new with from.',
      ),
    holidays: z
      .array(
        z.strictObject({
          date,
          name: shiftName
            .optional()
            .describe('What the day is.')
            .meta({ examples: ['Christmas'] }),
          shifts: z
            .array(z.strictObject(shiftTime))
            .default([])
            .describe('Shifts that begin on that day all the same, in place of the weekly ones.'),
        }),
      )
      .default([])
      .describe('Days on which the weekly shifts do not begin.')
      .meta({ examples: [[{ date: '2026-12-25', name: 'Christmas' }]] }),
  })
  .describe('How the plant divides time: zone, production day, shifts and holidays.');

export type CalendarConfig = z.output<typeof calendarConfig>;

/** A shift of a calendar: minutes after the midnight of the day on which it begins. */
interface ShiftSettings {
  name: string;
  beginsMin: number;
  /** After beginsMin, at most 1440 more. */
  endsMin: number;
}

/** The calendar as the derivation takes it: plain data, days since 1970-01-01, minutes after midnight. */
export interface CalendarSettings {
  zone: string;
  dayBegins: { fromDay: number | null; beginsMin: number }[];
  /** Weekdays by ISO 8601, 1 is Monday; `untilDay` is the first day on which it no longer begins. */
  shifts: (ShiftSettings & { weekdays: number[]; fromDay: number | null; untilDay: number | null })[];
  exceptions: { dayNumber: number; name: string; shifts: ShiftSettings[] }[];
}

/** What a configured calendar says, as plain data. */
export function readCalendarConfig(config: CalendarConfig): CalendarSettings {
  const { dayBegins, dayNamedBy } = config;
  const entries = typeof dayBegins === 'number' ? [{ at: dayBegins }] : dayBegins;
  return {
    zone: config.zone,
    dayBegins: entries.map(({ at, from }: { at: number; from?: number | undefined }) => ({
      fromDay: from ?? null,
      // Midnight has no eve: a day from midnight to midnight is named by the same date either way.
      beginsMin: dayNamedBy === 'end' && at % DAY_MIN > 0 ? at - DAY_MIN : at % DAY_MIN,
    })),
    shifts: config.shifts.map(({ days, from, until, ...shift }) => ({
      ...readShift(shift),
      weekdays: days.map((day) => WEEKDAYS.indexOf(day) + 1),
      fromDay: from ?? null,
      untilDay: until === undefined ? null : until + 1,
    })),
    exceptions: config.holidays.map((holiday) => ({
      dayNumber: holiday.date,
      name: holiday.name ?? 'holiday',
      shifts: holiday.shifts.map(readShift),
    })),
  };
}

function readShift({ name, begins, ends }: { name: string; begins: number; ends: number }): ShiftSettings {
  const beginsMin = begins % DAY_MIN;
  return { name, beginsMin, endsMin: ends <= beginsMin ? ends + DAY_MIN : ends };
}
