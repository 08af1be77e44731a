import { createHash } from 'node:crypto';
import { MillwattError } from '../../../protocols/errors.ts';
import { HOUR_MS } from '../../energy/hour-account.ts';
import { joinStates } from '../../energy/use-phase/state-totals.ts';
import { usePhaseOf } from '../../energy/use-phase/use-phase.ts';
import {
  FOOTPRINT_FORMAT,
  type FootprintRecord,
  type Subject,
} from '../../footprint/record/footprint-record.ts';
import { dataQualityOf } from './data-quality.ts';
import type { ToldProduct } from './footprint-plan.ts';
import { figureText } from './footprint-texts.ts';
import { gatherMachine, type MachineFacts } from './gather-machine.ts';
import { HourlyEnergy } from './hourly-energy.ts';
import { modelScatter } from './model-scatter.ts';
import { recordCoverage, sayUnread } from './record-coverage.ts';
import { recordCutOff } from './record-cut-off.ts';
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
import { sayOtherClasses } from './record-meters.ts';
import { recordUncertainty } from './record-uncertainty.ts';
import { usePhaseActivity } from './use-phase-activity.ts';
import { usePhaseCases } from './use-phase-cases.ts';
import { sayCalendar, sayModel, sayPartlyRead, sayUsePhase } from './use-phase-words.ts';

/** A machine; several as they stand together; or several as samples of one model. */
export interface UsePhaseSubject {
  kind: 'machine' | 'line' | 'model';
  id: string;
}

/** Of which machine, line or model, over the hours that begin in [fromMs, toMs), wall ms. */
export interface UsePhaseRecordQuery {
  subject: UsePhaseSubject;
  fromMs: number;
  toMs: number;
}

/**
 * The footprint record of a machine-hour, of a machine, a line or a model; a null after each hour that was read. Its energy is
 * exactly that of its hours. A line is a sum; a model declares a typical unit: the mean of its machines weighted by their hours,
 * with how they differ. Throws errors of class `refuse`: `no-line`, `no-model`, `no-energy`, `no-hours` (a machine of a model
 * without hours of the basis), and as the calendar and factors do.
 */
export function* stepUsePhaseRecord(
  from: RecordSource,
  { subject: { kind, id }, fromMs, toMs }: UsePhaseRecordQuery,
): Generator<FootprintRecord | null> {
  const { source, plan, calendar } = from;
  const machines = machinesOf(plan, { kind, id });
  const first = Math.ceil(fromMs / HOUR_MS) * HOUR_MS;
  const end = Math.max(first + HOUR_MS, Math.ceil(toMs / HOUR_MS) * HOUR_MS);
  const digest = createHash('sha256');
  const all: MachineFacts[] = [];
  const hourly = new HourlyEnergy();
  for (const machine of machines)
    all.push(yield* gatherMachine(source, machine, [first, end], digest, (hour) => hourly.add(hour)));
  const period = recordPeriod(calendar, first, end);
  requireEnergy(all, period);

  const usePhase = usePhaseOf(joinStates(all.map(({ totals }) => totals)));
  const activity = usePhaseActivity(all, usePhase.totals, plan.hours);
  const count = activity.perHour?.[plan.hours].hours ?? null;
  const measured = recordUncertainty(all);
  const model = kind === 'model' ? modelScatter(all, { id, basis: plan.hours, measured }) : undefined;
  const uncertainty = model?.uncertainty ?? measured;
  const coverage = recordCoverage(all, end - first);
  const yearOf = (atMs: number) => yearAt(calendar, atMs);
  const { emissions, sensitivity, factors, remarks } = emissionsByPlan(plan, calendar, {
    pieces: hourly.pieces('all', yearOf),
    count,
    energyExpandedPercent: uncertainty.expandedPercent,
  });
  const cases = usePhaseCases(from, {
    all,
    activity,
    coverage,
    count,
    uncertainty,
    scatter: model?.scatter,
    statement: emissions[0],
    measuredPieces: () => hourly.pieces('measured', yearOf),
  });
  const meters = metersOf(from, all);
  const subject = subjectOf(from, { kind, id }, machines);
  const [statement] = emissions;
  const words = sayUsePhase(kind, subject, plan.hours);
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
      description: words.unit,
      basis: plan.hours,
      count,
    },
    boundary: words.boundary,
    activity,
    allocation: { rule: 'none', statement: words.allocation },
    coverage,
    uncertainty,
    ...(model === undefined ? {} : { scatter: model.scatter }),
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
      ...(model === undefined ? {} : { proxyUnits: machines.length }),
    }),
    emissions,
    upstream: [],
    completeness: { isPartial: true, because: [words.alone, ...coverage.lacks] },
    sensitivity: [...sensitivity, ...cases],
    cutOff: recordCutOff(toldOf(plan, { kind, id }).cutOff, all, end - first),
    meters,
    evidence: recordEvidence(all, from, factors, digest.digest('base64url'), {
      algorithms: [usePhase.algorithm],
      isProvisional: false,
    }),
    remarks: [
      ...(model === undefined ? [] : [sayModel(model.scatter)]),
      ...(coverage.isComplete ? sayUnread(all, end - first) : []),
      ...sayCalendar(all, end - first),
      ...usePhase.remarks,
      ...sayPartlyRead(all),
      ...sayOtherClasses(from.source, all),
      ...remarks,
    ],
  });
}

/** The machines of a subject. Throws an error of class `refuse`: `no-line` or `no-model`. */
function machinesOf(
  { lines, models }: Pick<RecordSource['plan'], 'lines' | 'models'>,
  { kind, id }: UsePhaseSubject,
): readonly string[] {
  if (kind === 'machine') return [id];
  const all = kind === 'line' ? lines : models;
  const found = Object.hasOwn(all, id) ? all[id] : undefined;
  if (found !== undefined) return found.machines;
  const known = Object.keys(all);
  throw new MillwattError('refuse', `no-${kind}`, `There is no ${kind} ${id}.`, {
    cure:
      known.length === 0
        ? `List it under footprint.${kind}s in collector.yaml, with its machines.`
        : `${kind === 'line' ? 'Lines' : 'Models'} are: ${known.join(', ')}.`,
  });
}

function toldOf(plan: RecordSource['plan'], { kind, id }: UsePhaseSubject): ToldProduct {
  const { machines, lines, models, productOf } = plan;
  return { machine: machines, line: lines, model: models }[kind][id] ?? productOf('machine-hour', id);
}

function subjectOf(
  { plan }: RecordSource,
  { kind, id }: UsePhaseSubject,
  machines: readonly string[],
): Subject {
  const { name, description, productIds, classifications } = toldOf(plan, { kind, id });
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
    parameters: parametersOf(plan, { kind, id }),
  };
}

function parametersOf({ machines, models }: RecordSource['plan'], { kind, id }: UsePhaseSubject) {
  if (kind === 'line') return {};
  return (kind === 'machine' ? machines[id] : models[id])?.parameters ?? {};
}
