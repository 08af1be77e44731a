import * as fc from 'fast-check';

const IS_LONG = process.env['MILLWATT_TEST_LONG'] === '1';
const RUNS = IS_LONG ? 100_000 : 1000;
const SEED = process.env['MILLWATT_TEST_SEED'];
const PATH = process.env['MILLWATT_TEST_PATH'];

/** How long a property of counters may take, ms. */
export const RUNS_TIMEOUT_MS = IS_LONG ? 3_600_000 : 60_000;

/** Tries a property of counters; a failure says how to try the same again. */
export function holds<Values extends unknown[]>(
  file: string,
  property: fc.IProperty<Values>,
  share = 1,
): void {
  fc.assert(property, {
    numRuns: Math.ceil(RUNS * share),
    ...(SEED === undefined ? {} : { seed: Number(SEED) }),
    ...(PATH === undefined ? {} : { path: PATH }),
    reporter: (details) => {
      if (!details.failed) return;
      const replay = `MILLWATT_TEST_SEED=${details.seed} MILLWATT_TEST_PATH=${details.counterexamplePath}`;
      throw new Error(
        `${fc.defaultReportMessage(details)}\n\nto try it again: ${replay} npx vitest run test/collector/energy/${file}`,
      );
    },
  });
}
