import { weekdayOf } from './civil-date.ts';
import type { CalendarModel, Shift, ShiftTime } from './calendar-model.ts';

/** The shifts that begin on each day, asked day by day. */
export type WorkedShifts = (dayNumber: number) => readonly ShiftTime[];

/** The shifts that begin on a day, in order of time: those of its exception where it has one, else the weekly ones. */
export function openShifts({ shifts, exceptions }: CalendarModel): WorkedShifts {
  const byDay = new Map(exceptions.map((exception) => [exception.dayNumber, inOrder(exception.shifts)]));
  const weekly = inOrder(shifts);
  return (dayNumber) => byDay.get(dayNumber) ?? weekly.filter((shift) => isWorked(shift, dayNumber));
}

/** True where a weekly shift begins on a day, exceptions apart. */
export function isWorked(shift: Shift, dayNumber: number): boolean {
  return (
    shift.weekdays.includes(weekdayOf(dayNumber)) &&
    (shift.fromDay === null || dayNumber >= shift.fromDay) &&
    (shift.untilDay === null || dayNumber < shift.untilDay)
  );
}

function inOrder<T extends ShiftTime>(shifts: readonly T[]): T[] {
  return [...shifts].sort((a, b) => a.beginsMin - b.beginsMin);
}
