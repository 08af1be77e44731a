import type { CalendarFault } from './calendar-fault.ts';
import { CIVIL_DAY_MIN, formatDay } from './civil-date.ts';
import type { CalendarModel, ShiftTime } from './calendar-model.ts';
import { formatMinute } from './local-time.ts';
import { isWorked, openShifts, type WorkedShifts } from './worked-shifts.ts';

/** A day in 2024, for calendars that never began. */
const ANY_DAY = 20_000;

/**
 * The pairs of shifts that would be worked at one time, each told once with the first day found. It is enough to compare
 * local times: a later local time never comes before an earlier one, whatever is done to the clocks.
 *
 * The days looked at are the weeks after every date on which something changes, and the neighbours of every exception:
 * beyond them the plan repeats itself.
 */
export function findOverlaps(model: CalendarModel): CalendarFault[] {
  const shiftsOn = openShifts(model);
  const told = new Set<string>();
  const faults: CalendarFault[] = [];
  for (const day of daysToLookAt(model)) {
    for (const [one, other, isNextDay] of findOverlapsOn(shiftsOn, day)) {
      const pair = `${describe(one)} and ${describe(other)}`;
      if (told.has(pair)) continue;
      told.add(pair);
      const dates = isNextDay ? `${formatDay(day)} and ${formatDay(day + 1)}` : formatDay(day);
      faults.push({
        path: pathOf(model, isNextDay ? day + 1 : day, other),
        message: `${pair} overlap on ${dates}; a moment lies in one shift at most.`,
        cure: `End ${one.name} by ${formatMinute(other.beginsMin)}, or begin ${other.name} when it ends; where both are worked, make the time they share a shift of its own.`,
      });
    }
  }
  return faults;
}

function* findOverlapsOn(
  shiftsOn: WorkedShifts,
  day: number,
): Iterable<[one: ShiftTime, other: ShiftTime, isNextDay: boolean]> {
  const today = shiftsOn(day);
  for (const [index, one] of today.entries()) {
    for (const other of today.slice(index + 1)) if (other.beginsMin < one.endsMin) yield [one, other, false];
    for (const other of shiftsOn(day + 1))
      if (other.beginsMin + CIVIL_DAY_MIN < one.endsMin) yield [one, other, true];
  }
}

function daysToLookAt({ shifts, exceptions }: CalendarModel): number[] {
  const changes = shifts
    .flatMap(({ fromDay, untilDay }) => [fromDay, untilDay])
    .filter((day) => day !== null);
  const days = new Set<number>();
  // Before the first change, too; and beyond weeks whose days in question are exceptions.
  const weeks = 2 + exceptions.length;
  const first = Math.min(...changes, ANY_DAY) - 1 - weeks * 7;
  for (const change of [first, ...changes])
    for (let day = change - 1; day <= change + weeks * 7; day++) days.add(day);
  for (const { dayNumber } of exceptions) for (const day of [dayNumber - 1, dayNumber]) days.add(day);
  return [...days].sort((a, b) => a - b);
}

function pathOf(model: CalendarModel, day: number, shift: ShiftTime): string {
  const exception = model.exceptions.findIndex(({ dayNumber }) => dayNumber === day);
  if (exception >= 0) return `exceptions[${exception}]`;
  return `shifts[${model.shifts.findIndex((known) => known === shift && isWorked(known, day))}]`;
}

function describe({ name, beginsMin, endsMin }: ShiftTime): string {
  return `${name} (${formatMinute(beginsMin)} to ${formatMinute(endsMin % CIVIL_DAY_MIN)})`;
}
