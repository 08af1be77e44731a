import { COVERAGE_FACTOR, UNCERTAINTY_MODEL } from '../../energy/uncertainty/uncertainty-statement.ts';
import type { UncertaintyStatement } from '../../footprint/record/footprint-record.ts';
import { figureText } from './footprint-texts.ts';
import type { MadeStep } from './made-steps.ts';

const NOTE = 'each share is as uncertain as the state of the machine that it is of; shares add linearly';

/**
 * The uncertainty of what a job or part got. Jobs of one machine are measured by one meter and add linearly, which is never too
 * little; so do steps on machines that share a meter; those of different meters add in quadrature.
 */
export function madeUncertainty(steps: readonly MadeStep[], totalMwh: number): UncertaintyStatement {
  const base = { model: UNCERTAINTY_MODEL, k: figureText(COVERAGE_FACTOR, 0), states: {} };
  const jobs = steps.flatMap((step) => step.jobs);
  const untold = jobs.filter(({ uncertainty }) => uncertainty.expandedMwh === null);
  if (untold.length > 0 || totalMwh === 0)
    return {
      ...base,
      expandedPercent: null,
      sources: [],
      missing: untold.map(({ id, uncertainty }) => `job ${id}: ${uncertainty.saying}`),
    };
  const groups = groupByMeter(steps).map((group) => ({
    machines: group.map(({ machine }) => machine).join(' and '),
    expandedMwh: group
      .flatMap((step) => step.jobs)
      .reduce((sum, { uncertainty }) => sum + (uncertainty.expandedMwh ?? 0), 0),
  }));
  const percentOf = (mwh: number) => (100 * mwh) / totalMwh;
  return {
    ...base,
    expandedPercent: figureText(percentOf(Math.hypot(...groups.map(({ expandedMwh }) => expandedMwh))), 2),
    sources: groups.map(({ machines, expandedMwh }) => ({
      source: steps.length === 1 ? 'supply' : `supply of ${machines}`,
      standardPercent: figureText(percentOf(expandedMwh) / COVERAGE_FACTOR, 4),
      note: NOTE,
    })),
    missing: [],
  };
}

/** Steps by what tells their meters apart: those with a meter in common are in one group. */
function groupByMeter(steps: readonly MadeStep[]): MadeStep[][] {
  let groups: { meters: Set<string>; steps: MadeStep[] }[] = [];
  for (const step of steps) {
    const own = new Set((step.facts.span.uncertainty['supply']?.meters ?? []).map(({ meter }) => meter));
    const isShared = ({ meters }: { meters: Set<string> }) => [...own].some((meter) => meters.has(meter));
    const shared = groups.filter(isShared);
    groups = [
      ...groups.filter((group) => !isShared(group)),
      {
        meters: new Set([...shared.flatMap(({ meters }) => [...meters]), ...own]),
        steps: [...shared.flatMap((group) => group.steps), step],
      },
    ];
  }
  return groups.map((group) => group.steps);
}
