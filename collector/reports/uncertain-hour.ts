import { plainCalendar } from '../energy/calendar/calendar-model.ts';
import { HOUR_MS } from '../energy/hour-account.ts';
import type { MachineHour } from '../energy/machine-hour.ts';
import { periodReports } from './period-report.ts';
import type { PeriodSource } from './period-source.ts';
import type { ComponentUncertainty } from './uncertain-period.ts';

/**
 * The uncertainty of the supply in one machine-hour, which is an hour of UTC whatever the site's calendar says; undefined
 * where it has no energy.
 */
export function assessHour(
  { plan, ...rest }: PeriodSource,
  { machine, hourMs }: Pick<MachineHour, 'machine' | 'hourMs'>,
): ComponentUncertainty | undefined {
  const source = { ...rest, plan: { ...plan, calendar: plainCalendar('UTC') } };
  const [report] = periodReports(source, { machine, kind: 'hour', fromMs: hourMs, toMs: hourMs + HOUR_MS });
  return report?.uncertainty['supply'];
}
