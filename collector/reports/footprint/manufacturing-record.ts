import { createHash } from 'node:crypto';
import { MillwattError } from '../../../protocols/errors.ts';
import type { OperatingState } from '../../../protocols/telemetry/operating-state.ts';
import type { AllocationRule } from '../../energy/allocation/allocation-rule.ts';
import { byState } from '../../energy/by-state.ts';
import type { EnergyPiece } from '../../footprint/emissions/energy-piece.ts';
import {
  decimalOf,
  decimalOfNumber,
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
  type UncertaintyStatement,
} from '../../footprint/record/footprint-record.ts';
import { UNCERTAINTY_MODEL } from '../../energy/uncertainty/uncertainty-statement.ts';
import { stepJobReport, type JobReport, type ReportedJob } from '../job-report.ts';
import type { JobSource } from '../job-source.ts';
import { dataQualityOf } from './data-quality.ts';
import { figureText, hoursText, kwhText, sensitivityOf } from './footprint-texts.ts';
import { gatherMachine } from './gather-machine.ts';
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

/** Which job or part of which machine; windows that touch [fromMs, toMs), wall ms, are taken whole. */
export interface ManufacturingRecordQuery {
  subject: { kind: 'job' | 'part'; id: string; machine: string };
  fromMs: number;
  toMs: number;
}

const RULE_WORDS: Readonly<Record<AllocationRule, string>> = {
  time: 'by their time',
  energy: 'by the energy that they drew themselves',
  equal: 'equally',
  mass: 'by the mass of what they made',
  none: 'among none',
};

/** What several jobs got and made. */
interface Made {
  totalMwh: number;
  unit: 'piece' | 'kilogram';
  /** Null where nobody knows, or where a job lies outside of the windows in part. */
  count: DecimalText | null;
}

/**
 * The footprint record of a job, or of a part by all its jobs on one machine; a null wherever others may have their turn. Throws
 * errors of class `refuse`: `no-job`, `no-part`, `no-energy`, and as `stepJobReport` does.
 */
export function* stepManufacturingRecord(
  from: RecordSource<JobSource>,
  query: ManufacturingRecordQuery,
): Generator<FootprintRecord | null> {
  const { source, plan, calendar } = from;
  const { kind, id, machine } = query.subject;
  const report = yield* reportBy(source, query);
  const jobs = jobsOf(report, query);
  const digest = createHash('sha256');
  const facts = yield* gatherMachine(source, machine, [report.fromMs, report.toMs], digest, () => {});
  const all = [facts];
  const period = recordPeriod(calendar, report.fromMs, report.toMs);
  requireEnergy(all, period);

  const made = madeOf(jobs);
  const activity = activityOf(source, machine, jobs, made);
  const uncertainty = uncertaintyOf(jobs, made.totalMwh);
  const coverage = recordCoverage(all, report.toMs - report.fromMs);
  const { emissions, sensitivity, factors, remarks } = emissionsByPlan(plan, calendar, {
    pieces: piecesOf(report, jobs, (atMs) => yearAt(calendar, atMs)),
    count: made.count,
    energyExpandedPercent: uncertainty.expandedPercent,
  });
  const [statement] = emissions;
  const meters = metersOf(from, all);
  const subject = subjectOf(from, query.subject, jobs, made.unit);
  const told = toldPart(plan, subject, kind, jobs);
  // What was declared is of one piece: beside a kilogram it would be of another unit.
  const upstream = made.unit === 'piece' ? (told?.upstream ?? []) : [];
  const lacks = [
    ...coverage.lacks,
    ...jobs.flatMap(({ extentSaying }) => (extentSaying === '' ? [] : [extentSaying])),
    ...(upstream.some(({ stage }) => stage === 'material' || stage === 'purchased-part')
      ? []
      : [
          'electricity of the machine alone: no material or purchased part was declared (footprint.parts in collector.yaml)',
        ]),
  ];
  const otherRule: AllocationRule = report.rule === 'time' ? 'energy' : 'time';
  const other = yield* reportBy(source, query, otherRule);
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
      description:
        made.unit === 'piece'
          ? `1 good part of ${kind} ${id}, leaving ${machine}`
          : `1 kg of what ${kind} ${id} made, leaving ${machine}`,
      basis: null,
      count: made.count,
    },
    boundary: {
      statement: `One step on ${machine}: electricity that was given to the ${kind}, and declared parts.`,
      includes: [
        'electricity of the machine while it worked on it, and its share of what no job drew itself',
      ],
      excludes: [
        'steps on other machines',
        'compressed air and other media',
        'tools, coolant and other consumables',
        'the machine itself',
      ],
    },
    activity,
    allocation: {
      rule: report.rule,
      statement: `Energy that no job drew itself was divided among the jobs of each ${report.window} ${RULE_WORDS[report.rule]}; scrap stays with good parts.`,
    },
    coverage,
    uncertainty,
    dataQuality: dataQualityOf({
      region: plan.issuer.region,
      year: yearAt(calendar, report.toMs - 1),
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
      ...ruleCase(activity, report.rule, otherRule, madeOf(jobsOf(other, query))),
    ],
    cutOff: { exemptedPercent: figureText(0, 0), statement: 'Nothing within the boundary was left out.' },
    meters,
    evidence: recordEvidence(all, from, factors, digest.digest('base64url'), {
      algorithms: [report.basis.allocation],
      isProvisional: report.windows.some(({ status }) => status === 'provisional'),
    }),
    remarks: [
      ...remarks,
      ...report.remarks.filter(({ job }) => jobs.some((one) => one.id === job)).map(({ saying }) => saying),
    ],
  });
}

function* reportBy(
  source: JobSource,
  { subject: { machine }, fromMs, toMs }: ManufacturingRecordQuery,
  rule?: AllocationRule,
): Generator<null, JobReport> {
  for (const report of stepJobReport(source, { machine, fromMs, toMs, rule })) {
    if (report !== null) return report;
    yield null;
  }
  throw new Error('a report ends with what it reports');
}

function jobsOf(
  report: JobReport,
  { subject: { kind, id, machine } }: ManufacturingRecordQuery,
): ReportedJob[] {
  const jobs = report.jobs.filter((job) => (kind === 'job' ? job.id === id : job.part === id));
  if (jobs.length > 0) return jobs;
  const names =
    kind === 'job' ? report.jobs.map((job) => job.id) : report.jobs.flatMap(({ part }) => part ?? []);
  const known = [...new Set(names)].sort();
  throw new MillwattError('refuse', `no-${kind}`, `${machine} made no ${kind} ${id} in this time.`, {
    cure:
      known.length === 0
        ? `No ${kind} of it is known here: \`millwatt jobs ${machine}\` shows what is, and docs/jobs.md how to tell it.`
        : `Known are ${known.slice(0, 10).join(', ')}${known.length > 10 ? ' and more' : ''}.`,
  });
}

function madeOf(jobs: readonly ReportedJob[]): Made {
  const totalMwh = jobs.reduce((sum, { energy }) => sum + energy.totalMwh, 0);
  const sum = (of: 'goodParts' | 'massKg') =>
    jobs.some((job) => job[of] === null) ? null : jobs.reduce((all, job) => all + (job[of] ?? 0), 0);
  const [parts, massKg] = [sum('goodParts'), sum('massKg')];
  // Half a job's energy over all its parts would flatter.
  const isCut = jobs.some(({ extent }) => extent === 'cut');
  const unit = parts === null && massKg !== null ? 'kilogram' : 'piece';
  const amount = unit === 'piece' ? parts : massKg;
  return {
    totalMwh,
    unit,
    count: amount === null || isCut ? null : textOf(decimalOfNumber(amount, 6)),
  };
}

function perUnit(totalMwh: number, count: DecimalText | null): DecimalText | null {
  return count === null || count === '0'
    ? null
    : textOf(dividedBy(wholeDecimal(totalMwh, 6), decimalOf(count), 6));
}

function activityOf(
  { views }: JobSource,
  machine: string,
  jobs: readonly ReportedJob[],
  { totalMwh, count }: Made,
): Activity {
  const directMwh = jobs.reduce((sum, { energy }) => sum + energy.directMwh, 0);
  const ms = byState(() => 0);
  for (const { fromMs, toMs } of jobs.flatMap(({ segments }) => segments))
    for (const span of views.states(machine, fromMs, toMs, Number.MAX_SAFE_INTEGER))
      ms[span.state] += Math.max(0, Math.min(span.toMs, toMs) - Math.max(span.fromMs, fromMs));
  const mwhOf = (state: OperatingState) =>
    jobs.reduce(
      (sum, { energy }) => sum + (state === 'processing' ? energy.directMwh : energy.dividedMwh[state]),
      0,
    );
  return {
    energyKwh: kwhText(totalMwh),
    perUnitKwh: perUnit(totalMwh, count),
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

/** Jobs of one machine are measured by one meter: their uncertainties add linearly, which is never too little. */
function uncertaintyOf(jobs: readonly ReportedJob[], totalMwh: number): UncertaintyStatement {
  const base = { model: UNCERTAINTY_MODEL, k: figureText(2, 0), states: {} };
  const known = jobs.flatMap(({ uncertainty }) => uncertainty.expandedMwh ?? []);
  if (known.length < jobs.length || totalMwh === 0)
    return {
      ...base,
      expandedPercent: null,
      sources: [],
      missing: jobs
        .filter(({ uncertainty }) => uncertainty.expandedMwh === null)
        .map(({ id, uncertainty }) => `job ${id}: ${uncertainty.saying}`),
    };
  const percent = (100 * known.reduce((sum, mwh) => sum + mwh, 0)) / totalMwh;
  return {
    ...base,
    expandedPercent: figureText(percent, 2),
    sources: [
      {
        source: 'supply',
        standardPercent: figureText(percent / 2, 4),
        note: 'each share is as uncertain as the state of the machine that it is of; shares add linearly',
      },
    ],
    missing: [],
  };
}

/** What the windows gave these jobs, a piece a window. */
function piecesOf(
  { windows }: JobReport,
  jobs: readonly ReportedJob[],
  yearOf: (atMs: number) => number,
): EnergyPiece[] {
  const ids = new Set(jobs.map(({ id }) => id));
  const pieces = windows.map(({ fromMs, toMs, rows }) => {
    const mwh = rows.reduce((sum, row) => sum + (row.job !== null && ids.has(row.job) ? row.mwh : 0), 0);
    const at = { from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() };
    return { ...at, year: yearOf(fromMs), kwh: wholeDecimal(mwh, 6), mwh };
  });
  const some = pieces.filter(({ mwh }) => mwh > 0);
  // A job that got nothing has a factor all the same.
  return some.length > 0 ? some : pieces.slice(0, 1);
}

/** What is told of the part; of a job, that of the one part it makes. */
function toldPart(
  plan: RecordSource['plan'],
  { id }: Pick<Subject, 'id'>,
  kind: 'job' | 'part',
  jobs: readonly ReportedJob[],
): RecordSource['plan']['parts'][string] | undefined {
  const name = kind === 'part' ? id : (jobs[0]?.part ?? '');
  return Object.hasOwn(plan.parts, name) ? plan.parts[name] : undefined;
}

function subjectOf(
  { plan }: RecordSource,
  { kind, id, machine }: ManufacturingRecordQuery['subject'],
  jobs: readonly ReportedJob[],
  unit: Made['unit'],
): Subject {
  const told = toldPart(plan, { id }, kind, jobs);
  const { name, description, productIds, classifications } = told ?? plan.productOf(kind, id);
  return {
    kind,
    id,
    name: kind === 'job' ? `Job ${id}${told === undefined ? '' : `, ${name}`}` : name,
    description,
    machines: [machine],
    productIds,
    massKgPerUnit: unit === 'kilogram' ? figureText(1, 0) : (told?.massKg ?? null),
    fossilCarbonKgPerUnit: unit === 'kilogram' ? null : (told?.fossilCarbonKg ?? null),
    classifications,
    parameters: {},
  };
}

function ruleCase(
  { perUnitKwh }: Activity,
  rule: AllocationRule,
  otherRule: AllocationRule,
  other: Made,
): SensitivityCase[] {
  const change = `${otherRule} instead of ${rule}`;
  const figures = [perUnitKwh, perUnit(other.totalMwh, other.count)] as const;
  const found = sensitivityOf('allocation', change, 'perUnitKwh', figures);
  return found === undefined ? [] : [found];
}
