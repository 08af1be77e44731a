import { createHash } from 'node:crypto';
import { MillwattError } from '../../../protocols/errors.ts';
import { byState } from '../../energy/by-state.ts';
import { HOUR_MS } from '../../energy/hour-account.ts';
import { HOUR_BASES, BASIS_STATES, type HourBasis } from '../../energy/use-phase/hour-basis.ts';
import { deriveUsePhase, type UsePhase } from '../../energy/use-phase/use-phase.ts';
import type { EnergyPiece } from '../../footprint/emissions/energy-piece.ts';
import {
  decimalOf,
  dividedBy,
  textOf,
  wholeDecimal,
  type DecimalText,
} from '../../footprint/figures/decimal.ts';
import {
  FOOTPRINT_FORMAT,
  type Activity,
  type FootprintRecord,
  type SensitivityCase,
  type Subject,
} from '../../footprint/record/footprint-record.ts';
import { dataQualityOf } from './data-quality.ts';
import { figureText, hoursText, kwhText, meanWattText, sensitivityOf } from './footprint-texts.ts';
import { gatherMachine, type MachineFacts } from './gather-machine.ts';
import { recordCoverage } from './record-coverage.ts';
import { emissionsByPlan } from './record-emissions-of.ts';
import {
  metersOf,
  recordEvidence,
  recordId,
  recordPeriod,
  requireEnergy,
  soundRecord,
  yearAt,
  type RecordSource,
} from './record-frame.ts';
import { recordUncertainty } from './record-uncertainty.ts';

/** Of which machine or line, over the hours that begin in [fromMs, toMs), wall ms. */
export interface UsePhaseRecordQuery {
  subject: { kind: 'machine' | 'line'; id: string };
  fromMs: number;
  toMs: number;
}

const BASIS_WORDS: Readonly<Record<HourBasis, string>> = {
  calendar: 'of the calendar (all time watched)',
  powered: 'with power on (standby, warm-up, ready and processing)',
  operating: 'operating (warm-up, ready and processing)',
  processing: 'processing',
};

/**
 * The footprint record of a machine-hour, of a machine or of a line; a null after each hour that was read. Its energy is
 * exactly that of its hours. Throws errors of class `refuse`: `no-line`, `no-energy`, and as the calendar and factors do.
 */
export function* stepUsePhaseRecord(
  from: RecordSource,
  { subject: { kind, id }, fromMs, toMs }: UsePhaseRecordQuery,
): Generator<FootprintRecord | null> {
  const { source, plan, calendar } = from;
  const machines = kind === 'machine' ? [id] : machinesOfLine(plan.lines, id);
  const first = Math.ceil(fromMs / HOUR_MS) * HOUR_MS;
  const end = Math.max(first + HOUR_MS, Math.ceil(toMs / HOUR_MS) * HOUR_MS);
  const digest = createHash('sha256');
  const all: MachineFacts[] = [];
  for (const machine of machines) all.push(yield* gatherMachine(source, machine, [first, end], digest));
  const period = recordPeriod(calendar, first, end);
  requireEnergy(all, period);

  const usePhase = deriveUsePhase(all.flatMap(({ hours }) => hours));
  const activity = activityOf(all, usePhase, plan.hours);
  const count = activity.perHour?.[plan.hours].hours ?? null;
  const uncertainty = recordUncertainty(all);
  const coverage = recordCoverage(all, end - first);
  const { emissions, sensitivity, factors, remarks } = emissionsByPlan(plan, calendar, {
    pieces: piecesOf(all, (atMs) => yearAt(calendar, atMs)),
    count,
    energyExpandedPercent: uncertainty.expandedPercent,
  });
  const meters = metersOf(from, all);
  const subject = subjectOf(from, kind, id, machines);
  const [statement] = emissions;
  yield soundRecord({
    format: FOOTPRINT_FORMAT,
    id: recordId(from, subject, period, 'use-phase'),
    version: figureText(from.ports.issue, 0),
    issued: new Date(from.ports.issuedMs).toISOString(),
    view: 'use-phase',
    subject,
    period,
    issuer: plan.issuer,
    functionalUnit: {
      unit: 'hour',
      amount: figureText(1, 0),
      description: `1 ${kind === 'line' ? 'machine-hour' : 'hour'} of ${id}, ${BASIS_WORDS[plan.hours]}`,
      basis: plan.hours,
      count,
    },
    boundary: {
      statement: `Gate to gate: electricity that ${machines.length === 1 ? 'the machine' : 'the machines'} drew from the supply, in all states.`,
      includes: [
        'electricity of the whole machine: control, drives, spindle and auxiliaries behind its meter',
      ],
      excludes: [
        'compressed air and other media',
        'tools, coolant and other consumables',
        'making and disposing of the machine',
      ],
    },
    activity,
    allocation: {
      rule: 'none',
      statement:
        machines.length === 1
          ? 'One machine with its own meter: nothing was allocated.'
          : 'Each machine has its own meter: their energies were added, nothing was allocated.',
    },
    coverage,
    uncertainty,
    dataQuality: dataQualityOf({
      region: plan.issuer.region,
      year: yearAt(calendar, end - 1),
      coverage,
      uncertainty,
      meters,
      statement,
      factors,
      upstream: [],
      to: period.to,
    }),
    emissions,
    upstream: [],
    completeness: { isPartial: !coverage.isComplete, because: coverage.lacks },
    sensitivity: [...sensitivity, ...basisCases(activity, plan.hours)],
    cutOff: { exemptedPercent: figureText(0, 0), statement: 'Nothing within the boundary was left out.' },
    meters,
    evidence: recordEvidence(all, from, factors, digest.digest('base64url'), {
      algorithms: [usePhase.algorithm],
      isProvisional: false,
    }),
    remarks: [...usePhase.remarks, ...remarks],
  });
}

function machinesOfLine(lines: RecordSource['plan']['lines'], id: string): readonly string[] {
  const line = Object.hasOwn(lines, id) ? lines[id] : undefined;
  if (line !== undefined) return line.machines;
  const known = Object.keys(lines);
  throw new MillwattError('refuse', 'no-line', `There is no line ${id}.`, {
    cure:
      known.length === 0
        ? 'List it under footprint.lines in collector.yaml, with its machines.'
        : `Lines are: ${known.join(', ')}.`,
  });
}

function subjectOf(
  { plan }: RecordSource,
  kind: 'machine' | 'line',
  id: string,
  machines: readonly string[],
): Subject {
  const told =
    (kind === 'machine' ? plan.machines[id] : plan.lines[id]) ?? plan.productOf('machine-hour', id);
  const { name, description, productIds, classifications } = told;
  return {
    kind,
    id,
    name,
    description,
    machines: [...machines],
    productIds,
    // An hour of use is a service: it has neither mass nor carbon in it.
    massKgPerUnit: figureText(0, 0),
    fossilCarbonKgPerUnit: figureText(0, 0),
    classifications,
    parameters: kind === 'machine' ? (plan.machines[id]?.parameters ?? {}) : {},
  };
}

function activityOf(all: readonly MachineFacts[], { totals }: UsePhase, hours: HourBasis): Activity {
  const sum = (of: (facts: MachineFacts) => number) => all.reduce((total, facts) => total + of(facts), 0);
  const energyMwh = sum(({ span }) => span.energy.supplyMwh ?? 0);
  const basisHours = (basis: HourBasis): DecimalText =>
    hoursText(BASIS_STATES[basis].reduce((total, state) => total + totals.timeMs[state], 0));
  const per = (count: DecimalText): DecimalText | null =>
    count === '0' ? null : textOf(dividedBy(wholeDecimal(energyMwh, 6), decimalOf(count), 6));
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

/** Hour by hour, all machines together, so that hourly factors can be used. */
function piecesOf(all: readonly MachineFacts[], yearOf: (atMs: number) => number): EnergyPiece[] {
  const byHour = new Map<number, number>();
  for (const { hours } of all)
    for (const { hourMs, energy } of hours)
      if (energy.supplyMwh !== null) byHour.set(hourMs, (byHour.get(hourMs) ?? 0) + energy.supplyMwh);
  return [...byHour]
    .sort(([a], [b]) => a - b)
    .map(([hourMs, mwh]) => ({
      from: new Date(hourMs).toISOString(),
      to: new Date(hourMs + HOUR_MS).toISOString(),
      year: yearOf(hourMs),
      kwh: wholeDecimal(mwh, 6),
    }));
}

/** The same energy over other hours. */
function basisCases({ perHour, perUnitKwh }: Activity, taken: HourBasis): SensitivityCase[] {
  return HOUR_BASES.filter((basis) => basis !== taken).flatMap((basis) => {
    const other = perHour?.[basis].kwhPerHour ?? null;
    const change = `${basis} hours instead of ${taken} hours`;
    return sensitivityOf('hour-basis', change, 'perUnitKwh', [perUnitKwh, other]) ?? [];
  });
}
