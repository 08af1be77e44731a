import { MillwattError } from '../../../protocols/errors.ts';
import { milliwattHours, type MilliwattHours } from '../../../protocols/telemetry/unit.ts';
import { allocateWindow, type AllocationChoice, type WindowAllocation } from './allocate-window.ts';
import { ALLOCATION_ALGORITHM, DIVIDED_STATES, type AllocationWindow } from './allocation-rule.ts';
import { cutSpans, orderSpans, type EnergySpan } from './energy-span.ts';
import type { AllocatedJob } from './job.ts';

/** What is divided, and how. */
export interface AllocationInput {
  /** Apart from each other; in any order. */
  windows: readonly AllocationWindow[];
  /** Of one machine; in any order. Cut at windows and jobs by the caller where the readings tell more than an even spread. */
  spans: readonly EnergySpan[];
  /**
   * Energy of a time, but of no certain moment in it, such as what closure moved to `unknown` in an hour: may overlap
   * anything. It is spread evenly over its time and divided by the rule; of processing it stays unallocated. None by default.
   */
  loose?: readonly EnergySpan[];
  /** In any order, each id once. */
  jobs: readonly AllocatedJob[];
  /** `states` defaults to all but processing, `atOnce` to `share`. */
  choice: Pick<AllocationChoice, 'rule'> & Partial<AllocationChoice>;
}

/** Energy of a machine, divided among its jobs window by window. */
export interface Allocation {
  algorithm: string;
  choice: AllocationChoice;
  /** In order of time. */
  windows: WindowAllocation[];
  /** Energy of the spans outside every window, mWh. */
  outsideMwh: MilliwattHours;
  /** Of all spans: every window's totalMwh + outsideMwh. */
  totalMwh: MilliwattHours;
}

/**
 * Divides the energy of a machine among its jobs (footprint method, manufacturing energy per job): E_job = what it drew
 * while processing + by rule its share of what the machine drew otherwise in the same window. The result is the same in
 * whatever order windows, spans and jobs are given; ties of whole mWh go to the job whose id sorts first.
 *
 * @throws MillwattError (refuse) for spans, windows or jobs that cannot be (`span-malformed`, `spans-overlap`,
 * `window-malformed`, `windows-overlap`, `job-malformed`, `job-twice`), `state-not-divided` when processing is to be divided
 * by rule, `jobs-overlap`
 */
export function allocateJobs(input: AllocationInput): Allocation {
  const choice: AllocationChoice = { states: DIVIDED_STATES, atOnce: 'share', ...input.choice };
  if (choice.states.includes('processing'))
    throw new MillwattError(
      'refuse',
      'state-not-divided',
      'Energy of processing belongs to the job that ran.',
      {
        cure: 'Take processing out of the states that the rule divides.',
      },
    );
  const windows = orderWindows(input.windows);
  const jobs = orderJobs(input.jobs);
  const edgesMs = windows.flatMap(({ fromMs, toMs }) => [fromMs, toMs]);
  const pieces = cutSpans(orderSpans(input.spans), edgesMs);
  const loose = (input.loose ?? []).flatMap((span) => cutSpans(orderSpans([span]), edgesMs));
  const placed = placeIn(windows, pieces);
  const placedLoose = placeIn(windows, loose);
  return {
    algorithm: ALLOCATION_ALGORITHM,
    choice,
    windows: windows.map((window, index) =>
      allocateWindow(window, placed.within[index]!, placedLoose.within[index]!, jobs, choice),
    ),
    outsideMwh: milliwattHours(placed.outsideMwh + placedLoose.outsideMwh),
    totalMwh: milliwattHours(placed.totalMwh + placedLoose.totalMwh),
  };
}

/** The pieces of each window; none crosses an edge. */
function placeIn(windows: readonly AllocationWindow[], pieces: readonly EnergySpan[]) {
  const within: EnergySpan[][] = windows.map(() => []);
  let outsideMwh = 0;
  let totalMwh = 0;
  let next = 0;
  for (const piece of [...pieces].sort((a, b) => a.fromMs - b.fromMs)) {
    totalMwh += piece.mwh ?? 0;
    while (next < windows.length && windows[next]!.toMs <= piece.fromMs) next++;
    const window = windows[next];
    if (window === undefined || piece.fromMs < window.fromMs) outsideMwh += piece.mwh ?? 0;
    else within[next]!.push(piece);
  }
  return { within, outsideMwh, totalMwh };
}

function orderWindows(windows: readonly AllocationWindow[]): AllocationWindow[] {
  const ordered = [...windows].sort((a, b) => a.fromMs - b.fromMs);
  for (const [index, window] of ordered.entries()) {
    const { name, fromMs, toMs } = window;
    if (!Number.isSafeInteger(fromMs) || !Number.isSafeInteger(toMs) || toMs <= fromMs)
      throw new MillwattError(
        'refuse',
        'window-malformed',
        `The window ${name} from ${fromMs} to ${toMs} ms is none.`,
        {
          cure: 'Give a start in whole milliseconds, and an end after it.',
        },
      );
    const before = ordered[index - 1];
    if (before !== undefined && before.toMs > fromMs)
      throw new MillwattError(
        'refuse',
        'windows-overlap',
        `The windows ${before.name} and ${name} overlap.`,
        {
          cure: 'Divide by shifts or by days, never by both at once: energy would count twice.',
        },
      );
  }
  return ordered;
}

function orderJobs(jobs: readonly AllocatedJob[]): AllocatedJob[] {
  const ordered = [...jobs].sort((a, b) => (a.id < b.id ? -1 : Number(a.id > b.id)));
  for (const [index, { id, segments }] of ordered.entries()) {
    if (ordered[index - 1]?.id === id)
      throw new MillwattError('refuse', 'job-twice', `Job ${id} is there twice.`, {
        cure: 'Give all segments of a job together.',
      });
    const bad = segments.find(
      ({ fromMs, toMs }) => !Number.isSafeInteger(fromMs) || !Number.isSafeInteger(toMs) || toMs < fromMs,
    );
    if (bad !== undefined)
      throw new MillwattError(
        'refuse',
        'job-malformed',
        `Job ${id} has a segment from ${bad.fromMs} to ${bad.toMs} ms, which is none.`,
        { cure: 'Give whole milliseconds, the end not before the begin.' },
      );
  }
  return ordered;
}
