import type { Remark } from './finding.ts';
import { ownList, ownValue } from './salvage.ts';

/**
 * Ratios of current transformers that an agent's file gives, and a collector's file gives again: readings were computed
 * with the agent's, so the other is not used, and may differ. Warnings on the collector's file.
 */
export function checkRatiosAcross(agent: unknown, collector: unknown): Remark[] {
  return ownList(agent, 'sources').flatMap((source): Remark[] => {
    const ct = ownValue(source, 'ct');
    const [machine, component = 'supply'] = [ownValue(source, 'machine'), ownValue(source, 'component')];
    const isRatio =
      typeof ct === 'object' && ct !== null && ownValue(ct, 'primary') !== ownValue(ct, 'secondary');
    if (!isRatio || typeof component !== 'string') return [];
    return ownList(collector, 'machines').flatMap((described, index): Remark[] => {
      if (ownValue(described, 'id') !== machine) return [];
      const told = ownValue(ownValue(ownValue(described, 'metering'), component), 'ct');
      if (ownValue(told, 'primary') === undefined) return [];
      return [
        {
          severity: 'warning',
          path: ['machines', index, 'metering', component, 'ct', 'primary'],
          message: `the ratio is given here and at source ${String(ownValue(source, 'id'))} of the agent, whose readings were computed with it.`,
          cure: 'Remove primary and secondary here; they are for a ratio that is set in the meter itself.',
        },
      ];
    });
  });
}
