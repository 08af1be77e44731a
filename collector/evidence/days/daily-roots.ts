import { setImmediate } from 'node:timers/promises';
import { describeError, MillwattError } from '../../../protocols/errors.ts';
import type { SigningKey } from '../../../protocols/evidence/keys.ts';
import type { Log } from '../../../protocols/log.ts';
import { systemTimers, type Timers } from '../../../protocols/timers.ts';
import type { DayEntry } from './day-entry.ts';
import { dayOf, endOfDayMs } from './day-run.ts';
import { openDays, type DayStore } from './day-store.ts';
import { agreeWithLedger, AFTER_DAY_MS, makeDays, type MarkedLedger, type OpenDay } from './make-days.ts';

const LOOK_EVERY_MS = 60_000;
/** What heals by itself has healed after so many looks. */
const FAILURES_TOLD = 10;

/** Figures for /metrics, the page and `doctor`. */
export interface DailyRootsStats {
  /** Days that are signed. */
  days: number;
  /** End of the last of them, wall seconds since the Unix epoch; 0 for none. */
  rootedToSeconds: number;
  /** Records behind the last signed day, as far as they were looked at. */
  openRecords: number;
  /** Looks that failed, since the start. */
  failures: number;
  /** Why no day is signed although one should be; empty when all is well. */
  stuck: string;
  /** What a person has to do about that; empty where it goes on by itself. */
  cure: string;
  /** Signed days that are not of this ledger, which was found at the start; empty when all are. */
  foreign: string;
  /** Number of the last day that a time-stamping authority stamped; 0 for none, or without one. */
  stampedDay: number;
  /** Stamps that were not got, since the start. */
  stampFailures: number;
  /** Why the last day has no stamp; empty when all is well, or nobody stamps. */
  stampStuck: string;
  /** What a person has to do about that; empty where it goes on by itself. */
  stampCure: string;
}

/** What gets stamps for signed days. */
export interface DayStamper {
  /** A day may have been signed. */
  wake(store: DayStore): void;
  stats(): Pick<DailyRootsStats, 'stampedDay' | 'stampFailures' | 'stampStuck' | 'stampCure'>;
  stop(): Promise<void>;
}

/** What signs a root for every ended day of the ledger. */
export interface DailyRoots {
  /** Signs what is due now; one call at a time. Never rejects. */
  run(): Promise<void>;
  stats(): DailyRootsStats;
  /** The open file of the days; undefined until it could be opened. */
  store(): DayStore | undefined;
  stop(): Promise<void>;
}

/** What daily roots are made of. */
export interface DailyRootsParts {
  /** Of days.db. */
  folder: string;
  site: string;
  key: SigningKey;
  ledger: MarkedLedger & { lastOrdinal(): number };
  wallMs: () => number;
  timers?: Timers;
  log: Log;
  /** Woken after days were signed, and once when the file was opened; stopped with the rest. */
  stamper?: DayStamper | undefined;
}

/** Signs a root for each UTC day of the ledger that has ended, beginning with those that ended while nothing ran. */
export function startDailyRoots(parts: DailyRootsParts): DailyRoots {
  return new RootMaker(parts);
}

const UNSTAMPED = { stampedDay: 0, stampFailures: 0, stampStuck: '', stampCure: '' };

class RootMaker implements DailyRoots {
  readonly #parts: DailyRootsParts;
  readonly #cancel: () => void;
  #store: DayStore | undefined;
  #running: Promise<void> | undefined;
  #stopped = false;
  /** The last ordinal of the last day that is of this ledger; undefined until that was asked. */
  #toOrdinal: number | undefined;
  #open: OpenDay | undefined;
  #last: DayEntry | undefined;
  #foreign = '';
  #failures = 0;
  #failuresInARow = 0;
  #stuck: { why: string; cure: string } | undefined;

  constructor(parts: DailyRootsParts) {
    this.#parts = parts;
    this.#cancel = (parts.timers ?? systemTimers).every(LOOK_EVERY_MS, () => void this.run());
  }

  run(): Promise<void> {
    this.#running ??= this.#look().finally(() => (this.#running = undefined));
    return this.#running;
  }

  store(): DayStore | undefined {
    return this.#store;
  }

  stats(): DailyRootsStats {
    const isTold = this.#stuck !== undefined && this.#failuresInARow >= FAILURES_TOLD;
    return {
      days: this.#last?.number ?? 0,
      rootedToSeconds: this.#last === undefined ? 0 : endOfDayMs(this.#last.day) / 1000,
      openRecords: Math.max(0, this.#parts.ledger.lastOrdinal() - (this.#toOrdinal ?? Infinity)),
      failures: this.#failures,
      stuck: this.#stuck?.why ?? '',
      cure: isTold ? (this.#stuck?.cure ?? '') : '',
      foreign: this.#foreign,
      ...(this.#parts.stamper?.stats() ?? UNSTAMPED),
    };
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel();
    await this.#running;
    await this.#parts.stamper?.stop();
    this.#store?.close();
    this.#store = undefined;
  }

  async #look(): Promise<void> {
    try {
      if (this.#stopped || !this.#isDue()) return;
      await this.#make();
      this.#stuck = undefined;
      this.#failuresInARow = 0;
    } catch (error) {
      this.#failures++;
      const isLasting = error instanceof MillwattError && error.remedy === 'refuse';
      this.#failuresInARow = isLasting ? FAILURES_TOLD : this.#failuresInARow + 1;
      const why = describeError(error).replace(/\.$/, '');
      const cure =
        (error instanceof MillwattError ? error.cure : undefined) ??
        `Check the disk and the rights of ${this.#parts.folder}.`;
      // Said when it begins and when it is another; it is tried every minute.
      if (this.#stuck?.why !== why)
        this.#parts.log.warn({ reason: why, cure }, 'No root of a day could be signed; it is tried again.');
      this.#stuck = { why, cure };
    }
  }

  /** Reading the running day once a minute would be a day's reading a minute. */
  #isDue(): boolean {
    if (this.#stuck !== undefined || this.#toOrdinal === undefined) return true;
    if (this.#open !== undefined) return dayOf(this.#parts.wallMs() - AFTER_DAY_MS) !== this.#open.day;
    return this.#parts.ledger.lastOrdinal() > this.#toOrdinal;
  }

  async #make(): Promise<void> {
    const { folder, site, key, ledger, wallMs, log, stamper } = this.#parts;
    if (this.#store === undefined) {
      this.#store = openDays({ folder, site, collector: key.publicKey });
      stamper?.wake(this.#store);
    }
    const days = this.#store;
    this.#last = days.last();
    if (this.#toOrdinal === undefined) {
      const agreement = await this.#inTurns(agreeWithLedger(days, ledger), () => {});
      if (agreement === undefined) return;
      this.#toOrdinal = agreement.toOrdinal;
      this.#tellForeign(agreement.foreign, agreement.toOrdinal);
    }
    let made = 0;
    const steps = makeDays({
      days,
      ledger,
      key,
      afterOrdinal: this.#toOrdinal,
      lastOrdinal: ledger.lastOrdinal(),
      wallMs,
    });
    const open = await this.#inTurns(steps, (entry) => {
      if (entry === undefined) return;
      made++;
      this.#last = entry;
      this.#toOrdinal = entry.to;
      const { number, day, records, root } = entry;
      log.info({ number, day, records, root }, 'The root of a day was signed.');
    });
    this.#open = open;
    if (made > 0) stamper?.wake(days);
  }

  #tellForeign(foreign: { from: number; to: number } | undefined, toOrdinal: number): void {
    if (foreign === undefined) return;
    const { from, to } = foreign;
    const which = from === to ? `Day ${from} is` : `Days ${from} to ${to} are`;
    this.#foreign = `${which} signed for other records than the ledger holds: it was restored from a backup, or lost records. They stay; the days from ordinal ${toOrdinal + 1} on are signed anew, behind them, and that they overlap shows for ever (docs/evidence.md).`;
    this.#parts.log.error({ from, to, toOrdinal }, this.#foreign);
  }

  /** Undefined where we are told to end before it ended. */
  async #inTurns<Step, Result>(
    steps: Generator<Step, Result>,
    take: (step: Step) => void,
  ): Promise<Result | undefined> {
    for (;;) {
      if (this.#stopped) return undefined;
      const step = steps.next();
      if (step.done === true) return step.value;
      take(step.value);
      await setImmediate();
    }
  }
}
