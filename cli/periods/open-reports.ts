import { resolve } from 'node:path';
import { openCalendar, type SiteCalendar } from '../../collector/energy/calendar/site-calendar.ts';
import { readViews } from '../../collector/ledger/sqlite-views.ts';
import type { PeriodSource } from '../../collector/reports/period-source.ts';
import type { CollectorConfig } from '../../config/collector-config.ts';
import { loadCollectorConfig } from '../../config/load.ts';
import { readWhenAsked } from '../journal-access.ts';
import { takeSiteClock, type SiteClock } from '../site-clock.ts';
import { sitePlanOf } from '../site-plan-of.ts';
import { requireMachine } from '../known-machine.ts';

/** What reports of one machine are made from. */
interface OpenReports {
  source: PeriodSource;
  calendar: SiteCalendar;
  clock: SiteClock;
  config: CollectorConfig;
}

/** Opens a collector's folder to read, and closes it afterwards; the collector may run meanwhile. */
export function withReports(file: string, machine: string, use: (opened: OpenReports) => void): void {
  const { config, folder } = loadCollectorConfig(file);
  const clock = takeSiteClock(config);
  const views = readViews({ folder: resolve(folder, config.data) });
  try {
    requireMachine(views.machines(), machine);
    const plan = sitePlanOf(config, process.versions['tz'] ?? '');
    const journal = readWhenAsked(config, folder);
    const calendar = openCalendar(plan.calendar);
    // Without a calendar, days are those of UTC, and times without a zone those of the clock all the same.
    const days = { zone: clock.calendar.zone, periodsIn: calendar.periodsIn };
    use({ source: { views, plan, journal }, calendar, clock: { ...clock, calendar: days }, config });
  } finally {
    views.close();
  }
}
