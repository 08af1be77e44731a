/** Which hours a machine-hour may be; a test holds that the use phase knows the same. */
export const HOUR_BASIS_WORDS = ['calendar', 'powered', 'operating', 'processing'] as const;
/** Stages of declared parts; a test holds that the footprint record knows the same. */
export const UPSTREAM_STAGES = [
  'material',
  'transport',
  'purchased-part',
  'process',
  'packaging',
  'waste',
] as const;
