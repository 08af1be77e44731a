import type { Log } from '../../protocols/log.ts';
import { isCount, isDigest, isId } from '../../protocols/telemetry/ids.ts';
import type { JournalEntry, JournalReader } from './journal.ts';
import { entryId } from './seal-entry.ts';

/** What a person decided about an agent's key; `key` is 32 raw bytes, base64url. */
export type KeyActBody = { v: 1; agent: string; key: string } & (
  | {
      /** The fingerprint is that of the gateway: a person compared both. It takes back an earlier revocation. */
      act: 'confirm';
      /** At most 500 characters on one line; empty where nobody wrote any. */
      note: string;
    }
  | {
      /** Somebody else may hold it: what the collector takes in under it from then on is no evidence. */
      act: 'revoke';
      /** Wall ms. */
      sinceMs: number;
      /** 3 to 500 characters on one line: a verifier reads it. */
      reason: string;
    }
);

/** A decision with who made it, and when (wall ms). */
export type KeyAct = KeyActBody & {
  /** By which people name the entry. */
  id: string;
  atMs: number;
  by: string;
};

/** What the collector asks: all decisions, and whether there are others than before. */
export interface KeyActSource {
  /** In the order of entry: of one key the last one counts. */
  acts(): readonly KeyAct[];
  /** Rises with every decision, by whichever process; cheap to ask. */
  version(): number;
}

const TEXT_MAX = 500;
const REASON_MIN = 3;
const MS_MAX = 8.64e15;

const TERMS = {
  confirm: ['v', 'act', 'agent', 'key', 'note'],
  revoke: ['v', 'act', 'agent', 'key', 'sinceMs', 'reason'],
} as const;

/** The body of an entry of kind `key`, or the fault that keeps it from being one. */
export function readKeyActBody(
  body: Readonly<Record<string, unknown>>,
): { body: KeyActBody } | { fault: string } {
  const { v, act, agent, key, note, sinceMs, reason } = body;
  if (v !== 1 || (act !== 'confirm' && act !== 'revoke'))
    return { fault: `decisions about keys of kind ${JSON.stringify(act ?? null)} are not known here` };
  const terms: readonly string[] = TERMS[act];
  // A term that is not known may change what the others mean.
  const unknown = Object.keys(body).find((term) => !terms.includes(term));
  if (unknown !== undefined) return { fault: `the term ${JSON.stringify(unknown)} is not known here` };
  if (!isId(agent)) return { fault: `${JSON.stringify(agent ?? null)} is no id of an agent` };
  if (!isDigest(key)) return { fault: 'it names no key' };
  if (act === 'confirm' && !isText(note, 0))
    return { fault: `its note has to be at most ${TEXT_MAX} characters on one line` };
  if (act === 'revoke' && !(isCount(sinceMs) && sinceMs < MS_MAX))
    return { fault: 'it does not say since when' };
  if (act === 'revoke' && !isText(reason, REASON_MIN))
    return { fault: `it needs a reason of ${REASON_MIN} to ${TEXT_MAX} characters on one line` };
  return { body: body as unknown as KeyActBody };
}

/**
 * The decisions about keys, in the order of entry. What a newer millwatt wrote and this one does not understand is left out, and
 * told to `onUnknown` with the reason.
 */
export function readKeyActs(
  journal: Pick<JournalReader, 'entries'>,
  onUnknown: (entry: JournalEntry, fault: string) => void = () => {},
): KeyAct[] {
  return journal.entries('key').flatMap((entry): KeyAct[] => {
    const read = readKeyActBody(entry.body);
    if ('body' in read) return [{ ...read.body, id: entryId(entry), atMs: entry.atMs, by: entry.by }];
    onUnknown(entry, read.fault);
    return [];
  });
}

/** Follows the decisions about keys in a journal that other processes write to as well. What is not understood is warned of, once. */
export function followKeyActs(
  journal: Pick<JournalReader, 'entries' | 'lastSeq'>,
  log: Pick<Log, 'warn'>,
): KeyActSource {
  const warned = new Set<number>();
  return {
    version: () => journal.lastSeq(['key']),
    acts: () =>
      readKeyActs(journal, (entry, fault) => {
        if (warned.has(entry.seq)) return;
        warned.add(entry.seq);
        log.warn(
          { entry: entryId(entry), fault },
          'A decision about a key in the journal is not understood and does not count: a newer millwatt wrote it. Update this one.',
        );
      }),
  };
}

function isText(value: unknown, lengthMin: number): boolean {
  return (
    typeof value === 'string' &&
    value.trim().length >= lengthMin &&
    value.length <= TEXT_MAX &&
    !/[\p{Cc}\p{Cs}]/u.test(value)
  );
}
