import { ALLOCATION_ALGORITHM, type AllocationRule } from '../energy/allocation/allocation-rule.ts';
import type { AllocationRow } from '../energy/allocation/allocation-row.ts';
import type { WindowAllocation } from '../energy/allocation/allocate-window.ts';
import { deriveJobEnergy, type JobResult } from '../energy/allocation/derive-job-energy.ts';
import type { EnergySpan } from '../energy/allocation/energy-span.ts';
import { groupJobs, type JobGroup } from '../energy/allocation/group-jobs.ts';
import type { JobRemark } from '../energy/allocation/job-mark.ts';
import { assessJob, type JobUncertainty } from '../energy/allocation/job-uncertainty.ts';
import { sumProcessing } from '../energy/allocation/job-processing.ts';
import { splitPower, type MeasuredStates, type PowerSplit } from '../energy/allocation/split-power.ts';
import { milliwattHours, type MilliwattHours } from '../../protocols/telemetry/unit.ts';
import { stepJobEnergy } from './job-energy.ts';
import { gatherMarks, type GatheredMarks } from './job-marks.ts';
import type { JobSource } from './job-source.ts';
import { sayWindow } from './job-window.ts';
import type { PeriodBasis } from './period-basis.ts';
import type { MediumReport } from './period-media.ts';
import { gatherPeriods, type PeriodReport } from './period-report.ts';
import { shareToJobs } from './shared-load-jobs.ts';
import { stepSharedLoads, type MachineShare } from './shared-load-report.ts';
import type { ComponentUncertainty } from './uncertain-period.ts';

/** Which jobs of which machine, and how energy is divided; without a rule as the plan declares. */
export interface JobQuery {
  machine: string;
  /** Wall ms: windows that touch [fromMs, toMs) are taken whole. */
  fromMs: number;
  toMs: number;
  rule?: AllocationRule | undefined;
  /** Whether shares of loads that serve several machines are given to the jobs as well. */
  withShared?: boolean | undefined;
}

/** One shift, day or month that was divided. */
export interface JobWindow {
  /** As allocation rows name it. */
  name: string;
  /** Wall ms. */
  fromMs: number;
  toMs: number;
  status: 'provisional' | 'final';
  revision: number;
  /** Supply of the machine; allocatedMwh + unallocatedMwh. The rows sum to it. */
  totalMwh: MilliwattHours;
  allocatedMwh: MilliwattHours;
  unallocatedMwh: MilliwattHours;
  /** Time of which nobody knows the energy, ms. */
  unmeasuredMs: number;
  rows: AllocationRow[];
  /** Apart from energy, by component. */
  media: Record<string, MediumReport>;
  /** Apart from the supply: this machine's share of loads that serve several. */
  shared: MachineShare[];
  basis: PeriodBasis;
}

/** A job with what it made, what that took, and what its power went into. */
export interface ReportedJob extends JobResult {
  /** Of its own processing, over the machine's ready power in the windows that the job lies in, whatever others were asked for. */
  split: PowerSplit;
  uncertainty: JobUncertainty;
  /** Shares of shared loads, mWh; apart from `energy`. Null where they were not asked for. */
  sharedMwh: MilliwattHours | null;
  sharedSayings: string[];
}

/** The jobs of one machine over whole windows of the site's calendar. */
export interface JobReport {
  site: string;
  machine: string;
  /** Of the windows, wall ms. */
  fromMs: number;
  toMs: number;
  /** End of what is known of these windows, wall ms: programs that were not ended are counted until then. */
  knownToMs: number;
  rule: AllocationRule;
  window: 'shift' | 'day' | 'month';
  /** Of all windows: supply of the machine = allocatedMwh + unallocatedMwh, and the jobs sum to allocatedMwh. */
  totalMwh: MilliwattHours;
  allocatedMwh: MilliwattHours;
  unallocatedMwh: MilliwattHours;
  windows: JobWindow[];
  jobs: ReportedJob[];
  orders: JobGroup[];
  parts: JobGroup[];
  /** Of the machine in these windows. */
  split: PowerSplit;
  remarks: JobRemark[];
  /** Rules, what was declared, marks, and the hours of all windows, each once. */
  basis: { allocation: string; marks: GatheredMarks['basis'] } & PeriodBasis;
}

/**
 * Divides what a machine drew among its jobs, shift by shift, day by day or month by month, and relates it to what they
 * made. Throws an error of class `refuse` as `allocateJobs` and the calendar do.
 */
export function reportJobs(source: JobSource, query: JobQuery): JobReport {
  for (const report of stepJobReport(source, query)) if (report !== null) return report;
  throw new Error('a report ends with what it reports');
}

/** All that is read for a report of jobs: energy, marks and shared loads of whole windows, before anything is divided. */
export interface JobGround {
  query: JobQuery;
  /** Window and rule of the machine's plan, or those asked for. */
  kind: 'shift' | 'day' | 'month';
  rule: AllocationRule;
  periods: PeriodReport[];
  energy: { spans: EnergySpan[]; loose: EnergySpan[]; basis: PeriodBasis };
  gathered: GatheredMarks;
  shared: readonly MachineShare[][];
  /** Wall ms: of the windows, of what is known of them, and of what is known at all. */
  fromMs: number;
  toMs: number;
  knownToMs: number;
  watchedToMs: number;
}

/** The same, with a null wherever others may have their turn: a month takes seconds. */
export function* stepJobReport(source: JobSource, query: JobQuery): Generator<JobReport | null> {
  const ground = yield* gatherJobs(source, query);
  yield null;
  yield divideJobs(source, ground);
}

/** Reads what a report of jobs rests on; a null wherever others may have their turn. Throws as the calendar does. */
export function* gatherJobs(source: JobSource, query: JobQuery): Generator<null, JobGround> {
  const { machine } = query;
  const plan = source.plan.machines.find((known) => known.machine === machine);
  const kind = plan?.jobs.window ?? 'day';
  const rule = query.rule ?? plan?.jobs.rule ?? 'time';
  const periods = yield* gatherPeriods(source, {
    machine,
    kind,
    fromMs: query.fromMs,
    toMs: query.toMs,
  });
  const fromMs = periods[0]?.fromMs ?? query.fromMs;
  const toMs = periods[periods.length - 1]?.toMs ?? query.toMs;
  const watchedToMs = source.views.watched(machine)?.toMs ?? fromMs;
  const knownToMs = Math.max(fromMs, Math.min(toMs, watchedToMs));
  const energy = yield* stepJobEnergy(source, machine, fromMs, toMs);
  yield null;
  const gathered = gatherMarks(source, machine, fromMs, knownToMs);
  const shared = yield* stepSharedLoads(source, { machine, kind, fromMs, toMs });
  return { query, kind, rule, periods, energy, gathered, shared, fromMs, toMs, knownToMs, watchedToMs };
}

/**
 * Divides what was read among the jobs. Throws an error of class `refuse` as `allocateJobs`.
 * @param rule in place of the ground's
 * @param statesOf uncertainty of the supply's states in a window, where it is not to be that of the meters as they are
 */
export function divideJobs(
  source: Pick<JobSource, 'plan'>,
  ground: JobGround,
  rule: AllocationRule = ground.rule,
  statesOf: (supply: ComponentUncertainty | undefined) => ComponentUncertainty['states'] = (supply) =>
    supply?.states ?? {},
): JobReport {
  const { query, kind, periods, gathered, shared, fromMs, toMs, knownToMs, watchedToMs } = ground;
  const { spans, loose, basis: rests } = ground.energy;
  const { machine } = query;
  const windows = periods.map((period) => ({
    name: sayWindow(period.period),
    fromMs: period.fromMs,
    toMs: period.toMs,
  }));
  const result = deriveJobEnergy(
    gathered.marks,
    knownToMs,
    { windows, spans, loose, choice: { rule } },
    Math.max(knownToMs, watchedToMs),
  );
  const { allocation } = result;
  const jobs = withoutCutCounts(result.jobs);
  const toJobs = query.withShared === true ? shareToJobs(shared, allocation.windows, jobs, rule) : null;
  const states = measureStates(spans, windows);
  const measuredOf = new Map(windows.map((window, index) => [window.name, states[index]!]));
  const processingMs = sumProcessing(windows, spans, jobs);
  const reported = jobs.map((job): ReportedJob => ({
    ...job,
    split: splitPower(
      {
        ...sumStates(job.energy.windows.flatMap((name) => measuredOf.get(name) ?? [])),
        processingMs: processingMs.get(job.id) ?? 0,
        processingMwh: job.energy.directMwh,
      },
      null,
    ),
    uncertainty: assessJob(
      allocation.windows.flatMap((window, index) =>
        window.jobs
          .filter((one) => one.job === job.id)
          .map((energy) => ({ energy, states: statesOf(periods[index]?.uncertainty['supply']) })),
      ),
    ),
    sharedMwh: toJobs === null ? null : (toJobs.get(job.id)?.mwh ?? milliwattHours(0)),
    sharedSayings: toJobs?.get(job.id)?.sayings ?? [],
  }));
  return {
    site: source.plan.site,
    machine,
    fromMs,
    toMs,
    knownToMs,
    rule,
    window: kind,
    totalMwh: sumOf(allocation.windows.map(({ totalMwh }) => totalMwh)),
    allocatedMwh: sumOf(allocation.windows.map(({ allocatedMwh }) => allocatedMwh)),
    unallocatedMwh: sumOf(allocation.windows.map(({ unallocatedMwh }) => unallocatedMwh)),
    windows: allocation.windows.map(
      ({ window, rule: _rule, jobs: _jobs, massless: _massless, ...energy }, index) => {
        const { status, revision, media, basis } = periods[index] as PeriodReport;
        return { ...window, status, revision, ...energy, media, shared: shared[index] ?? [], basis };
      },
    ),
    jobs: reported,
    orders: groupJobs(jobs, 'order'),
    parts: groupJobs(jobs, 'part'),
    split: splitPower(sumStates(states), null),
    remarks: [...gathered.remarks, ...result.remarks, ...remarkMassless(allocation.windows)].filter(
      ({ atMs, job }) => (atMs >= fromMs && atMs <= toMs) || jobs.some(({ id }) => id === job),
    ),
    basis: { allocation: ALLOCATION_ALGORITHM, marks: gathered.basis, ...rests },
  };
}

/** Parts counted of a job that lies outside the windows in part are those within, and would look like all. */
function withoutCutCounts(jobs: readonly JobResult[]): JobResult[] {
  return jobs.map((job) =>
    job.extent === 'cut' && job.partsFrom === 'counter'
      ? {
          ...job,
          goodParts: null,
          scrapParts: null,
          partsFrom: null,
          perPart: { ...job.perPart, goodParts: null, scrapParts: null },
        }
      : job,
  );
}

/** What was divided among no job because the mass of one is not known. */
function remarkMassless(windows: readonly WindowAllocation[]): JobRemark[] {
  return windows.flatMap(({ window: { name, fromMs }, massless }) =>
    massless === null
      ? []
      : [
          {
            code: 'mass-missing',
            atMs: fromMs,
            channel: '',
            job: null,
            saying: `${name}: ${massless}; what is divided there stays unallocated`,
          },
        ],
  );
}

/** Time and energy of ready and processing in each window. @param spans as the windows in order of time and apart */
function measureStates(
  spans: readonly EnergySpan[],
  windows: readonly { fromMs: number; toMs: number }[],
): MeasuredStates[] {
  let next = 0;
  return windows.map(({ fromMs, toMs }) => {
    const sums = { readyMs: 0, readyMwh: 0, processingMs: 0, processingMwh: 0 };
    while (next < spans.length && spans[next]!.toMs <= fromMs) next++;
    for (let at = next; at < spans.length && spans[at]!.fromMs < toMs; at++) {
      const span = spans[at]!;
      // Hours are spread as a whole; no piece with energy crosses a minute, and windows begin at one.
      const ms = Math.min(span.toMs, toMs) - Math.max(span.fromMs, fromMs);
      if (span.mwh === null || ms <= 0 || (span.state !== 'ready' && span.state !== 'processing')) continue;
      sums[`${span.state}Ms`] += ms;
      sums[`${span.state}Mwh`] += span.mwh;
    }
    return {
      ...sums,
      readyMwh: milliwattHours(sums.readyMwh),
      processingMwh: milliwattHours(sums.processingMwh),
    };
  });
}

function sumStates(windows: readonly MeasuredStates[]): MeasuredStates {
  const sum = (of: keyof MeasuredStates) => windows.reduce((total, states) => total + states[of], 0);
  return {
    readyMs: sum('readyMs'),
    readyMwh: milliwattHours(sum('readyMwh')),
    processingMs: sum('processingMs'),
    processingMwh: milliwattHours(sum('processingMwh')),
  };
}

function sumOf(parts: readonly MilliwattHours[]): MilliwattHours {
  return milliwattHours(parts.reduce((sum, part) => sum + part, 0));
}
