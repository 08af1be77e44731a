const IS_LONG = process.env['MILLWATT_TEST_LONG'] === '1';

/** How often a property of allocation or use phase is tried. */
export const RUNS = IS_LONG ? 100_000 : 1000;
/** How long that may take, ms. */
export const RUNS_TIMEOUT_MS = IS_LONG ? 1_200_000 : 60_000;
