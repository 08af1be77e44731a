import type { CalendarModel } from '../../../../collector/energy/calendar/calendar-model.ts';
import { formatDay, weekdayOf } from '../../../../collector/energy/calendar/civil-date.ts';

const MINUTE_MS = 60_000;

/** What a minute belongs to. */
export interface Minute {
  atMs: number;
  /** What the clock shows, `2026-10-25 02:30`. */
  shown: string;
  offsetMs: number;
  day: string;
  shift: string;
}

/**
 * Where each minute of a range belongs, found without any search: a clock is read minute by minute, and how far it has
 * come so far (it may be put back) decides. Reading begins 3 hours early, which is more than any clock was put back.
 */
export function bruteForce(model: CalendarModel, fromMs: number, toMs: number): Minute[] {
  const clock = new Intl.DateTimeFormat('sv-SE', {
    timeZone: model.zone,
    dateStyle: 'short',
    timeStyle: 'short',
  });
  const minutes: Minute[] = [];
  let furthest = -Infinity;
  for (let atMs = fromMs - 180 * MINUTE_MS; atMs < toMs; atMs += MINUTE_MS) {
    const shown = clock.format(atMs);
    const local = Date.parse(`${shown.replace(' ', 'T')}Z`);
    furthest = Math.max(furthest, local);
    if (atMs < fromMs) continue;
    const localMinute = furthest / MINUTE_MS;
    minutes.push({
      atMs,
      shown,
      offsetMs: local - atMs,
      day: dayOf(model, localMinute),
      shift: shiftOf(model, localMinute),
    });
  }
  return minutes;
}

function dayOf(model: CalendarModel, localMinute: number): string {
  const near = Math.floor(localMinute / 1440);
  for (let day = near + 2; day > near - 3; day--) {
    let begins = 0;
    for (const entry of model.dayBegins)
      if (entry.fromDay === null || day >= entry.fromDay) begins = entry.beginsMin;
    if (day * 1440 + begins <= localMinute) return formatDay(day);
  }
  throw new Error('no day');
}

function shiftOf(model: CalendarModel, localMinute: number): string {
  const near = Math.floor(localMinute / 1440);
  for (let day = near - 1; day <= near; day++) {
    const exception = model.exceptions.find(({ dayNumber }) => dayNumber === day);
    const worked =
      exception?.shifts ??
      model.shifts.filter(
        ({ weekdays, fromDay, untilDay }) =>
          weekdays.includes(weekdayOf(day)) && day >= (fromDay ?? -Infinity) && day < (untilDay ?? Infinity),
      );
    for (const { name, beginsMin, endsMin } of worked)
      if (day * 1440 + beginsMin <= localMinute && localMinute < day * 1440 + endsMin)
        return `${formatDay(day)} ${name}`;
  }
  return 'no shift';
}
