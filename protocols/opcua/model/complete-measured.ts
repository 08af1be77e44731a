import { QUANTITIES } from '../../telemetry/quantity.ts';
import { UNITS } from '../../telemetry/unit.ts';
import type { BrowseSession, ServerLimits } from '../browse/browse-session.ts';
import { readGoodValues } from '../browse/read-values.ts';
import { findChild } from '../browse/server-node.ts';
import { accuracyNodes, accuracyOf, readAccuracyDomains } from './accuracy.ts';
import type { MeasuredCandidate } from './candidate.ts';
import type { FoundMeasured } from './found.ts';
import { isServerUnit, nameServerUnit, unitOf } from './unece-units.ts';

/**
 * Reads unit and accuracy of measured candidates. One without a unit, or with one that cannot be of its quantity, is
 * left out and said: a wrong unit would be a wrong energy.
 */
export async function completeMeasured(
  session: BrowseSession,
  candidates: readonly MeasuredCandidate[],
  limits: ServerLimits,
): Promise<{ measured: FoundMeasured[]; remarks: string[] }> {
  const values = await readGoodValues(
    session,
    candidates.flatMap(({ variable, unless }) =>
      [findChild(variable, 'EngineeringUnits'), unless, ...accuracyNodes(variable)]
        .filter((node) => node !== undefined)
        .map(({ nodeId }) => nodeId),
    ),
    limits,
  );
  const domains = await readAccuracyDomains(
    session,
    candidates.map(({ variable }) => values.get(findChild(variable, 'AccuracyDomain')?.nodeId ?? '')),
    limits,
  );
  const measured: FoundMeasured[] = [];
  const unitless = new Map<string, string[]>();
  for (const candidate of candidates) {
    const { variable, unless, point, component, quantity, phase } = candidate;
    if (unless !== undefined && values.get(unless.nodeId) === true) continue;
    const told = values.get(findChild(variable, 'EngineeringUnits')?.nodeId ?? '');
    const name = isServerUnit(told) ? nameServerUnit(told) : '';
    // What the standard fixes counts only where the server says nothing else.
    const key = (isServerUnit(told) ? unitOf(told) : undefined) ?? (name === '' ? candidate.unit : undefined);
    const unit = key === undefined ? undefined : UNITS[key];
    const { unit: wanted, cumulative } = QUANTITIES[quantity];
    if (unit?.canonical !== wanted) {
      const why = explain(name, key, quantity);
      unitless.set(why, [...(unitless.get(why) ?? []), point]);
      continue;
    }
    const accuracy = accuracyOf(variable, values, domains);
    // A value that can be set back says so by keeping what it was.
    const isResettable = findChild(variable, 'ValueBeforeReset') !== undefined;
    measured.push({
      nodeId: variable.nodeId,
      point,
      component,
      quantity,
      phase,
      scale: [unit.factor.num.toString(), unit.factor.den.toString()],
      ...(cumulative ? { counter: { behaviour: isResettable ? 'resettable' : 'monotone' } } : {}),
      ...(accuracy === undefined ? {} : { accuracy }),
    });
  }
  const remarks = [...unitless].map(
    ([why, points]) =>
      `${nameSome(points)} ${points.length === 1 ? 'has' : 'have'} ${why}, so not read: list what you need under nodes with its unit.`,
  );
  return { measured, remarks };
}

function explain(told: string, key: string | undefined, quantity: string): string {
  if (told === '') return 'no unit';
  return key === undefined ? `the unknown unit ${told}` : `the unit ${told}, which is none of ${quantity}`;
}

/** `a, b and 7 more` */
export function nameSome(names: readonly string[], max = 2): string {
  const more = names.length - max;
  return more > 0 ? `${names.slice(0, max).join(', ')} and ${more} more` : names.join(', ');
}
