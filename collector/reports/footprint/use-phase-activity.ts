import { byState } from '../../energy/by-state.ts';
import { HOUR_BASES, timeOfBasis, type HourBasis } from '../../energy/use-phase/hour-basis.ts';
import type { StateTotals } from '../../energy/use-phase/state-totals.ts';
import type { DecimalText } from '../../footprint/figures/decimal.ts';
import type { Activity } from '../../footprint/record/footprint-record.ts';
import { figureText, hoursText, kwhText, meanWattText, perUnitText } from './footprint-texts.ts';
import type { MachineFacts } from './gather-machine.ts';

/** What machines drew in their use phase, by state, component and hour. @param totals of all of them together */
export function usePhaseActivity(
  all: readonly MachineFacts[],
  totals: StateTotals,
  hours: HourBasis,
): Activity {
  const sum = (of: (facts: MachineFacts) => number) => all.reduce((total, facts) => total + of(facts), 0);
  const energyMwh = sum(({ span }) => span.energy.supplyMwh ?? 0);
  const basisHours = (basis: HourBasis) => hoursText(timeOfBasis(basis, totals.timeMs));
  const per = (count: DecimalText) => perUnitText(energyMwh, count);
  const residuals = all.map(({ span }) => span.energy.residualMwh);
  return {
    energyKwh: kwhText(energyMwh),
    perUnitKwh: per(basisHours(hours)),
    exportKwh: kwhText(sum(({ span }) => span.energy.exportMwh)),
    states: byState((state) => ({
      hours: hoursText(totals.timeMs[state]),
      energyKwh: kwhText(totals.energyMwh[state]),
      meanW: meanWattText(totals.energyMwh[state], totals.timeMs[state]),
    })),
    components: Object.fromEntries(
      all.flatMap(({ machine, span }) =>
        Object.entries(span.energy.componentMwh)
          .filter(([component]) => component !== 'supply')
          .map(([component, mwh]) => [
            all.length === 1 ? component : `${machine}.${component}`,
            { energyKwh: kwhText(mwh) },
          ]),
      ),
    ),
    residualKwh: residuals.includes(null)
      ? null
      : kwhText(residuals.reduce((total: number, one) => total + (one ?? 0), 0)),
    perHour: Object.fromEntries(
      HOUR_BASES.map((basis) => [basis, { hours: basisHours(basis), kwhPerHour: per(basisHours(basis)) }]),
    ) as Activity['perHour'],
    media: all.flatMap(({ machine, span }) =>
      Object.entries(span.media).map(([component, medium]) => ({
        component: all.length === 1 ? component : `${machine}.${component}`,
        normLitres: figureText(medium.normLitres, 0),
        declaredKwh: medium.declaredMwh === null ? null : kwhText(medium.declaredMwh),
        source: medium.source || null,
      })),
    ),
    allocated: null,
  };
}
