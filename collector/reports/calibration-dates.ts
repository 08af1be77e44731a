import type { CalibrationDates, SitePlan } from './site-plan.ts';

const DAY_MS = 86_400_000;
const YEAR_MS = 365.25 * DAY_MS;
/** A warning comes so long before a calibration ends: time enough to have it done. */
const WARNING_MS = 60 * DAY_MS;

/** How long a calibration still holds. */
export interface CalibrationVerdict {
  verdict: 'valid' | 'expiring' | 'expired' | 'unknown';
  /** Wall ms of the first day on which it no longer holds; null where nobody said for how long. */
  untilMs: number | null;
  /** A part of a sentence with the dates: `ended on 2026-03-01, 30 days ago`. */
  saying: string;
}

/** The same of one metered component. */
export interface ComponentCalibration extends CalibrationVerdict {
  machine: string;
  component: string;
  certificate: string | null;
}

/** Judges the dates of one calibration. @param nowMs wall ms */
export function judgeCalibration(
  { calibratedMs, everyYears }: Pick<CalibrationDates, 'calibratedMs' | 'everyYears'>,
  nowMs: number,
): CalibrationVerdict {
  if (calibratedMs === null)
    return { verdict: 'unknown', untilMs: null, saying: 'nobody said when it was calibrated' };
  const since = `calibrated on ${sayDay(calibratedMs)}`;
  if (everyYears === null)
    return { verdict: 'unknown', untilMs: null, saying: `${since}; nobody said for how long that holds` };
  const untilMs = addYears(calibratedMs, everyYears);
  const leftDays = Math.ceil((untilMs - nowMs) / DAY_MS);
  const until = `${since}, which for ${everyYears} ${everyYears === 1 ? 'year' : 'years'}`;
  if (nowMs >= untilMs)
    return {
      verdict: 'expired',
      untilMs,
      saying: `${until} held until ${sayDay(untilMs)}, ${Math.floor((nowMs - untilMs) / DAY_MS)} days ago`,
    };
  return {
    verdict: untilMs - nowMs <= WARNING_MS ? 'expiring' : 'valid',
    untilMs,
    saying: `${until} holds until ${sayDay(untilMs)}, for ${leftDays} more ${leftDays === 1 ? 'day' : 'days'}`,
  };
}

/** Every component whose metering is declared, those that end first in front, unknown ones last. */
export function judgeCalibrations(
  { machines }: Pick<SitePlan, 'machines'>,
  nowMs: number,
): ComponentCalibration[] {
  return machines
    .flatMap(({ machine, metering }) =>
      Object.entries(metering).map(([component, { calibration }]) => ({
        machine,
        component,
        certificate: calibration.certificate,
        ...judgeCalibration(calibration, nowMs),
      })),
    )
    .sort((a, b) => (a.untilMs ?? Infinity) - (b.untilMs ?? Infinity) || (a.machine < b.machine ? -1 : 1));
}

/** The same day so many years later; part of a year by its days. 29 February becomes 1 March. */
function addYears(fromMs: number, years: number): number {
  const date = new Date(fromMs);
  const whole = Math.floor(years);
  const day = Date.UTC(date.getUTCFullYear() + whole, date.getUTCMonth(), date.getUTCDate());
  return day + Math.round(((years - whole) * YEAR_MS) / DAY_MS) * DAY_MS;
}

function sayDay(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 10);
}
