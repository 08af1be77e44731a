import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { amendFeed } from '../../../../collector/energy/amendments/amend-feed.ts';
import { STATE_COUNT } from '../../../../collector/energy/hour-account.ts';
import { unconfiguredMachine, type MachineModel } from '../../../../collector/energy/machine-model.ts';
import { OPERATING_STATES } from '../../../../protocols/telemetry/operating-state.ts';
import { watts } from '../../../../protocols/telemetry/unit.ts';
import { LONG_MS, RUNS } from '../calendar/calendars.ts';
import { foldBases } from '../fold-feed.ts';
import { expectPlant } from './oracle.ts';
import { amendmentsOf, feedsOf, plants, RATED_W, type Plant } from './plant.ts';

/** Whole mWh are shared out interval by interval: an hour and a state of it may be off by the roundings at their edges. */
const ROUNDING_MWH = 6;

function derive(plant: Plant, size: number) {
  const amendments = amendmentsOf(plant);
  const model: MachineModel = {
    ...unconfiguredMachine('m'),
    ratedPowerW: watts(RATED_W),
    quietAfterMs: 1e9,
    amendments,
  };
  const feeds = feedsOf(plant, size).map((feed) => amendFeed(feed, amendments));
  const endMs = plant.readings[plant.readings.length - 1]!.atMs + 1;
  return foldBases(model, feeds, endMs);
}

/** Energy of the supply by state, before closure, mWh. */
function statesOf({ base }: ReturnType<typeof derive>[number]): Record<string, number> {
  const sums: Record<string, number> = {};
  const { counter, integrated, bridged } = base.components['supply'] ?? {};
  for (const cells of [counter, integrated, bridged])
    for (const [cell, mwh] of Array.from(cells ?? []).entries()) {
      const state = OPERATING_STATES[cell % STATE_COUNT] ?? '';
      sums[state] = (sums[state] ?? 0) + mwh;
    }
  return sums;
}

it(
  'derives what an oracle that knows the plant makes of the rules: every hour, every state, every sum, every decision',
  () => {
    fc.assert(
      fc.property(plants, fc.integer({ min: 1, max: 40 }), (plant, size) => {
        const expected = expectPlant(plant);
        const derived = derive(plant, size);
        let totalMwh = 0;
        for (const one of derived) {
          const { hour } = one;
          const { supplyMwh, stateMwh } = hour.energy;
          totalMwh += supplyMwh ?? 0;
          const own = expected.hours.get(hour.hourMs);
          expect(Math.abs((supplyMwh ?? 0) - (own?.supply ?? 0))).toBeLessThanOrEqual(ROUNDING_MWH);
          expect(Math.abs(hour.obtained.bridgedMwh - (own?.bridged ?? 0))).toBeLessThanOrEqual(ROUNDING_MWH);
          expect(Object.values(stateMwh).reduce((sum, mwh) => sum + mwh, 0)).toBe(supplyMwh ?? 0);
          const states = statesOf(one);
          for (const state of ['ready', 'processing', 'unknown'] as const)
            expect(Math.abs((states[state] ?? 0) - (own?.states[state] ?? 0))).toBeLessThanOrEqual(
              ROUNDING_MWH,
            );
        }
        expect(BigInt(totalMwh)).toBe(expected.totalMwh);
        const decisions = derived.flatMap(({ base }) => base.decisions.map(({ kind }) => kind));
        expect(decisions.filter((kind) => kind !== 'amended')).toEqual(expected.decisions);
      }),
      { numRuns: RUNS },
    );
  },
  LONG_MS,
);
