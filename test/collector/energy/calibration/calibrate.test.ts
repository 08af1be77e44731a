import { describe, expect, it } from 'vitest';
import * as fc from 'fast-check';
import { calibrate } from '../../../../collector/energy/calibration/calibrate.ts';
import { classifyPower } from '../../../../collector/energy/calibration/classify-power.ts';
import type { PowerSamples } from '../../../../collector/energy/calibration/power-samples.ts';
import type { CalibrationRefusal, Proposal } from '../../../../collector/energy/calibration/proposal.ts';
import { createLoadProfile } from '../../../../protocols/simulator/load-profile.ts';
import { MACHINE_KINDS } from '../../../../protocols/simulator/load-shares.ts';
import { seedRandom } from '../../../../protocols/simulator/seeded-random.ts';
import { bandSetOf } from './band-set-of.ts';

const DAY_MS = 86_400_000;
const MONDAY = Date.UTC(2026, 2, 2);

describe('a simulated day', () => {
  for (const kind of MACHINE_KINDS)
    it(`of a ${kind} gives its states back`, () => {
      const load = createLoadProfile({ kind, ratedPowerW: 15_000, seed: 7 });
      const samples = sample(43_200, 2000, (atMs) => load.powerW('supply', MONDAY + atMs));
      const proposal = propose(samples, 15_000);
      expect(proposal.bands.map(({ state }) => state)).toEqual([
        'off',
        'extendedStandby',
        'standby',
        'ready',
        'processing',
      ]);
      const bands = classifyPower(bandSetOf(proposal), samples);
      let right = 0;
      bands.forEach((band, row) => {
        const { state } = load.momentAt(MONDAY + row * 2000);
        // Power alone cannot know a spindle that runs to warm up from one that cuts.
        if (proposal.bands[band]?.state === (state === 'warmUp' ? 'processing' : state)) right++;
      });
      expect(right / bands.length).toBeGreaterThan(0.998);
      const span = proposal.outcome.timeMs;
      expect(Object.values(span).reduce((sum, ms) => sum + ms, 0)).toBeCloseTo(proposal.data.measuredMs, 3);
    });
});

it('says when readings are too coarse for the stays they show, and believes such a calibration less', () => {
  // A part every 8 minutes, worked at for 4, read every 4.
  const everyMs = 240_000;
  const powerOf = (row: number) => (row % 120 < 40 ? 20 : row % 2 === 0 ? 900 : 5000) * (1 + (row % 5) / 200);
  const coarse = propose(sample(1000, everyMs, (atMs) => powerOf(Math.round(atMs / everyMs))));
  const reason = coarse.reasons.find(({ what }) => what === 'interval');
  expect(reason?.sentence).toMatch(
    /^There is a reading every 4 min, and (almost all|most|half) of the stays/,
  );
  expect(coarse.confidence).toBeLessThan(0.5);
  expect(coarse.remarks.join(' ')).toContain('calibrate from a day at 10 s or faster');
  const fine = propose(sample(24_000, 10_000, (atMs) => powerOf(Math.floor(atMs / everyMs))));
  expect(fine.reasons.map(({ what }) => what)).not.toContain('interval');
  expect(fine.remarks.join(' ')).not.toContain('10 s or faster');
});

describe('readings without levels', () => {
  const random = seedRandom('calibration');
  const noise = () => random.between(-1, 1) + random.between(-1, 1);

  it.each<[string, CalibrationRefusal['code'], (row: number) => number]>([
    ['nothing at all', 'no-power', () => 0],
    ['the noise of a meter at zero', 'no-power', () => 0.02 * noise()],
    ['one constant power', 'one-level', () => 500],
    ['one noisy power', 'one-level', () => 500 * (1 + 0.05 * noise())],
    ['one power that drifts to its double', 'one-level', (row) => 400 * (1 + row / 5000 + 0.01 * noise())],
    ['two powers 10 % apart', 'one-level', (row) => (row % 200 < 100 ? 400 : 440) * (1 + 0.01 * noise())],
    ['a transformer the wrong way round', 'fed-back', (row) => (row % 200 < 100 ? -400 : -3000)],
  ])('%s: is refused in words', (_, code, power) => {
    const refusal = refuse(sample(5000, 1000, (atMs) => power(atMs / 1000)));
    expect(refusal.code).toBe(code);
    expect(refusal.message).toMatch(/^[A-Z].*\.$/);
    expect(refusal.cure).toMatch(/^[A-Z].*\.$/);
  });

  it('too few readings, and readings that never follow each other', () => {
    expect(refuse(sample(50, 1000, (atMs) => atMs)).code).toBe('too-little');
    const lonely = sample(500, 60_000, (atMs) => atMs);
    expect(refuse({ ...lonely, everyMs: lonely.timesMs }).code).not.toBe('too-little');
    expect(refuse({ ...lonely, everyMs: Array.from(lonely.timesMs, () => 1000) }).code).toBe('too-little');
  });

  it('a machine that was off all day, seen from its nameplate', () => {
    const samples = sample(5000, 1000, (atMs) => (atMs % 200_000 < 100_000 ? 12 : 40));
    expect(refuse(samples, 15_000).code).toBe('always-off');
    expect(propose(samples).bands.map(({ state }) => state)).toEqual(['unknown', 'ready', 'processing']);
  });
});

describe('two levels', () => {
  const random = seedRandom('two levels');
  const noise = () => random.between(-1, 1);
  const two = (row: number) => (row % 200 < 100 ? 400 : 3000);

  it('have their boundary in the empty valley between them', () => {
    const proposal = propose(sample(5000, 1000, (atMs) => two(atMs / 1000) * (1 + 0.03 * noise())));
    expect(proposal.boundaries).toHaveLength(1);
    expect(proposal.boundaries[0]?.powerW).toBeGreaterThan(800);
    expect(proposal.boundaries[0]?.powerW).toBeLessThan(1500);
    expect(proposal.boundaries[0]?.confidence).toBeGreaterThan(0.9);
    // An hour and a half of readings is no day.
    expect(proposal.confidence).toBeLessThan(0.3);
    expect(proposal.dwellMs).toBe(0);
  });

  it('do not mind gaps: what is not measured is nobody’s', () => {
    const samples = sample(5000, 1000, (atMs) => two(atMs / 1000));
    const proposal = propose({
      ...samples,
      timesMs: Array.from(samples.timesMs, (atMs) => atMs + Math.floor(atMs / 1_000_000) * DAY_MS),
    });
    expect(proposal.data.gaps).toBe(4);
    expect(proposal.data.gapMs).toBe(4 * (DAY_MS + 1000));
    expect(proposal.data.measuredMs).toBe(4999 * 1000 - 4000);
    expect(proposal.remarks.join(' ')).toContain('4 gaps');
  });

  it('leave readings out that a frozen meter repeats', () => {
    const proposal = propose(
      sample(9000, 1000, (atMs) => {
        const row = atMs / 1000;
        return row > 4000 && row < 7000 ? 3003.25 : two(row) * (1 + 0.03 * noise());
      }),
    );
    expect(proposal.remarks.join(' ')).toContain('stood still for 50 min, first at 3 kW');
    expect(proposal.data.measuredMs).toBeLessThan(6_010_000);
  });

  it('get a dwell where power flickers across the boundary, and no longer than that', () => {
    const proposal = propose(
      sample(20_000, 1000, (atMs) => {
        const row = atMs / 1000;
        // Now and then an inrush of two seconds that never reaches work.
        if (row % 200 < 100) return row % 197 < 2 ? 1900 : 400 * (1 + 0.01 * noise());
        return 3000 * (1 + 0.03 * noise());
      }),
    );
    expect(proposal.boundaries).toHaveLength(1);
    expect(proposal.dwellMs).toBeGreaterThan(2000);
    expect(proposal.dwellMs).toBeLessThanOrEqual(3000);
    expect(proposal.outcome.changes).toBeLessThan(210);
    expect(proposal.remarks.join(' ')).toContain('crossings that arrive nowhere');
  });

  it('are said to drift where they do', () => {
    const proposal = propose(
      sample(20_000, 1000, (atMs) => two(atMs / 1000) * (1 + atMs / 40_000_000) * (1 + 0.01 * noise())),
    );
    expect(proposal.boundaries).toHaveLength(1);
    expect(proposal.remarks.join(' ')).toContain('drifts');
  });

  it('are off where noise about zero is all there is below the noise of the meter', () => {
    const proposal = propose(
      sample(20_000, 1000, (atMs) =>
        atMs % 4_000_000 < 2_000_000 ? 80 * noise() : 500 * (1 + 0.1 * noise()),
      ),
    );
    expect(proposal.bands.map(({ state }) => state)).toEqual(['off', 'processing']);
  });

  it('count feeding back as the lowest, and say so', () => {
    const proposal = propose(
      sample(5000, 1000, (atMs) => ((atMs / 1000) % 200 === 199 ? -900 : two(atMs / 1000))),
    );
    expect(proposal.boundaries).toHaveLength(1);
    expect(proposal.remarks.join(' ')).toContain('fed back');
  });
});

describe('a machine that brakes', () => {
  const random = seedRandom('braking');
  /** 70 s of work, braking and waiting; `brakeS` of them feed 3 kW back. */
  const cycle = (second: number, brakeS: number) => {
    const at = second % 70;
    if (at < 45) return 4000 * (1 + 0.1 * random.between(-1, 1));
    return at < 45 + brakeS ? -3000 * random.between(0.8, 1) : 900 * (1 + 0.01 * random.between(-1, 1));
  };

  it.each([1, 3, 5])('for %s of 70 s is not off meanwhile, nor is that the noise of its meter', (brakeS) => {
    const proposal = propose(sample(20_000, 1000, (atMs) => cycle(atMs / 1000, brakeS)));
    expect(proposal.levels.map(({ state }) => state)).toEqual(['ready', 'processing']);
    expect(proposal.bands.map(({ state }) => state)).toEqual(['unknown', 'ready', 'processing']);
    expect(proposal.bands[0]?.belowW).toBeGreaterThan(300);
    expect(proposal.dwellMs).toBeGreaterThan(brakeS * 1000);
    expect(proposal.outcome.timeMs.unknown ?? 0).toBe(0);
  });

  it('and is off at night keeps its level of off', () => {
    const proposal = propose(sample(20_000, 1000, (atMs) => (atMs < 8_000_000 ? 20 : cycle(atMs / 1000, 3))));
    expect(proposal.levels.map(({ state }) => state)).toEqual(['off', 'ready', 'processing']);
  });

  it('is seen by halves of which one was fed back alone', () => {
    const proposal = propose(
      sample(5000, 1000, (atMs) => (atMs < 2_500_000 ? -80 : 5000) * (1 + 0.02 * random.between(-1, 1))),
    );
    expect(proposal.bands.map(({ state }) => state)).toEqual(['off', 'processing']);
  });
});

describe('any readings', () => {
  const anyPowers = fc
    .tuple(
      fc.array(
        fc.oneof(
          fc.double({ min: -500, max: 20_000, noNaN: true }),
          fc.constantFrom(0, 30, 400, 3000, Number.NaN),
        ),
        { minLength: 0, maxLength: 600 },
      ),
      fc.constantFrom(0, 0, 600, 5000, 12_000),
    )
    .map(([powersW, fedBackW]) => powersW.map((powerW) => powerW - fedBackW));

  it('give a proposal that holds together, or a refusal', () => {
    fc.assert(
      fc.property(anyPowers, (powersW) => {
        const result = calibrate(sample(powersW.length, 1000, (atMs) => powersW[atMs / 1000] ?? 0));
        if ('refusal' in result) {
          expect(result.refusal.cure).not.toBe('');
          return;
        }
        const { bands, boundaries, levels, hysteresis, outcome, data, confidence } = result.proposal;
        const ends = bands.map(({ belowW }) => belowW);
        expect(ends.at(-1)).toBeNull();
        expect(ends.slice(0, -1)).toEqual(ends.slice(0, -1).toSorted((a, b) => Number(a) - Number(b)));
        expect(levels).toHaveLength(boundaries.length + 1);
        expect(levels.length).toBeLessThanOrEqual(5);
        expect(hysteresis).toBeGreaterThanOrEqual(0);
        expect(hysteresis).toBeLessThanOrEqual(0.5);
        expect(confidence).toBeGreaterThanOrEqual(0);
        expect(confidence).toBeLessThanOrEqual(1);
        const total = Object.values(outcome.timeMs).reduce((sum, ms) => sum + ms, 0);
        expect(Math.abs(total - data.measuredMs)).toBeLessThan(1);
      }),
      { numRuns: 150 },
    );
  });

  it('give the same boundaries whatever the unit', () => {
    const random = seedRandom('units');
    const powersW = Array.from(
      { length: 4000 },
      (_, row) => (row % 300 < 100 ? 35 : row % 300 < 200 ? 900 : 6000) * (1 + 0.05 * random.between(-1, 1)),
    );
    const [one, other] = [1, 1000].map((factor) =>
      propose(sample(powersW.length, 1000, (atMs) => (powersW[atMs / 1000] ?? 0) * factor)),
    ) as [Proposal, Proposal];
    expect(other.boundaries.map(({ powerW }) => powerW / 1000)).toEqual(
      one.boundaries.map(({ powerW }) => expect.closeTo(powerW, 0)),
    );
  });
});

function sample(count: number, everyMs: number, power: (atMs: number) => number): PowerSamples {
  const timesMs = Array.from({ length: count }, (_, row) => row * everyMs);
  return { timesMs, powersW: timesMs.map(power), everyMs: timesMs.map(() => everyMs) };
}

function propose(samples: PowerSamples, ratedPowerW: number | null = null): Proposal {
  const result = calibrate(samples, { ratedPowerW });
  if ('refusal' in result) throw new Error(result.refusal.message);
  return result.proposal;
}

function refuse(samples: PowerSamples, ratedPowerW: number | null = null): CalibrationRefusal {
  const result = calibrate(samples, { ratedPowerW });
  if ('proposal' in result) throw new Error(JSON.stringify(result.proposal.bands));
  return result.refusal;
}
