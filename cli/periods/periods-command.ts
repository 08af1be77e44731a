import { PERIOD_KINDS, type PeriodKind } from '../../collector/energy/calendar/period.ts';
import { periodsToCsv } from '../../collector/reports/period-csv.ts';
import { shortenReport } from '../../collector/reports/uncertain-short.ts';
import { periodReports } from '../../collector/reports/period-report.ts';
import { MillwattError } from '../../protocols/errors.ts';
import { formatTime } from '../format.ts';
import { style, widthOf } from '../screen.ts';
import { readSiteRange, sayRange } from '../site-clock.ts';
import { withReports } from './open-reports.ts';
import { periodLines } from './period-lines.ts';

const DAY_MS = 86_400_000;
/** How far back is looked where nobody says. */
const BACK_DAYS: Readonly<Record<PeriodKind, number>> = {
  quarterHour: 0.25,
  hour: 1,
  shift: 3,
  day: 7,
  week: 35,
  month: 366,
  year: 5 * 366,
};

interface PeriodsOptions {
  config: string;
  by: string;
  from?: string;
  to?: string;
  budget?: true;
  json?: true;
  csv?: true;
}

/** `millwatt periods MACHINE`: shifts, days, months and so on by the site's calendar; the collector may run meanwhile. */
export function runPeriods(machine: string, options: PeriodsOptions): void {
  const kind = readKind(options.by);
  withReports(options.config, machine, ({ source, calendar, clock, config }) => {
    if (kind === 'shift' && source.plan.calendar.shifts.length === 0 && options.json === undefined)
      throw new MillwattError('refuse', 'no-shifts', 'No shifts are declared for this site.', {
        cure: 'Add calendar: with zone and shifts: to collector.yaml (config/samples/collector.yaml shows how), or take --by day.',
      });
    const { fromMs, toMs } = readSiteRange(options, clock, BACK_DAYS[kind] * DAY_MS);
    if (options.csv !== undefined && options.json === undefined) {
      // One by one: budgets of a year of hours would fill the memory.
      const rows = Array.from(periodReports(source, { machine, kind, fromMs, toMs }), shortenReport);
      process.stdout.write(periodsToCsv(rows));
      return;
    }
    const reports = [...periodReports(source, { machine, kind, fromMs, toMs })];
    if (options.json !== undefined) {
      const { zone } = source.plan.calendar;
      print(JSON.stringify({ ok: true, machine, kind, zone, fromMs, toMs, periods: reports }, null, 2));
      return;
    }
    const watched = source.views.watched(machine);
    if (reports.every(({ spanMs }) => spanMs === 0))
      throw new MillwattError('refuse', 'no-hours', `${machine} was not watched in this time.`, {
        cure:
          watched === undefined
            ? 'Nothing was derived of it yet: is an agent running?'
            : `It was from ${formatTime(watched.fromMs)} to ${formatTime(watched.toMs)}: give --from and --to.`,
      });
    const lines = periodLines(reports, widthOf(), {
      hasCalendar: config.calendar !== undefined,
      zone: calendar.zone,
      budget: options.budget === true,
    });
    print([style(`${machine}, ${sayRange(fromMs, toMs, clock)}`, 'dim'), ...lines].join('\n'));
  });
}

function readKind(text: string): PeriodKind {
  const kind = PERIOD_KINDS.find((known) => known === text);
  if (kind !== undefined) return kind;
  throw new MillwattError('refuse', 'usage', `--by ${JSON.stringify(text)} is not known.`, {
    cure: `Use ${PERIOD_KINDS.join(', ')}.`,
  });
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
