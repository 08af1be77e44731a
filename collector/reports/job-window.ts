import type { Period } from '../energy/calendar/period.ts';

/** A window of the calendar as allocation rows name it: `2026-03-02`, `early 2026-03-02`, `2026-03`. */
export function sayWindow({ kind, key, name, date, fromMs }: Period): string {
  if (kind !== 'shift') return key;
  // Time outside shifts may come several times a day.
  return name === 'no shift'
    ? `${name} from ${new Date(fromMs).toISOString().slice(0, 16)}Z`
    : `${name} ${date}`;
}
