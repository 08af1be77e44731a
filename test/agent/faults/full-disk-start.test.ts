import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, expect, test, type TestContext } from 'vitest';
import { Publisher } from '../../../agent/publisher.ts';
import type { Spool } from '../../../agent/spool.ts';
import { readWaiting } from '../../../agent/waiting-records.ts';
import { SteppedClock } from '../../../protocols/clock.ts';
import { generateSigningKey } from '../../../protocols/evidence/keys.ts';
import { headerHash, rangeDigest, sealReceipt } from '../../../protocols/evidence/seal.ts';
import { silentLog, type Log } from '../../../protocols/log.ts';
import { parseRecord } from '../../../protocols/telemetry/record.ts';
import { fillDisk, freeDisk, mountSmallDisk } from '../../support/small-disk.ts';
import { addReading, holds, openSealer, openSpool } from '../spool-rig.ts';

const START_MS = Date.UTC(2026, 2, 2, 6);
const RECORDS = 60;
const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0).reverse()) close();
});

/** A spool with records that wait, closed, on a disk that is full since then. */
function fullDisk(context: TestContext): { disk: string; clock: SteppedClock } | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'millwatt-full-start-'));
  closers.push(() => rmSync(folder, { recursive: true, force: true }));
  const disk = join(folder, 'disk');
  const unmount = mountSmallDisk(disk, 4);
  if (unmount === undefined) {
    context.skip('SKIPPED: only root may mount the small disk that this test fills');
    return undefined;
  }
  closers.push(unmount);
  const clock = new SteppedClock(START_MS);
  const spool = openSpool(disk);
  const sealer = openSealer(spool, clock, ['mill']);
  for (let record = 0; record < RECORDS; record++) {
    clock.stepTo(clock.wallMs() + 1000);
    addReading(sealer, clock, 'mill', record);
    sealer.sealAll();
  }
  spool.close();
  fillDisk(disk);
  return { disk, clock };
}

/** A publisher whose collector receipts everything at once, and can see what it got. */
function publishFrom(spool: Spool) {
  const key = generateSigningKey();
  const sent: number[] = [];
  const publisher: Publisher = new Publisher({
    spool,
    site: 'pune',
    agent: 'gw1',
    collectorKey: key.publicKey,
    publish: (bytes) => {
      const frame = parseRecord(bytes);
      const { epoch, seq } = frame.header;
      sent.push(seq);
      const receipt = {
        site: 'pune',
        collector: 'collector',
        agent: 'gw1',
        epoch,
        at: START_MS,
        accepted: [{ from: seq, to: seq, digest: rangeDigest([headerHash(frame)]) }],
        rejected: [],
        requested: [],
      };
      return Promise.resolve().then(() => publisher.receive(sealReceipt(receipt, key)));
    },
    connected: () => true,
    onFork: () => {},
    log: silentLog,
    resendAfterMs: 1_000_000,
  });
  return { publisher, sent };
}

const turnOver = () => new Promise((resolve) => setTimeout(resolve, 0));

test('a spool on a full disk delivers more than a window of records, each once, and forgets them when there is room', async (context) => {
  const made = fullDisk(context);
  if (made === undefined) return;
  const spool = openSpool(made.disk);
  closers.push(() => spool.close());
  const { publisher, sent } = publishFrom(spool);
  for (let turn = 0; turn < 20; turn++) {
    publisher.pump();
    await turnOver();
  }
  // The config is the first.
  expect(sent.toSorted((a, b) => a - b)).toEqual(Array.from({ length: RECORDS + 1 }, (_, at) => at + 1));
  expect(spool.accounts().records.receipted).toBe(0);
  // Another connection: what is known to be there does not go again.
  publisher.restart();
  await turnOver();
  expect(sent).toHaveLength(RECORDS + 1);

  freeDisk(made.disk);
  publisher.pump();
  expect(spool.accounts().records).toMatchObject({ receipted: RECORDS + 1, pending: 0 });
  expect(holds(spool)).toBe(true);
  expect(sent).toHaveLength(RECORDS + 1);
});

test('what is read on a full disk is in the chain once there is room, and others can read the spool again', (context) => {
  const made = fullDisk(context);
  if (made === undefined) return;
  const { disk, clock } = made;
  const said: string[] = [];
  const log: Log = { ...silentLog, error: (_fields, message) => void said.push(message) };
  const spool = openSpool(disk, { log });
  closers.push(() => spool.close());
  // Another version of the software: a snapshot has to be sealed before anything that rests on it.
  const sealer = openSealer(spool, clock, ['mill'], { version: '9.9.9', log });
  expect(said).toEqual(['the spool cannot be written; readings are held in memory until it can']);
  for (let reading = 0; reading < 10; reading++) {
    clock.stepTo(clock.wallMs() + 60_000);
    addReading(sealer, clock, 'mill', 1000 + reading);
    sealer.flush();
    sealer.sealDue();
  }
  expect(said).toHaveLength(1);
  expect(sealer.failing).not.toBeNull();
  expect(spool.head.seq).toBe(RECORDS + 1);
  expect(() => readWaiting(disk)).toThrow('locked');

  freeDisk(disk);
  sealer.flush();
  expect(sealer.failing).toBeNull();
  sealer.sealAll();
  expect(readWaiting(disk)?.samples).toBe(RECORDS + 10);
  expect(holds(spool)).toBe(true);
  const { epoch } = spool.head;
  const kinds = [RECORDS + 2, RECORDS + 3].map((seq) => {
    const record = spool.record(epoch, seq);
    return record === undefined ? undefined : parseRecord(record.bytes).header.kind;
  });
  expect(kinds).toEqual(['config', 'readings']);
});

test('an agent that dies while it begins the log anew leaves a spool that opens without a word', () => {
  const folder = mkdtempSync(join(tmpdir(), 'millwatt-full-start-'));
  closers.push(() => rmSync(folder, { recursive: true, force: true }));
  openSpool(folder).close();
  const database = new DatabaseSync(join(folder, 'spool.sqlite'));
  database.exec('PRAGMA journal_mode=DELETE');
  database.close();
  const said: string[] = [];
  const spool = openSpool(folder, {
    log: { ...silentLog, error: (_fields, message) => void said.push(message) },
  });
  spool.close();
  expect(said).toEqual([]);
  expect(readdirSync(folder)).not.toContain('quarantine');
});

test('an agent that ends while the disk is full says how many readings end with it', (context) => {
  const made = fullDisk(context);
  if (made === undefined) return;
  const { disk, clock } = made;
  const said: unknown[] = [];
  const spool = openSpool(disk);
  closers.push(() => spool.close());
  const log: Log = { ...silentLog, error: (fields, message) => void said.push([fields, message]) };
  const sealer = openSealer(spool, clock, ['mill'], { log });
  for (let reading = 0; reading < 7; reading++) {
    clock.stepTo(clock.wallMs() + 1000);
    addReading(sealer, clock, 'mill', reading);
  }
  sealer.end();
  expect(said.at(-1)).toEqual([
    { samples: 7, reason: 'database or disk is full' },
    expect.stringMatching(/^the agent ends while the disk refuses/),
  ]);
});
