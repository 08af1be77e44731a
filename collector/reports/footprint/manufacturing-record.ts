import { createHash } from 'node:crypto';
import { MillwattError } from '../../../protocols/errors.ts';
import type { OperatingState } from '../../../protocols/telemetry/operating-state.ts';
import type { AllocationRule } from '../../energy/allocation/allocation-rule.ts';
import { byState } from '../../energy/by-state.ts';
import { compareWhole } from '../../footprint/emissions/sensitivity-cases.ts';
import {
  FOOTPRINT_FORMAT,
  type Activity,
  type FootprintRecord,
  type SensitivityCase,
  type Subject,
} from '../../footprint/record/footprint-record.ts';
import type { JobSource } from '../job-source.ts';
import { dataQualityOf } from './data-quality.ts';
import { figureText, hoursText, kwhText, perUnitText, sensitivityOf } from './footprint-texts.ts';
import { jobPieces } from './job-hours.ts';
import {
  gatherStep,
  madeOf,
  requireSameWindows,
  sayCountedTwice,
  sayPartsBetween,
  sayUncounted,
  stepBy,
  worseStep,
  type Made,
  type MadeStep,
  type MadeSubject,
} from './made-steps.ts';
import { madeUncertainty } from './made-uncertainty.ts';
import { sayMade } from './made-words.ts';
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
import { sayWorse } from './worse-meters.ts';

/** Which job or part; windows that touch [fromMs, toMs), wall ms, are taken whole. */
export interface ManufacturingRecordQuery {
  subject: MadeSubject;
  fromMs: number;
  toMs: number;
}

/**
 * The footprint record of a job, or of a part by all its jobs on one machine or on each of its steps; a null wherever others may
 * have their turn. Good parts are those of the step that the configuration counts at, else of the last. Throws errors of class
 * `refuse`: `no-job`, `no-part`, `usage` (nothing tells the steps), `windows-differ`, `no-energy`, and as `stepJobReport` does.
 */
export function* stepManufacturingRecord(
  from: RecordSource<JobSource>,
  query: ManufacturingRecordQuery,
): Generator<FootprintRecord | null> {
  const { source, plan, calendar } = from;
  const { subject: asked } = query;
  const { machines, counted } = routeOf(plan, asked);
  const digest = createHash('sha256');
  const steps: MadeStep[] = [];
  for (const machine of machines) steps.push(yield* gatherStep(source, asked, machine, { ...query, digest }));
  requireSameWindows(steps);
  const { fromMs, toMs } = steps[0]!.report;
  const all = steps.map(({ facts }) => facts);
  const jobs = steps.flatMap((step) => step.jobs);
  const period = recordPeriod(calendar, fromMs, toMs);
  requireEnergy(all, period);

  const made = madeOf(steps, counted);
  const activity = activityOf(source, steps, made);
  const uncertainty = madeUncertainty(steps, made.totalMwh);
  const coverage = recordCoverage(all, toMs - fromMs);
  const { emissions, sensitivity, factors, remarks } = emissionsByPlan(plan, calendar, {
    pieces: steps.flatMap((step) =>
      jobPieces(step.report, step.jobs, step.hours, (atMs) => yearAt(calendar, atMs)),
    ),
    count: made.count,
    energyExpandedPercent: uncertainty.expandedPercent,
  });
  const [statement] = emissions;
  const meters = metersOf(from, all);
  const subject = subjectOf(from, asked, machines, jobs[0]?.part ?? '', made.unit);
  const words = sayMade(asked, steps, counted, made.unit);
  const told = toldPart(plan, asked, jobs[0]?.part ?? '');
  // What was declared is of one piece: beside a kilogram it would be of another unit.
  const upstream = made.unit === 'piece' ? (told?.upstream ?? []) : [];
  const countedTwice = sayCountedTwice(steps, counted, made);
  const lacks = [
    ...coverage.lacks,
    ...countedTwice,
    ...jobs.flatMap(({ extentSaying }) => (extentSaying === '' ? [] : [extentSaying])),
    ...sayUncounted(jobs, counted, made),
    ...(upstream.some(({ stage }) => stage === 'material' || stage === 'purchased-part')
      ? []
      : [
          `electricity of the ${machines.length === 1 ? 'machine' : 'machines'} alone: no material or purchased part was declared (footprint.parts in collector.yaml)`,
        ]),
  ];
  yield soundRecord({
    format: FOOTPRINT_FORMAT,
    id: recordId(from, subject, period, 'manufacturing'),
    version: figureText(from.ports.issue, 0),
    issued: new Date(from.ports.issuedMs).toISOString(),
    view: 'manufacturing',
    subject,
    period,
    issuer: plan.issuer,
    functionalUnit: {
      unit: made.unit,
      amount: figureText(1, 0),
      description: words.unit,
      basis: null,
      count: made.count,
    },
    boundary: words.boundary,
    activity,
    allocation: words.allocation,
    coverage,
    uncertainty,
    dataQuality: dataQualityOf({
      region: plan.issuer.region,
      year: yearAt(calendar, toMs - 1),
      coverage,
      uncertainty,
      meters,
      statement,
      factors,
      upstream,
      to: period.to,
    }),
    emissions,
    upstream,
    completeness: { isPartial: lacks.length > 0, because: lacks },
    sensitivity: [
      ...sensitivity,
      ...compareWhole(sensitivity, upstream),
      ...ruleCases(source, asked, steps, counted, activity),
      ...classCases(source, asked, steps, made, uncertainty.expandedPercent),
    ],
    cutOff: recordCutOff(
      told?.cutOff ?? null,
      all,
      toMs - fromMs,
      jobs.reduce((sum, { energy }) => sum + energy.unmeasuredMs, 0),
    ),
    meters,
    evidence: recordEvidence(all, from, factors, digest.digest('base64url'), {
      algorithms: [...new Set(steps.map(({ report }) => report.basis.allocation))],
      isProvisional: steps.some(({ report }) =>
        report.windows.some(({ status }) => status === 'provisional'),
      ),
    }),
    remarks: [
      ...(coverage.isComplete ? sayUnread(all, toMs - fromMs) : []),
      ...sayOtherClasses(from.source, all),
      ...remarks,
      ...(upstream.length === 0
        ? []
        : [
            'Declared parts tell no uncertainty: U is that of the electricity, and that of the whole footprint is not known.',
          ]),
      ...countedTwice,
      ...sayPartsBetween(steps, counted, made),
      ...steps.flatMap(({ report, jobs: own }) =>
        report.remarks.filter(({ job }) => own.some((one) => one.id === job)).map(({ saying }) => saying),
      ),
    ],
  });
}

/** Machines that work on it, and the one at which good parts are counted. */
function routeOf(
  { parts }: RecordSource['plan'],
  { id, machine }: MadeSubject,
): { machines: readonly string[]; counted: string } {
  if (machine !== null) return { machines: [machine], counted: machine };
  const told = Object.hasOwn(parts, id) ? parts[id] : undefined;
  const last = told?.machines.at(-1);
  if (told === undefined || last === undefined)
    throw new MillwattError(
      'refuse',
      'usage',
      `Made on which machine? Nothing tells the steps of part ${id}.`,
      {
        cure: 'Give --machine mill-1, or list its machines in order under footprint.parts[].machines in collector.yaml.',
      },
    );
  return { machines: told.machines, counted: told.countedAt ?? last };
}

function activityOf({ views }: JobSource, steps: readonly MadeStep[], { totalMwh, count }: Made): Activity {
  const jobs = steps.flatMap((step) => step.jobs);
  const directMwh = jobs.reduce((sum, { energy }) => sum + energy.directMwh, 0);
  const ms = byState(() => 0);
  for (const { machine, jobs: own } of steps)
    for (const { fromMs, toMs } of own.flatMap(({ segments }) => segments))
      for (const span of views.states(machine, fromMs, toMs, Number.MAX_SAFE_INTEGER))
        ms[span.state] += Math.max(0, Math.min(span.toMs, toMs) - Math.max(span.fromMs, fromMs));
  const mwhOf = (state: OperatingState) =>
    jobs.reduce(
      (sum, { energy }) => sum + (state === 'processing' ? energy.directMwh : energy.dividedMwh[state]),
      0,
    );
  return {
    energyKwh: kwhText(totalMwh),
    perUnitKwh: perUnitText(totalMwh, count),
    exportKwh: figureText(0, 0),
    states: byState((state) => ({
      hours: hoursText(ms[state]),
      energyKwh: kwhText(mwhOf(state)),
      // Time is that of its segments, energy what it was given: their quotient is no power.
      meanW: null,
    })),
    components: {},
    residualKwh: null,
    perHour: null,
    media: [],
    allocated: { directKwh: kwhText(directMwh), dividedKwh: kwhText(totalMwh - directMwh) },
  };
}

/** What is told of the part; of a job, that of the one part it makes. */
function toldPart(
  plan: RecordSource['plan'],
  { kind, id }: MadeSubject,
  part: string,
): RecordSource['plan']['parts'][string] | undefined {
  const name = kind === 'part' ? id : part;
  return Object.hasOwn(plan.parts, name) ? plan.parts[name] : undefined;
}

function subjectOf(
  { plan }: RecordSource,
  asked: MadeSubject,
  machines: readonly string[],
  part: string,
  unit: Made['unit'],
): Subject {
  const { kind, id } = asked;
  const told = toldPart(plan, asked, part);
  const { name, description, productIds, classifications } = told ?? plan.productOf(kind, id);
  return {
    kind,
    id,
    name: kind === 'job' ? `Job ${id}${told === undefined ? '' : `, ${name}`}` : name,
    description,
    machines: [...machines],
    productIds,
    massKgPerUnit: unit === 'kilogram' ? figureText(1, 0) : (told?.massKg ?? null),
    fossilCarbonKgPerUnit: unit === 'kilogram' ? null : (told?.fossilCarbonKg ?? null),
    classifications,
    parameters: {},
  };
}

/** Each step divided by another rule: by time, or by energy where it was by time. */
function ruleCases(
  source: JobSource,
  asked: MadeSubject,
  steps: readonly MadeStep[],
  counted: string,
  { perUnitKwh }: Activity,
): SensitivityCase[] {
  const otherOf = (rule: AllocationRule): AllocationRule => (rule === 'time' ? 'energy' : 'time');
  const other = madeOf(
    steps.map((step) => stepBy(source, step, otherOf(step.report.rule), asked)),
    counted,
  );
  const rules = [...new Set(steps.map(({ report }) => report.rule))];
  const change = rules.map((rule) => `${otherOf(rule)} instead of ${rule}`).join(', ');
  const figures = [perUnitKwh, perUnitText(other.totalMwh, other.count)] as const;
  const found = sensitivityOf('allocation', change, 'perUnitKwh', figures);
  return found === undefined ? [] : [found];
}

function classCases(
  source: JobSource,
  asked: MadeSubject,
  steps: readonly MadeStep[],
  { totalMwh }: Made,
  expandedPercent: SensitivityCase['from'] | null,
): SensitivityCase[] {
  if (expandedPercent === null) return [];
  const changes = new Set<string>();
  const worse = steps.map((step) => {
    const found = worseStep(source, step, asked);
    for (const change of found?.changes ?? []) changes.add(change);
    return found?.step ?? step;
  });
  if (changes.size === 0) return [];
  const figures = [expandedPercent, madeUncertainty(worse, totalMwh).expandedPercent] as const;
  const found = sensitivityOf('meter-class', sayWorse([...changes]), 'expandedPercent', figures);
  return found === undefined ? [] : [found];
}
