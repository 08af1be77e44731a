import { MillwattError } from '../../protocols/errors.ts';
import { milliwattHours, type MilliwattHours } from '../../protocols/telemetry/unit.ts';
import type { AllocationWindow } from '../energy/allocation/allocation-rule.ts';
import { readOutsideJobs } from '../energy/allocation/outside-jobs.ts';
import { shareLoad, type ServedMachine, type ShareRule } from '../energy/allocation/share-load.ts';
import { massWithin } from '../energy/allocation/weigh-jobs.ts';
import type { PeriodKind } from '../energy/calendar/period.ts';
import { listMarks } from './job-book.ts';
import type { JobSource } from './job-source.ts';
import { gatherPeriods, type PeriodReport } from './period-report.ts';
import { sayWindow } from './job-window.ts';
import type { SitePlan } from './site-plan.ts';

/** One machine's share of a load that serves several, in one window; apart from what the machine drew itself. */
export interface MachineShare {
  load: string;
  rule: ShareRule;
  /** What the load drew; null where nobody knows. */
  loadMwh: MilliwattHours | null;
  /** Null where it could not be divided; `saying` says why. */
  mwh: MilliwattHours | null;
  saying: string;
}

/**
 * The shares of one machine in all loads that serve it, by window of the calendar: what every machine's report gives of a
 * load sums to what the load drew, where their windows are of one kind.
 *
 * @returns one list a window, in order of time; a null after each hour that was read
 */
export function* stepSharedLoads(
  source: JobSource,
  { machine, kind, fromMs, toMs }: { machine: string; kind: PeriodKind; fromMs: number; toMs: number },
): Generator<null, MachineShare[][]> {
  const loads = source.plan.sharedLoads.filter(({ serves }) => serves.includes(machine));
  const read = new Map<string, PeriodReport[]>();
  for (const name of new Set(loads.flatMap(({ id, serves }) => [id, ...serves])))
    read.set(name, yield* gatherPeriods(source, { machine: name, kind, fromMs, toMs }));
  const shares: MachineShare[][] = [];
  for (const load of loads)
    for (const [index, period] of (read.get(load.id) ?? []).entries()) {
      const served = load.serves.map((name) => ({ name, period: read.get(name)?.[index] }));
      (shares[index] ??= []).push(shareOf(source, load, machine, period, served));
    }
  return shares;
}

function shareOf(
  source: JobSource,
  load: SitePlan['sharedLoads'][number],
  machine: string,
  { period, energy }: PeriodReport,
  served: readonly { name: string; period: PeriodReport | undefined }[],
): MachineShare {
  const window = { name: sayWindow(period), fromMs: period.fromMs, toMs: period.toMs };
  const none = (saying: string): MachineShare => ({
    load: load.id,
    rule: load.rule,
    loadMwh: energy.supplyMwh,
    mwh: null,
    saying,
  });
  if (energy.supplyMwh === null) return none(`${load.id}: nobody knows what it drew in ${window.name}`);
  try {
    const { rows } = shareLoad(
      load.id,
      window,
      energy.supplyMwh,
      served.map((one) => weigh(source, load, window, one)),
      load.rule,
      'not off',
    );
    const row = rows.find((one) => one.machine === machine);
    const rest = rows.find((one) => one.machine === null);
    return {
      ...none(row?.saying ?? rest?.saying ?? `${machine}: no share of ${load.id}`),
      mwh: row?.mwh ?? milliwattHours(0),
    };
  } catch (error) {
    if (!(error instanceof MillwattError) || error.code !== 'weight-missing') throw error;
    return none(`${error.message} ${error.cure}`);
  }
}

function weigh(
  source: JobSource,
  load: SitePlan['sharedLoads'][number],
  window: AllocationWindow,
  { name, period }: { name: string; period: PeriodReport | undefined },
): ServedMachine {
  return {
    machine: name,
    timeMs: period === undefined ? null : period.spanMs - period.timeMs.off,
    energyMwh: period?.energy.supplyMwh ?? null,
    massKg: load.rule === 'mass' ? massOf(source, name, window) : null,
    fixedShare: load.rule === 'fixed' ? (load.shares[name] ?? 0) : null,
  };
}

/** What the jobs of a machine made in a window, as told from outside, kg; null where one of them did not tell it. */
function massOf({ journal }: JobSource, machine: string, window: AllocationWindow): number | null {
  const marks = (journal === null ? [] : listMarks(journal, machine)).filter(
    ({ withdrawn }) => withdrawn === null,
  );
  const { jobs } = readOutsideJobs(
    marks.map(({ mark }) => mark),
    window.toMs,
  );
  let massKg = 0;
  for (const job of jobs) {
    if (!job.segments.some((segment) => segment.fromMs < window.toMs && segment.toMs > window.fromMs))
      continue;
    const ownKg = massWithin(job, window);
    if (ownKg === null) return null;
    massKg += ownKg;
  }
  return massKg;
}
