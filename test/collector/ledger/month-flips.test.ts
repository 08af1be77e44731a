import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { LedgerRecord } from '../../../collector/ledger/ledger.ts';
import { openLedger, type AdmissionLedger } from '../../../collector/ledger/sqlite-ledger.ts';
import { MillwattError } from '../../../protocols/errors.ts';
import { silentLog } from '../../../protocols/log.ts';
import { parseRecord } from '../../../protocols/telemetry/record.ts';
import { ChainFeed, FEED_START_MS } from './chain-feed.ts';
import { InProcessWriter } from './in-process-writer.ts';
import { makeTempFolder } from './temp-folder.ts';

/** T3: so many single bits of a month's file and of the log beside it. More with MILLWATT_TEST_LONG=1. */
const FLIPS = Number(process.env['RUNS'] ?? (process.env['MILLWATT_TEST_LONG'] === '1' ? 200_000 : 5000));
const SEED = Number(process.env['MILLWATT_TEST_SEED'] ?? Date.now() % 2 ** 31);
const RECORDS = 40;
/** What fits on one page of 8 kB. */
const LOST_MAX = 12;
const FILE = 'records-2026-11.db';

const open = (folder: string) =>
  openLedger({ folder, log: silentLog, startWriter: (data) => new InProcessWriter(data) });

/** A month of which half is in the file and half in its log, as a killed collector leaves it. */
async function makeMonth() {
  const folder = makeTempFolder();
  const feed = new ChainFeed();
  const records = [feed.next({ kind: 'config' }), ...feed.take(RECORDS - 1)];
  const first = await open(folder);
  for (const record of records.slice(0, RECORDS / 2))
    await first.append({ ...record, receivedMs: FEED_START_MS });
  await first.close();
  const second = await open(folder);
  for (const record of records.slice(RECORDS / 2))
    await second.append({ ...record, receivedMs: FEED_START_MS });
  const path = join(folder, FILE);
  const image = { file: readFileSync(path), log: readFileSync(`${path}-wal`) };
  await second.close();
  return { image, admitted: new Map(records.map(({ hash, bytes }) => [hash, payloadOf(bytes)])) };
}

/** All but the signature, which is looked at on admission and by `ledger verify`: the hash binds the rest. */
function payloadOf(bytes: Uint8Array): Buffer {
  const { signedBytes, parts } = parseRecord(bytes);
  return Buffer.concat([signedBytes, ...parts]);
}

function chance(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

function readAll(ledger: AdmissionLedger): LedgerRecord[] {
  const records = ledger.readAfter(0, 1000);
  for (const { header } of records) ledger.hashOf(header.agent, header.epoch, header.seq);
  return records;
}

/** Opens and reads; what turns out to be damaged at a read is salvaged by opening again, as a service manager does. */
async function readThrough(folder: string): Promise<{ records: LedgerRecord[]; restarts: number }> {
  for (let restarts = 0; ; restarts++) {
    const ledger = await open(folder);
    try {
      return { records: readAll(ledger), restarts };
    } catch (error) {
      if (restarts > 0 || !(error instanceof MillwattError && error.code === 'damaged-month')) throw error;
    } finally {
      await ledger.close();
    }
  }
}

test(`${FLIPS} flipped bits: the ledger opens, gives nothing that was not admitted, and loses one page at most`, async () => {
  const { image, admitted } = await makeMonth();
  const draw = chance(SEED);
  const replay = `MILLWATT_TEST_SEED=${SEED} vitest run test/collector/ledger/month-flips.test.ts`;
  let [refused, lossless] = [0, 0];
  const shm = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
  for (let flip = 0; flip < FLIPS; flip++) {
    const name = draw(3) === 0 ? 'log' : 'file';
    const at = draw(image[name].length);
    const bit = draw(8);
    const folder = mkdtempSync(join(shm, 'millwatt-'));
    const where = `flip ${flip}: bit ${bit} of byte ${at} of the ${name}; ${replay}`;
    try {
      const flipped = Uint8Array.from(image[name]);
      flipped[at] = (flipped[at] ?? 0) ^ (1 << bit);
      writeFileSync(join(folder, FILE), name === 'file' ? flipped : image.file);
      writeFileSync(join(folder, `${FILE}-wal`), name === 'log' ? flipped : image.log);
      const { records } = await readThrough(folder);
      for (const { hash, bytes } of records)
        expect(admitted.get(hash)?.equals(payloadOf(bytes)), where).toBe(true);
      const lost = admitted.size - new Set(records.map(({ hash }) => hash)).size;
      expect(lost, where).toBeLessThanOrEqual(name === 'log' ? RECORDS / 2 : LOST_MAX);
      if (lost === 0) lossless++;
    } catch (error) {
      // A version that we do not know is left alone, also when it is a flipped bit.
      if (!(error instanceof MillwattError && error.code === 'newer-ledger'))
        throw new Error(where, { cause: error });
      refused++;
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
  expect(refused).toBeLessThan(FLIPS / 100 + 5);
  expect(lossless).toBeGreaterThan(FLIPS / 4);
}, 1_800_000);
