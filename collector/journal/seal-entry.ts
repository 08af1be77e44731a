import { sha256, verifySignature, type SigningKey } from '../../protocols/evidence/keys.ts';
import { canonicalJson } from './canonical-json.ts';
import type { EntryToAppend, JournalEntry } from './journal.ts';

/** What is hashed and signed begins with this, so that no receipt or record of the same key can be taken for an entry. */
const DOMAIN = 'millwatt-journal-1\n';

/** An entry as it is stored: its body as the canonical text that was hashed. */
export type StoredEntry = Omit<JournalEntry, 'body'> & { body: string };

/** The id by which people name an entry: the first 6 bytes of its hash in hex, such as `7f3a09c1be42`. */
export function entryId({ hash }: Pick<JournalEntry, 'hash'>): string {
  return Buffer.from(hash, 'base64url').subarray(0, 6).toString('hex');
}

/** The entry with its place in the chain, its hash and its signature. */
export function sealEntry(
  entry: EntryToAppend,
  place: { seq: number; prev: string },
  key: SigningKey,
): JournalEntry {
  const { atMs, kind, machine, by, body } = entry;
  const unsealed = { seq: place.seq, atMs, kind, machine, by, body, prev: place.prev };
  const hash = hashOf({ ...unsealed, body: canonicalJson(body) });
  return { ...unsealed, hash, signature: Buffer.from(key.sign(signedBytes(hash))).toString('base64url') };
}

/** What is wrong with an entry that follows `before`, as the end of "Entry 7 ..."; undefined when what it says is as it was. */
export function findFault(entry: StoredEntry, before: { seq: number; hash: string }): string | undefined {
  if (entry.seq !== before.seq + 1) return `follows entry ${before.seq}: what was between them is gone`;
  if (entry.prev !== before.hash) return 'does not name the entry before it: one of the two was exchanged';
  return isWhole(entry) ? undefined : 'is not what was signed: it was changed afterwards';
}

/** True when an entry's hash is that of what it says. */
export function isWhole(entry: StoredEntry): boolean {
  return hashOf(entry) === entry.hash;
}

/** True when the key signed the entry's hash, and with it every entry before it. */
export function isSigned({ hash, signature }: StoredEntry, publicKey: string): boolean {
  const bytes = Buffer.from(signature, 'base64url');
  // Letters that are not of the alphabet are skipped in reading; each signature has one spelling.
  return bytes.toString('base64url') === signature && verifySignature(publicKey, signedBytes(hash), bytes);
}

/** The hash of the canonical JSON of an entry, its keys in order, with the text of its body as it is. */
function hashOf({
  seq,
  atMs,
  kind,
  machine,
  by,
  body,
  prev,
}: Omit<StoredEntry, 'hash' | 'signature'>): string {
  const rest = canonicalJson({ by, kind, machine, prev, seq });
  return sha256(DOMAIN, `{"atMs":${canonicalJson(atMs)},"body":${body},${rest.slice(1)}`);
}

function signedBytes(hash: string): Uint8Array {
  return Buffer.from(`${DOMAIN}${hash}`);
}
