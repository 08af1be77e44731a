import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { WantedRecords } from '../../../collector/ingest/wanted-records.ts';
import { silentLog } from '../../../protocols/log.ts';
import { makeTempFolder } from '../ledger/temp-folder.ts';

const record = (seq: number, agent = 'gw-1') => ({
  agent,
  epoch: 'epoch0000001',
  seq,
  hash: `hash of ${seq}`,
});
const nothingIsHere = () => false;

function rig() {
  const folder = makeTempFolder();
  const time = { ms: 0 };
  const path = join(folder, 'wanted-records.json');
  const open = () => new WantedRecords({ path, realMs: () => time.ms, log: silentLog });
  return { folder, path, time, open };
}

test('what another record names is asked for with those before it, once a minute, ever more seldom and not for ever', () => {
  const { time, open } = rig();
  const wanted = open();
  expect(wanted.note(record(40))).toBe(true);
  expect(wanted.note(record(40))).toBe(true);
  const asked: number[] = [];
  for (; time.ms < 60 * 86_400_000; time.ms += 30_000)
    for (const due of wanted.due(nothingIsHere)) {
      expect(due).toEqual({ agent: 'gw-1', epoch: 'epoch0000001', from: 25, to: 40 });
      asked.push(time.ms);
    }
  expect(asked.slice(0, 12).map((ms) => ms / 60_000)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12]);
  expect(asked).toHaveLength(30);
  expect(wanted.note(record(3))).toBe(true);
  expect(wanted.due(nothingIsHere)).toMatchObject([{ from: 1, to: 3 }]);
});

test('it is remembered over a restart until it is here, or was refused', () => {
  const { path, open } = rig();
  for (const seq of [3, 5, 7]) open().note(record(seq));
  open().noteHere(record(3));
  const wanted = open();
  wanted.noteRefused(record(5));
  expect(wanted.note(record(5))).toBe(false);
  expect(wanted.due(nothingIsHere)).toMatchObject([{ to: 7 }]);
  expect(open().due(nothingIsHere)).toMatchObject([{ to: 7 }]);
  // Another record of that number is not the one.
  open().noteHere({ ...record(7), hash: 'another' });
  expect(open().due(({ hash }) => hash === record(7).hash)).toEqual([]);
  expect(open().due(nothingIsHere)).toEqual([]);
  writeFileSync(path, 'spoilt');
  expect(open().due(nothingIsHere)).toEqual([]);
});

test('an agent that names ever new records fills neither memory nor disk, and a disk that takes nothing is tried again', () => {
  const { folder, open } = rig();
  const wanted = open();
  wanted.note(record(1, 'gw-2'));
  for (let seq = 1; seq <= 110; seq++) wanted.note(record(seq));
  const due = wanted.due(nothingIsHere);
  expect(due.filter(({ agent }) => agent === 'gw-1').map(({ to }) => to)).toEqual(
    Array.from({ length: 100 }, (_, index) => index + 11),
  );
  expect(due).toHaveLength(101);
  rmSync(folder, { recursive: true });
  wanted.note(record(200));
  expect(wanted.due(nothingIsHere).map(({ to }) => to)).toEqual([200]);
  expect(() => readdirSync(folder)).toThrow();
});
