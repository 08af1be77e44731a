import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { allocateJobs } from '../../../../collector/energy/allocation/allocate-jobs.ts';
import { ALLOCATION_RULES } from '../../../../collector/energy/allocation/allocation-rule.ts';
import { derivePerPart } from '../../../../collector/energy/allocation/per-part.ts';
import { shareLoad } from '../../../../collector/energy/allocation/share-load.ts';
import { splitPower } from '../../../../collector/energy/allocation/split-power.ts';
import { milliwattHours } from '../../../../protocols/telemetry/unit.ts';
import { typeEquations } from '../../reports/pocket-calculator.ts';
import { RUNS, RUNS_TIMEOUT_MS } from './property-runs.ts';

const MINUTE_MS = 60_000;
const MWH = fc.integer({ min: 1, max: 2e9 }).map(milliwattHours);
const WORDS = / (ready|processing|of compressor|of rounding|scrap|made|good parts?|parts? made|kg|cm3|W)\b/g;

/** Every equation of a saying holds to its last printed digit; returns how many there were. */
function confirm(saying: string): number {
  const typed = typeEquations(saying.replace(/^.*-> /, '').replaceAll(WORDS, ''));
  for (const { text, typed: value, printed } of typed)
    expect(Math.abs(value - printed), `${saying}\n${text}`).toBeLessThanOrEqual(
      0.0005 + 1e-10 * Math.abs(value) + 1e-9,
    );
  return typed.length;
}

const oneWindow = fc.record({
  // Jobs that begin on each other's heels or at once, on a clock of minutes and on one of milliseconds.
  jobs: fc.array(
    fc.record({
      fromMs: fc.nat(300),
      ms: fc.nat(400),
      unitMs: fc.constantFrom(MINUTE_MS, 1009),
      massKg: fc.nat(1e6),
    }),
    { minLength: 1, maxLength: 6 },
  ),
  readyMwh: MWH,
  processingMwh: MWH,
  rule: fc.constantFrom(...ALLOCATION_RULES),
});

it(
  'says shares of jobs so that a pocket calculator comes to the last digit of each',
  () => {
    fc.assert(
      fc.property(oneWindow, ({ jobs, readyMwh, processingMwh, rule }) => {
        const toMs = 1000 * MINUTE_MS;
        const { windows } = allocateJobs({
          windows: [{ name: 'day', fromMs: 0, toMs }],
          spans: [
            { fromMs: 0, toMs: 100 * MINUTE_MS, state: 'processing', mwh: processingMwh },
            { fromMs: 100 * MINUTE_MS, toMs, state: 'ready', mwh: readyMwh },
          ],
          jobs: jobs.map(({ fromMs, ms, unitMs, massKg }, index) => ({
            id: `J${index}`,
            segments: [{ fromMs: fromMs * unitMs, toMs: (fromMs + ms) * unitMs }],
            massKg: massKg / 1000,
          })),
          choice: { rule },
        });
        const rows = windows[0]?.rows ?? [];
        expect(rows.length).toBeGreaterThan(0);
        for (const { how, saying } of rows)
          expect(confirm(saying), saying).toBe(how === 'rule' || how === 'at-once' ? 1 : 0);
      }),
      { numRuns: RUNS },
    );
  },
  RUNS_TIMEOUT_MS,
);

it('says shares of loads, figures of parts and powers so that a pocket calculator confirms them', () => {
  fc.assert(
    fc.property(
      MWH,
      fc.array(fc.integer({ min: 1, max: 1e8 }), { minLength: 1, maxLength: 5 }),
      fc.constantFrom('time' as const, 'energy' as const, 'mass' as const, 'equal' as const),
      fc.integer({ min: 1, max: 500 }),
      fc.nat(50),
      (energyMwh, weights, rule, goodParts, scrapParts) => {
        const window = { name: 'day', fromMs: 0, toMs: 1e8 };
        const machines = weights.map((weight, index) => ({
          machine: `m${index}`,
          timeMs: weight,
          energyMwh: milliwattHours(weight),
          massKg: weight / 1000,
          fixedShare: null,
        }));
        const { rows } = shareLoad('compressor', window, energyMwh, machines, rule, 'powered');
        for (const { saying } of rows) expect(confirm(saying), saying).toBe(1);
        const made = { goodParts, scrapParts, massKg: weights[0]! / 1000, volumeCm3: null };
        const { perGoodPartWh, perMadePartWh, scrapWh, perKgWh } = derivePerPart('job J', energyMwh, made);
        for (const { saying } of [perGoodPartWh, perMadePartWh, scrapWh, perKgWh])
          expect(confirm(saying.slice('job J: '.length)), saying).toBe(1);
        const states = {
          readyMs: weights[0]! + 3_600_000,
          readyMwh: milliwattHours(weights[0]!),
          processingMs: 7_200_000 + goodParts,
          processingMwh: energyMwh,
        };
        const { sayings, basicW, tipW } = splitPower(states, null);
        const [, mean = '', basic = '', tip = ''] =
          / = ([-\d.,]+) W processing - ([-\d.,]+) W = ([-\d.,]+) W$/.exec(sayings.at(2) ?? '') ?? [];
        const [meanW, basicSaidW, tipSaidW] = [mean, basic, tip].map((text) =>
          Math.round(1000 * Number(text.replaceAll(',', ''))),
        );
        expect(tipSaidW).toBe(meanW! - basicSaidW!);
        expect(tipSaidW).toBe(Math.round(1000 * tipW!));
        expect(basicSaidW).toBe(Math.round(1000 * basicW!));
      },
    ),
    { numRuns: 300 },
  );
});
