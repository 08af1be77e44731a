import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { ReaderMemory } from '../../collector/influx/ledger-batches.ts';
import { OWN_CHECKPOINT, SAMPLES, startProjector } from '../../collector/influx/projector.ts';
import { readLedger, type LedgerView } from '../../collector/ledger/read-ledger.ts';
import { readViews } from '../../collector/ledger/sqlite-views.ts';
import type { Views } from '../../collector/ledger/views.ts';
import { systemClock } from '../../protocols/clock.ts';
import { MillwattError } from '../../protocols/errors.ts';
import { silentLog } from '../../protocols/log.ts';
import { openQuarantine, type ProjectionSite } from './projection-site.ts';
import { createRebuildProgress } from './rebuild-progress.ts';
import { openRebuildState, rebuildPath } from './rebuild-state.ts';

const LOOK_EVERY_MS = 100;

/** A part of time; ends that are not told are open. */
export interface TimeRange {
  fromMs: number | null;
  toMs: number | null;
}

/** What a rebuild has done. */
export interface Rebuilt {
  /** It went on where an earlier run had stopped. */
  resumed: boolean;
  records: number;
  /** Over all runs. */
  points: number;
  hours: number;
  quarantined: number;
  expired: number;
  /** Records that wait for their wiring or their clock. */
  waiting: number;
  tookMs: number;
  /** The last record that was written, and what was known of clocks by then, for the comparison. */
  basis: ProjectionBasis;
}

/** Up to where something was projected. */
export interface ProjectionBasis {
  lastOrdinal: number;
  memory: ReaderMemory | undefined;
}

/**
 * Writes everything again from the ledger and the views, with cursors of its own, beside a running collector or without
 * one. The same points with the same tags and times: what is there already does not change. Throws an error of class
 * `refuse`: `stopped` after Ctrl-C, `influx-halted` where a person has to do something; both can be gone on with.
 */
export async function rebuildProjection(
  { config, influx, dataFolder, store }: ProjectionSite,
  range: TimeRange,
  isQuiet: boolean,
  signal: AbortSignal,
): Promise<Rebuilt> {
  const task = { target: `${influx.url} ${influx.database}`, ...range };
  const isOfPart = range.fromMs !== null || range.toMs !== null;
  const ledger = readLedger({ folder: join(dataFolder, 'ledger'), log: silentLog });
  const state = openRebuildState(rebuildPath(dataFolder, isOfPart), task, (ordinal) =>
    markOf(ledger, ordinal),
  );
  const views = readViews({ folder: dataFolder });
  const progress = createRebuildProgress(isQuiet);
  const startedMs = performance.now();
  const last = lastOrdinalOf(ledger);
  const first = state.cursor(SAMPLES);
  const projector = startProjector({
    ledger: {
      readAfter: (after, limit) =>
        ledger
          .readAfter(after, Math.min(limit, Math.max(0, last - after)))
          .filter(({ ordinal }) => ordinal <= last),
      configRecord: ledger.configRecord.bind(ledger),
      lastOrdinal: () => last,
    },
    views: {
      cursor: state.cursor,
      setCursor: state.setCursor,
      commit: state.commit,
      checkpointBefore: state.checkpointBefore,
      hoursChangedAfter: views.hoursChangedAfter.bind(views),
    },
    store,
    quarantine: openQuarantine(dataFolder),
    site: config.site,
    clock: systemClock,
    log: silentLog,
    isThorough: true,
    ...(isOfPart ? { range: { fromMs: range.fromMs ?? -Infinity, toMs: range.toMs ?? Infinity } } : {}),
  });
  let stats = projector.stats();
  const done = { yes: false };
  let isWhole = false;
  try {
    const idle = projector.idle().then(() => (done.yes = true));
    while (!done.yes && !signal.aborted) {
      stats = projector.stats();
      if (stats.state === 'halt')
        throw new MillwattError('refuse', 'influx-halted', `${stats.reason}.`, {
          cure: `${stats.cure} Then run the same command again: it goes on where it stopped.`,
        });
      progress.show({
        share: last === 0 ? 1 : stats.cursor / last,
        fromShare: last === 0 ? 0 : first / last,
        points: stats.lines,
        elapsedMs: performance.now() - startedMs,
        waitsFor: stats.state === 'retry' ? stats.reason : '',
      });
      await Promise.race([idle, setTimeout(LOOK_EVERY_MS)]);
    }
    // Not later: one that is stopped is idle, too.
    isWhole = done.yes;
  } finally {
    progress.end();
    await projector.stop();
    stats = projector.stats();
    state.save(stats.lines);
    if (isWhole) state.finish();
    views.close();
    ledger.close();
  }
  if (!isWhole)
    throw new MillwattError('refuse', 'stopped', `Stopped at record ${stats.cursor} of ${last}.`, {
      cure: 'Run the same command again: it goes on where it stopped.',
    });
  return {
    resumed: state.isResumed,
    records: stats.cursor - first,
    points: state.points + stats.lines,
    hours: stats.hours,
    quarantined: stats.quarantinedLines,
    expired: stats.expired,
    waiting: stats.waitingRecords,
    tookMs: Math.round(performance.now() - startedMs),
    basis: basisOf(state),
  };
}

/** How far a projection is by its cursors. */
export function basisOf(views: Pick<Views, 'checkpointBefore' | 'cursor'>): ProjectionBasis {
  const saved = views.checkpointBefore(OWN_CHECKPOINT, 0);
  const memory = saved === undefined ? undefined : (JSON.parse(saved.json) as ReaderMemory);
  return { lastOrdinal: views.cursor(SAMPLES), memory };
}

/** The hash of the record with this ordinal, or of the next one that can be read; empty where there is none, and for 0. */
export function markOf(ledger: Pick<LedgerView, 'readAfter'>, ordinal: number): string {
  return ordinal === 0 ? '' : (ledger.readAfter(ordinal - 1, 1)[0]?.hash ?? '');
}

/** The last record of a ledger that is only looked at, by halving: ordinals only rise. */
export function lastOrdinalOf(ledger: Pick<LedgerView, 'readAfter'>): number {
  const isAfter = (ordinal: number) => ledger.readAfter(ordinal, 1).length > 0;
  if (!isAfter(0)) return 0;
  let below = 0;
  let above = 1;
  while (isAfter(above)) [below, above] = [above, above * 2];
  // Something is after `below`, nothing is after `above`.
  while (above - below > 1) {
    const middle = Math.floor((below + above) / 2);
    if (isAfter(middle)) below = middle;
    else above = middle;
  }
  return above;
}
