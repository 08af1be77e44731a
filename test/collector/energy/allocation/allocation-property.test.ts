import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { allocateJobs, type AllocationInput } from '../../../../collector/energy/allocation/allocate-jobs.ts';
import { ALLOCATION_RULES, DIVIDED_STATES } from '../../../../collector/energy/allocation/allocation-rule.ts';
import { SHARE_RULES, shareLoad } from '../../../../collector/energy/allocation/share-load.ts';
import { sumJobs } from '../../../../collector/energy/allocation/sum-jobs.ts';
import { OPERATING_STATES } from '../../../../protocols/telemetry/operating-state.ts';
import { milliwattHours } from '../../../../protocols/telemetry/unit.ts';
import { RUNS, RUNS_TIMEOUT_MS } from './property-runs.ts';

const energies = fc.oneof(
  fc.integer({ min: 0, max: 50 }),
  fc.integer({ min: 0, max: 1e11 }),
  fc.constant(null),
);

/** Consecutive stretches with holes: lengths alternate between hole and stretch. */
const chain = <T>(value: fc.Arbitrary<T>, max: number) =>
  fc
    .array(fc.tuple(fc.nat(400), fc.integer({ min: 1, max: 3_000_000 }), value), { maxLength: max })
    .map((links) => {
      let atMs = 0;
      return links.map(([hole, length, one]) => {
        const fromMs = atMs + hole;
        atMs = fromMs + length;
        return { fromMs, toMs: atMs, one };
      });
    });

const inputs: fc.Arbitrary<AllocationInput> = fc
  .record({
    spans: chain(fc.tuple(fc.constantFrom(...OPERATING_STATES), energies), 12),
    windows: chain(fc.constant(null), 4),
    jobs: fc.uniqueArray(
      fc.record({
        id: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
        segments: fc.array(
          fc
            .tuple(fc.nat(20_000_000), fc.nat(4_000_000))
            .map(([fromMs, ms]) => ({ fromMs, toMs: fromMs + ms })),
          { maxLength: 3 },
        ),
        massKg: fc.double({ min: 0, max: 1e6, noNaN: true }),
      }),
      { selector: ({ id }) => id },
    ),
    rule: fc.constantFrom(...ALLOCATION_RULES),
    states: fc.subarray([...DIVIDED_STATES]),
  })
  .map(({ spans, windows, jobs, rule, states }) => ({
    spans: spans.map(({ fromMs, toMs, one: [state, mwh] }) => ({
      fromMs,
      toMs,
      state,
      mwh: mwh === null ? null : milliwattHours(mwh),
    })),
    windows: windows.map(({ fromMs, toMs }, index) => ({ name: `w${index}`, fromMs, toMs })),
    jobs,
    choice: { rule, states },
  }));

const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);

it(
  'allocated + unallocated + outside = total to the last mWh, state by state and job by job',
  () => {
    fc.assert(
      fc.property(inputs, (input) => {
        const { windows, outsideMwh, totalMwh } = allocateJobs(input);
        expect(totalMwh).toBe(sum(input.spans.map(({ mwh }) => mwh ?? 0)));
        expect(sum(windows.map((window) => window.totalMwh)) + outsideMwh).toBe(totalMwh);
        for (const window of windows) {
          expect(window.allocatedMwh + window.unallocatedMwh).toBe(window.totalMwh);
          expect(sum(window.rows.map(({ mwh }) => mwh))).toBe(window.totalMwh);
          expect(sum(window.jobs.map((job) => job.totalMwh))).toBe(window.allocatedMwh);
          for (const { mwh, ofMwh, weight, weightTotal } of window.rows) {
            expect(Number.isSafeInteger(mwh) && mwh >= 0).toBe(true);
            // Each row is what its factor says, to the mWh that whole numbers cost.
            expect(Math.abs(mwh - (ofMwh * weight) / weightTotal)).toBeLessThan(1.01);
          }
          const length = window.window.toMs - window.window.fromMs;
          expect(sum(window.jobs.map(({ timeMs }) => timeMs))).toBeLessThanOrEqual(length + 1e-3);
          expect(window.unmeasuredMs).toBeGreaterThanOrEqual(0);
        }
      }),
      { numRuns: RUNS },
    );
  },
  RUNS_TIMEOUT_MS,
);

it(
  'gives the same in any order of spans, windows, jobs and segments',
  () => {
    fc.assert(
      fc.property(
        inputs.chain((input) =>
          fc.record({
            input: fc.constant(input),
            spans: shuffled(input.spans),
            windows: shuffled(input.windows),
            jobs: shuffled(input.jobs.map((job) => ({ ...job, segments: job.segments.toReversed() }))),
          }),
        ),
        ({ input, ...other }) => {
          expect(allocateJobs({ ...input, ...other })).toEqual(allocateJobs(input));
          expect(sumJobs(allocateJobs({ ...input, ...other }))).toEqual(sumJobs(allocateJobs(input)));
        },
      ),
      { numRuns: RUNS },
    );
  },
  RUNS_TIMEOUT_MS,
);

it(
  'divides a shared load to the last mWh, in any order of the machines',
  () => {
    const machines = fc.uniqueArray(
      fc.record({
        machine: fc.constantFrom('m1', 'm2', 'm3', 'm4', 'm5'),
        timeMs: fc.nat(90_000_000),
        energyMwh: fc.nat(1e9).map(milliwattHours),
        massKg: fc.double({ min: 0, max: 1e5, noNaN: true }),
        fixedShare: fc.double({ min: 0, max: 0.2, noNaN: true }),
      }),
      { selector: ({ machine }) => machine },
    );
    fc.assert(
      fc.property(fc.nat(1e12), machines, fc.constantFrom(...SHARE_RULES), (mwh, served, rule) => {
        const day = { name: 'day', fromMs: 0, toMs: 86_400_000 };
        const load = shareLoad('air', day, milliwattHours(mwh), served, rule, 'powered');
        expect(load.allocatedMwh + load.unallocatedMwh).toBe(mwh);
        expect(sum(load.rows.map((row) => row.mwh))).toBe(mwh);
        expect(shareLoad('air', day, milliwattHours(mwh), served.toReversed(), rule, 'powered')).toEqual(
          load,
        );
      }),
      { numRuns: RUNS },
    );
  },
  RUNS_TIMEOUT_MS,
);

function shuffled<T>(values: readonly T[]): fc.Arbitrary<T[]> {
  return fc.shuffledSubarray([...values], { minLength: values.length, maxLength: values.length });
}
