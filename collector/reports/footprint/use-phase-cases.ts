import { HOUR_BASES } from '../../energy/use-phase/hour-basis.ts';
import type { EnergyPiece } from '../../footprint/emissions/energy-piece.ts';
import { compareStatements } from '../../footprint/emissions/sensitivity-cases.ts';
import type { DecimalText } from '../../footprint/figures/decimal.ts';
import { kwhPerHourWithoutGaps, shiftedKwhPerHour } from '../../footprint/record/changed-figures.ts';
import type {
  Activity,
  Coverage,
  EmissionStatement,
  SensitivityCase,
  UncertaintyStatement,
  UnitScatter,
} from '../../footprint/record/footprint-record.ts';
import { modelExpandedPercent } from '../../footprint/record/unit-scatter.ts';
import { sensitivityOf } from './footprint-texts.ts';
import type { MachineFacts } from './gather-machine.ts';
import { emissionsByPlan } from './record-emissions-of.ts';
import type { RecordSource } from './record-frame.ts';
import { recordUncertainty } from './record-uncertainty.ts';
import { sayWorse, withWorseMeters } from './worse-meters.ts';

/** What a use phase came to, of which one choice at a time is changed. */
interface UsePhaseFigures {
  all: readonly MachineFacts[];
  activity: Activity;
  coverage: Coverage;
  count: DecimalText | null;
  uncertainty: UncertaintyStatement;
  scatter: UnitScatter | undefined;
  /** The first statement of emissions. */
  statement: EmissionStatement | undefined;
  /** Energy by hour without what was bridged. */
  measuredPieces: () => EnergyPiece[];
}

/**
 * The record's figures with one choice changed at a time: other hours, a tenth more or less processing, nothing bridged over
 * gaps, meters one class worse. A choice that changes nothing here (no gap, no worse class) has no case.
 */
export function usePhaseCases(from: RecordSource, figures: UsePhaseFigures): SensitivityCase[] {
  return [
    ...basisCases(from.plan.hours, figures),
    ...dutyCases(from.plan.hours, figures),
    ...gapCases(from, figures),
    ...classCases(figures),
  ];
}

/** Hours of the calendar that nobody watched are in no basis. */
const nameOf = (basis: RecordSource['plan']['hours']): string =>
  `${basis} hours${basis === 'calendar' ? ' watched' : ''}`;

/** The same energy over other hours. */
function basisCases(taken: RecordSource['plan']['hours'], { activity }: UsePhaseFigures): SensitivityCase[] {
  const { perHour, perUnitKwh } = activity;
  return HOUR_BASES.filter((basis) => basis !== taken).flatMap((basis) => {
    const other = perHour?.[basis].kwhPerHour ?? null;
    if (perHour?.[basis].hours === perHour?.[taken].hours) return [];
    const change = `${nameOf(basis)} instead of ${nameOf(taken)}`;
    return sensitivityOf('hour-basis', change, 'perUnitKwh', [perUnitKwh, other]) ?? [];
  });
}

function dutyCases(taken: RecordSource['plan']['hours'], { activity }: UsePhaseFigures): SensitivityCase[] {
  return (['more', 'less'] as const).flatMap((direction) => {
    const change = `10 % ${direction} processing time, ready ${direction === 'more' ? 'giving' : 'taking'} it`;
    const other = shiftedKwhPerHour(activity, taken, direction);
    return sensitivityOf('duty-cycle', change, 'perUnitKwh', [activity.perUnitKwh, other]) ?? [];
  });
}

function gapCases(
  { plan, calendar }: RecordSource,
  { activity, coverage, count, uncertainty, statement, measuredPieces }: UsePhaseFigures,
): SensitivityCase[] {
  const other = kwhPerHourWithoutGaps(activity, coverage, count);
  if (other === null) return [];
  const change = `without the ${coverage.obtained.bridgedKwh} kWh that were bridged over gaps, over the same hours`;
  const [without] = emissionsByPlan(plan, calendar, {
    pieces: measuredPieces(),
    count,
    energyExpandedPercent: uncertainty.expandedPercent,
  }).emissions;
  return [
    sensitivityOf('gap-filling', change, 'perUnitKwh', [activity.perUnitKwh, other]) ?? [],
    statement === undefined || without === undefined
      ? []
      : (compareStatements('gap-filling', change, statement, without) ?? []),
  ].flat();
}

function classCases({ all, uncertainty, scatter }: UsePhaseFigures): SensitivityCase[] {
  const changes: string[] = [];
  const worse = all.map((facts): MachineFacts => {
    const supply = facts.span.uncertainty['supply'];
    const found = supply === undefined ? undefined : withWorseMeters(supply);
    if (found === undefined) return facts;
    changes.push(...found.changes);
    const { span } = facts;
    return { ...facts, span: { ...span, uncertainty: { ...span.uncertainty, supply: found.uncertainty } } };
  });
  if (changes.length === 0) return [];
  const measured = recordUncertainty(worse).expandedPercent;
  const other =
    scatter === undefined
      ? measured
      : modelExpandedPercent({ ...scatter, measuredExpandedPercent: measured });
  const figures = [uncertainty.expandedPercent, other] as const;
  return [sensitivityOf('meter-class', sayWorse(changes), 'expandedPercent', figures) ?? []].flat();
}
