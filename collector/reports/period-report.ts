import { boundariesOf, type Period, type PeriodKind } from '../energy/calendar/period.ts';
import type { PeriodSum } from '../energy/calendar/period-sum.ts';
import { openCalendar } from '../energy/calendar/site-calendar.ts';
import type { MachineHour } from '../energy/machine-hour.ts';
import { walkPeriods } from '../energy/calendar/sum-periods.ts';
import { BasisTally, type PeriodBasis } from './period-basis.ts';
import { addDecided, noDecided, type DecidedMs } from './period-decided.ts';
import { readPeriodHours } from './period-hours.ts';
import { reportMedia, type MediumReport } from './period-media.ts';
import type { PeriodSource } from './period-source.ts';
import { PeriodLoads } from './load-period.ts';
import { assessComponent, type ComponentUncertainty } from './uncertain-period.ts';

/** Which periods of which machine. */
export interface PeriodQuery {
  machine: string;
  kind: PeriodKind;
  /** Wall ms: periods that touch [fromMs, toMs) are given whole. */
  fromMs: number;
  toMs: number;
}

/** What one machine did in a stretch of time, and what that rests on. */
export interface SpanReport extends Omit<PeriodSum, 'media'> {
  site: string;
  machine: string;
  decidedMs: DecidedMs;
  /** By component, apart from energy. */
  media: Record<string, MediumReport>;
  /** By component, `supply` included; none for a component without energy. */
  uncertainty: Record<string, ComponentUncertainty>;
  basis: PeriodBasis;
}

/** The same of a period of the site's calendar. */
export interface PeriodReport extends SpanReport {
  period: Period;
}

/**
 * The periods of a machine, one by one and in order, so that a year of hours is never in memory. Periods before the
 * machine was first watched, or after it was last, have no time and no energy. Throws an error of class `refuse` (code
 * `unknown-zone`, `bad-calendar` or `time-out-of-range`).
 */
export function* periodReports(source: PeriodSource, query: PeriodQuery): Generator<PeriodReport> {
  for (const report of stepPeriodReports(source, query)) if (report !== null) yield report;
}

/** All of them in a list, for a report that rests on them; a null after each hour that was read. */
export function* gatherPeriods(source: PeriodSource, query: PeriodQuery): Generator<null, PeriodReport[]> {
  const reports: PeriodReport[] = [];
  for (const report of stepPeriodReports(source, query)) {
    if (report === null) yield null;
    else reports.push(report);
  }
  return reports;
}

/** The same with a null after each hour that was read: a server that has others to serve may do so. */
export function* stepPeriodReports(
  source: PeriodSource,
  { machine, kind, fromMs, toMs }: PeriodQuery,
): Generator<PeriodReport | null> {
  const periods = openCalendar(source.plan.calendar).periodsIn(kind, fromMs, toMs);
  let index = 0;
  for (const report of reportSpans(source, machine, boundariesOf(periods))) {
    const period = report === null ? undefined : periods[index++];
    if (report === null || period === undefined) yield null;
    else yield { ...report, period };
  }
}

/**
 * Reports of stretches that follow each other, with a null after each hour that was read.
 *
 * @param boundaries wall ms on whole minutes, rising: boundary n to boundary n + 1 is stretch n
 * @param seeHour is given the record of each hour, once for each stretch that it lies in
 */
export function* reportSpans(
  source: PeriodSource,
  machine: string,
  boundaries: readonly number[],
  seeHour: (hour: MachineHour) => void = () => {},
): Generator<SpanReport | null> {
  const { views, plan } = source;
  const [fromMs, toMs] = [boundaries[0] ?? 0, boundaries[boundaries.length - 1] ?? 0];
  const watched = views.watched(machine);
  const machinePlan = plan.machines.find((known) => known.machine === machine);
  const loads = new PeriodLoads(source, machine);
  let basis = new BasisTally();
  let decidedMs = noDecided();
  const sums = walkPeriods(
    readPeriodHours(source, machine, fromMs, toMs),
    boundaries,
    watched ?? { fromMs: Infinity, toMs: -Infinity },
    {
      tree: machinePlan?.tree ?? {},
      see: (hour, fromMinute, toMinute) => {
        seeHour(hour.record);
        basis.add(hour.record);
        addDecided(decidedMs, source, hour.record, fromMinute, toMinute);
        loads.add(hour, fromMinute, toMinute);
      },
    },
  );
  for (const closed of sums) {
    if (closed === null) {
      yield null;
      continue;
    }
    const { media, ...sum } = closed;
    const { components, visits } = loads.take();
    const endMs = Math.min(sum.toMs, watched?.toMs ?? sum.toMs);
    const assess = (component: string): ComponentUncertainty =>
      assessComponent(components.get(component) ?? [], {
        machine,
        component,
        plan: machinePlan,
        closure: component === 'supply' ? sum.closure : null,
        visits,
        endMs,
      });
    yield {
      site: plan.site,
      machine,
      ...sum,
      decidedMs,
      media: reportMedia(media, machinePlan?.media ?? {}),
      uncertainty: Object.fromEntries(
        [...components.keys()].sort().map((component) => [component, assess(component)]),
      ),
      basis: basis.close(plan.hash),
    };
    basis = new BasisTally();
    decidedMs = noDecided();
  }
}
