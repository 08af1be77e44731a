import { existsSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { headerHash, verifyRecord } from '../protocols/evidence/seal.ts';
import { parseRecord, type RecordHeader } from '../protocols/telemetry/record.ts';
import { applyFormat, prepareHeaderInsert } from './spool-format.ts';
import { carveRecords } from './spool-pages.ts';
import { carveSums } from './spool-carved-sums.ts';
import { checkOf, SpoolMeta } from './spool-meta.ts';
import { addSums, countSumsAnew, missingSums, type SumsOrigin } from './spool-sums.ts';

/** So many places are looked at one by one beyond the last row that could be read in order. */
const PROBES_MAX = 256;
const STATES: ReadonlySet<unknown> = new Set(['sealed', 'receipted', 'rejected']);

/** What came out of a damaged spool. */
export interface Salvage {
  records: number;
  openRows: number;
  /** True when the chain goes on where it stood; else a new epoch begins. */
  headKnown: boolean;
  sums: SumsOrigin;
}

/**
 * Copies out of a damaged spool what proves itself: records by hash and signature, everything else by its sum. The damaged one is
 * only read. `target` is complete and on disk when this returns; what counters announced and is not there counts as
 * dropped for `corrupt` when the spool is opened next.
 */
export function salvageSpool(source: string, target: string): Salvage {
  for (const suffix of ['', '-journal', '-wal', '-shm']) rmSync(`${target}${suffix}`, { force: true });
  const to = new DatabaseSync(target);
  try {
    to.exec('PRAGMA synchronous=FULL; BEGIN');
    applyFormat(to);
    // A new spool's sums are zeros; these are the old one's, or missing.
    to.exec('DELETE FROM counters');
    const salvage = existsSync(source)
      ? salvageInto(source, to)
      : { records: 0, openRows: 0, headKnown: false, sums: 'counted' as const };
    to.exec('COMMIT');
    return salvage;
  } finally {
    to.close();
  }
}

function salvageInto(source: string, to: DatabaseSync): Salvage {
  const take = prepareTake(to);
  let from: DatabaseSync | undefined;
  let [openRows, headKnown] = [0, false];
  try {
    from = new DatabaseSync(source, { readOnly: true });
    const damaged = from;
    const ages = attempt(() => damaged.prepare('SELECT age FROM headers WHERE id = ?'));
    for (const row of readRows(from, 'records'))
      take.record(row, Number(attempt(() => ages?.get(Number(row['id'])))?.['age'] ?? 0));
    openRows = copyOpenRows(from, to);
    copyDrops(from, to);
    copyCounters(from, to);
  } catch (error) {
    // A disk that is full is not a spool that is damaged.
    if (!isReadFailure(error)) throw error;
  }
  // What no tree leads to any more.
  const carvedAfter = take.newest.records;
  const carved: number[] = [];
  for (const row of carveRecords(source)) {
    take.record({ ...row }, 0);
    carved.push(row.id);
  }
  if (take.newest.records > carvedAfter) leaveOutReplaced(to, carved);
  if (from !== undefined) headKnown = copyMeta(from, to, take.newest);
  attempt(() => from?.close());
  return { records: take.newest.records, openRows, headKnown, sums: completeSums(source, to) };
}

function completeSums(source: string, to: DatabaseSync): SumsOrigin {
  if (missingSums(to).length === 0) return 'read';
  addSums(to, carveSums(source));
  if (missingSums(to).length === 0) return 'found';
  countSumsAnew(to);
  return 'counted';
}

/** What was deleted because it was thinned or dropped does not come back out of a page that was not used again. */
function leaveOutReplaced(to: DatabaseSync, carved: readonly number[]): void {
  const replaced = to.prepare(
    `DELETE FROM records WHERE id = ? AND state = 'sealed' AND (
       EXISTS (SELECT 1 FROM headers h JOIN records t ON t.id = h.id
         WHERE t.epoch = records.epoch AND records.seq BETWEEN h.thinned_from AND h.thinned_to)
       OR EXISTS (SELECT 1 FROM drops d WHERE d.epoch = records.epoch AND records.seq BETWEEN d.first AND d.last))`,
  );
  for (const id of carved) {
    if (replaced.run(id).changes > 0) to.prepare('DELETE FROM headers WHERE id = ?').run(id);
  }
}

/** True for damage of the source: corrupt, no database, cannot be opened, I/O error, no such table or column. */
function isReadFailure(error: unknown): boolean {
  const code = Number((error as { errcode?: unknown }).errcode ?? 0) & 0xff;
  return [1, 10, 11, 14, 26].includes(code);
}

interface Newest {
  records: number;
  /** Highest seq by epoch; the epoch that came last is the last entry. */
  seqs: Map<string, number>;
}

/** Takes records over that hold by themselves, each once. */
function prepareTake(to: DatabaseSync): {
  newest: Newest;
  record: (row: Record<string, unknown>, ageMs: number) => void;
} {
  const insert = to.prepare(
    `INSERT OR IGNORE INTO records (id, epoch, seq, kind, hash, samples, first, last, size, state, reason, settled, bytes)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const has = to.prepare('SELECT 1 FROM records WHERE id = ?');
  const insertHeader = prepareHeaderInsert(to);
  const newest: Newest = { records: 0, seqs: new Map() };
  const record = (row: Record<string, unknown>, ageMs: number) => {
    const [id, bytes] = [Number(row['id']), row['bytes']];
    if (!(bytes instanceof Uint8Array) || has.get(id) !== undefined) return;
    const sound = attempt(() => {
      const frame = parseRecord(bytes);
      verifyRecord(frame);
      return { header: frame.header, hash: headerHash(frame) };
    });
    if (sound === undefined) return;
    const { header, hash } = sound;
    const { epoch, seq, kind, samples, first, last } = header;
    // A state that cannot be is one that was flipped: what a collector has already it receipts again.
    const state = STATES.has(row['state']) ? String(row['state']) : 'sealed';
    const reason = typeof row['reason'] === 'string' ? row['reason'] : null;
    const settled = typeof row['settled'] === 'number' ? row['settled'] : null;
    const place = [id, epoch, seq, kind, hash, samples, first, last, bytes.length] as const;
    if (insert.run(...place, state, reason, settled, bytes).changes === 0) return;
    insertHeader(id, header, ageMs);
    newest.records += 1;
    noteNewest(newest, header);
  };
  return { newest, record };
}

function noteNewest({ seqs }: Newest, { epoch, seq }: RecordHeader): void {
  const before = seqs.get(epoch) ?? 0;
  seqs.delete(epoch);
  seqs.set(epoch, Math.max(before, seq));
}

function copyOpenRows(from: DatabaseSync, to: DatabaseSync): number {
  const insert = to.prepare(
    'INSERT INTO open (id, boot, machine, samples, part, sum) VALUES (?, ?, ?, ?, ?, ?)',
  );
  let rows = 0;
  for (const row of readRows(from, 'open')) {
    const { id, boot, machine, samples, part, sum } = row as Record<string, string | number>;
    if (sum !== checkOf(boot ?? null, machine ?? null, samples ?? null, part ?? null)) continue;
    insert.run(id ?? null, boot ?? null, machine ?? null, samples ?? null, part ?? null, sum);
    rows += 1;
  }
  const insertBoot = to.prepare(
    'INSERT OR IGNORE INTO boots (boot, config, mono, wall, state, rows, sum) VALUES (?, ?, ?, ?, ?, ?, ?)',
  );
  for (const row of attempt(() => from.prepare('SELECT * FROM boots ORDER BY ordinal').all()) ?? []) {
    const fields = ['boot', 'config', 'mono', 'wall', 'state', 'rows'].map(
      (name) => row[name] as string | number,
    );
    if (row['sum'] === checkOf(...fields)) insertBoot.run(...fields, row['sum']);
  }
  return rows;
}

function copyDrops(from: DatabaseSync, to: DatabaseSync): void {
  const insert = to.prepare(
    'INSERT INTO drops (epoch, reason, first, last, samples, told) VALUES (?, ?, ?, ?, ?, ?)',
  );
  for (const row of readRows(from, 'drops')) {
    const { epoch, reason, first, last, samples, told } = row as Record<string, string | number | null>;
    if (typeof epoch !== 'string' || typeof reason !== 'string' || typeof samples !== 'number') continue;
    insert.run(epoch, reason, first ?? null, last ?? null, samples, told ?? null);
  }
}

function copyCounters(from: DatabaseSync, to: DatabaseSync): void {
  const rows = attempt(() => from.prepare('SELECT name, value, sum FROM counters').all()) ?? [];
  const sound = rows
    .map((row) => ({ name: String(row['name']), value: Number(row['value']), sum: row['sum'] }))
    .filter(({ name, value, sum }) => sum === checkOf(name, value));
  addSums(
    to,
    sound.map(({ name, value }) => [name, value] as const),
  );
}

/** True when the head is known for certain: a head that falls back behind what was published would fork the chain. */
function copyMeta(from: DatabaseSync, to: DatabaseSync, { seqs }: Newest): boolean {
  const target = new SpoolMeta(to);
  const source = attempt(() => new SpoolMeta(from));
  const read = (name: string) => attempt(() => source?.get(name)) ?? null;
  for (const name of ['age', 'collector.key']) target.set(name, read(name));
  const head = read('head');
  const known = head === null ? undefined : (JSON.parse(head) as { epoch: string; seq: number });
  if (known !== undefined && known.seq >= (seqs.get(known.epoch) ?? 0)) {
    target.set('head', head);
    return true;
  }
  return false;
}

/** Rows in the order of their ids, as far as they can be read; behind one that cannot, the next are looked for one by one. */
function* readRows(
  from: DatabaseSync,
  table: 'records' | 'open' | 'drops',
): Generator<Record<string, unknown>> {
  const after = attempt(() =>
    from.prepare(`SELECT * FROM ${table} NOT INDEXED WHERE id > ? ORDER BY id LIMIT 1`),
  );
  const at = attempt(() => from.prepare(`SELECT * FROM ${table} NOT INDEXED WHERE id = ?`));
  const newest = attempt(() => from.prepare(`SELECT MAX(id) AS id FROM ${table} NOT INDEXED`).get());
  let last = 0;
  for (;;) {
    const next = attemptOr('bad', () => after?.get(last));
    if (next === undefined) return;
    if (next !== 'bad') {
      const id = Number(next['id']);
      if (id <= last) return;
      last = id;
      yield next;
      continue;
    }
    const end = newest?.['id'] === undefined ? last + PROBES_MAX : Number(newest['id']);
    let found: Record<string, unknown> | undefined;
    for (let id = last + 1; id <= Math.min(end, last + PROBES_MAX) && found === undefined; id++) {
      found = attempt(() => at?.get(id));
      if (found !== undefined) last = id;
    }
    if (found === undefined) return;
    yield found;
  }
}

function attempt<Value>(read: () => Value): Value | undefined {
  return attemptOr(undefined, read);
}

function attemptOr<Value, Otherwise>(otherwise: Otherwise, read: () => Value): Value | Otherwise {
  try {
    return read();
  } catch {
    return otherwise;
  }
}
