/**
 * Operating states in the style of ISO 14955-1, in the order in which they are shown. `unknown` keeps a bucket of its
 * own: a lost link is never "off".
 */
export const OPERATING_STATES = [
  'off',
  'standby',
  'extendedStandby',
  'warmUp',
  'ready',
  'processing',
  'unknown',
] as const;
export type OperatingState = (typeof OPERATING_STATES)[number];
