import type { FaultKind } from './plan.ts';
import { simulate, type Outcome, type SimulationOptions } from './simulate.ts';

/** Leaves kinds of fault out, one by one, for as long as the seed still fails. */
async function shrink(
  failed: Outcome,
  options: SimulationOptions,
): Promise<{ outcome: Outcome; without: FaultKind[] }> {
  const without = new Set<FaultKind>(options.without);
  let outcome = failed;
  for (const kind of failed.plan.kinds) {
    without.add(kind);
    const next = await simulate(failed.plan.seed, { ...options, without });
    if (next.failure === undefined) without.delete(kind);
    else outcome = next;
  }
  return { outcome, without: [...without] };
}

/** What failed, and the one command that plays it again with everything that happens. */
export async function explainFailure(failed: Outcome, options: SimulationOptions): Promise<string> {
  const { outcome, without } = await shrink(failed, options);
  const { seed, kinds } = outcome.plan;
  const left = without.length === 0 ? '' : `MILLWATT_SIMULATION_WITHOUT=${without.join(',')} `;
  return [
    `Seed ${seed}: ${outcome.failure}`,
    `needs ${[...kinds].join(', ') || 'no fault at all'}`,
    `MILLWATT_TEST_SEED=${seed} ${left}npx vitest run test/simulation/delivery.test.ts`,
  ].join('\n');
}
