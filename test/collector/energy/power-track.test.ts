import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BandSet } from '../../../collector/energy/band-set.ts';
import { laddersOf } from '../../../collector/energy/power-ladder.ts';
import { feedPower, rungsSettledTo, startPowerTrack } from '../../../collector/energy/power-track.ts';
import { watts } from '../../../protocols/telemetry/unit.ts';
import { bandSetOf } from './fold-feed.ts';

const BANDS: BandSet['bands'] = [
  { state: 'standby', belowW: watts(400) },
  { state: 'ready', belowW: watts(1500) },
  { state: 'processing', belowW: null },
];
/** Off below 50 W; up above 440 W and 1650 W, down below 360 W and 1350 W; for 3 s. */
const MODEL = { offBelowW: watts(50), bandSets: [bandSetOf(BANDS, { hysteresis: 0.1, dwellMs: 3000 })] };

type Told = [toMs: number, powerW: number | null];

function follow(told: readonly Told[], model: Parameters<typeof laddersOf>[0] = MODEL) {
  const ladders = laddersOf(model);
  const track = startPowerTrack(0);
  for (const [toMs, powerW] of told) feedPower(track, ladders, toMs, powerW);
  const states = track.changes.map(({ fromMs, ladder, rung }) => [
    fromMs,
    rung === null ? null : ladders[ladder]?.rungs[rung]?.state,
  ]);
  return { states, settledMs: rungsSettledTo(track) };
}

describe('power on its ladder', () => {
  it('leaves a band only beyond its boundary by the hysteresis', () => {
    const { states } = follow([
      [10_000, 390],
      [20_000, 430],
      [30_000, 441],
      [40_000, 361],
      [50_000, 359],
    ]);
    expect(states).toEqual([
      [0, 'standby'],
      [20_000, 'ready'],
      [40_000, 'standby'],
    ]);
  });

  it('counts a change when power stayed for the dwell, from when it passed, and waits to know', () => {
    const peak: Told[] = [
      [10_000, 800],
      [12_999, 9000],
    ];
    expect(follow(peak)).toEqual({ states: [[0, 'ready']], settledMs: 10_000 });
    expect(follow([...peak, [20_000, 800]])).toEqual({ states: [[0, 'ready']], settledMs: 20_000 });
    expect(follow([...peak, [13_000, 9000]])).toEqual({
      states: [
        [0, 'ready'],
        [10_000, 'processing'],
      ],
      settledMs: 13_000,
    });
  });

  it('passes each boundary at its own time, and off is one of them', () => {
    const { states } = follow([
      [10_000, 0],
      [11_000, 800],
      [20_000, 9000],
      [21_000, 800],
      [30_000, 10],
    ]);
    expect(states).toEqual([
      [0, 'off'],
      [10_000, 'ready'],
      [11_000, 'processing'],
      [20_000, 'ready'],
      [21_000, 'off'],
    ]);
  });

  it('comes from far to the band that power lies in, though it is near its boundary', () => {
    const { states } = follow([
      [10_000, 100],
      [20_000, 1510],
      [30_000, 1360],
      [40_000, 20],
      [50_000, 410],
      [60_000, 390],
    ]);
    expect(states).toEqual([
      [0, 'standby'],
      [10_000, 'processing'],
      [30_000, 'off'],
      [40_000, 'ready'],
    ]);
  });

  it('forgets what was before a time without power, and takes the boundary itself after it', () => {
    const { states } = follow([
      [10_000, 800],
      [12_000, 9000],
      [15_000, null],
      [16_000, 401],
      [17_000, 399],
    ]);
    expect(states).toEqual([
      [0, 'ready'],
      [12_000, null],
      [15_000, 'ready'],
    ]);
  });

  it('takes the set of bands of the time, and off from each of them', () => {
    const later = bandSetOf([{ state: 'extendedStandby', belowW: null }], { version: 2, fromMs: 15_000 });
    const { states } = follow(
      [
        [20_000, 800],
        [30_000, 49],
      ],
      { ...MODEL, bandSets: [...MODEL.bandSets, later] },
    );
    expect(states).toEqual([
      [0, 'ready'],
      [15_000, 'extendedStandby'],
      [20_000, 'off'],
    ]);
    const [, ladder] = laddersOf({ ...MODEL, bandSets: [...MODEL.bandSets, later] });
    expect(ladder?.rungs.map(({ basis }) => basis)).toEqual(['below 50 W', 'from 50 W, calibration 2']);
  });

  it('goes by off alone where there are no bands, and leaves out bands that are never reached', () => {
    const { states } = follow(
      [
        [1000, 60],
        [5000, 40],
      ],
      { offBelowW: watts(50), bandSets: [] },
    );
    expect(states).toEqual([
      [0, 'unknown'],
      [1000, 'off'],
    ]);
    const [ladder] = laddersOf({ offBelowW: watts(500), bandSets: [bandSetOf(BANDS)] });
    expect(ladder?.rungs.map(({ state, basis }) => `${state} ${basis}`)).toEqual([
      'off below 500 W',
      'ready 500 W to 1500 W, bands',
      'processing from 1500 W, bands',
    ]);
  });

  it('says the same as looking at every second with all that comes in view', () => {
    const steps = fc.array(
      fc.tuple(
        fc.integer({ min: 1, max: 6 }),
        fc.option(fc.constantFrom(0, 48, 51, 380, 420, 445, 1400, 1600, 1700, 9000), { freq: 8 }),
      ),
      { minLength: 1, maxLength: 40 },
    );
    fc.assert(
      fc.property(steps, fc.constantFrom(0, 2000, 3000), (drawn, dwellMs) => {
        let atMs = 0;
        const told = drawn.map(([seconds, powerW]): Told => [(atMs += seconds * 1000), powerW]);
        const model = { ...MODEL, bandSets: [bandSetOf(BANDS, { hysteresis: 0.1, dwellMs })] };
        const { states, settledMs } = follow(told, model);
        expect(atMs - settledMs).toBeLessThan(Math.max(1, dwellMs));
        const seconds = told.flatMap(([toMs, powerW], index) =>
          Array.from({ length: (toMs - (told[index - 1]?.[0] ?? 0)) / 1000 }, () => powerW),
        );
        const expected = bySeconds(seconds, dwellMs / 1000).slice(0, settledMs / 1000);
        const found = expected.map(
          (_, second) => states.findLast(([fromMs]) => Number(fromMs) <= second * 1000)?.[1] ?? null,
        );
        expect(found).toEqual(expected);
      }),
      { numRuns: 300 },
    );
  });
});

/**
 * The state of every second: a band is left where power is beyond its boundary by the hysteresis for so many seconds from
 * then on, for the farthest band that power reached for as long.
 */
function bySeconds(powersW: readonly (number | null)[], dwellS: number): (string | null)[] {
  const names = ['off', 'standby', 'ready', 'processing'];
  const boundaries = [50, 400, 1500];
  let rung: number | null = null;
  return powersW.map((powerW, second) => {
    if (powerW === null) {
      rung = null;
      return null;
    }
    const ahead = Array.from({ length: Math.max(1, dwellS) }, (_, n) => powersW[second + n] ?? Number.NaN);
    const isAbove = (boundary: number, share: number) =>
      ahead.every((value) => value >= (boundaries[boundary] ?? Infinity) * share);
    const isBelow = (boundary: number, share: number) =>
      ahead.every((value) => value < (boundaries[boundary] ?? -Infinity) * share);
    if (rung === null) rung = boundaries.filter((boundaryW) => powerW >= boundaryW).length;
    else if (isAbove(rung, 1.1)) while (isAbove(rung, 1)) rung++;
    else if (isBelow(rung - 1, 0.9)) while (isBelow(rung - 1, 1)) rung--;
    return names[rung] ?? null;
  });
}
