import { expect, it } from 'vitest';
import { openJournal } from '../../../collector/journal/sqlite-journal.ts';
import { listMarks } from '../../../collector/reports/job-book.ts';
import { rememberEntries } from '../../../collector/reports/job-journal.ts';
import { generateSigningKey } from '../../../protocols/evidence/keys.ts';
import { silentLog } from '../../../protocols/log.ts';
import { makeTempFolder } from '../ledger/temp-folder.ts';
import { tellMarks } from './job-plant.ts';

const mark = (id: string) => ({ id, kind: 'begin', at: '2026-03-02T06:00:00Z', job: id });

it('reads a machine once, and again when somebody else wrote', () => {
  const folder = makeTempFolder();
  const key = generateSigningKey();
  const [own, other] = [0, 1].map(() => openJournal({ folder, key, log: silentLog }));
  if (own === undefined || other === undefined) throw new Error('no journal');
  let reads = 0;
  const remembered = rememberEntries({
    entries: (...asked) => {
      reads++;
      return own.entries(...asked);
    },
    lastSeq: (kinds) => own.lastSeq(kinds),
    appendAll: (entries) => own.appendAll(entries),
  });
  const ids = (machine: string) => listMarks(remembered, machine).map((one) => one.mark.id);
  try {
    tellMarks(remembered, 'mill', [mark('a'), mark('b')]);
    tellMarks(remembered, 'mill', [mark('c'), mark('a')]);
    expect(ids('mill')).toEqual(['a', 'b', 'c']);
    expect(ids('lathe')).toEqual([]);
    expect(reads).toBe(2);
    tellMarks(other, 'mill', [mark('d')]);
    expect(ids('mill')).toEqual(['a', 'b', 'c', 'd']);
    tellMarks(remembered, 'lathe', [mark('e')]);
    expect([ids('mill'), ids('lathe')]).toEqual([['a', 'b', 'c', 'd'], ['e']]);
    expect(listMarks(own, 'mill')).toEqual(listMarks(remembered, 'mill'));
  } finally {
    own.close();
    other.close();
  }
});

it('reads again where another process was faster than our own entry', () => {
  const folder = makeTempFolder();
  const key = generateSigningKey();
  const own = openJournal({ folder, key, log: silentLog });
  const other = openJournal({ folder, key, log: silentLog });
  const remembered = rememberEntries({
    entries: (...asked) => own.entries(...asked),
    lastSeq: (kinds) => own.lastSeq(kinds),
    appendAll: (entries) => {
      tellMarks(other, 'mill', [mark('theirs')]);
      return own.appendAll(entries);
    },
  });
  try {
    tellMarks(remembered, 'mill', [mark('ours')]);
    expect(listMarks(remembered, 'mill').map((one) => one.mark.id)).toEqual(['theirs', 'ours']);
  } finally {
    own.close();
    other.close();
  }
});
