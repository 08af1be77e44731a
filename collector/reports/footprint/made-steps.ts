import type { Hash } from 'node:crypto';
import { MillwattError } from '../../../protocols/errors.ts';
import type { AllocationRule } from '../../energy/allocation/allocation-rule.ts';
import { decimalOfNumber, textOf, type DecimalText } from '../../footprint/figures/decimal.ts';
import { divideJobs, gatherJobs, type JobGround, type JobReport, type ReportedJob } from '../job-report.ts';
import type { JobSource } from '../job-source.ts';
import { gatherMachine, type MachineFacts } from './gather-machine.ts';
import { hourOfStates, type HourOfStates } from './job-hours.ts';
import { withWorseMeters } from './worse-meters.ts';

/** A job of a machine; or a part, on one machine or (null) on all that the configuration names as its steps. */
export type MadeSubject =
  | { kind: 'job'; id: string; machine: string }
  | { kind: 'part'; id: string; machine: string | null };

/** What one machine did for a job or part, over whole windows. */
export interface MadeStep {
  machine: string;
  ground: JobGround;
  report: JobReport;
  /** Its jobs of that subject, at least one. */
  jobs: ReportedJob[];
  facts: MachineFacts;
  hours: HourOfStates[];
}

/** What was made, and what all steps of it got together. */
export interface Made {
  totalMwh: number;
  unit: 'piece' | 'kilogram';
  /** Null where nobody knows, or where a job lies outside of the windows in part. */
  count: DecimalText | null;
}

/**
 * Gathers the step of a machine; a null wherever others may have their turn. Throws errors of class `refuse`: `no-job`, `no-part`,
 * and as `stepJobReport` does.
 */
export function* gatherStep(
  source: JobSource,
  subject: MadeSubject,
  machine: string,
  { fromMs, toMs, digest }: { fromMs: number; toMs: number; digest: Hash },
): Generator<null, MadeStep> {
  const ground = yield* gatherJobs(source, { machine, fromMs, toMs });
  yield null;
  const report = divideJobs(source, ground);
  const jobs = jobsOf(report, subject);
  const hours: HourOfStates[] = [];
  const facts = yield* gatherMachine(source, machine, [report.fromMs, report.toMs], digest, (hour) =>
    hours.push(hourOfStates(hour)),
  );
  return { machine, ground, report, jobs, facts, hours };
}

/** Steps whose windows are not the same are of different times: refused (code `windows-differ`). */
export function requireSameWindows([first, ...others]: readonly MadeStep[]): void {
  const other = others.find(
    ({ report }) => report.fromMs !== first?.report.fromMs || report.toMs !== first.report.toMs,
  );
  if (first === undefined || other === undefined) return;
  throw new MillwattError(
    'refuse',
    'windows-differ',
    `${first.machine} divides by the ${first.report.window} and ${other.machine} by the ${other.report.window}: in this time their whole windows are not the same.`,
    { cure: 'Give --from and --to where windows of all steps begin, such as a month from its first day.' },
  );
}

/** The step divided by another rule. */
export const stepBy = (
  source: JobSource,
  step: MadeStep,
  rule: AllocationRule,
  subject: MadeSubject,
): MadeStep => {
  const report = divideJobs(source, step.ground, rule);
  return { ...step, report, jobs: jobsOf(report, subject) };
};

/** The step as if its meters were one class worse, and which those are; undefined where none is worse. */
export function worseStep(
  source: JobSource,
  step: MadeStep,
  subject: MadeSubject,
): { step: MadeStep; changes: string[] } | undefined {
  const changes = new Set<string>();
  const report = divideJobs(source, step.ground, step.report.rule, (supply) => {
    const worse = supply === undefined ? undefined : withWorseMeters(supply);
    for (const change of worse?.changes ?? []) changes.add(change);
    return (worse?.uncertainty ?? supply)?.states ?? {};
  });
  if (changes.size === 0) return undefined;
  return { step: { ...step, report, jobs: jobsOf(report, subject) }, changes: [...changes] };
}

/** Energy of all steps, and what came out of one of them. @param counted the machine whose good parts count */
export function madeOf(steps: readonly MadeStep[], counted: string): Made {
  const all = steps.flatMap(({ jobs }) => jobs);
  const totalMwh = all.reduce((sum, { energy }) => sum + energy.totalMwh, 0);
  const last = steps.find(({ machine }) => machine === counted)?.jobs ?? [];
  const sum = (of: 'goodParts' | 'massKg') =>
    last.some((job) => job[of] === null) ? null : last.reduce((total, job) => total + (job[of] ?? 0), 0);
  const [parts, massKg] = [sum('goodParts'), sum('massKg')];
  // Half a job's energy over all its parts would flatter.
  const isCut = all.some(({ extent }) => extent === 'cut');
  const unit = parts === null && massKg !== null ? 'kilogram' : 'piece';
  const amount = unit === 'piece' ? parts : massKg;
  return {
    totalMwh,
    unit,
    count: amount === null || isCut ? null : textOf(decimalOfNumber(amount, 6)),
  };
}

/** Why there is no figure of one, where no window cuts a job: that is told of the job itself. */
export function sayUncounted(jobs: readonly ReportedJob[], counted: string, { count }: Made): string[] {
  if (count === '0') return [`no good part of it left ${counted}`];
  return count === null && jobs.every(({ extent }) => extent !== 'cut')
    ? [`nobody told how many good parts ${counted} made of it`]
    : [];
}

/** Steps of which another amount is told than of the last, or none: what lies between them is on what came out. */
export function sayPartsBetween(steps: readonly MadeStep[], counted: string, made: Made): string[] {
  if (made.count === null) return [];
  const [of, unit, counts] =
    made.unit === 'piece'
      ? (['goodParts', 'good parts', 'counts no good parts'] as const)
      : (['massKg', 'kg', 'has no mass'] as const);
  return steps.flatMap(({ machine, jobs }) => {
    if (machine === counted) return [];
    if (jobs.some((job) => job[of] === null))
      return [`${machine} ${counts}: what was lost between it and ${counted} is not known.`];
    const amount = textOf(
      decimalOfNumber(
        jobs.reduce((sum, job) => sum + (job[of] ?? 0), 0),
        6,
      ),
    );
    return amount === made.count
      ? []
      : [
          `${machine} made ${amount} ${unit} and ${counted} ${made.count}: all of its energy is on those that left ${counted}, with what became scrap or lies between the steps.`,
        ];
  });
}

/**
 * Two operations of one order count one part twice, and so may two jobs of which no order is told. A job that is told 0 counts nothing:
 * so one says which operation counts.
 */
export function sayCountedTwice(steps: readonly MadeStep[], counted: string, made: Made): string[] {
  if (made.count === null) return [];
  const [of, what] =
    made.unit === 'piece' ? (['goodParts', 'good parts'] as const) : (['massKg', 'kg'] as const);
  const jobs = steps.find(({ machine }) => machine === counted)?.jobs ?? [];
  const counting = jobs.filter((job) => (job[of] ?? 0) > 0);
  return [...Map.groupBy(counting, ({ order }) => order ?? null)].flatMap(([order, own]) =>
    own.length < 2
      ? []
      : [
          `${counted} made ${order === null ? 'it without an order' : `order ${order}`} in ${own.length} jobs, and their ${what} are added: where one part went through several of them, it is counted as often, and its figure is too small. Tell 0 ${what} of all but the last operation.`,
        ],
  );
}

function jobsOf(report: JobReport, { kind, id }: MadeSubject): ReportedJob[] {
  const jobs = report.jobs.filter((job) => (kind === 'job' ? job.id === id : job.part === id));
  if (jobs.length > 0) return jobs;
  const names =
    kind === 'job' ? report.jobs.map((job) => job.id) : report.jobs.flatMap(({ part }) => part ?? []);
  const known = [...new Set(names)].sort();
  const { machine } = report;
  throw new MillwattError('refuse', `no-${kind}`, `${machine} made no ${kind} ${id} in this time.`, {
    cure:
      known.length === 0
        ? `No ${kind} of it is known here: \`millwatt jobs ${machine}\` shows what is, and docs/jobs.md how to tell it.`
        : `Known are ${known.slice(0, 10).join(', ')}${known.length > 10 ? ' and more' : ''}.`,
  });
}
