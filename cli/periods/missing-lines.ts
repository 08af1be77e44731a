import type { PeriodReport } from '../../collector/reports/period-report.ts';
import { lacksFact } from '../../collector/reports/uncertain-lacking.ts';

/** A fact that is missing: of which components, or which of their states, and which keys tell it. */
interface Missing {
  fact: string;
  remedy: string;
  /** States of a component whose total is known all the same; none where the total is not. */
  of: Map<string, Set<string>>;
  keys: Set<string>;
}

/**
 * What is missing for uncertainties, each fact once, with its components and the keys of collector.yaml that tell it.
 *
 * @param elsewhere how to see where a class was used outside its range: `--budget`
 */
export function sayMissing(
  reports: readonly Pick<PeriodReport, 'uncertainty'>[],
  elsewhere = '--budget',
): string[] {
  const facts = new Map<string, Missing>();
  for (const { uncertainty } of reports)
    for (const [component, one] of Object.entries(uncertainty))
      for (const { fact, remedy, key } of one.missing) {
        const { isTotal, states } = lacksFact(one, fact);
        if (!isTotal && states.length === 0) continue;
        let missing = facts.get(`${fact} ${remedy}`);
        if (missing === undefined)
          facts.set(`${fact} ${remedy}`, (missing = { fact, remedy, of: new Map(), keys: new Set() }));
        const known = missing.of.get(component);
        if (isTotal || known?.size === 0) missing.of.set(component, new Set());
        else missing.of.set(component, new Set([...(known ?? []), ...states]));
        if (key !== null) missing.keys.add(key);
      }
  const isWidened = reports.some(({ uncertainty }) =>
    Object.values(uncertainty).some(({ total }) => total?.kind === 'known' && !total.isQualified),
  );
  const all = [
    ...[...facts.values()].map(sayOne),
    ...(isWidened
      ? [`? a class was used outside the range for which it promises anything; ${elsewhere} says where.`]
      : []),
  ];
  return all.length === 0 ? [] : ['', ...all];
}

/** `no uncertainty of spindle, supply in off without accuracy class of the meter (key). Remedy.` */
function sayOne({ fact, remedy, of, keys }: Missing): string {
  const names = [...of].map(([component, states]) =>
    states.size === 0 ? component : `${component} in ${[...states].join(' and ')}`,
  );
  const where = keys.size === 0 ? '' : ` (${[...keys].join(', ')})`;
  return `no uncertainty of ${names.join(', ')} without ${fact}${where}. ${remedy}`;
}
