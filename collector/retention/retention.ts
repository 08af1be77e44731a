import { rmSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { describeError } from '../../protocols/errors.ts';
import type { Log } from '../../protocols/log.ts';
import { wallTimeMs } from '../../protocols/telemetry/record.ts';
import { systemTimers, type Timers } from '../../protocols/timers.ts';
import type { Derivation, Frost } from '../derivation/deriver.ts';
import { pruneInThread, type PruneOutcome } from '../ledger/prune-thread.ts';
import type { PruneWorkerData } from '../ledger/prune-worker.ts';
import type { LedgerRecord } from '../ledger/ledger.ts';
import { readFrozen, type FrozenMachine } from '../ledger/frozen-store.ts';
import type { MonthFacts } from '../ledger/month-facts.ts';

const DAY_MS = 86_400_000;
/** What is late is waited for a week; a month that ended so long ago is as whole as it will be. */
const AFTER_MONTH_MS = 8 * DAY_MS;
/** A record may be labelled a day ahead of its arrival. */
const LABELLED_AHEAD_MS = DAY_MS;
/** It is believed to be no later than this after the newest that agents told of. */
const TOLD_LATE_MS = DAY_MS;
/** So many of the newest records are asked when it is: some agents know no time. */
const ASKED_RECORDS = 32;
const LOOK_EVERY_MS = 3_600_000;

/** Figures for /metrics, the page and `doctor`. */
export interface RetentionStats {
  /** Months of which old readings were let go. */
  monthsPruned: number;
  /** Begin of the oldest month that is kept at full resolution, wall seconds since the Unix epoch; 0 for none. */
  fullSinceSeconds: number;
  /** Ways in which it could not go on, since the start. */
  failures: number;
  /** Hours that begin before this stay as they are, of at least one machine, wall seconds since the Unix epoch; 0 for none. */
  frozenToSeconds: number;
  /** Why nothing is let go although it should be; empty when all is well. */
  stuck: string;
  /** What a person has to do about that; empty where it goes on by itself. */
  cure: string;
}

/** What lets old readings go. */
export interface Retention {
  /** Lets go what is due now; one call at a time. Never rejects. */
  run(): Promise<void>;
  stats(): RetentionStats;
  /** Ends after the month that is being written. */
  stop(): Promise<void>;
}

/** What retention works on. */
export interface RetentionParts {
  ledger: {
    months(): MonthFacts[];
    lastOrdinal(): number;
    readAfter(after: number, limit: number): Pick<LedgerRecord, 'header'>[];
    sizeBytes(): number;
    /** Puts a file that was written anew in the place of a month's; false where another process reads it just now. */
    replaceMonth(month: string, newPath: string): boolean;
  };
  derivation: Pick<Derivation, 'idle' | 'freeze' | 'goOn'>;
  /** Ordinals up to which the readers of the ledger have come. */
  cursors: () => number[];
  frozenPath: string;
  viewsPath: string;
  /** Age at which readings are let go, ms. */
  keepMs?: number;
  /** Size of the ledger at which they are. */
  maxBytes?: number;
  wallMs: () => number;
  timers?: Timers;
  log: Log;
}

/** Lets readings go that are too old or too many, the oldest month first; hours, rollups and signed headers stay. */
export function startRetention(parts: RetentionParts): Retention {
  return new MonthlyRetention(parts);
}

interface Stuck {
  why: string;
  cure: string;
}
/** It is tried again within the hour, and will do then. */
const BY_ITSELF = '';

class MonthlyRetention implements Retention {
  readonly #parts: RetentionParts;
  readonly #cancel: () => void;
  #running: Promise<void> | undefined;
  #stopped = false;
  readonly #ending = Promise.withResolvers<void>();
  #failures = 0;
  #stuck: Stuck | undefined;
  #frozenToMs: number;

  constructor(parts: RetentionParts) {
    this.#parts = parts;
    this.#frozenToMs = frozenToMs(readWritten(parts.frozenPath) ?? []);
    this.#cancel = (parts.timers ?? systemTimers).every(LOOK_EVERY_MS, () => void this.run());
  }

  run(): Promise<void> {
    this.#running ??= this.#letGo().finally(() => (this.#running = undefined));
    return this.#running;
  }

  stats(): RetentionStats {
    const months = this.#parts.ledger.months();
    return {
      monthsPruned: months.filter(({ isPruned }) => isPruned).length,
      fullSinceSeconds: (months.find(({ isPruned }) => !isPruned)?.fromMs ?? 0) / 1000,
      failures: this.#failures,
      frozenToSeconds: this.#frozenToMs / 1000,
      stuck: this.#stuck?.why ?? '',
      cure: this.#stuck?.cure ?? '',
    };
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel();
    this.#ending.resolve();
    await this.#running;
  }

  async #letGo(): Promise<void> {
    try {
      this.#stuck = undefined;
      for (;;) {
        const month = this.#due();
        if (month === undefined || this.#stopped) return;
        this.#stuck = await this.#prune(month);
        if (this.#stuck !== undefined) return;
      }
    } catch (error) {
      this.#stuck = {
        why: describeError(error),
        cure: `Check the disk and the rights of ${dirname(this.#parts.frozenPath)}; it is tried again every hour.`,
      };
    } finally {
      if (this.#stuck !== undefined) {
        this.#failures++;
        this.#parts.log.warn(
          { reason: this.#stuck.why, cure: this.#stuck.cure },
          'Old readings could not be let go; it is tried again.',
        );
      }
    }
  }

  /** The oldest month that is too old, or too much. */
  #due(): MonthFacts | undefined {
    const { ledger, keepMs, maxBytes, wallMs } = this.#parts;
    const nowMs = Math.min(wallMs(), this.#toldMs() + TOLD_LATE_MS);
    // The newest is still written, by whatever clock.
    const [oldest] = ledger
      .months()
      .slice(0, -1)
      .filter(({ isPruned, toMs }) => !isPruned && toMs + AFTER_MONTH_MS <= nowMs);
    if (oldest === undefined) return undefined;
    const isOld = keepMs !== undefined && oldest.toMs + keepMs <= nowMs;
    const isMuch = maxBytes !== undefined && ledger.sizeBytes() > maxBytes;
    return isOld || isMuch ? oldest : undefined;
  }

  /** Until when agents told of what they read, wall ms. Our own clock may step, and what is let go does not come back. */
  #toldMs(): number {
    const { ledger } = this.#parts;
    const newest = ledger.readAfter(Math.max(0, ledger.lastOrdinal() - ASKED_RECORDS), ASKED_RECORDS);
    return Math.max(-Infinity, ...newest.map(({ header }) => wallTimeMs(header, header.sealedTo)));
  }

  /** Why it could not be done; undefined when it was, and where we are told to end before it began. */
  async #prune(month: MonthFacts): Promise<Stuck | undefined> {
    const { ledger, derivation, cursors, frozenPath, viewsPath, log } = this.#parts;
    // A year of hours may be computed anew just now, and that ends only after us.
    await Promise.race([derivation.idle(), this.#ending.promise]);
    if (this.#stopped) return undefined;
    if (cursors().some((ordinal) => ordinal < month.lastOrdinal))
      return { why: `${month.file} is not wholly derived and projected yet`, cure: BY_ITSELF };
    const free = statfsSync(dirname(month.path));
    if (free.bavail * free.bsize < month.bytes / 2)
      return {
        why: `there is no room to write ${month.file} anew: it takes up to ${Math.ceil(month.bytes / 2e6)} MB for a while`,
        cure: `Make ${Math.ceil(month.bytes / 2e6)} MB of room on the disk of ${dirname(month.path)}; it is tried again every hour.`,
      };
    const frost = derivation.freeze(month.toMs + LABELLED_AHEAD_MS);
    if (frost === undefined)
      return { why: 'the hours are being computed; they are frozen when that is done', cure: BY_ITSELF };
    const newPath = `${month.path}.new`;
    log.info({ file: month.file }, 'Readings of a month are let go; hours, minutes and signed headers stay.');
    const outcome = await this.#writeAnew(frost, {
      frozenPath,
      viewsPath,
      frozen: frost.now,
      monthPath: month.path,
      newPath,
      letting: {
        goneMs: Object.fromEntries(frost.now.map(({ machine, goneMs }) => [machine, goneMs])),
        whole: frost.waiting,
      },
    });
    const { pruned } = outcome;
    if (pruned === undefined || !ledger.replaceMonth(month.month, newPath)) {
      for (const ending of ['', '-wal', '-shm']) rmSync(newPath + ending, { force: true });
      if (pruned !== undefined)
        return { why: `${month.file} is being read by another process`, cure: BY_ITSELF };
      return { why: outcome.message, cure: cureOf(outcome, month) };
    }
    const { records, wholeRecords } = pruned;
    log.info(
      { file: month.file, records, wholeRecords, sizeBytes: ledger.sizeBytes() },
      'Readings were let go.',
    );
    return undefined;
  }

  /** The derivation goes on as soon as frozen hours are written down, or are not. */
  async #writeAnew(frost: Frost, data: PruneWorkerData): Promise<PruneOutcome> {
    const { derivation } = this.#parts;
    let written = false;
    try {
      return await pruneInThread(data, () => {
        written = true;
        this.#frozenToMs = frozenToMs(frost.now);
        derivation.goOn(frost.now);
      });
    } finally {
      if (!written) derivation.goOn(readWritten(data.frozenPath) ?? frost.before);
    }
  }
}

function frozenToMs(machines: readonly FrozenMachine[]): number {
  return Math.max(0, ...machines.map(({ toMs }) => toMs));
}

function cureOf({ damaged }: PruneOutcome, { file, path }: MonthFacts): string {
  return damaged
    ? `Start the collector again: it salvages what is sound of ${file} and asks the agents for the rest.`
    : `Check the disk and the rights of ${dirname(path)}; it is tried again every hour.`;
}

/** What a thread that failed has written down all the same; undefined where that cannot be told just now. */
function readWritten(path: string): readonly FrozenMachine[] | undefined {
  try {
    return readFrozen(dirname(path));
  } catch {
    return undefined;
  }
}
