import { describe, expect, it } from 'vitest';
import { seedRandom, type SeededRandom } from '../../../../protocols/simulator/seeded-random.ts';
import { runPauseLine } from './pause-line.ts';

const TIMEOUT_MS = 1000;
const SEEDS = Array.from({ length: 40 }, (_, seed) => seed);

/** By seed: how long after trouble of `troubleMs` the last unit has answered again, ms. */
function backMs(
  units: number,
  troubleMs: number,
  failsMs: (random: SeededRandom) => number | undefined,
): number[] {
  const [fromMs, toMs] = [20_000, 20_000 + troubleMs];
  return SEEDS.map((seed) => {
    const random = seedRandom('trouble', String(seed));
    const { goodMs } = runPauseLine({
      units,
      spanMs: toMs + 100_000,
      failsMs: (_, nowMs) => (nowMs >= fromMs && nowMs < toMs ? failsMs(random) : undefined),
    });
    const firsts = goodMs.map((times) => times.find((atMs) => atMs > toMs) ?? Number.POSITIVE_INFINITY);
    return Math.max(...firsts) - toMs;
  }).toSorted((a, b) => a - b);
}

const timeoutsOf = (chance: number) => (random: SeededRandom) =>
  random.chance(chance) ? TIMEOUT_MS : undefined;

const HOUR_MS = 3_600_000;

/** Polls a second and unit, of the units from `from` on, in an hour. */
function rate(units: number, from: number, failsMs: (unit: number, turn: number) => number | undefined) {
  const { goodMs, wastedMs } = runPauseLine({
    units,
    spanMs: HOUR_MS,
    failsMs: (unit, _, turn) => failsMs(unit, turn),
  });
  const count = goodMs.slice(from).reduce((sum, { length }) => sum + length, 0);
  return { rate: (count * 1000) / HOUR_MS / (units - from), wasted: wastedMs / HOUR_MS };
}

describe('a line whose units all fail now and then', () => {
  it.each([
    { units: 6, lost: 0.2, withinMs: 15_000 },
    { units: 10, lost: 0.2, withinMs: 15_000 },
    { units: 20, lost: 0.2, withinMs: 15_000 },
    { units: 6, lost: 0.5, withinMs: 15_000 },
    { units: 20, lost: 0.8, withinMs: 15_000 },
    { units: 6, lost: 1, withinMs: 10_000 },
    { units: 20, lost: 1, withinMs: 10_000 },
  ])('has all $units back soon after a minute in which $lost of polls failed', (trouble) => {
    const { units, lost, withinMs } = trouble;
    expect(Math.max(...backMs(units, 60_000, timeoutsOf(lost)))).toBeLessThan(withinMs);
  });

  it.each([2, 6, 20])('keeps none of %i away for longer than one failure takes to pay', (units) => {
    for (const lost of [0.05, 0.1, 0.3])
      expect(Math.max(...backMs(units, 120_000, timeoutsOf(lost)))).toBeLessThan(77_000);
  });

  it('is back soon after trouble that cost now a timeout and now next to nothing', () => {
    const mixed = (random: SeededRandom) =>
      random.chance(0.2) ? undefined : random.chance(0.5) ? 20 : TIMEOUT_MS;
    for (const troubleMs of [8000, 60_000])
      expect(Math.max(...backMs(10, troubleMs, mixed))).toBeLessThan(15_000);
  });

  it('gives what it can where replies are lost all the time', () => {
    const random = seedRandom('loss', 'all the time');
    // 20 polls of 30 ms, and every 50th takes a second: hardly more than the line has.
    expect(rate(20, 0, () => timeoutsOf(0.02)(random)).rate).toBeGreaterThan(0.7);
  });
});

describe('a line with many sick units', () => {
  it('serves the one of 20 that is well', () => {
    expect(rate(20, 19, (unit) => (unit < 19 ? TIMEOUT_MS : undefined)).rate).toBeGreaterThan(0.85);
  });

  it.each([
    { sick: 3, what: 'dead', turns: 1, wastedMax: 0.045 },
    { sick: 3, what: 'moody', turns: 2, wastedMax: 0.045 },
    { sick: 9, what: 'dead', turns: 1, wastedMax: 0.14 },
    { sick: 9, what: 'moody', turns: 2, wastedMax: 0.14 },
  ])('lets $sick of 20 that are $what waste $wastedMax at most', ({ sick, turns, wastedMax }) => {
    const { wasted } = rate(20, sick, (unit, turn) =>
      unit < sick && turn % turns === turns - 1 ? TIMEOUT_MS : undefined,
    );
    expect(wasted).toBeLessThan(wastedMax);
    expect(wasted).toBeGreaterThan(0.03);
  });
});
