import type { CalendarSettings } from './calendar-config.ts';

/**
 * What the derivation has to say of what people declare for reports, so that a check and a report judge alike. The
 * command line brings it; without it, a check leaves these things to the reports.
 */
export interface PlanJudge {
  /** What is wrong with a calendar: `shifts[1]`, what, and what to do. */
  findCalendarFaults(settings: CalendarSettings): { path: string; message: string; cure: string }[];
  /** Whether a class word means something: of a meter, of one whose class is a percentage of full scale, or of transformers. */
  isKnownClass(of: 'meter' | 'fullScale' | 'ct' | 'vt', word: string): boolean;
  /** What is to be said of a calibration that has ended or soon will; undefined of one that holds. */
  doubtCalibration(dates: { calibratedMs: number; everyYears: number | null }): string | undefined;
  /** Wall ms. */
  nowMs: number;
}
