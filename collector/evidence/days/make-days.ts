import type { SigningKey } from '../../../protocols/evidence/keys.ts';
import { dayHash, holdsTo, signDay, type DayEntry } from './day-entry.ts';
import type { RecordMark } from '../../ledger/ledger.ts';
import { DayRun, endOfDayMs } from './day-run.ts';
import type { DayReader, DayStore } from './day-store.ts';

/** Marks that are read in one piece; between two pieces others have their turn. */
const MARKS_A_TURN = 128;
/** A record that came before midnight may be on disk a moment after it. */
export const AFTER_DAY_MS = 60_000;

/** Where marks come from. */
export interface MarkedLedger {
  /** Of records with ordinals above `after`, ascending, at most `limit`; also of those whose readings were let go. */
  readMarks(after: number, limit: number): RecordMark[];
}

/** How far the signed days agree with a ledger. */
export interface Agreement {
  /** The next day begins behind this ordinal. */
  toOrdinal: number;
  /** Numbers of the last days, up to the very last, that are not of this ledger; undefined where the last one is. */
  foreign: { from: number; to: number } | undefined;
}

/** A day that is not closed: records that wait for its end. */
export interface OpenDay {
  day: string;
  from: number;
  records: number;
}

/**
 * Whether the last signed day is that of this ledger. A ledger that was restored from a backup, or lost records to a broken disk,
 * has other records in its places: then how many of the last days are not its own. Yields after every piece that was read.
 */
export function* agreeWithLedger(days: DayReader, ledger: MarkedLedger): Generator<void, Agreement> {
  const entries = days.entries();
  const holds = holdsTo(entries);
  let foreignFrom: number | undefined;
  for (const [index, entry] of [...entries.entries()].reverse()) {
    // What a later day replaced was told when that happened.
    if (holds[index] !== entry.to) continue;
    if (yield* isOfLedger(entry, ledger))
      return {
        toOrdinal: entry.to,
        foreign: foreignFrom === undefined ? undefined : { from: foreignFrom, to: entries.length },
      };
    foreignFrom = entry.number;
  }
  return {
    toOrdinal: 0,
    foreign: foreignFrom === undefined ? undefined : { from: foreignFrom, to: entries.length },
  };
}

/** Whether the ledger still comes to the root of a day. Yields after every piece that was read. */
export function* isOfLedger(entry: DayEntry, ledger: MarkedLedger): Generator<void, boolean> {
  let run: DayRun | undefined;
  for (let after = entry.from - 1; after < entry.to;) {
    const marks = ledger.readMarks(after, MARKS_A_TURN).filter(({ ordinal }) => ordinal <= entry.to);
    const last = marks.at(-1);
    if (last === undefined) break;
    for (const mark of marks) {
      if (run === undefined) run = new DayRun(mark);
      else run.add(mark);
    }
    after = last.ordinal;
    yield;
  }
  const made = run?.close().of;
  return made?.root === entry.root && made.records === entry.records;
}

/**
 * Signs a root for every ended day behind an ordinal, each durable before the next is begun; where it ends in between, nothing of
 * the next is there. Yields after every piece that was read, and each day that was made. Returns the day that is still open.
 *
 * @param afterOrdinal the last one of the day before
 * @param lastOrdinal records behind it are not looked at: they are not surely on disk
 */
export function* makeDays(parts: {
  days: DayStore;
  ledger: MarkedLedger;
  key: SigningKey;
  afterOrdinal: number;
  lastOrdinal: number;
  wallMs: () => number;
}): Generator<DayEntry | undefined, OpenDay | undefined> {
  const { days, ledger, key, lastOrdinal, wallMs } = parts;
  const append = (run: DayRun): DayEntry => {
    const before = days.last();
    const { of, chains } = run.close();
    const prev = before === undefined ? '' : dayHash(days, before);
    const day = { ...of, number: (before?.number ?? 0) + 1, madeMs: wallMs(), prev };
    const entry = signDay(days.site, day, key);
    days.append(entry, chains);
    return entry;
  };
  let run: DayRun | undefined;
  for (let after = parts.afterOrdinal; after < lastOrdinal;) {
    const marks = ledger.readMarks(after, MARKS_A_TURN).filter(({ ordinal }) => ordinal <= lastOrdinal);
    const last = marks.at(-1);
    if (last === undefined) break;
    for (const mark of marks) {
      if (run?.has(mark) === true) run.add(mark);
      else {
        if (run !== undefined) yield append(run);
        run = new DayRun(mark);
      }
    }
    after = last.ordinal;
    yield undefined;
  }
  if (run === undefined) return undefined;
  if (wallMs() < endOfDayMs(run.day) + AFTER_DAY_MS)
    return { day: run.day, from: run.from, records: run.records };
  yield append(run);
  return undefined;
}
