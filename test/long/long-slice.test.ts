import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { LONG_KINDS, type LongKind } from './kinds.ts';
import type { PieceEnd } from './long-piece.ts';
import { doneOf, doneOnLastCode, mergeFigures, readRecord, saveRecord } from './long-record.ts';
import { furthestBehind, runSlice, type SliceSurroundings } from './long-slice.ts';
import { runSideBySide } from './side-by-side.ts';
import { tableOf, withTable } from './long-table.ts';

const REPOSITORY = join(import.meta.dirname, '../..');
const KIND: LongKind = {
  name: 'kills',
  test: 'T1',
  unit: 'kills',
  wanted: 1000,
  firstPiece: 100,
  files: ['x.test.ts'],
  env: () => ({}),
  tried: ['agent'],
};

/** A slice whose pieces take as long as they are told to: ten units a second unless `end` says otherwise. */
function surroundings(options: {
  commit?: string;
  code?: string;
  end?: (piece: { from: number; to: number }) => PieceEnd | undefined;
}) {
  const folder = mkdtempSync(join(tmpdir(), 'millwatt-long-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const pieces: { from: number; to: number }[] = [];
  const said: string[] = [];
  let nowMs = 0;
  const around: SliceSurroundings = {
    recordPath: join(folder, 'record.json'),
    commit: options.commit ?? 'aaaaaaaaaa',
    codeOf: () => options.code ?? 'one',
    run: (_kind, piece) => {
      pieces.push(piece);
      const done = piece.to - piece.from;
      nowMs += done * 100;
      return Promise.resolve(
        options.end?.(piece) ?? { kind: 'passed', done, seconds: done / 10, figures: { records: done } },
      );
    },
    nowMs: () => nowMs,
    today: () => '2026-11-22',
    say: (line) => said.push(line),
  };
  return { around, pieces, said, record: () => readRecord(around.recordPath) };
}

test('a slice ends in time, the next goes on where it was, and the last ends when enough is done', async () => {
  const { around, pieces, record } = surroundings({});
  expect(await runSlice(KIND, 1, around)).toMatchObject({ done: 600, failed: 0, why: 'time' });
  expect(await runSlice(KIND, 1, around)).toMatchObject({ done: 400, why: 'reached' });
  for (const [index, { from }] of pieces.entries()) expect(from).toBe(pieces[index - 1]?.to ?? 0);
  expect(record().kinds['kills']).toMatchObject({
    next: 1000,
    runs: [{ commit: 'aaaaaaaaaa', done: 1000, seconds: 100, figures: { records: 1000 } }],
  });
  expect(await runSlice(KIND, 1, around)).toMatchObject({ done: 0, why: 'reached' });
});

test('an interrupted piece counts for nothing, what was done before it is kept', async () => {
  const { around, record } = surroundings({
    end: ({ from }) => (from >= 100 ? { kind: 'interrupted' } : undefined),
  });
  expect(await runSlice(KIND, 10, around)).toMatchObject({ done: 100, why: 'interrupted' });
  expect(record().kinds['kills']).toMatchObject({ next: 100, runs: [{ done: 100 }] });
});

test('a failure is kept with the command that does it again, and three end a slice', async () => {
  const command = 'MILLWATT_TEST_SEED=7 npx vitest run x.test.ts';
  const { around, said, record } = surroundings({
    end: () => ({ kind: 'failed', message: 'one was lost', command, output: 'all of it' }),
  });
  expect(await runSlice(KIND, 10, around)).toMatchObject({ done: 0, failed: 3, why: 'failures' });
  const own = record().kinds['kills'];
  expect(own?.failures[0]).toEqual({
    commit: 'aaaaaaaaaa',
    date: '2026-11-22',
    message: 'one was lost',
    command,
  });
  expect(own?.next).toBe(300);
  expect(said.join('\n')).toContain(command);
});

test('other code does not add to the old silently', async () => {
  const first = surroundings({});
  await runSlice({ ...KIND, wanted: 300 }, 10, first.around);
  const second = surroundings({ commit: 'bbbbbbbbbb', code: 'two' });
  saveRecord(second.around.recordPath, first.record());
  await runSlice(KIND, 10, second.around);
  expect(second.said[0]).toContain('has changed since aaaaaaa');
  const own = second.record().kinds['kills']!;
  expect(own.runs.map(({ commit, done }) => [commit, done])).toEqual([
    ['aaaaaaaaaa', 300],
    ['bbbbbbbbbb', 700],
  ]);
  expect([doneOf(own), doneOnLastCode(own)]).toEqual([1000, 700]);
});

test('without a name the kind goes on of which the least share is done', async () => {
  const { around, record } = surroundings({});
  const other = { ...KIND, name: 'seeds', wanted: 10_000 };
  expect(furthestBehind([KIND, other], record())?.name).toBe('kills');
  await runSlice(KIND, 1, around);
  expect(furthestBehind([KIND, other], record())?.name).toBe('seeds');
  await runSlice(KIND, 10, around);
  expect(furthestBehind([KIND], record())).toBeUndefined();
});

test('a piece is run in parts at once that leave nothing out, and fails with any of them', async () => {
  const passed = (done: number): PieceEnd => ({
    kind: 'passed',
    done,
    seconds: done,
    figures: { records: 1 },
  });
  const failed: PieceEnd = { kind: 'failed', message: 'one was lost', command: 'again', output: '' };
  const runOf = (ends: (part: { from: number; to: number }) => PieceEnd) =>
    runSideBySide({ ...KIND, sideBySide: 2 }, { from: 100, to: 107 }, (_, part) =>
      Promise.resolve(ends(part)),
    );
  const parts: { from: number; to: number }[] = [];
  const end = await runOf((part) => {
    parts.push(part);
    return passed(part.to - part.from);
  });
  expect(parts).toEqual([
    { from: 100, to: 103 },
    { from: 103, to: 107 },
  ]);
  expect(end).toEqual({ kind: 'passed', done: 7, seconds: 4, figures: { records: 2 } });
  expect(await runOf(({ from }) => (from === 103 ? failed : passed(1)))).toBe(failed);
  expect(await runOf(({ from }) => (from === 103 ? { kind: 'interrupted' } : failed))).toEqual({
    kind: 'interrupted',
  });
});

test('counts are added up, and of times the worst is kept', () => {
  expect(mergeFigures({ records: 2, upMsMax: 5 }, { records: 3, upMsMax: 4, upMsMedian: 1 })).toEqual({
    records: 5,
    upMsMax: 5,
    upMsMedian: 1,
  });
});

test('the document shows what the record says, and both know the kinds there are', () => {
  const document = readFileSync(join(REPOSITORY, 'docs/reliability.md'), 'utf8');
  const record = readRecord(join(REPOSITORY, 'docs/reliability-record.json'));
  expect(withTable(document, record)).toBe(document);
  const names = LONG_KINDS.map(({ name }) => name);
  expect(Object.keys(record.kinds).filter((name) => !names.includes(name))).toEqual([]);
  expect(new Set(names).size).toBe(names.length);
  for (const { files } of LONG_KINDS)
    for (const file of files) expect(existsSync(join(REPOSITORY, file)), file).toBe(true);
  for (const name of Object.keys(record.kinds)) expect(tableOf(record)).toContain(`| ${name} |`);
});
