import { createHash, createPublicKey, verify } from 'node:crypto';
import { readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import {
  journalPath,
  openJournal,
  readJournal,
  verifyJournal,
} from '../../../collector/journal/sqlite-journal.ts';
import { entryId } from '../../../collector/journal/seal-entry.ts';
import { generateSigningKey } from '../../../protocols/evidence/keys.ts';
import { silentLog } from '../../../protocols/log.ts';
import { again, amendment, key, makeFolder, MONDAY_MS, revocation } from './journal-rig.ts';

const open = (folder: string, signer = key) => openJournal({ folder, key: again(signer), log: silentLog });
const read = (folder: string) => readJournal({ folder, publicKey: key.publicKey });

/** A journal of three entries, closed. */
function makeJournal(): { folder: string; path: string } {
  const folder = makeFolder();
  const journal = open(folder);
  journal.append(amendment({ reason: 'the first reason' }));
  journal.append(amendment({ reason: 'the second reason' }));
  journal.append(amendment({ reason: 'the third reason' }));
  journal.close();
  return { folder, path: journalPath(folder) };
}

/** Changes the file as someone does who can write SQL. */
function forge(path: string, sql: string): void {
  const db = new DatabaseSync(path);
  db.exec('DROP TRIGGER entry_update; DROP TRIGGER entry_delete; DROP TRIGGER entry_order;');
  db.exec(sql);
  db.close();
}

describe('the journal', () => {
  it('gives back what was entered, over a restart and to a reader beside it', () => {
    const folder = makeFolder();
    const journal = open(folder);
    expect(journal.lastSeq()).toBe(0);
    const first = journal.append(amendment());
    const [second, third] = journal.appendAll([
      revocation(first.hash),
      amendment({}, { machine: 'lathe', kind: 'amendment' }),
    ]);
    expect([first.seq, second?.seq, third?.seq]).toEqual([1, 2, 3]);
    expect(first.prev).toBe('');
    expect(second?.prev).toBe(first.hash);
    expect(entryId(first)).toMatch(/^[0-9a-f]{12}$/);
    const reader = read(folder);
    for (const one of [journal, reader]) {
      expect(one.entries('amendment')).toEqual([first, third]);
      expect(one.entries('amendment', 'mill')).toEqual([first]);
      expect(one.entries('job')).toEqual([]);
      expect(one.lastSeq()).toBe(3);
      expect(one.lastSeq(['revocation'])).toBe(2);
    }
    const fourth = journal.append(amendment());
    expect(reader.entries('amendment', 'mill')).toEqual([first, fourth]);
    reader.close();
    journal.close();
    const later = open(folder);
    expect(later.entries('amendment')).toEqual([first, third, fourth]);
    later.close();
  });

  it('takes the entries of several writers into one chain', () => {
    const folder = makeFolder();
    const [one, other] = [open(folder), open(folder)];
    for (let count = 0; count < 5; count++) {
      one.append(amendment());
      other.append(amendment());
    }
    one.close();
    other.close();
    expect(verifyJournal({ folder, publicKey: key.publicKey })).toEqual({
      hash: expect.any(String),
      entries: 10,
    });
  });

  it('appends several all or none', () => {
    const folder = makeFolder();
    const journal = open(folder);
    expect(() => journal.appendAll([amendment(), amendment({ reason: '' })])).toThrow(/reason/);
    expect(journal.lastSeq()).toBe(0);
    journal.close();
  });

  it('refuses a name that the file would spell otherwise than it was signed, and stays sound', () => {
    const folder = makeFolder();
    const journal = open(folder);
    for (const by of ['line 3\ud800', '\udc00', 'a\u0000b', 'a\nb'])
      expect(() => journal.append(amendment({}, { by })), JSON.stringify(by)).toThrow(/who entered it/);
    expect(() => journal.append(amendment({ reason: 'half of a \ud83d' }))).toThrow(/reason/);
    journal.append(amendment({}, { by: 'Zoë 😀' }));
    journal.close();
    const again = open(folder);
    expect(again.entries('amendment').map(({ by }) => by)).toEqual(['Zoë 😀']);
    again.close();
  });

  it('is for its owner only, and refuses SQL that changes or removes', () => {
    const { path } = makeJournal();
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const db = new DatabaseSync(path);
    for (const sql of [
      "UPDATE entry SET by = 'Eve'",
      'DELETE FROM entry',
      "UPDATE meta SET value = ''",
      'DELETE FROM meta',
      "INSERT OR REPLACE INTO entry SELECT 2, at_ms, kind, machine, by, body, prev, 'x', signature FROM entry WHERE seq = 2",
    ])
      expect(() => db.exec(sql), sql).toThrow(/never|only appended/);
    db.close();
  });

  it('reads nothing where nobody wrote', () => {
    const folder = makeFolder();
    expect(read(folder).entries('amendment')).toEqual([]);
    expect(verifyJournal({ folder, publicKey: key.publicKey })).toEqual({
      hash: expect.any(String),
      entries: 0,
    });
  });

  it.each([
    [
      'what was said',
      `UPDATE entry SET body = replace(body, 'second', 'other') WHERE seq = 2`,
      1,
      /Entry 2 .* changed/,
    ],
    ['who said it', `UPDATE entry SET by = 'Eve' WHERE seq = 3`, 2, /Entry 3 .* changed/],
    ['when', `UPDATE entry SET at_ms = at_ms + 1 WHERE seq = 1`, 0, /Entry 1 .* changed/],
    ['of which machine', `UPDATE entry SET machine = NULL WHERE seq = 1`, 0, /Entry 1 .* changed/],
    [
      'a signature',
      `UPDATE entry SET signature = (SELECT signature FROM entry WHERE seq = 1) WHERE seq = 2`,
      1,
      /Entry 2 .* not signed/,
    ],
    ['how the body is spelt', `UPDATE entry SET body = ' ' || body WHERE seq = 2`, 1, /Entry 2 .* changed/],
    ['an entry that is gone', 'DELETE FROM entry WHERE seq = 2', 1, /Entry 3 .* follows entry 1/],
    ['the first that is gone', 'DELETE FROM entry WHERE seq = 1', 0, /Entry 2 .* follows entry 0/],
  ])('finds %s changed, and refuses to open with the place and a cure', (_, sql, sound, fault) => {
    const { folder, path } = makeJournal();
    forge(path, sql);
    expect(verifyJournal({ folder, publicKey: key.publicKey })).toEqual({
      hash: expect.any(String),
      entries: sound,
      fault: expect.stringMatching(fault),
    });
    const refused = expect.objectContaining({
      remedy: 'refuse',
      code: 'journal-damaged',
      cure: expect.stringMatching(/backup/),
    });
    expect(() => open(folder)).toThrow(refused);
    expect(() => read(folder)).toThrow(refused);
    // Nothing is wiped or set aside.
    expect(readFileSync(path).length).toBeGreaterThan(0);
  });

  it('finds a row that another key signed, though hash and chain are right', () => {
    const { folder, path } = makeJournal();
    const stranger = generateSigningKey();
    const elsewhere = makeFolder();
    const theirs = open(elsewhere, stranger);
    theirs.append(amendment({ reason: 'the first reason' }));
    theirs.close();
    forge(
      path,
      `DELETE FROM entry; ATTACH '${journalPath(elsewhere)}' AS theirs; INSERT INTO entry SELECT * FROM theirs.entry;`,
    );
    expect(verifyJournal({ folder, publicKey: key.publicKey })).toEqual({
      hash: expect.any(String),
      entries: 0,
      fault: expect.stringMatching(/Entry 1 .* not signed by this collector's key/),
    });
  });

  it('takes one signature for all job marks before it, and looks at each where it verifies', () => {
    const folder = makeFolder();
    const journal = open(folder);
    for (const id of ['a', 'b', 'c']) journal.append(amendment({}, { kind: 'job', body: { id } }));
    journal.close();
    const unsign = (seq: number) =>
      `UPDATE entry SET signature = (SELECT signature FROM entry WHERE seq = ${seq - 1}) WHERE seq = ${seq}`;
    forge(journalPath(folder), unsign(2));
    const later = open(folder);
    expect(later.entries('job').map(({ body }) => body['id'])).toEqual(['a', 'b', 'c']);
    later.close();
    expect(verifyJournal({ folder, publicKey: key.publicKey })).toEqual({
      hash: expect.any(String),
      entries: 1,
      fault: expect.stringMatching(/Entry 2 .* not signed/),
    });
    const db = new DatabaseSync(journalPath(folder));
    db.exec(unsign(3));
    db.close();
    expect(() => open(folder)).toThrow(/Entry 3 .* not signed/);
  });

  it('finds any byte of an entry that the disk spoilt', () => {
    const { path, folder } = makeJournal();
    const bytes = readFileSync(path);
    const at = bytes.lastIndexOf('the third reason');
    expect(at).toBeGreaterThan(0);
    for (const offset of [at, at + 5, at - 30]) {
      const spoilt = Buffer.from(bytes);
      spoilt[offset] = (spoilt[offset] ?? 0) ^ 1;
      writeFileSync(path, spoilt);
      expect(verifyJournal({ folder, publicKey: key.publicKey }).fault, String(offset)).toBeDefined();
    }
    writeFileSync(path, bytes.subarray(0, 5000));
    expect(verifyJournal({ folder, publicKey: key.publicKey }).fault).toMatch(/damaged/);
    writeFileSync(path, bytes);
    expect(verifyJournal({ folder, publicKey: key.publicKey })).toEqual({
      hash: expect.any(String),
      entries: 3,
    });
  });

  it('can be checked without any of our code, as the documentation says', () => {
    const folder = makeFolder();
    const journal = open(folder);
    const body = { zone: 'ä', at: { b: [1, 2.5], a: null } };
    const entry = journal.append(amendment({}, { kind: 'reading', machine: null, body }));
    journal.close();
    const { atMs, by, prev, seq } = entry;
    const text = `{"atMs":${atMs},"body":{"at":{"a":null,"b":[1,2.5]},"zone":"ä"},"by":"${by}","kind":"reading","machine":null,"prev":"${prev}","seq":${seq}}`;
    const hash = createHash('sha256').update(`millwatt-journal-1\n${text}`).digest('base64url');
    expect(entry.hash).toBe(hash);
    expect(entryId(entry)).toBe(Buffer.from(hash, 'base64url').toString('hex').slice(0, 12));
    const signer = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: key.publicKey }, format: 'jwk' });
    const signature = Buffer.from(entry.signature, 'base64url');
    expect(verify(null, Buffer.from(`millwatt-journal-1\n${hash}`), signer, signature)).toBe(true);
  });

  it('finds what was changed while it was open', () => {
    const { folder, path } = makeJournal();
    const journal = open(folder);
    forge(path, `UPDATE entry SET by = 'Eve' WHERE seq = 2`);
    expect(() => journal.entries('amendment')).toThrow(/Entry 2 /);
    journal.close();
  });

  it('finds that its last entries are gone, where they were read before', () => {
    const { folder, path } = makeJournal();
    const journal = open(folder);
    forge(path, 'DELETE FROM entry WHERE seq = 3');
    expect(() => journal.entries('amendment')).toThrow(/Entry 3 .* is gone/);
    expect(() => journal.append(amendment())).toThrow(/Entry 3 .* is gone/);
    journal.close();
  });

  it('follows no link', () => {
    const folder = makeFolder();
    const elsewhere = join(makeFolder(), 'victim');
    writeFileSync(elsewhere, '');
    symlinkSync(elsewhere, journalPath(folder));
    expect(() => open(folder)).toThrow(expect.objectContaining({ remedy: 'refuse', code: 'journal-link' }));
    expect(readFileSync(elsewhere)).toHaveLength(0);
  });

  it('does not chain anything to a forged entry', () => {
    const { folder, path } = makeJournal();
    const journal = open(folder);
    forge(
      path,
      `INSERT INTO entry SELECT 4, at_ms, kind, machine, by, body, hash, 'forged', signature FROM entry WHERE seq = 3`,
    );
    expect(() => journal.append(amendment())).toThrow(/Entry 4 /);
    journal.close();
  });

  it('refuses the journal of another key, as after half a restore', () => {
    const { folder } = makeJournal();
    const stranger = generateSigningKey();
    expect(() => open(folder, stranger)).toThrow(
      expect.objectContaining({
        remedy: 'refuse',
        code: 'other-journal-key',
        message: expect.stringMatching(/([0-9a-f]{4}-){7}[0-9a-f]{4}.*([0-9a-f]{4}-){7}[0-9a-f]{4}/),
        cure: expect.stringMatching(/one backup/),
      }),
    );
  });

  it('refuses a version that it does not know', () => {
    const { folder, path } = makeJournal();
    const db = new DatabaseSync(path);
    db.exec('PRAGMA user_version = 9');
    db.close();
    const newer = expect.objectContaining({ remedy: 'refuse', code: 'newer-journal' });
    expect(() => open(folder)).toThrow(newer);
    expect(() => read(folder)).toThrow(newer);
  });

  it('says to try again while another program holds it', () => {
    const { folder, path } = makeJournal();
    const journal = openJournal({ folder, key, log: silentLog, busyMs: 50 });
    const other = new DatabaseSync(path);
    other.exec('BEGIN IMMEDIATE');
    expect(() => journal.append(amendment())).toThrow(
      expect.objectContaining({ remedy: 'retry', code: 'journal-busy' }),
    );
    other.exec('ROLLBACK');
    other.close();
    expect(journal.append(amendment()).seq).toBe(4);
    journal.close();
  });

  it.each([
    ['no kind', { kind: 'wish' as 'job' }],
    ['no time', { atMs: 0.5 }],
    ['a clock that was never set', { atMs: 1000 }],
    ['no machine', { machine: '../x' }],
    ['an amendment of nothing', { machine: null }],
    ['nobody', { by: ' ' }],
    ['a name of two lines', { by: 'A\nB' }],
    ['a name without end', { by: 'x'.repeat(81) }],
    ['an unknown amendment', { body: { ...amendment().body, kind: 'guess' } }],
    ['a term too many', { body: { ...amendment().body, factor: 2 } }],
    ['too much', { kind: 'job' as const, body: { text: 'x'.repeat(16_400) } }],
    [
      'too deep',
      { kind: 'job' as const, body: JSON.parse('{"a":'.repeat(10) + '1' + '}'.repeat(10)) as object },
    ],
    ['no number', { kind: 'job' as const, body: { parts: Number.NaN } }],
    ['a prototype', { kind: 'job' as const, body: JSON.parse('{"__proto__":{"x":1}}') as object }],
    [
      'a revocation of nothing',
      { kind: 'revocation' as const, body: { amendment: 'abc', reason: 'because' } },
    ],
  ])('refuses %s', (_, change) => {
    const folder = makeFolder();
    const journal = open(folder);
    expect(() =>
      journal.append({ ...amendment(), ...(change as Partial<ReturnType<typeof amendment>>) }),
    ).toThrow(expect.objectContaining({ remedy: 'refuse', code: 'bad-entry' }));
    expect(journal.lastSeq()).toBe(0);
    journal.close();
  });

  it('gives a body one text, whatever the order of its keys', () => {
    const folder = makeFolder();
    const journal = open(folder);
    const entry = journal.append({
      atMs: MONDAY_MS,
      kind: 'job',
      machine: 'mill',
      by: 'MES',
      body: { order: 'A-1', lost: undefined, at: { b: [1, -0, 2.5], a: 'ä"\u2028' } },
    });
    journal.close();
    const later = open(folder);
    expect(later.entries('job')).toEqual([
      { ...entry, body: { at: { a: 'ä"\u2028', b: [1, 0, 2.5] }, order: 'A-1' } },
    ]);
    later.close();
  });
});
