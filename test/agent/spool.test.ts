import { readdirSync, readFileSync, rmSync, writeFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, expect, test } from 'vitest';
import type { Sealer } from '../../agent/sealer.ts';
import { SteppedClock } from '../../protocols/clock.ts';
import { checkOf } from '../../agent/spool-meta.ts';
import type { Log } from '../../protocols/log.ts';
import { silentLog } from '../../protocols/log.ts';
import { parseRecord } from '../../protocols/telemetry/record.ts';
import { makeMemoryFolder } from '../support/memory-folder.ts';
import { checkChain } from './chain-check.ts';
import { addReading, holds, openSealer, openSpool, recordsOf } from './spool-rig.ts';

const START_MS = Date.UTC(2026, 2, 2, 6);
const folders: string[] = [];
afterEach(() => {
  for (const path of folders.splice(0)) rmSync(path, { recursive: true, force: true });
});

function folder(): string {
  const path = makeMemoryFolder('spool');
  folders.push(path);
  return path;
}

function listen(): { log: Log; errors: string[] } {
  const errors: string[] = [];
  return { log: { ...silentLog, error: (_fields, message) => void errors.push(message) }, errors };
}

/** Fills a spool with so many sealed records of ten readings. */
function fill(path: string, records: number, options: Parameters<typeof openSpool>[1] = {}) {
  const clock = new SteppedClock(START_MS);
  const spool = openSpool(path, options);
  const sealer = openSealer(spool, clock, ['mill']);
  for (let reading = 0; reading < records * 10; reading++) {
    clock.stepTo(clock.wallMs() + 1000);
    addReading(sealer, clock, 'mill', Math.sin(reading));
    if (reading % 10 === 9) sealer.sealAll();
  }
  return { spool, sealer, clock };
}

test('it continues its chain after it was closed', () => {
  const path = folder();
  const first = fill(path, 3);
  const { epoch } = first.spool.head;
  first.spool.close();
  const second = fill(path, 2);
  expect(second.spool.head.epoch).toBe(epoch);
  const headers = checkChain(recordsOf(second.spool));
  // The config is the same, and so is not sealed again.
  expect(headers.map(({ kind }) => kind)).toEqual(['config', ...Array.from({ length: 5 }, () => 'readings')]);
  second.spool.close();
});

test.each([
  ['garbage', () => Buffer.from('this is no database'.repeat(1000))],
  [
    'a database with a damaged middle',
    (bytes: Buffer) => Buffer.from(bytes).fill(0x5a, 4096, bytes.length - 4096),
  ],
  ['the first half of a database', (bytes: Buffer) => bytes.subarray(0, Math.floor(bytes.length / 2))],
])('%s in its place is moved aside, told loudly, and a new chain begins', (_what, damage) => {
  const path = folder();
  const { spool } = fill(path, 30);
  const { epoch } = spool.head;
  spool.close();
  const file = join(path, 'spool.sqlite');
  const damaged = damage(readFileSync(file));
  writeFileSync(file, damaged);
  const { log, errors } = listen();
  const fresh = openSpool(path, { log });
  expect(fresh.head.epoch).not.toBe(epoch);
  expect(fresh.head.seq).toBe(0);
  expect(errors).toContainEqual(expect.stringMatching(/spool is corrupt/));
  expect(readFileSync(join(path, 'quarantine', 'spool.sqlite.1')).equals(damaged)).toBe(true);
  expect(statSync(join(path, 'quarantine')).mode & 0o777).toBe(0o700);
  expect(statSync(join(path, 'quarantine', 'spool.sqlite.1')).mode & 0o777).toBe(0o600);
  fresh.close();

  writeFileSync(file, 'again');
  rmSync(join(path, 'spool.sqlite-wal'), { force: true });
  openSpool(path, { log }).close();
  expect(readdirSync(join(path, 'quarantine')).filter((name) => /\.\d$/.test(name))).toHaveLength(2);
});

test('a spool of a newer version is refused and left alone', () => {
  const path = folder();
  const { spool } = fill(path, 1);
  spool.close();
  const before = readdirSync(path).sort();
  // What a newer version would write.
  const database = new DatabaseSync(join(path, 'spool.sqlite'));
  database.prepare("UPDATE meta SET value = '3', sum = ? WHERE name = 'format'").run(checkOf('format', '3'));
  database.close();
  expect(() => openSpool(path)).toThrow(/format 3/);
  expect(readdirSync(path).sort()).toEqual(before);
});

test('when it is full receipted records go first, then the oldest pending ones, counted and told', () => {
  const path = folder();
  const { log, errors } = listen();
  const maxBytes = 200_000;
  const { spool, sealer, clock } = fill(path, 60, { maxBytes, log });
  const { epoch } = spool.head;
  spool.markReceipted(epoch, [{ from: 1, to: 50 }]);
  const add = (records: number) => {
    for (let reading = 0; reading < records * 10; reading++) {
      clock.stepTo(clock.wallMs() + 1000);
      addReading(sealer, clock, 'mill', Math.sin(reading));
      if (reading % 10 === 9) sealer.sealAll();
    }
  };
  let added = 0;
  while (spool.record(epoch, 2) !== undefined && added < 2000) {
    add(20);
    added += 20;
  }
  expect(spool.accounts().samples.dropped).toEqual({});
  expect(errors).toEqual([]);
  add(250);
  const { samples, records } = spool.accounts();
  expect(samples.dropped['spool-full']).toBeGreaterThan(0);
  expect(records.dropped).toBeGreaterThan(0);
  expect(records.sealed).toBe(records.receipted + records.pending + records.rejected + records.dropped);
  expect(holds(spool)).toBe(true);
  expect(errors.length).toBeGreaterThan(0);
  expect(spool.usedBytes()).toBeLessThanOrEqual(maxBytes);
  spool.close();
});

test('a full spool keeps the config that its readings rest on, until a collector has it', () => {
  const { spool } = fill(folder(), 700, { maxBytes: 200_000 });
  const { epoch } = spool.head;
  expect(spool.accounts().records.dropped).toBeGreaterThan(100);
  expect(spool.record(epoch, 2)).toBeUndefined();
  const [config] = spool.pendingAfter(0, 1);
  expect(config?.seq).toBe(1);
  expect(parseRecord(config?.bytes ?? new Uint8Array()).header.kind).toBe('config');
  expect(holds(spool)).toBe(true);
  spool.close();
});

test('a config that a collector has is kept while readings rest on it, also those that are still to be read', () => {
  const { spool, clock } = fill(folder(), 60, { maxBytes: 200_000, keepMs: 3_600_000 });
  const { epoch } = spool.head;
  const add = (sealer: Sealer, records: number) => {
    for (let record = 0; record < records; record++) {
      clock.stepTo(clock.wallMs() + 10_000);
      addReading(sealer, clock, 'mill', Math.sin(record));
      sealer.sealAll();
      spool.markReceipted(epoch, [{ from: 1, to: spool.head.seq }]);
    }
  };
  add(openSealer(spool, clock, ['mill']), 700);
  expect(spool.record(epoch, 2)).toBeUndefined();
  expect(spool.record(epoch, 1)).toBeDefined();
  const sealer = openSealer(spool, clock, ['mill'], { version: '0.2.0' });
  const second = spool.head.seq;
  add(sealer, 20);
  // Readings under the first are kept still, because there is room for them and they are young.
  expect(spool.record(epoch, second - 1)).toBeDefined();
  expect(spool.record(epoch, 1)).toBeDefined();
  clock.stepTo(clock.wallMs() + 4_000_000);
  add(sealer, 20);
  expect(spool.record(epoch, second - 1)).toBeUndefined();
  expect(spool.record(epoch, 1)).toBeUndefined();
  expect(spool.record(epoch, second)).toBeDefined();
  // The one in force stays, were it all that is left.
  clock.stepTo(clock.wallMs() + 4_000_000);
  add(sealer, 2);
  expect(spool.record(epoch, second + 1)).toBeUndefined();
  expect(spool.record(epoch, second)).toBeDefined();
  expect(holds(spool)).toBe(true);
  spool.close();
});

test('receipted records are kept as long as configured and no longer', () => {
  const { spool, sealer, clock } = fill(folder(), 5, { keepMs: 3_600_000 });
  const { epoch } = spool.head;
  spool.markReceipted(epoch, [{ from: 1, to: 3 }]);
  clock.stepTo(clock.wallMs() + 3_500_000);
  addReading(sealer, clock, 'mill');
  sealer.sealAll();
  expect(spool.record(epoch, 3)).toBeDefined();
  clock.stepTo(clock.wallMs() + 200_000);
  addReading(sealer, clock, 'mill');
  sealer.sealAll();
  expect(spool.record(epoch, 3)).toBeUndefined();
  expect(spool.record(epoch, 4)).toBeDefined();
  expect(holds(spool)).toBe(true);
  spool.close();
});

test('what a collector lacks after all waits for a receipt again, and may be refused then', () => {
  const { spool } = fill(folder(), 5);
  const { epoch } = spool.head;
  spool.markReceipted(epoch, [{ from: 1, to: 4 }]);
  expect(spool.takeBack('other0000001', [{ from: 1, to: 4 }])).toEqual([]);
  const back = spool.takeBack(epoch, [
    { from: 3, to: 3 },
    { from: 2, to: 1_000_000 },
  ]);
  expect(back.map(({ seq }) => seq).sort((a, b) => a - b)).toEqual([2, 3, 4]);
  expect(spool.accounts().samples).toMatchObject({ sampled: 50, receipted: 0, pending: 50 });
  expect(spool.accounts().records).toMatchObject({ sealed: 6, receipted: 1, pending: 5 });
  expect(spool.pendingAfter(0, 10).map(({ seq }) => seq)).toEqual([2, 3, 4, 5, 6]);
  expect(spool.markRejected(epoch, 3, 'fork')).toBeDefined();
  expect(spool.markReceipted(epoch, [{ from: 2, to: 4 }])).toHaveLength(2);
  // What was refused stays refused.
  expect(spool.takeBack(epoch, [{ from: 3, to: 3 }])).toEqual([]);
  expect(spool.accounts().samples).toMatchObject({ receipted: 20, rejected: 10, pending: 20 });
  expect(holds(spool)).toBe(true);
  spool.close();
});

test('marking twice counts once', () => {
  const { spool } = fill(folder(), 5);
  const { epoch } = spool.head;
  expect(spool.markReceipted(epoch, [{ from: 1, to: 3 }])).toHaveLength(3);
  expect(spool.markReceipted(epoch, [{ from: 1, to: 4 }])).toHaveLength(1);
  expect(spool.markRejected(epoch, 4, 'fork')).toBeUndefined();
  expect(spool.markRejected(epoch, 5, 'fork')).toBeDefined();
  expect(spool.markReceipted(epoch, [{ from: 5, to: 5 }])).toHaveLength(0);
  expect(spool.accounts().samples).toMatchObject({ sampled: 50, receipted: 30, rejected: 10, pending: 10 });
  expect(holds(spool)).toBe(true);
  spool.close();
});
