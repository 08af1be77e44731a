import { sha256, verifySignature, type SigningKey } from '../../../protocols/evidence/keys.ts';
import { isCount, isDigest, isId, isToken } from '../../../protocols/telemetry/ids.ts';

/*
 * What the collector signs of a day of its ledger (docs/evidence.md, "Roots of days"). A day is a run of ordinals. Its tree has two
 * levels, so that one machine's chains can be proven without showing another agent: of each chain the root over the header hashes
 * that it delivered, and over these chains the root of the day.
 */

/** What a chain delivered on a day. */
export interface DayChain {
  agent: string;
  epoch: string;
  /** At least one. */
  records: number;
  /** Merkle root over their header hashes (32 bytes each) in order of ordinal, base64url. */
  root: string;
}

/** A day of a ledger before it is signed. */
export interface UnsignedDay {
  /** 1, 2, 3 ...: its place among the days of this collector. */
  number: number;
  /** UTC, `2026-10-01`, by when its records were taken in. */
  day: string;
  /** When the root was made, by the collector's clock, wall ms. */
  madeMs: number;
  /** First and last ordinal. `from` is one more than the `to` of the day before, or less where the ledger was set back. */
  from: number;
  to: number;
  records: number;
  chains: number;
  /** Merkle root over `chainLeaf` of its chains in order of agent and epoch, base64url. */
  root: string;
  /** `dayHash` of the one before it; empty for the first. */
  prev: string;
}

/** A day of a ledger, signed by its collector. */
export interface DayEntry extends UnsignedDay {
  /** Ed25519 over `dayText`, base64url. */
  signature: string;
}

/** Whose days they are: both stand in what is signed. */
export interface DayOwner {
  site: string;
  /** The collector's public key, base64url. */
  collector: string;
}

/** What is signed of a day: begins with words that nothing else that a collector signs begins with; each line is ended. */
export function dayText({ site, collector }: DayOwner, day: UnsignedDay): string {
  const { number, madeMs, from, to, records, chains, root, prev } = day;
  return `${['millwatt-day-1', site, collector, number, day.day, madeMs, from, to, records, chains, root, prev].join('\n')}\n`;
}

/** The signed day as one text, the signature as its last line: what a time-stamping authority stamps, and the next day names by its hash. */
export function signedDayText(owner: DayOwner, entry: DayEntry): string {
  return `${dayText(owner, entry)}${entry.signature}\n`;
}

/** SHA-256 of `signedDayText`, base64url. */
export function dayHash(owner: DayOwner, entry: DayEntry): string {
  return sha256(signedDayText(owner, entry));
}

/** The leaf of a chain in the tree of a day. */
export function chainLeaf({ agent, epoch, records, root }: DayChain): Uint8Array {
  return Buffer.from(`millwatt-day-chain-1\n${agent}\n${epoch}\n${records}\n${root}\n`, 'utf8');
}

/** The order of chains in a day: by agent, then by epoch, by UTF-16 code units. */
export function compareChains(a: Pick<DayChain, 'agent' | 'epoch'>, b: typeof a): number {
  if (a.agent !== b.agent) return a.agent < b.agent ? -1 : 1;
  return a.epoch < b.epoch ? -1 : a.epoch > b.epoch ? 1 : 0;
}

/** Signs a day. */
export function signDay(site: string, day: UnsignedDay, key: SigningKey): DayEntry {
  const text = Buffer.from(dayText({ site, collector: key.publicKey }, day), 'utf8');
  return { ...day, signature: Buffer.from(key.sign(text)).toString('base64url') };
}

/** What is wrong with a day that follows `before`, as the end of "Day 7 (2026-10-01) ..."; undefined when it is sound by itself. */
export function dayFault(owner: DayOwner, entry: DayEntry, before: DayEntry | undefined): string | undefined {
  if (entry.number !== (before?.number ?? 0) + 1)
    return 'does not follow the one before it: days were taken out';
  if (entry.prev !== (before === undefined ? '' : dayHash(owner, before)))
    return 'does not name the one before it: one of the two was exchanged';
  const signature = Buffer.from(entry.signature, 'base64url');
  // Letters that are not of the alphabet are skipped in reading; each signature has one spelling.
  const isSigned =
    signature.toString('base64url') === entry.signature &&
    verifySignature(owner.collector, Buffer.from(dayText(owner, entry), 'utf8'), signature);
  if (!isSigned) return "is not signed by the collector's key";
  if (entry.from > entry.to) return 'ends before it begins';
  if (entry.from > (before?.to ?? 0) + 1) return 'leaves out records between the one before it and itself';
  return undefined;
}

/**
 * Up to which ordinal a day still holds: a later one that begins no later than this one ends was made of a ledger that had been
 * set back. @param entries all, in order; what is given back has the same order; below `from` where nothing of it holds
 */
export function holdsTo(entries: readonly DayEntry[]): number[] {
  let next = Infinity;
  return entries
    .toReversed()
    .map(({ from, to }) => {
      const holds = Math.min(to, next - 1);
      next = Math.min(next, from);
      return holds;
    })
    .reverse();
}

/** True for what may be a day's entry, whatever it says. */
export function isDayEntry(value: unknown): value is DayEntry {
  const entry = value as Partial<Record<keyof DayEntry, unknown>> | null;
  return (
    typeof entry === 'object' &&
    entry !== null &&
    [entry.number, entry.madeMs, entry.from, entry.to, entry.records, entry.chains].every(isCount) &&
    /^\d{4}-\d\d-\d\d$/.test(String(entry.day)) &&
    typeof entry.day === 'string' &&
    isDigest(entry.root) &&
    (entry.prev === '' || isDigest(entry.prev)) &&
    typeof entry.signature === 'string' &&
    /^[A-Za-z0-9_-]{86}$/.test(entry.signature)
  );
}

/** True for what may be a chain of a day, whatever it says. */
export function isDayChain(value: unknown): value is DayChain {
  const chain = value as Partial<Record<keyof DayChain, unknown>> | null;
  return (
    typeof chain === 'object' &&
    chain !== null &&
    isId(chain.agent) &&
    isToken(chain.epoch) &&
    isCount(chain.records) &&
    isDigest(chain.root)
  );
}
