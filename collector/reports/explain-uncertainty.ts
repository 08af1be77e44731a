import { OPERATING_STATES } from '../../protocols/telemetry/operating-state.ts';
import type { MachineHour } from '../energy/machine-hour.ts';
import type { Uncertainty } from '../energy/uncertainty/uncertainty-statement.ts';
import { sayKwh } from '../energy/use-phase/say-kwh.ts';
import { sayRounded } from './explain-sums.ts';
import type { ExplainedUncertainty, Figure } from './explained-hour.ts';
import { lacksFact, NOTHING_MWH } from './uncertain-lacking.ts';
import type { ComponentUncertainty } from './uncertain-period.ts';

/** The statement of an hour, each figure with its arithmetic; or the sentence why there is none. */
export function explainUncertainty(
  hour: MachineHour,
  assessed: ComponentUncertainty | string,
): ExplainedUncertainty {
  if (typeof assessed === 'string') return notAssessed(assessed);
  if (hour.energy.supplyMwh === null) return notAssessed('the energy itself is not known');
  const { total, missing, meters } = assessed;
  const states = OPERATING_STATES.flatMap((state) => {
    const statement = assessed.states[state];
    return statement === undefined ? [] : [{ state, statement }];
  });
  return {
    kind: 'assessed',
    total,
    states,
    missing: missing.filter(({ fact }) => {
      const lacks = lacksFact(assessed, fact);
      return lacks.isTotal || lacks.states.length > 0;
    }),
    notes: [...new Set(meters.flatMap(({ notes }) => notes))],
    figures: [
      ...(total === null ? [] : [sayStatement('the hour', total)]),
      ...states.map(({ state, statement }) => sayStatement(state, statement)),
    ],
  };
}

function notAssessed(because: string): ExplainedUncertainty {
  return { kind: 'not-assessed', because };
}

/** A statement with its arithmetic, or what it lacks. */
export function sayStatement(label: string, statement: Uncertainty): Figure {
  if (statement.kind === 'unknown')
    return {
      label,
      value: null,
      unit: 'mWh',
      saying:
        statement.energyMwh < NOTHING_MWH
          ? `not needed for ${sayKwh(statement.energyMwh)}`
          : `unknown for want of: ${statement.missing.map(({ fact }) => fact).join(', ')}`,
    };
  const { energyMwh, expandedMwh, expandedPercent, k, isQualified } = statement;
  // What is printed leads to what is printed, to its last digit.
  const percent = Number(expandedPercent.toPrecision(6));
  const unqualified = isQualified ? '' : '; a class was used outside its range';
  return {
    label,
    value: expandedMwh,
    unit: 'mWh',
    saying: `${sayKwh(energyMwh)} x ${percent} % = ${sayRounded((energyMwh * percent) / 1e8)} kWh (k = ${k}, about 95 %)${unqualified}`,
  };
}
