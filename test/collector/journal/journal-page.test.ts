import { afterEach, describe, expect, it } from 'vitest';
import { journalLines } from '../../../cli/journal/journal-lines.ts';
import { openJournal } from '../../../collector/journal/sqlite-journal.ts';
import type { EntryToAppend, Journal } from '../../../collector/journal/journal.ts';
import { listEntry } from '../../../collector/reports/journal-listing.ts';
import { silentLog } from '../../../protocols/log.ts';
import { amendment, HOUR_MS, key, makeFolder, MONDAY_MS, revocation } from './journal-rig.ts';

const open: Journal[] = [];
afterEach(() => open.splice(0).forEach((journal) => journal.close()));

function book(): Journal {
  const journal = openJournal({ folder: makeFolder(), key, log: silentLog });
  open.push(journal);
  return journal;
}

const mark = (id: string, body: object, atMs = MONDAY_MS + 11 * HOUR_MS): EntryToAppend => ({
  atMs,
  kind: 'job',
  machine: 'mill',
  by: 'MES',
  body: { id, channel: '', ...body },
});
const begin = (id: string) =>
  mark(id, { kind: 'begin', atMs: MONDAY_MS, job: '4711', order: 'O-1', part: null });

function filled(): Journal {
  const journal = book();
  const { hash } = journal.append(amendment());
  journal.append(revocation(hash));
  journal.appendAll([
    begin('a'),
    mark('b', {
      kind: 'end',
      atMs: MONDAY_MS + HOUR_MS,
      job: null,
      goodParts: 5,
      scrapParts: null,
      massKg: 2.5,
      volumeCm3: null,
    }),
    mark('a', { kind: 'withdraw' }),
  ]);
  journal.append({
    atMs: MONDAY_MS + 12 * HOUR_MS,
    kind: 'reading',
    machine: 'grid',
    by: 'Anna',
    body: {
      v: 1,
      readAtMs: MONDAY_MS,
      withinMs: 300_000,
      shown: '123.4',
      unit: 'MWh',
      errorPercent: null,
      note: 'bill of March',
    },
  });
  journal.append({
    atMs: MONDAY_MS + 13 * HOUR_MS,
    kind: 'reading',
    machine: 'grid',
    by: 'Anna',
    body: { v: 2 },
  });
  return journal;
}

describe('pages of the journal', () => {
  it('come in one order, begin after a seq, and hold what is asked for', () => {
    const journal = filled();
    const seqs = (query: Omit<Parameters<Journal['page']>[0], 'limit'>, limit = 10) =>
      journal.page({ ...query, limit }).map(({ seq }) => seq);
    expect(seqs({})).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(seqs({ afterSeq: 2 }, 3)).toEqual([3, 4, 5]);
    expect(seqs({ machine: 'mill' })).toEqual([1, 2, 3, 4, 5]);
    expect(seqs({ kind: 'reading', machine: 'grid' })).toEqual([6, 7]);
    expect(seqs({ fromMs: MONDAY_MS + 10 * HOUR_MS, toMs: MONDAY_MS + 12 * HOUR_MS })).toEqual([2, 3, 4, 5]);
    expect(seqs({ afterSeq: 7 })).toEqual([]);
  });

  it('say in a sentence what each entry told', () => {
    const [amended, revoked, ...rest] = filled()
      .page({ limit: 10 })
      .map((entry) => listEntry(entry));
    expect(amended?.saying).toMatch(
      /^The current transformers of mill supply were turned round .* Because: k and l were exchanged/,
    );
    expect(revoked?.saying).toBe(
      `Amendment ${amended?.id} of mill counts no more. Because: the transformers were right after all`,
    );
    expect(rest.map(({ saying }) => saying)).toEqual([
      'Job 4711 of mill began at 2026-03-02 00:00:00Z (order O-1): mark a.',
      'What was under way of mill ended at 2026-03-02 01:00:00Z with 5 good parts, 2.5 kg: mark b.',
      'Mark a of mill was taken back.',
      'grid showed 123.4 MWh at 2026-03-02 00:00:00Z, known within 5 min; nobody said by how much its meter errs. Note: bill of March',
      'This millwatt does not understand it.',
    ]);
  });

  it('are told to people with the marks of a day as one', () => {
    const entries = filled()
      .page({ limit: 10 })
      .map((entry) => listEntry(entry));
    const lines = [...journalLines(entries, Infinity, { marksApart: false })];
    expect(lines.filter((line) => / by /.test(line) && !line.startsWith('  '))).toHaveLength(5);
    expect(lines).toContain('  3 marks of jobs of mill: millwatt journal --kind job lists each.');
    const apart = [...journalLines(entries, Infinity, { marksApart: true })];
    expect(apart).toContain('  Mark a of mill was taken back.');
    const alone = [...journalLines(entries.slice(2, 3), Infinity, { marksApart: false })];
    expect(alone[1]).toContain('Job 4711 of mill began');
  });
});
