import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BandSet } from '../../../../collector/energy/band-set.ts';
import { classifyPower } from '../../../../collector/energy/calibration/classify-power.ts';
import type { PowerSamples } from '../../../../collector/energy/calibration/power-samples.ts';
import { unconfiguredMachine } from '../../../../collector/energy/machine-model.ts';
import { watts } from '../../../../protocols/telemetry/unit.ts';
import { feedOf, foldSpans } from '../fold-feed.ts';

const T0 = Date.UTC(2026, 2, 2);

const BANDS: BandSet = {
  version: 1,
  fromMs: -Infinity,
  bands: [
    { state: 'off', belowW: watts(100) },
    { state: 'ready', belowW: watts(1000) },
    { state: 'processing', belowW: null },
  ],
  hysteresis: 0.1,
  dwellMs: 0,
};

describe('classifying readings', () => {
  it('passes a boundary only by the hysteresis, and knows nothing of before a gap', () => {
    const samples = samplesOf([
      [0, 500],
      [1000, 1050],
      [2000, 1101],
      [3000, 950],
      [4000, 899],
      // After a gap a reading lies where it lies.
      [9000, 1050],
      [10_000, 950],
    ]);
    expect([...classifyPower(BANDS, samples)]).toEqual([1, 1, 2, 2, 1, 2, 2]);
  });

  it('does not count what is shorter than the dwell, and counts the rest from when it passed', () => {
    const powers = [50, 50, 3000, 50, 50, 3000, 3000, 3000, 3000, 50];
    const samples = samplesOf(powers.map((powerW, row) => [row * 1000, powerW]));
    expect([...classifyPower({ ...BANDS, dwellMs: 2500 }, samples)]).toEqual([0, 0, 0, 0, 0, 2, 2, 2, 2, 2]);
  });

  it('gives each reading the state that machine-hours give its moment, whatever was read', () => {
    const anySteps = fc.array(
      fc.record({
        stepMs: fc.constantFrom(1000, 1000, 1000, 1000, 1700, 2000, 2001, 30_000),
        powerW: fc.oneof(
          fc.constantFrom(-40, 0, 89, 90, 95, 100, 109, 110, 500, 899, 900, 1000, 1099, 1100, 4000),
          fc.double({ min: -10, max: 3000, noNaN: true }),
        ),
      }),
      { minLength: 1, maxLength: 80 },
    );
    const anyHold = fc.record({
      hysteresis: fc.constantFrom(0, 0.05, 0.1, 0.5),
      dwellMs: fc.constantFrom(0, 500, 1000, 1500, 3000, 10_000),
    });
    fc.assert(
      fc.property(anySteps, anyHold, (steps, hold) => {
        const bandSet = { ...BANDS, ...hold };
        let atMs = T0;
        const samples = samplesOf(
          steps.map(({ stepMs, powerW }): [number, number] => {
            atMs += stepMs;
            return [atMs, powerW];
          }),
        );
        const bands = classifyPower(bandSet, samples);
        const spans = foldSpans(
          { ...unconfiguredMachine('m'), bandSets: [bandSet] },
          [
            feedOf(1, {
              timesMs: [...(samples.timesMs as number[])],
              powers: { supply: [...(samples.powersW as number[])] },
            }),
          ],
          atMs + 60_000,
        );
        (samples.timesMs as number[]).forEach((rowMs, row) => {
          const before = row > 0 && rowMs - samples.timesMs[row - 1]! <= 2000;
          const after = row + 1 < bands.length && samples.timesMs[row + 1]! - rowMs <= 2000;
          // Between two gaps a reading speaks for no time at all.
          if (!before && !after) return;
          const span = spans.find(({ fromMs, toMs }) =>
            before ? fromMs < rowMs && rowMs <= toMs : fromMs <= rowMs && rowMs < toMs,
          );
          expect(span?.state).toBe(bandSet.bands[bands[row]!]?.state);
        });
      }),
      { numRuns: 300 },
    );
  });
});

function samplesOf(rows: readonly [atMs: number, powerW: number][]): PowerSamples {
  return {
    timesMs: rows.map(([atMs]) => atMs),
    powersW: rows.map(([, powerW]) => powerW),
    everyMs: rows.map(() => 1000),
  };
}
