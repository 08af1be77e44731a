import { readFileSync, writeFileSync } from 'node:fs';
import type { JournalHead } from '../../collector/journal/sqlite-journal.ts';
import type { ChainHead } from '../../collector/ledger/verify-ledger.ts';
import type { DaysHead } from './verify-days.ts';
import { describeFileFault, MillwattError } from '../../protocols/errors.ts';
import { isCount, isDigest, isId, isToken } from '../../protocols/telemetry/ids.ts';

/** The ends of everything that is signed: kept where the collector cannot reach them, they show later what was cut off. */
export interface Heads {
  v: 1;
  site: string;
  /** When they were looked at, ISO 8601. */
  noted: string;
  ledger: ChainHead[];
  journal: JournalHead;
  /** The last signed day; not in heads of before there were any. */
  days?: DaysHead;
}

/** Writes heads as JSON. Throws an error of class `refuse` (code `no-heads`) where that cannot be. */
export function writeHeads(path: string, heads: Heads): void {
  try {
    writeFileSync(path, `${JSON.stringify(heads, null, 2)}\n`);
  } catch (cause) {
    throw new MillwattError(
      'refuse',
      'no-heads',
      `The heads cannot be written to ${path}: ${describeFileFault(cause)}.`,
      {
        cure: 'Give a path in a folder that is there and may be written to.',
        cause,
      },
    );
  }
}

/** Reads heads that `writeHeads` wrote. Throws an error of class `refuse` (code `bad-heads`). */
export function readHeads(path: string): Heads {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    if (!(cause instanceof SyntaxError))
      throw new MillwattError('refuse', 'bad-heads', `${path} cannot be read: ${describeFileFault(cause)}.`, {
        cure: 'Name a file that was written with --heads.',
        cause,
      });
    throw badHeads(path, cause);
  }
  if (!isHeads(json)) throw badHeads(path);
  return json;
}

function isHeads(value: unknown): value is Heads {
  if (typeof value !== 'object' || value === null) return false;
  const { v, site, noted, ledger, journal, days } = value as Partial<Record<keyof Heads, unknown>>;
  const { entries, hash } = (journal ?? {}) as Partial<Record<keyof JournalHead, unknown>>;
  return (
    v === 1 &&
    isId(site) &&
    typeof noted === 'string' &&
    (days === undefined || isDaysHead(days)) &&
    isCount(entries) &&
    (entries === 0 ? hash === '' : isDigest(hash)) &&
    Array.isArray(ledger) &&
    ledger.every(isHead)
  );
}

function isDaysHead(value: unknown): boolean {
  const { entries, hash } = (value ?? {}) as Partial<Record<keyof DaysHead, unknown>>;
  return isCount(entries) && (entries === 0 ? hash === '' : isDigest(hash));
}

function isHead(value: unknown): value is ChainHead {
  if (typeof value !== 'object' || value === null) return false;
  const { agent, epoch, key, seq, hash } = value as Partial<Record<keyof ChainHead, unknown>>;
  return isId(agent) && isToken(epoch) && isDigest(key) && isCount(seq) && seq > 0 && isDigest(hash);
}

function badHeads(path: string, cause?: unknown): MillwattError {
  return new MillwattError(
    'refuse',
    'bad-heads',
    `${path} is not what \`millwatt ledger verify --heads\` writes.`,
    {
      cure: 'Name a file that was written with --heads, as it was written.',
      cause,
    },
  );
}
