import type { OperatingState } from '../../../protocols/telemetry/operating-state.ts';
import { milliwattHours, type MilliwattHours } from '../../../protocols/telemetry/unit.ts';
import { apportion } from '../apportion.ts';
import {
  DIRECT_STATE,
  DIVIDED_STATES,
  type AllocationRule,
  type AllocationWindow,
  type Weights,
} from './allocation-rule.ts';
import { sayDirect, sayShare, type AllocationRow } from './allocation-row.ts';
import { cutSpans, type EnergySpan } from './energy-span.ts';
import { findStretches, refuseOverlap, sumJobTimes, type JobStretch } from './job-stretches.ts';
import type { AllocatedJob } from './job.ts';
import { sayEnergy, sayTime } from './say-figures.ts';
import { weighJobs } from './weigh-jobs.ts';

/** How energy is to be divided. */
export interface AllocationChoice {
  rule: AllocationRule;
  /** Energy of these states is divided by the rule; that of the others stays unallocated. Never `processing`. */
  states: readonly OperatingState[];
  /** Where jobs run at once on channels of one machine: they share by time, or the window is refused. */
  atOnce: 'share' | 'refuse';
}

/** What a job got in a window. */
export interface JobEnergy {
  job: string;
  /** Time in the window, ms; where k jobs ran at once, one k-th of it. Need not be whole. */
  timeMs: number;
  /** Drawn while it ran and the machine processed. */
  directMwh: MilliwattHours;
  /** Got by the rule, by state; 0 for `processing`. */
  dividedMwh: Record<OperatingState, MilliwattHours>;
  /** directMwh + all of dividedMwh. */
  totalMwh: MilliwattHours;
  /** Time of the job whose energy nobody knows, ms, shared as timeMs. */
  unmeasuredMs: number;
}

/** A window, divided. allocatedMwh + unallocatedMwh = totalMwh, and the rows sum to totalMwh. */
export interface WindowAllocation {
  window: AllocationWindow;
  rule: AllocationRule;
  totalMwh: MilliwattHours;
  allocatedMwh: MilliwattHours;
  unallocatedMwh: MilliwattHours;
  /** Time of the window without a span that has an energy, ms. */
  unmeasuredMs: number;
  /** Why nothing was divided by mass; null where something was, or by another rule. */
  massless: string | null;
  jobs: JobEnergy[];
  rows: AllocationRow[];
}

/**
 * Divides the energy of one window among its jobs: what the machine drew while it processed for a job is the job's own;
 * all other energy of the window, also that drawn while a job ran, is divided by the rule. Processing outside any job
 * stays unallocated.
 *
 * @param spans pieces inside the window, in order of time
 * @param loose energy of the window but of no certain moment in it
 * @param candidates jobs in order of their ids; those without time in the window get nothing
 */
export function allocateWindow(
  window: AllocationWindow,
  spans: readonly EnergySpan[],
  loose: readonly EnergySpan[],
  candidates: readonly AllocatedJob[],
  choice: AllocationChoice,
): WindowAllocation {
  const jobs = candidates.filter(({ segments }) => segments.some((segment) => touches(segment, window)));
  const stretches = findStretches(window, jobs);
  if (choice.atOnce === 'refuse') refuseOverlap(stretches, jobs);
  const timesMs = sumJobTimes(stretches, jobs.length);
  const { groups, poolsMwh, unmeasuredMs, measuredMs } = sortEnergy(spans, stretches, jobs.length);
  const rows = [...groups].sort(byJobs).flatMap((group) => divideDirect(group, jobs));
  for (const { state, mwh } of loose) poolsMwh[state] = (poolsMwh[state] ?? 0) + (mwh ?? 0);
  const looseMwh = milliwattHours(poolsMwh[DIRECT_STATE] ?? 0);
  if (looseMwh > 0)
    rows.push(
      unallocated(
        DIRECT_STATE,
        looseMwh,
        `processing at no certain moment: ${sayEnergy(looseMwh)} unallocated`,
      ),
    );
  const directMwh = jobs.map((job) => sumOf(rows.filter((row) => row.job === job.id)));
  const weights = weighJobs(choice.rule, window, { jobs, timesMs, directMwh });
  for (const state of DIVIDED_STATES) rows.push(...dividePool(state, poolsMwh[state], jobs, weights, choice));
  const unallocatedMwh = sumOf(rows.filter((row) => row.job === null));
  const totalMwh = sumOf(rows);
  return {
    window,
    rule: choice.rule,
    totalMwh,
    allocatedMwh: milliwattHours(totalMwh - unallocatedMwh),
    unallocatedMwh,
    unmeasuredMs: window.toMs - window.fromMs - measuredMs,
    massless: choice.rule === 'mass' && typeof weights === 'string' ? weights : null,
    jobs: jobs.map((job, index) => jobEnergy(job.id, timesMs[index]!, unmeasuredMs[index]!, rows)),
    rows,
  };
}

/** Energy of processing in which the same jobs ran. */
interface DirectGroup {
  jobs: number[];
  ms: number;
  mwh: number;
}

function sortEnergy(spans: readonly EnergySpan[], stretches: readonly JobStretch[], jobCount: number) {
  const groups = new Map<string, DirectGroup>();
  const poolsMwh: Record<string, number> = {};
  const unmeasuredMs = sumJobTimes(stretches, jobCount);
  let measuredMs = 0;
  let at = 0;
  for (const piece of cutSpans(
    spans,
    stretches.map(({ fromMs }) => fromMs),
  )) {
    while (at < stretches.length - 1 && stretches[at]!.toMs <= piece.fromMs) at++;
    const running = stretches[at]?.jobs ?? [];
    const ms = piece.toMs - piece.fromMs;
    if (piece.mwh === null) continue;
    measuredMs += ms;
    for (const job of running) unmeasuredMs[job] = unmeasuredMs[job]! - ms / running.length;
    if (piece.state !== DIRECT_STATE) {
      poolsMwh[piece.state] = (poolsMwh[piece.state] ?? 0) + piece.mwh;
      continue;
    }
    const key = running.join();
    const group = groups.get(key) ?? { jobs: running, ms: 0, mwh: 0 };
    group.ms += ms;
    group.mwh += piece.mwh;
    groups.set(key, group);
  }
  return { groups: groups.values(), poolsMwh, unmeasuredMs, measuredMs };
}

function divideDirect(
  { jobs: running, ms, mwh }: DirectGroup,
  jobs: readonly AllocatedJob[],
): AllocationRow[] {
  const ofMwh = milliwattHours(mwh);
  if (running.length === 0)
    return mwh === 0
      ? []
      : [
          unallocated(
            DIRECT_STATE,
            ofMwh,
            `processing ${sayTime(ms)} outside any job: ${sayEnergy(mwh)} unallocated`,
          ),
        ];
  const shares = apportion(
    ofMwh,
    running.map(() => 1),
  );
  return running.map((index, place) => {
    const job = jobs[index]!.id;
    const others = running.filter((other) => other !== index).map((other) => jobs[other]!.id);
    return {
      job,
      state: DIRECT_STATE,
      how: others.length === 0 ? 'direct' : 'at-once',
      mwh: shares[place]!,
      ofMwh,
      weight: 1,
      weightTotal: running.length,
      unit: 'jobs',
      saying: sayDirect(job, others, ms, mwh, shares[place]!),
    };
  });
}

function dividePool(
  state: OperatingState,
  pool: number | undefined,
  jobs: readonly AllocatedJob[],
  weights: Weights | string,
  choice: AllocationChoice,
): AllocationRow[] {
  if (pool === undefined || pool === 0) return [];
  const ofMwh = milliwattHours(pool);
  const leave = (why: string) => [
    unallocated(state, ofMwh, `${state} ${sayEnergy(pool)} unallocated: ${why}`),
  ];
  if (jobs.length === 0) return leave('no job in this window');
  if (typeof weights === 'string') return leave(weights);
  if (!choice.states.includes(state)) return leave(`${state} is not among the states that the rule divides`);
  const { unit, total: weightTotal } = weights;
  if (weightTotal === 0) return leave(`every job weighs 0 by ${choice.rule}`);
  const shares = apportion(ofMwh, weights.values);
  return jobs.flatMap(({ id }, index) => {
    const row = { unit, weight: weights.values[index]!, weightTotal };
    const mwh = shares[index]!;
    if (row.weight === 0 && mwh === 0) return [];
    const saying = sayShare(id, state, row, pool, mwh);
    return [{ job: id, state, how: 'rule' as const, mwh, ofMwh, ...row, saying }];
  });
}

function unallocated(state: OperatingState, mwh: MilliwattHours, saying: string): AllocationRow {
  return {
    job: null,
    state,
    how: 'unallocated',
    mwh,
    ofMwh: mwh,
    weight: 1,
    weightTotal: 1,
    unit: 'jobs',
    saying,
  };
}

function jobEnergy(
  job: string,
  timeMs: number,
  unmeasuredMs: number,
  rows: readonly AllocationRow[],
): JobEnergy {
  const own = rows.filter((row) => row.job === job);
  const of = (state: OperatingState) => sumOf(own.filter((row) => row.state === state));
  return {
    job,
    timeMs,
    directMwh: of(DIRECT_STATE),
    dividedMwh: {
      off: of('off'),
      standby: of('standby'),
      extendedStandby: of('extendedStandby'),
      warmUp: of('warmUp'),
      ready: of('ready'),
      processing: milliwattHours(0),
      unknown: of('unknown'),
    },
    totalMwh: sumOf(own),
    unmeasuredMs: Math.max(0, unmeasuredMs),
  };
}

/** True where a segment has time in the window; one of no length where it lies in it. */
function touches(segment: { fromMs: number; toMs: number }, window: AllocationWindow): boolean {
  return segment.toMs > segment.fromMs
    ? segment.fromMs < window.toMs && segment.toMs > window.fromMs
    : segment.fromMs >= window.fromMs && segment.fromMs < window.toMs;
}

function byJobs(a: DirectGroup, b: DirectGroup): number {
  for (const [place, job] of a.jobs.entries()) {
    const other = b.jobs[place];
    if (other === undefined) return 1;
    if (other !== job) return job - other;
  }
  return a.jobs.length - b.jobs.length;
}

function sumOf(rows: readonly { mwh: number }[]): MilliwattHours {
  let sum = 0;
  for (const { mwh } of rows) sum += mwh;
  return milliwattHours(sum);
}
