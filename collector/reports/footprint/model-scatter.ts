import { MillwattError } from '../../../protocols/errors.ts';
import { timeOfBasis, type HourBasis } from '../../energy/use-phase/hour-basis.ts';
import type { UncertaintyStatement, UnitScatter } from '../../footprint/record/footprint-record.ts';
import { modelExpandedPercent, scatterOf } from '../../footprint/record/unit-scatter.ts';
import { hoursText, kwhText } from './footprint-texts.ts';
import type { MachineFacts } from './gather-machine.ts';

/**
 * How the machines of a model differ, and the uncertainty of their mean: what their meters may be wrong by, and what the mean of a few
 * units may be off the model's. Throws an error of class `refuse` (code `no-hours`) where a machine had none of the hours counted.
 * @param measured of the energy of all of them
 */
export function modelScatter(
  all: readonly MachineFacts[],
  { id, basis, measured }: { id: string; basis: HourBasis; measured: UncertaintyStatement },
): { scatter: UnitScatter; uncertainty: UncertaintyStatement } {
  const units = all.map(({ machine, span, totals }) => {
    const hours = hoursText(timeOfBasis(basis, totals.timeMs));
    if (hours === '0')
      throw new MillwattError(
        'refuse',
        'no-hours',
        `${machine} had no ${basis} hours in this time: it tells nothing of model ${id} per hour.`,
        {
          cure: `Choose another time, take it out of the machines of ${id}, or count other hours (footprint.hours).`,
        },
      );
    return { machine, hours, energyKwh: kwhText(span.energy.supplyMwh ?? 0) };
  });
  const scatter = scatterOf(units, measured.expandedPercent);
  const { standardPercent, smallSampleFactor, standardDeviationKwhPerHour, count } = scatter;
  const missing =
    standardPercent === null
      ? [`${id}: a second machine with energy, because one tells nothing of how units differ`]
      : [];
  return {
    scatter,
    uncertainty: {
      ...measured,
      expandedPercent: modelExpandedPercent(scatter),
      sources:
        standardPercent === null
          ? measured.sources
          : [
              ...measured.sources,
              {
                source: 'between-units',
                standardPercent,
                note: `${count} units differ by s = ${standardDeviationKwhPerHour} kWh/h, counted ${smallSampleFactor} times because they are few`,
              },
            ],
      missing: [...measured.missing, ...missing],
    },
  };
}
