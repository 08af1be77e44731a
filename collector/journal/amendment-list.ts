import { readAmendmentBody, readRevocationBody, type AmendmentBody } from './amendment-body.ts';
import { sayAmendment } from './amendment-saying.ts';
import { revocationsOf } from './amendments-in-force.ts';
import type { JournalEntry, JournalReader } from './journal.ts';
import { entryId } from './seal-entry.ts';

const HOUR_MS = 3_600_000;

/** An amendment as it is shown: who decided what, when and why, and whether it still holds. */
export interface ListedAmendment {
  id: string;
  /** Its place in the journal. */
  seq: number;
  machine: string;
  /** When it was entered, wall ms, and by whom. */
  enteredMs: number;
  by: string;
  /** `unknown` where a newer millwatt wrote it: it does not count. */
  standing: 'in-force' | 'revoked' | 'unknown';
  /** A sentence, with times in UTC. */
  saying: string;
  reason: string;
  /** What was entered, whole; of an unknown one as it stands there. */
  terms: AmendmentBody | Readonly<Record<string, unknown>>;
  /** The UTC hours that it touches begin in [fromMs, toMs), wall ms; null for ever, or not known. */
  hours: { fromMs: number | null; toMs: number | null };
  /** Who took it back, when and why; null while nobody has. */
  revocation: { id: string; enteredMs: number; by: string; reason: string } | null;
  /** SHA-256 of the entry, and its signature, for whoever checks them. */
  hash: string;
  signature: string;
}

/** All amendments of a journal, revoked ones too, in the order of entry; of one machine where it is named. */
export function listAmendments(
  journal: Pick<JournalReader, 'entries'>,
  machine?: string,
  sayTime: (atMs: number) => string = sayUtc,
): ListedAmendment[] {
  const revocations = revocationsOf(journal.entries('revocation'));
  return journal
    .entries('amendment', machine)
    .map((entry) => listed(entry, revocations.get(entry.hash), sayTime));
}

function listed(
  entry: JournalEntry,
  revocation: JournalEntry | undefined,
  sayTime: (atMs: number) => string,
): ListedAmendment {
  const { seq, atMs, by, hash, signature } = entry;
  const machine = entry.machine ?? '';
  const read = readAmendmentBody(entry.body);
  const known = 'body' in read ? read.body : undefined;
  return {
    id: entryId(entry),
    seq,
    machine,
    enteredMs: atMs,
    by,
    standing: revocation !== undefined ? 'revoked' : known === undefined ? 'unknown' : 'in-force',
    saying:
      known === undefined
        ? `This millwatt does not understand it (${'fault' in read ? read.fault : ''}): it does not count.`
        : sayAmendment(machine, known, sayTime),
    reason: known?.reason ?? '',
    terms: known ?? entry.body,
    hours: known === undefined ? { fromMs: null, toMs: null } : hoursTouched(known),
    revocation:
      revocation === undefined
        ? null
        : {
            id: entryId(revocation),
            enteredMs: revocation.atMs,
            by: revocation.by,
            reason: reasonOf(revocation),
          },
    hash,
    signature,
  };
}

/** The UTC hours whose figures an amendment may change: they begin in [fromMs, toMs), null for ever. */
export function hoursTouched({ kind, fromMs, toMs }: Pick<AmendmentBody, 'kind' | 'fromMs' | 'toMs'>): {
  fromMs: number;
  toMs: number | null;
} {
  const firstMs = Math.floor(fromMs / HOUR_MS) * HOUR_MS;
  // What was drawn while the meters were exchanged lies in the hour of the exchange and round it.
  if (kind === 'meter-replaced')
    return { fromMs: firstMs - HOUR_MS, toMs: endOfHour(toMs ?? fromMs + 1) + HOUR_MS };
  return { fromMs: firstMs, toMs: toMs === null ? null : endOfHour(toMs) };
}

function endOfHour(atMs: number): number {
  return Math.ceil(atMs / HOUR_MS) * HOUR_MS;
}

function reasonOf({ body }: JournalEntry): string {
  const read = readRevocationBody(body);
  return 'body' in read ? read.body.reason : '';
}

/** 2026-03-02 06:30:00Z */
export function sayUtc(atMs: number): string {
  return new Date(atMs).toISOString().replace('T', ' ').replace('.000Z', 'Z');
}
