import type { Month } from './month-file.ts';

/** What is known of a month's file without reading its records. */
export interface MonthFacts {
  month: Month;
  file: string;
  path: string;
  /** The month of arrival, wall ms: [fromMs, toMs). */
  fromMs: number;
  toMs: number;
  bytes: number;
  lastOrdinal: number;
  /** Records whose readings were let go. */
  pruned: number;
  /** What of it may go was let go, though that may have been nothing. */
  isPruned: boolean;
}
