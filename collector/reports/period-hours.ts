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

/** A collector may write between two reads of another process, but hardly so often in a row. */
const TRIES = 5;

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
  for (let at = firstMs; at < endMs; at += WINDOW_MS)
    yield* readWindow(views, machine, at, Math.min(at + WINDOW_MS, endMs));
}

/** Records and minutes of one moment: both at once, and again where something was written in between. */
function readWindow(
  views: Pick<PeriodSource['views'], 'hours' | 'bases'>,
  machine: string,
  fromMs: number,
  toMs: number,
): PeriodHour[] {
  for (let tries = 1; ; tries++) {
    const records = views.hours(machine, fromMs, toMs);
    const bases = new Map([...views.bases(machine, fromMs, toMs)].map((base) => [base.hourMs, base]));
    try {
      return records.map((record) => {
        const base = bases.get(record.hourMs);
        if (base === undefined) throw withoutMinutes(record);
        return { ...toBaseHour(record, base, base.marks), record };
      });
    } catch (error) {
      if (tries === TRIES || !(error instanceof MillwattError)) throw error;
    }
  }
}

function withoutMinutes({ machine, hourMs }: MachineHour): MillwattError {
  return new MillwattError(
    'crash',
    'hour-without-minutes',
    `Nothing is kept of the minutes of ${machine} in the hour at ${new Date(hourMs).toISOString()}.`,
    {
      cure: 'Stop the collector, delete views.db in its data folder and start it: all is computed again. `millwatt ledger verify --derive` names every hour that was changed.',
    },
  );
}
