import type { CalendarFault } from './calendar-fault.ts';
import { CIVIL_DAY_MIN, formatDay } from './civil-date.ts';
import { NO_SHIFT, type CalendarModel, type ShiftTime } from './calendar-model.ts';
import { findOverlaps } from './shift-overlaps.ts';

/** All that is wrong with a calendar, its zone apart. Overlaps are looked for only among shifts that are sound by themselves. */
export function findCalendarFaults(model: CalendarModel): CalendarFault[] {
  const faults = [...checkDayBegins(model), ...checkShifts(model), ...checkExceptions(model)];
  return faults.length > 0 ? faults : findOverlaps(model);
}

function* checkDayBegins({ dayBegins }: CalendarModel): Iterable<CalendarFault> {
  if (dayBegins[0]?.fromDay !== null)
    yield {
      path: 'dayBegins[0]',
      message: 'nothing says when days began before the first date.',
      cure: 'Let the first entry hold from always: leave out its date.',
    };
  for (const [index, { fromDay, beginsMin }] of dayBegins.entries()) {
    const path = `dayBegins[${index}]`;
    if (!Number.isInteger(beginsMin) || Math.abs(beginsMin) >= CIVIL_DAY_MIN)
      yield {
        path,
        message: 'a day begins at a whole minute, less than a day from its midnight.',
        cure: 'Write a time of day, such as 06:00.',
      };
    const before = dayBegins[index - 1];
    if (before === undefined) continue;
    if (fromDay === null || (before.fromDay !== null && fromDay <= before.fromDay))
      yield {
        path,
        message: 'is not later than the entry before it.',
        cure: 'Sort the entries by date, one a date.',
      };
    else if (beginsMin - before.beginsMin <= -CIVIL_DAY_MIN)
      yield {
        path,
        message: 'the day before this change would end before it begins.',
        cure: 'Name days by their begin, or by their end, but not one after the other.',
      };
  }
}

function* checkShifts({ shifts }: CalendarModel): Iterable<CalendarFault> {
  for (const [index, shift] of shifts.entries()) {
    const path = `shifts[${index}]`;
    yield* checkTime(path, shift);
    if (
      shift.weekdays.length === 0 ||
      shift.weekdays.some((weekday) => !Number.isInteger(weekday) || weekday < 1 || weekday > 7)
    )
      yield {
        path,
        message: `nothing says on which weekdays ${shift.name} is worked.`,
        cure: 'List them, 1 for Monday to 7 for Sunday.',
      };
    if (shift.fromDay !== null && shift.untilDay !== null && shift.untilDay <= shift.fromDay)
      yield {
        path,
        message: `${shift.name} ends on ${formatDay(shift.untilDay)}, before its first day.`,
        cure: 'Give a later end, or leave the shift out.',
      };
  }
}

function* checkExceptions({ exceptions }: CalendarModel): Iterable<CalendarFault> {
  const seen = new Set<number>();
  for (const [index, { dayNumber, shifts }] of exceptions.entries()) {
    const path = `exceptions[${index}]`;
    if (seen.has(dayNumber))
      yield {
        path,
        message: `${formatDay(dayNumber)} is given twice.`,
        cure: 'Say in one entry what is worked on that day.',
      };
    seen.add(dayNumber);
    for (const shift of shifts) yield* checkTime(path, shift);
  }
}

function* checkTime(path: string, { name, beginsMin, endsMin }: ShiftTime): Iterable<CalendarFault> {
  if (name === '' || name === NO_SHIFT)
    yield {
      path,
      message: `"${name}" is no name for a shift.`,
      cure: `Choose another; "${NO_SHIFT}" is what lies between the shifts.`,
    };
  const isSound =
    Number.isInteger(beginsMin) &&
    Number.isInteger(endsMin) &&
    beginsMin >= 0 &&
    beginsMin < CIVIL_DAY_MIN &&
    endsMin > beginsMin &&
    endsMin - beginsMin <= CIVIL_DAY_MIN;
  if (!isSound)
    yield {
      path,
      message: `${name} does not run from one time of day to a later one, of that day or the next.`,
      cure: 'Give begin and end at whole minutes, at most 24 hours apart.',
    };
}
