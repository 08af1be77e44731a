import { chainLeaf, dayFault, dayHash, holdsTo, type DayEntry } from './day-entry.ts';
import type { DayReader } from './day-store.ts';
import { isOfLedger, type MarkedLedger } from './make-days.ts';
import { merkleRoot } from './merkle.ts';

/** A thing that is wrong with the signed days. */
export interface DayFault {
  /** 0 where it is of no one day. */
  number: number;
  day: string;
  /** A whole sentence. */
  says: string;
}

/** What a look at the signed days found. */
export interface DaysVerdict {
  days: number;
  /** Of the last day; empty where there is none. */
  hash: string;
  /** Records of days that hold. */
  records: number;
  /** Numbers of days that were replaced: the ledger was set back after they were signed. */
  replaced: number[];
  faults: DayFault[];
}

/**
 * Checks each signed day against the one before it, its signature, its chains, and the records of the ledger. Yields the share that
 * is done, 0..1.
 *
 * @param since a head that was noted earlier, and must still be there
 */
export function* verifyDays(
  days: DayReader,
  ledger: MarkedLedger,
  since: { entries: number; hash: string } = { entries: 0, hash: '' },
): Generator<number, DaysVerdict> {
  const entries = days.entries();
  const holds = holdsTo(entries);
  const verdict: DaysVerdict = { days: entries.length, hash: '', records: 0, replaced: [], faults: [] };
  let before: DayEntry | undefined;
  for (const [index, entry] of entries.entries()) {
    const { number, day } = entry;
    const tell = (what: string) =>
      verdict.faults.push({ number, day, says: `Day ${number} (${day}) ${what}.` });
    const fault = dayFault(days, entry, before);
    if (fault !== undefined) tell(fault);
    before = entry;
    const chains = days.chainsOf(number);
    if (
      chains.length !== entry.chains ||
      merkleRoot(chains.map(chainLeaf)).toString('base64url') !== entry.root
    )
      tell('is noted with other chains than were signed');
    if (number === since.entries && dayHash(days, entry) !== since.hash)
      tell('is another one than was noted before');
    if (holds[index] !== entry.to) verdict.replaced.push(number);
    else {
      const steps = isOfLedger(entry, ledger);
      let step = steps.next();
      for (; step.done !== true; step = steps.next()) yield index / entries.length;
      if (step.value) verdict.records += entry.records;
      else tell('was signed for other records than the ledger holds');
    }
    yield (index + 1) / entries.length;
  }
  if (before !== undefined) verdict.hash = dayHash(days, before);
  if (entries.length < since.entries)
    verdict.faults.push({
      number: 0,
      day: '',
      says: `${since.entries} days were noted before, and ${entries.length} are here.`,
    });
  return verdict;
}
