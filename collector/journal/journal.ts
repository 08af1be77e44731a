/**
 * What people told the collector, and what no record holds: `amendment` and `revocation` of one, `job` marks of an MES, the
 * result of a `commissioning`, a `reading` of a main meter or a bill, what was decided about the `key` of an agent.
 */
export const ENTRY_KINDS = ['amendment', 'revocation', 'job', 'commissioning', 'reading', 'key'] as const;
export type EntryKind = (typeof ENTRY_KINDS)[number];

/** One entry, as it was signed; never changed and never removed. */
export interface JournalEntry {
  /** 1, 2, 3 ... without holes. */
  seq: number;
  /** When it was entered, wall ms. */
  atMs: number;
  kind: EntryKind;
  /** Null for what concerns the site. */
  machine: string | null;
  /** Who entered it, as they called themselves; 1 to 80 characters. */
  by: string;
  /** Plain data of its kind. */
  body: Readonly<Record<string, unknown>>;
  /** SHA-256 (base64url) of the entry before; empty for the first. */
  prev: string;
  /** SHA-256 (base64url) over all of the above; people use the id that `entryId` makes of it. */
  hash: string;
  /** Ed25519 by the collector's key over the hash, base64url. */
  signature: string;
}

/** What is said of an entry by whoever makes it; the journal adds its place in the chain. */
export type EntryToAppend = Pick<JournalEntry, 'atMs' | 'kind' | 'machine' | 'by' | 'body'>;

/** Which entries are asked for; what is left out does not matter. */
export interface EntryQuery {
  /** Only those after it. */
  afterSeq?: number | undefined;
  /** At most so many, 1 or more. */
  limit: number;
  kind?: EntryKind | undefined;
  machine?: string | undefined;
  /** Entered in [fromMs, toMs), wall ms. */
  fromMs?: number | undefined;
  toMs?: number | undefined;
}

/** The journal as those see it who only read. */
export interface JournalReader {
  /** Entries of a kind, of one machine where it is named, in order. Throws an error of class `refuse` when one is damaged. */
  entries(kind: EntryKind, machine?: string): JournalEntry[];
  /** The first entries that fit, of all kinds in one order: a page. Throws as `entries`. */
  page(query: EntryQuery): JournalEntry[];
  /** Seq of the last entry, of these kinds where they are named; 0 without any: a change says that there is something new. */
  lastSeq(kinds?: readonly EntryKind[]): number;
  close(): void;
}

/** The signed book of what people told. Several processes may write to it. */
export interface Journal extends JournalReader {
  /**
   * Appends durably. Throws a MillwattError of class `retry` while another process writes for too long or the disk refuses,
   * and of class `refuse` (code `bad-entry`) for what is no entry.
   */
  append(entry: EntryToAppend): JournalEntry;
  /** Appends several at once, all or none, at the cost of one; throws as `append`. */
  appendAll(entries: readonly EntryToAppend[]): JournalEntry[];
}
