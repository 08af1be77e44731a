/** What commissioning looks at, in the order in which it is told. */
export const COMMISSION_CHECKS = [
  'readings',
  'serial',
  'voltage',
  'frequency',
  'direction',
  'pairing',
  'ratio',
  'current-range',
  'sum-of-phases',
  'power-triangle',
  'counter',
  'below-supply',
  'control',
  'plausible',
] as const;
export type CommissionCheckName = (typeof COMMISSION_CHECKS)[number];

/** One thing that was looked at. */
export interface CommissionCheck {
  check: CommissionCheckName;
  /** The component; `machine` for what concerns all of it. */
  component: string;
  /** `warning` lets pass but should be read; `not-checkable` says in `saying` what was missing. */
  result: 'pass' | 'warning' | 'fail' | 'not-checkable';
  /** A sentence with the figures. */
  saying: string;
  /** What a person can do about it; empty where nothing needs doing. */
  cure: string;
}

/** The result of a commissioning. */
export interface CommissionResult {
  algorithm: string;
  machine: string;
  /** Wall ms of the minutes that were looked at. */
  fromMs: number;
  toMs: number;
  /** Minutes with readings. */
  minutes: number;
  checks: CommissionCheck[];
  /** `incomplete` where nothing failed, but direction, ratio or counter of the supply could not be checked. */
  verdict: 'passed' | 'failed' | 'incomplete';
}
