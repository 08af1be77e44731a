import { isCount, isDigest } from '../../../protocols/telemetry/ids.ts';
import type { ChainMarks } from './chain-marks.ts';
import { chainLeaf, holdsTo, isDayChain, isDayEntry, type DayChain, type DayEntry } from './day-entry.ts';
import type { DayReader } from './day-store.ts';
import { auditPath } from './merkle.ts';

/** What of a day's tree a package shows: a chain of its own, and the way from it to the root. */
export interface DayShare extends DayChain {
  /** Of the day. */
  number: number;
  /** Its place among the chains of the day, from 0. */
  index: number;
  /** Hashes beside the way, from the leaf up, base64url. */
  path: string[];
}

/** roots.json: every signed day from the first, and the shares of the package's chains in them. */
export interface PackedDays {
  days: DayEntry[];
  /** In order of day, agent and epoch. */
  shares: DayShare[];
}

/** Where the stamps of days lie in a package. */
export const STAMPS_FOLDER = 'stamps/';

/** The path of a day's stamp in a package. */
export function stampPath(number: number): string {
  return `${STAMPS_FOLDER}${String(number).padStart(6, '0')}.tsr`;
}

/** Where the days of a package come from. */
export type DaySource = Pick<DayReader, 'site' | 'collector' | 'entries' | 'chainsOf' | 'stampOf'>;

/**
 * The days up to a record of the ledger, and what these chains have in them. A share that does not come to what was signed is left
 * out, and so is any of a day that was replaced: such records are then not shown to be in a root.
 *
 * @param marks of every record of the package
 */
export function packDays(days: DaySource, marks: ChainMarks, lastOrdinal: number): PackedDays {
  const entries = days.entries();
  const end = entries.findIndex(({ to }) => to > lastOrdinal);
  const packed = end === -1 ? entries : entries.slice(0, end);
  const holds = holdsTo(packed);
  const shares = packed.flatMap((entry, at): DayShare[] => {
    if (holds[at] !== entry.to) return [];
    const { number, from, to } = entry;
    const chains = days.chainsOf(number);
    return chains.flatMap((chain, index) => {
      const { records, root } = marks.stretch(chain, from, to);
      if (records !== chain.records || root !== chain.root) return [];
      const path = auditPath(chains.map(chainLeaf), index).map((hash) => hash.toString('base64url'));
      return [{ ...chain, number, index, path }];
    });
  });
  return { days: packed, shares };
}

/** True for what may be roots.json, whatever it says. */
export function isPackedDays(value: unknown): value is PackedDays {
  const packed = value as Partial<Record<keyof PackedDays, unknown>> | null;
  return (
    typeof packed === 'object' &&
    packed !== null &&
    Array.isArray(packed.days) &&
    packed.days.every(isDayEntry) &&
    Array.isArray(packed.shares) &&
    packed.shares.every(isDayShare)
  );
}

function isDayShare(value: unknown): value is DayShare {
  if (!isDayChain(value)) return false;
  const { number, index, path } = value as Partial<Record<keyof DayShare, unknown>>;
  return isCount(number) && isCount(index) && Array.isArray(path) && path.every(isDigest);
}
