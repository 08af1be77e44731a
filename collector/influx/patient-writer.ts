import { MillwattError } from '../../protocols/errors.ts';
import type { Log } from '../../protocols/log.ts';
import { systemTimers, type Timers } from '../../protocols/timers.ts';
import { writeBatch, type BatchOutcome } from './batch-writer.ts';
import { EndableWait } from './endable-wait.ts';
import type { InfluxStore, StoredPoint } from './influx-store.ts';
import type { Quarantine } from './quarantine-file.ts';

/** Waits after a failure, real ms; tests shorten them. */
export interface WriterWaits {
  /** First and longest wait after a failure that may heal by itself. */
  retryMs: number;
  retryMaxMs: number;
  /** Wait while an operator has to do something. */
  haltMs: number;
}

/** The waits of a collector in service. */
export const WRITER_WAITS: WriterWaits = { retryMs: 500, retryMaxMs: 60_000, haltMs: 30_000 };

/** While there is nothing to write, a server that did not answer is looked at again after so long, real ms. */
const LOOK_MS = 10_000;

/** After so many failures that the request itself may be to blame for, a batch is searched for what it is. */
const SEARCH_AFTER = 5;

const RETRY_CURE =
  'Check that InfluxDB runs at `influx.url` and its disk has room; we go on by ourselves when it does.';

/** How writing goes; counts are since the start. */
export interface WriterStats {
  /** `halt` needs an operator: see reason and cure. */
  state: 'ok' | 'retry' | 'halt';
  reason: string;
  cure: string;
  /** For how long nothing could be written, real s; 0 while all is well. */
  failingSeconds: number;
  lines: number;
  requests: number;
  /** Lines InfluxDB will never take. */
  quarantinedLines: number;
  /** Points older than the database keeps. */
  expired: number;
}

/** Writes lines however long it takes. */
export interface PatientWriter {
  /**
   * The same lines until they are in; false when it was stopped before.
   * @param stale points that are deleted before, so that no old field of theirs is left
   */
  write(lines: readonly string[], stale?: readonly StoredPoint[]): Promise<boolean>;
  /** Looks whether the server answers where no write tells it: before the first, and until it does. Never throws. */
  look(): Promise<void>;
  /** Waits as after a failure that may heal by itself. */
  backOff(): Promise<void>;
  /** Ends a wait at once, and every later one. */
  stop(): void;
  stats(): WriterStats;
}

/** A writer with jittered back-off. @param random gives numbers in [0, 1) */
export function createPatientWriter(parts: {
  store: InfluxStore;
  quarantine: Quarantine;
  log: Log;
  waits: WriterWaits;
  random: () => number;
  timers?: Timers;
  /**
   * Called before lines go into a database that holds nothing, which is looked at at the start and after every failure, and
   * when the server says that there is none: an account that may only write cannot look.
   */
  onEmpty: () => void;
}): PatientWriter {
  const { store, quarantine, log, waits, random, onEmpty } = parts;
  const stats: WriterStats = {
    state: 'ok',
    reason: '',
    cure: '',
    failingSeconds: 0,
    lines: 0,
    requests: 0,
    quarantinedLines: 0,
    expired: 0,
  };
  let failures = 0;
  let prepared = false;
  let stopped = false;
  const timers = parts.timers ?? systemTimers;
  const pause = new EndableWait(timers);
  let failingSinceMs: number | null = null;
  let lookedMs = -Infinity;

  /** Deletes points; a server that does not let us keeps old fields, which is better than no new ones. */
  const clear = async (stale: readonly StoredPoint[]): Promise<BatchOutcome | undefined> => {
    if (stale.length === 0) return undefined;
    const outcome = await store.deletePoints(stale);
    if (outcome.kind === 'retry') return outcome;
    if (outcome.kind !== 'ok')
      log.warn(
        { points: stale.length, reason: outcome.reason },
        'InfluxDB keeps figures that are not known any more.',
      );
    return undefined;
  };

  const send = async (
    lines: readonly string[],
    stale: readonly StoredPoint[],
    searches: boolean,
  ): Promise<BatchOutcome> => {
    try {
      if (!prepared && (await store.ensureDatabase()).empty) onEmpty();
    } catch (error) {
      // An account that may write need not be allowed to make databases: then the write itself decides.
      if (!(error instanceof MillwattError) || error.remedy !== 'refuse')
        return {
          kind: 'retry',
          afterMs: null,
          reason: error instanceof Error ? error.message : String(error),
        };
    }
    prepared = true;
    return (await clear(stale)) ?? (await writeBatch(store, lines, quarantine, searches));
  };

  const sleep = async (ms: number): Promise<void> => {
    if (!stopped) await pause.wait(ms);
  };

  const backOff = async (atLeastMs: number): Promise<void> => {
    const limitMs = Math.min(waits.retryMaxMs, waits.retryMs * 2 ** Math.min(failures++, 20));
    await sleep(Math.max(atLeastMs, limitMs * (0.5 + random() / 2)));
  };

  const succeed = (lines: number, outcome: Extract<BatchOutcome, { kind: 'done' }>): void => {
    const { requests, quarantined, expired, reason } = outcome;
    stats.requests += requests;
    stats.lines += lines - quarantined - expired;
    stats.quarantinedLines += quarantined;
    stats.expired += expired;
    if (quarantined > 0)
      log.warn({ lines: quarantined, reason }, 'InfluxDB refused lines for good; they are in quarantine.');
    if (stats.state !== 'ok') log.info({}, 'InfluxDB takes points again.');
    Object.assign(stats, { state: 'ok', reason: '', cure: '' });
    failingSinceMs = null;
    failures = 0;
  };

  const look = async (): Promise<void> => {
    const { requests, state } = stats;
    const nowMs = timers.nowMs();
    const isTold = state === 'halt' || (state === 'ok' && requests > 0);
    if (isTold || nowMs - lookedMs < LOOK_MS) return;
    lookedMs = nowMs;
    const { up, reason } = await store.health();
    // A write that came meanwhile knows better.
    if (stopped || stats.requests !== requests || stats.state !== state) return;
    if (up) {
      if (state !== 'ok') log.info({}, 'InfluxDB answers again.');
      Object.assign(stats, { state: 'ok', reason: '', cure: '' });
      failingSinceMs = null;
    } else {
      failingSinceMs ??= nowMs;
      Object.assign(stats, { state: 'retry', reason: reason.replace(/\.$/, ''), cure: RETRY_CURE });
    }
  };

  const fail = async (outcome: Exclude<BatchOutcome, { kind: 'done' }>): Promise<void> => {
    stats.requests++;
    const cure = outcome.kind === 'halt' ? outcome.cure : RETRY_CURE;
    const reason = outcome.reason.replace(/\.$/, '');
    if (stats.state !== outcome.kind || stats.reason !== reason)
      log.warn({ cure }, `${reason}; readings stay in the ledger until it works again.`);
    failingSinceMs ??= timers.nowMs();
    Object.assign(stats, { state: outcome.kind, reason, cure });
    prepared = false;
    if (outcome.kind === 'halt' && outcome.isMissing === true) onEmpty();
    // A database that is missing is made at the next try, where we may: nobody need be told for long.
    const isMissingFirst = outcome.kind === 'halt' && outcome.isMissing === true && failures === 0;
    if (outcome.kind === 'halt' && !isMissingFirst) await sleep(waits.haltMs);
    else await backOff(outcome.kind === 'halt' ? 0 : (outcome.afterMs ?? 0));
  };

  return {
    write: async (lines, stale = []) => {
      if (lines.length === 0) return true;
      for (let suspicions = 0; ;) {
        const outcome = await send(lines, stale, suspicions >= SEARCH_AFTER);
        if (outcome.kind === 'retry' && outcome.suspect !== undefined) suspicions++;
        if (outcome.kind === 'done') {
          succeed(lines.length, outcome);
          return true;
        }
        await fail(outcome);
        if (stopped) return false;
      }
    },
    look: () => look().catch(() => undefined),
    backOff: () => backOff(0),
    stop: () => {
      stopped = true;
      pause.end();
    },
    stats: () => ({
      ...stats,
      failingSeconds: failingSinceMs === null ? 0 : (timers.nowMs() - failingSinceMs) / 1000,
    }),
  };
}
