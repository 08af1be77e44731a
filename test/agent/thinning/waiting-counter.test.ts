import * as fc from 'fast-check';
import { expect, it, test } from 'vitest';
import {
  BOOT_MS,
  HOUR_MS,
  cutParts,
  EXECUTION,
  exactFigures,
  MACHINE,
  measured,
  ThinningPlant,
  type Rows,
} from './thinning-plant.ts';

/*
 * A coarse counter that waits for its next step while an hour ends: the difference is shared between the hours by power.
 * Up to ten minutes, a thinned record keeps all power over the wait, so both hours come out as they were.
 */
const RUNS = Number(process.env['RUNS'] ?? (process.env['MILLWATT_TEST_LONG'] === '1' ? 20_000 : 100));
const SEED = process.env['MILLWATT_TEST_SEED'];
const PATH = process.env['MILLWATT_TEST_PATH'];
/** The end of the hour, s of monotonic time. */
const EDGE_S = (HOUR_MS - (BOOT_MS % HOUR_MS)) / 1000;
const TO_S = 1400;
/** Raw readings are hundredths of a watt-hour: the counter shows whole ones. */
const STEP = 100;

type Span = readonly [fromS: number, toS: number];

interface Wait {
  /** From when the counter shows one step more, and from when the next one, s. */
  stepAt: number;
  nextAt: number;
  /** Between these nothing was read, s; the last second is read. */
  silences: readonly Span[];
  /** Between these the counter had no value, s. */
  bad: readonly Span[];
  /** Power from a second on, W. */
  power: readonly [atS: number, watts: number][];
}

function play({ stepAt, nextAt, silences, bad, power }: Wait): Rows {
  const isIn = (second: number, spans: readonly Span[]) =>
    spans.some(([fromS, toS]) => second >= fromS && second < toS);
  const seconds = Array.from({ length: TO_S }, (_, second) => second).filter(
    (second) => !isIn(second, silences),
  );
  const shown = (second: number) => {
    if (second < stepAt) return 500_000;
    // After the wait it goes on every minute.
    return 500_000 + STEP * (second < nextAt ? 1 : 2 + Math.floor((second - nextAt) / 60));
  };
  return {
    source: 'meter',
    everyMs: 1000,
    timesMs: seconds.map((second) => second * 1000 + 20),
    columns: {
      [`${MACHINE}.supply.activePower`]: seconds.map(
        (second) => power.findLast(([atS]) => atS <= second)?.[1] ?? 0,
      ),
      [`${MACHINE}.supply.activeEnergyImport`]: seconds.map((second) =>
        isIn(second, bad) ? null : shown(second),
      ),
    },
  };
}

const plant = new ThinningPlant([
  measured('supply', 'activePower'),
  measured('supply', 'activeEnergyImport'),
  EXECUTION,
]);

/** The hours of all readings, and of those that a thinned record keeps. */
function bothWays(wait: Wait) {
  const parts = cutParts([play(wait)], [[137, 'ACTIVE']], 60_000, TO_S * 1000);
  const [originals, thinned] = [parts, [plant.thin(parts)]].map((sealed) =>
    plant.hours(sealed, TO_S * 1000).filter(({ energy }) => (energy.supplyMwh ?? 0) > 0),
  );
  return { originals: originals ?? [], thinned: thinned ?? [] };
}

function mwhOf(hours: ReturnType<typeof bothWays>['originals']): number[] {
  return hours.map(({ energy }) => energy.supplyMwh ?? 0);
}

/** All but off, with something on for half a minute before the hour ends. */
const IDLE: Wait['power'] = [
  [0, 30],
  [123, 0],
  [570, 7],
  [590, 0],
  [645, 75],
];

test('readings without a value over the end of the hour change nothing of a wait of just under ten minutes', () => {
  const wait = {
    stepAt: 95,
    nextAt: 694,
    silences: [],
    bad: [[584, 602]] as const,
    power: IDLE,
  } satisfies Wait;
  const { originals, thinned } = bothWays(wait);
  expect(originals).toHaveLength(2);
  expect(exactFigures(thinned)).toEqual(exactFigures(originals));
});

test('a silence before the last step adds nothing to the wait for the next one', () => {
  for (const stepAt of [119, 120, 121]) {
    const silences: Span[] = [[30, 119]];
    const { originals, thinned } = bothWays({ stepAt, nextAt: 690, silences, bad: [], power: IDLE });
    expect(originals).toHaveLength(2);
    expect(exactFigures(thinned), `step at ${stepAt} s`).toEqual(exactFigures(originals));
  }
});

// Found by the property of thinned hours, whose own measure of the wait began at a reading that had no value.
test('a wait of more than ten minutes is shared by one power reading a minute: what both hours have in sum is exact', () => {
  const { originals, thinned } = bothWays({
    stepAt: 0,
    nextAt: 640,
    silences: [],
    bad: [[584, 602]],
    power: [
      [0, 0],
      [430, 20],
    ],
  });
  const [before = 0, after = 0] = mwhOf(originals);
  const [thinnedBefore = 0, thinnedAfter = 0] = mwhOf(thinned);
  // From 430 s to the hour at 600 s and to the step at 640 s: 1 Wh x 170 / 210. Of power, the readings at 420 s and
  // at 480 s are left, a ramp of half a minute: 1 Wh x 150 / 190.
  expect(before / 1000).toBeCloseTo(170 / 210, 2);
  expect(thinnedBefore / 1000).toBeCloseTo(150 / 190, 2);
  expect(thinnedBefore + thinnedAfter).toBe(before + after);
});

const second = (min: number, max: number) => fc.integer({ min, max });
const span = (min: number, max: number, most: number) =>
  fc.tuple(second(min, max), second(1, most)).map(([fromS, s]): Span => [fromS, fromS + s]);

it('shares a wait of at most ten minutes exactly, whatever was not read before and meanwhile', () => {
  let exact = 0;
  fc.assert(
    fc.property(
      second(100, 300),
      second(500, 600),
      second(0, 3),
      second(0, 95),
      fc.array(span(EDGE_S - 60, EDGE_S + 5, 40), { maxLength: 2 }),
      fc.array(fc.tuple(second(0, TO_S), second(0, 60)), { minLength: 2, maxLength: 12 }),
      (stepAt, waitS, readBefore, silentS, bad, power) => {
        const silences: Span[] = [[stepAt - readBefore - silentS, stepAt - readBefore]];
        const ordered = [...power].sort(([a], [b]) => a - b);
        const nextAt = stepAt + waitS;
        const { originals, thinned } = bothWays({ stepAt, nextAt, silences, bad, power: ordered });
        const seenAt = nextAt + bad.reduce((sum, [fromS, toS]) => sum + toS - fromS, 0);
        // The next step may be seen late.
        if (seenAt - stepAt <= 600) {
          exact++;
          expect(exactFigures(thinned)).toEqual(exactFigures(originals));
        }
        const sumOf = (mwh: readonly number[]) => mwh.reduce((sum, one) => sum + one, 0);
        expect(sumOf(mwhOf(thinned))).toBe(sumOf(mwhOf(originals)));
      },
    ),
    {
      numRuns: RUNS,
      ...(SEED === undefined ? {} : { seed: Number(SEED) }),
      ...(PATH === undefined ? {} : { path: PATH }),
      reporter: (details) => {
        if (!details.failed) return;

        throw new Error(
          `${fc.defaultReportMessage(details)}\n\nto try it again: MILLWATT_TEST_SEED=${details.seed} MILLWATT_TEST_PATH=${details.counterexamplePath} npx vitest run test/agent/thinning/waiting-counter.test.ts`,
        );
      },
    },
  );
  expect(exact * 4).toBeGreaterThan(RUNS);
}, 3_600_000);
