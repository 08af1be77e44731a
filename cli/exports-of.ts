import { openCalendar } from '../collector/energy/calendar/site-calendar.ts';
import type { ExportsPart } from '../collector/exports/exports-part.ts';
import type { ExportSource } from '../collector/exports/make-export.ts';
import { hourMethods } from '../collector/derivation/hour-method.ts';
import { followAmendments } from '../collector/journal/amendment-source.ts';
import type { Journal } from '../collector/journal/journal.ts';
import type { Views } from '../collector/ledger/views.ts';
import { rememberEntries } from '../collector/reports/job-journal.ts';
import type { SitePlan } from '../collector/reports/site-plan.ts';
import type { CollectorConfig } from '../config/collector-config.ts';
import { silentLog } from '../protocols/log.ts';
import { footprintPlanOf } from './footprint-plan-of.ts';
import { machineModelsOf } from './machine-model-of.ts';
import { readSiteTime, siteCalendarOf } from './site-clock.ts';

/**
 * Exports of a running collector, from what it has open: the same that `millwatt export` makes of its files. Tables of factors are
 * read once, when somebody asks first; a table that cannot be read is tried again.
 *
 * @param folder of the configuration
 */
export function exportsOf(
  config: CollectorConfig,
  folder: string,
  around: { views: Views; journal: Journal; sitePlan: SitePlan; key: string },
): ExportsPart {
  const { views, sitePlan, key } = around;
  const journal = rememberEntries(around.journal);
  // The deriver warns of what it does not understand.
  const methodOf = hourMethods(
    views,
    machineModelsOf(config, folder),
    followAmendments(around.journal, silentLog),
  );
  let from: ExportSource | undefined;
  return {
    from: () =>
      (from ??= {
        source: { views, plan: sitePlan, journal },
        plan: footprintPlanOf(config, folder, { key, sitePlanHash: sitePlan.hash }),
        calendar: openCalendar(sitePlan.calendar),
        methodOf,
      }),
    machines: () => views.machines(),
    readTime: (text, name) => readSiteTime(text, name, siteCalendarOf(config)),
  };
}
