import { studentT } from '../../footprint/figures/student-t.ts';
import { createHash } from 'node:crypto';
import { MillwattError } from '../../../protocols/errors.ts';
import { HOUR_MS } from '../../energy/hour-account.ts';
import { timeOfBasis, type HourBasis } from '../../energy/use-phase/hour-basis.ts';
import {
  decimalOf,
  decimalOfNumber,
  numberOf,
  textOf,
  type DecimalText,
} from '../../footprint/figures/decimal.ts';
import {
  fitLine,
  predictAt,
  type FittedLine,
  type LinePrediction,
} from '../../footprint/regression/fit-line.ts';
import { hoursText, kwhText, perUnitText } from './footprint-texts.ts';
import { gatherMachine, type MachineFacts } from './gather-machine.ts';
import { recordPeriod, type RecordSource } from './record-frame.ts';
import { recordCoverage } from './record-coverage.ts';
import { recordUncertainty } from './record-uncertainty.ts';

/** Which machines over which parameter: hours that begin in [fromMs, toMs), wall ms. */
export interface RegressionQuery {
  /** Null: every machine that has the parameter. */
  machines: readonly string[] | null;
  /** Name of the parameter, `spindleKw`. */
  over: string;
  basis: HourBasis;
  fromMs: number;
  toMs: number;
  /** Values of the parameter that a figure is asked for. */
  at: readonly DecimalText[];
}

/** A machine in a regression. */
export interface RegressionUnit {
  machine: string;
  parameter: DecimalText;
  hours: DecimalText;
  energyKwh: DecimalText;
  kwhPerHour: DecimalText;
  /** U (k = 2) of its energy by its meters, %; null where facts lack. */
  expandedPercent: DecimalText | null;
  /** Share of the period in which it was watched, %; below 95 a remark says so. */
  watchedPercent: DecimalText;
}

/** kWh per machine-hour over a parameter of machines: a straight line, what it is worth, and what it says of machines that were not metered. */
export interface RegressionReport {
  format: 'millwatt-regression/1';
  of: 'kwhPerHour';
  over: string;
  basis: HourBasis;
  period: ReturnType<typeof recordPeriod>;
  units: RegressionUnit[];
  leftOut: { machine: string; because: string }[];
  line: FittedLine;
  predictions: LinePrediction[];
  /** What a reader has to know, in sentences. */
  remarks: string[];
  /** Hash over the canonical texts of the hours, machine by machine, and of all that is declared of the site. */
  evidence: { hoursSha256: string; plan: string; software: string };
}

/** From so many degrees of freedom on t is within a third of that of many. */
const FEW_DEGREES = 5;

/**
 * Regresses what machines took per hour on a parameter of theirs; a null after each hour that was read. Machines without the parameter,
 * without energy or without hours of the basis are left out, and the report names them. Throws errors of class `refuse`: `no-parameter`,
 * and as `fitLine`.
 */
export function* stepRegression(
  { source, plan, calendar }: Pick<RecordSource, 'source' | 'plan' | 'calendar'>,
  { machines, over, basis, fromMs, toMs, at }: RegressionQuery,
): Generator<RegressionReport | null> {
  const first = Math.ceil(fromMs / HOUR_MS) * HOUR_MS;
  const end = Math.max(first + HOUR_MS, Math.ceil(toMs / HOUR_MS) * HOUR_MS);
  const digest = createHash('sha256');
  const units: RegressionUnit[] = [];
  const lacking: string[] = [];
  const leftOut: RegressionReport['leftOut'] = [];
  const asked = machines ?? Object.keys(plan.machines);
  requireParameter(plan, asked, over);
  for (const machine of asked) {
    const told = plan.machines[machine]?.parameters[over];
    const parameter = told === undefined ? undefined : numberText(told);
    if (parameter === undefined) {
      // Of all machines, those without it were never meant.
      if (machines !== null || told !== undefined)
        leftOut.push({
          machine,
          because: told === undefined ? `has no ${over}` : `${over} is ${told}, no number`,
        });
      continue;
    }
    const facts = yield* gatherMachine(source, machine, [first, end], digest, () => {});
    const { watchedPercent, lacks } = recordCoverage([facts], end - first);
    const unit = unitOf(facts, { parameter, watchedPercent }, basis);
    if (typeof unit === 'string') leftOut.push({ machine, because: unit });
    else {
      units.push(unit);
      if (lacks.length > 0)
        lacking.push(`${machine} counts like the others, though incomplete: ${lacks.join('; ')}.`);
    }
  }
  const line = fitLine(
    units.map(({ parameter, kwhPerHour }) => ({ x: valueOf(parameter), y: valueOf(kwhPerHour) })),
  );
  const predictions = at.map((x) => predictAt(line, valueOf(x)));
  yield {
    format: 'millwatt-regression/1',
    of: 'kwhPerHour',
    over,
    basis,
    period: recordPeriod(calendar, first, end),
    units,
    leftOut,
    line,
    predictions,
    remarks: remarksOn(over, line, predictions, lacking),
    evidence: {
      hoursSha256: digest.digest('base64url'),
      plan: plan.hash,
      software: plan.issuer.software,
    },
  };
}

function unitOf(
  facts: MachineFacts,
  told: Pick<RegressionUnit, 'parameter' | 'watchedPercent'>,
  basis: HourBasis,
): RegressionUnit | string {
  const { machine, span, totals } = facts;
  const { supplyMwh } = span.energy;
  if (supplyMwh === null) return 'no energy is known in this time';
  const hours = hoursText(timeOfBasis(basis, totals.timeMs));
  const kwhPerHour = perUnitText(supplyMwh, hours);
  if (kwhPerHour === null) return `had no ${basis} hours in this time`;
  const { expandedPercent } = recordUncertainty([facts]);
  return { machine, ...told, hours, energyKwh: kwhText(supplyMwh), kwhPerHour, expandedPercent };
}

function remarksOn(
  over: string,
  line: FittedLine,
  predictions: readonly LinePrediction[],
  lacking: readonly string[],
): string[] {
  const { degreesOfFreedom, count, slope, slopeStandard, from, to } = line;
  return [
    ...(degreesOfFreedom < FEW_DEGREES
      ? [
          `${count} machines are few: the bands are wide because nobody knows how far the next one lies off the line.`,
        ]
      : []),
    ...(Math.abs(slope) < studentT(0.95, degreesOfFreedom) * slopeStandard
      ? [
          `The slope is less than its uncertainty at 95 % (t of ${degreesOfFreedom} degrees of freedom): these machines do not show that ${over} matters.`,
        ]
      : []),
    ...lacking,
    ...predictions
      .filter(({ isExtrapolated }) => isExtrapolated)
      .map(
        ({ x }) =>
          `${over} ${x} lies outside of the machines (${from} to ${to}): extrapolated, and no band covers that.`,
      ),
  ];
}

function requireParameter(plan: RecordSource['plan'], asked: readonly string[], over: string): void {
  const has = (machine: string, name: string) => plan.machines[machine]?.parameters[name] !== undefined;
  if (asked.some((machine) => has(machine, over))) return;
  const known = [
    ...new Set(asked.flatMap((machine) => Object.keys(plan.machines[machine]?.parameters ?? {}))),
  ];
  throw new MillwattError('refuse', 'no-parameter', `None of the machines has the parameter ${over}.`, {
    cure:
      known.length === 0
        ? `Tell it under machines[].product.parameters in collector.yaml: parameters: { ${over}: 15 }.`
        : `Parameters of theirs are ${known.sort().join(', ')}.`,
  });
}

/** A parameter as a decimal; undefined of words. */
function numberText(text: string): DecimalText | undefined {
  return /^[+-]?\d{1,15}(?:\.\d{1,12})?$/.test(text) ? textOf(decimalOf(text)) : undefined;
}

const valueOf = (text: DecimalText): number => numberOf(decimalOf(text));

/** A computed figure as a decimal with so many significant digits: what is printed, and what JSON has. */
export function significantText(value: number, digits = 6): DecimalText {
  return textOf(decimalOfNumber(Number(value.toPrecision(digits)), 15));
}
