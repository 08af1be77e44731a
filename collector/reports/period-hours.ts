import { MillwattError } from '../../protocols/errors.ts';
import type { BaseHour } from '../energy/calendar/base-hour.ts';
import { toBaseHour } from '../energy/calendar/close-cells.ts';
import { HOUR_MS } from '../energy/hour-account.ts';
import type { MachineHour } from '../energy/machine-hour.ts';
import type { PeriodSource } from './period-source.ts';

/** So many hours are read at once. */
const WINDOW_MS = 24 * HOUR_MS;

/** An hour with its record, for whoever adds up more than its base. */
export interface PeriodHour extends BaseHour {
  record: MachineHour;
}

/**
 * The hours of a machine that touch [fromMs, toMs), in order, a day of them in memory at a time. Throws an error of class
 * `crash` (code `hour-without-minutes`) where a record has no minutes: both are written together.
 */
export function* readPeriodHours(
  { views }: Pick<PeriodSource, 'views'>,
  machine: string,
  fromMs: number,
  toMs: number,
): Iterable<PeriodHour> {
  const watched = views.watched(machine);
  if (watched === undefined) return;
  // A range of a century is read as fast as the hours in it.
  const firstMs = Math.floor(Math.max(fromMs, watched.fromMs) / HOUR_MS) * HOUR_MS;
  const endMs = Math.min(toMs, watched.toMs + HOUR_MS);
  for (let at = firstMs; at < endMs; at += WINDOW_MS) {
    const untilMs = Math.min(at + WINDOW_MS, endMs);
    const bases = views.bases(machine, at, untilMs)[Symbol.iterator]();
    let next = bases.next();
    for (const record of views.hours(machine, at, untilMs)) {
      while (next.done !== true && next.value.hourMs < record.hourMs) next = bases.next();
      if (next.done === true || next.value.hourMs !== record.hourMs)
        throw new MillwattError(
          'crash',
          'hour-without-minutes',
          `Nothing is kept of the minutes of ${machine} in the hour at ${new Date(record.hourMs).toISOString()}.`,
          {
            cure: 'Stop the collector, delete views.db in its data folder and start it: all is computed again.',
          },
        );
      yield { ...toBaseHour(record, next.value, next.value.marks), record };
    }
  }
}
