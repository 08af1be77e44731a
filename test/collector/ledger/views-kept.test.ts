import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { execFileSync, spawnSync } from 'node:child_process';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { openViews, viewsPath } from '../../../collector/ledger/sqlite-views.ts';
import { frozenPath, readFrozen, writeFrozen } from '../../../collector/ledger/frozen-store.ts';
import { makeTempFolder } from './temp-folder.ts';
import { recordLog } from './recorded-log.ts';

const HOUR_MS = 3_600_000;

function made() {
  const folder = makeTempFolder();
  const views = openViews({ folder });
  views.setCursor('derive', 7);
  views.close();
  return { folder, path: viewsPath(folder) };
}

test('views are computed again where they are damaged or of another version', () => {
  for (const spoil of [
    (path: string) => writeFileSync(path, 'no database at all, but long enough to be looked at'.repeat(99)),
    (path: string) => {
      const db = new DatabaseSync(path);
      db.exec('PRAGMA user_version = 2');
      db.close();
    },
    (path: string) => {
      const bytes = readFileSync(path);
      writeFileSync(path, bytes.fill(0xff, 4096, 4200));
    },
  ]) {
    const { folder, path } = made();
    spoil(path);
    const log = recordLog();
    const views = openViews({ folder, log });
    expect(views.cursor('derive')).toBe(0);
    expect(log.lines).toMatchObject([{ level: 'warn' }]);
    views.close();
  }
});

test('views stay where the process has no handle left (EMFILE)', () => {
  const { folder } = made();
  const script = `
    import { openSync } from 'node:fs';
    import { openViews } from '${new URL('../../../collector/ledger/sqlite-views.ts', import.meta.url).href}';
    try { for (;;) openSync('/dev/null', 'r'); } catch {}
    try { openViews({ folder: ${JSON.stringify(folder)} }); console.log('opened'); }
    catch (error) { console.log(error.code); }`;
  const output = execFileSync(
    'sh',
    ['-c', 'ulimit -n 200; exec "$0" --input-type=module -e "$1"', process.execPath, script],
    { encoding: 'utf8' },
  );
  expect(output.trim()).toBe('views-unreadable');
  const again = openViews({ folder });
  expect(again.cursor('derive')).toBe(7);
  again.close();
});

test('views that know less than what is frozen are made anew from it, once', () => {
  const { folder, path } = made();
  const machine = {
    machine: 'mill',
    goneMs: 0,
    toMs: HOUR_MS,
    ordinal: 9,
    method: '{}',
    checkpoint: '{}',
    late: [],
  };
  writeFrozen(frozenPath(folder), path, [machine]);
  // Written down a second time, with nothing new.
  writeFrozen(frozenPath(folder), path, [machine]);
  expect(readFrozen(folder)).toEqual([machine]);
  const behind = openViews({ folder });
  expect(behind.cursor('derive')).toBe(0);
  behind.setCursor('derive', 3);
  behind.close();
  // On its way there it is not begun again.
  const again = openViews({ folder });
  expect(again.cursor('derive')).toBe(3);
  again.close();
  expect(existsSync(path)).toBe(true);
});

test('killed while it wrote down what is frozen, the next start has what was there before', () => {
  const { folder, path } = made();
  const machine = {
    machine: 'mill',
    goneMs: 0,
    toMs: HOUR_MS,
    ordinal: 3,
    method: '{}',
    checkpoint: '{}',
    late: [],
  };
  // Before anything was in it.
  writeFileSync(frozenPath(folder), '');
  expect(readFrozen(folder)).toEqual([]);
  openViews({ folder, reset: true }).close();
  writeFrozen(frozenPath(folder), path, [machine]);
  // In the middle of a commit: pages are written, and their journal is there to take them back.
  const script = `
    import { DatabaseSync } from 'node:sqlite';
    const db = new DatabaseSync(process.argv[1]);
    db.exec('PRAGMA cache_size = 1; PRAGMA cache_spill = 1; BEGIN; UPDATE frozen SET ordinal = 99');
    const insert = db.prepare('INSERT INTO snapshot VALUES (?, ?)');
    for (let row = 0; row < 300; row++) insert.run(String(row), 'x'.repeat(3000));
    process.kill(process.pid, 'SIGKILL');`;
  const killed = spawnSync(process.execPath, ['--input-type=module', '-e', script, frozenPath(folder)]);
  expect(killed.signal).toBe('SIGKILL');
  expect(statSync(`${frozenPath(folder)}-journal`).size).toBeGreaterThan(0);
  expect(readFrozen(folder)).toEqual([machine]);
});

test('a stretch of a state that goes on over the edge of what is frozen is frozen up to it, however often', () => {
  const { folder, path } = made();
  const views = openViews({ folder });
  const span = { fromMs: 0, toMs: 3 * HOUR_MS, state: 'working', decider: 'control', basis: '' } as never;
  views.commit({ reader: 'derive', ordinal: 9, spans: [{ machine: 'mill', spans: [span] }] });
  views.close();
  const machine = {
    machine: 'mill',
    goneMs: 0,
    toMs: HOUR_MS,
    ordinal: 9,
    method: '{}',
    checkpoint: '{}',
    late: [],
  };
  for (let time = 0; time < 3; time++) writeFrozen(frozenPath(folder), path, [machine]);
  const db = new DatabaseSync(frozenPath(folder));
  expect(db.prepare('SELECT from_ms AS fromMs, to_ms AS toMs FROM state').all()).toEqual([
    { fromMs: 0, toMs: HOUR_MS },
  ]);
  db.close();
});
