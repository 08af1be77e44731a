import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { beginUnder, isInUse } from '../../agent/chain-key.ts';
import type { RecordMaker } from '../../agent/record-packing.ts';
import type { Spool } from '../../agent/spool.ts';
import { SteppedClock } from '../../protocols/clock.ts';
import { rotatedFrom, signRotation } from '../../protocols/evidence/key-rotation.ts';
import { generateSigningKey } from '../../protocols/evidence/keys.ts';
import { unfoldPart } from '../../protocols/evidence/seal.ts';
import { silentLog } from '../../protocols/log.ts';
import { decodeAgentLog } from '../../protocols/telemetry/agent-log.ts';
import { parseRecord } from '../../protocols/telemetry/record.ts';
import { addReading, openSealer, openSpool, recordsOf } from './spool-rig.ts';

const clock = new SteppedClock(Date.UTC(2026, 2, 2, 6));
const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0).reverse()) close();
});

const old = generateSigningKey();
const key = generateSigningKey();
const WHOSE = { site: 'pune', agent: 'gw1' };
const makerOf = (own = key, from = old): RecordMaker => ({
  ...WHOSE,
  key: own,
  rotation: { from: from.publicKey, by: signRotation(from, { ...WHOSE, to: own.publicKey }) },
});

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'millwatt-chain-key-'));
  closers.push(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function reopen(folder: string): Spool {
  const spool = openSpool(folder);
  closers.push(() => spool.close());
  return spool;
}

/** A spool in which the old key sealed two records, and one reading is still open. */
function makeSpool(): { folder: string; epoch: string } {
  const folder = makeFolder();
  const spool = reopen(folder);
  const sealer = openSealer(spool, clock, ['mill'], { maker: { ...WHOSE, key: old } });
  addReading(sealer, clock, 'mill');
  sealer.sealAll();
  clock.stepTo(clock.wallMs() + 1000);
  addReading(sealer, clock, 'mill');
  sealer.flush();
  const { epoch } = spool.head;
  spool.close();
  return { folder, epoch };
}

const headersOf = (spool: Spool) => recordsOf(spool).map((bytes) => parseRecord(bytes).header);

describe('a chain whose agent has a new key', () => {
  it('ends, and the next one tells whose place the key took, and what it follows; what waits stays as it was sealed', () => {
    const { folder, epoch } = makeSpool();
    const spool = reopen(folder);
    const waiting = spool.record(epoch, 2)?.bytes;
    beginUnder(spool, key.publicKey, silentLog);
    openSealer(spool, clock, ['mill'], { maker: makerOf() });
    expect(spool.head.epoch).not.toBe(epoch);
    expect(spool.record(epoch, 2)?.bytes).toEqual(waiting);
    const [first, ...others] = headersOf(spool);
    expect(first).toMatchObject({ seq: 1, kind: 'config', key: key.publicKey });
    expect(rotatedFrom(first!)).toBe(old.publicKey);
    for (const header of others) expect([header.key, header.rotatedFrom]).toEqual([key.publicKey, undefined]);
    // What the earlier run left open was read by this gateway all the same.
    expect(others.map(({ samples }) => samples)).toContain(1);
    const logs = recordsOf(spool).flatMap((bytes) => {
      const { header, parts } = parseRecord(bytes);
      return header.kind === 'log' ? decodeAgentLog(unfoldPart(parts[0]!)) : [];
    });
    expect(logs).toMatchObject([
      { event: 'epoch-opened', detail: { reason: 'key', before: epoch, beforeSeq: 2 } },
    ]);
  });

  it('begins once: killed before its first record is sealed, or started again, it goes on', () => {
    const { folder } = makeSpool();
    const cut = reopen(folder);
    beginUnder(cut, key.publicKey, silentLog);
    const { epoch } = cut.head;
    cut.close();
    const spool = reopen(folder);
    beginUnder(spool, key.publicKey, silentLog);
    expect(spool.head).toMatchObject({ epoch, seq: 0 });
    openSealer(spool, clock, ['mill'], { maker: makerOf() });
    const [first] = headersOf(spool);
    expect(rotatedFrom(first!)).toBe(old.publicKey);
    beginUnder(spool, key.publicKey, silentLog);
    expect(spool.head.epoch).toBe(epoch);
  });

  it('is told again by each chain under that key, so that a ledger which lost the first one knows it', () => {
    const { folder } = makeSpool();
    const spool = reopen(folder);
    beginUnder(spool, key.publicKey, silentLog);
    const sealer = openSealer(spool, clock, ['mill'], { maker: makerOf() });
    spool.markRejected(spool.head.epoch, 1, 'fork');
    sealer.beginChain();
    expect(rotatedFrom(headersOf(spool)[0]!)).toBe(old.publicKey);
  });

  it('is not begun where the key is the one before, or nothing was sealed yet', () => {
    const { folder, epoch } = makeSpool();
    const spool = reopen(folder);
    beginUnder(spool, old.publicKey, silentLog);
    expect(spool.head.epoch).toBe(epoch);
    const empty = reopen(makeFolder());
    const begun = empty.head.epoch;
    beginUnder(empty, key.publicKey, silentLog);
    expect(empty.head.epoch).toBe(begun);
  });
});

it('a key is in use when the newest record was sealed under it', () => {
  const { folder } = makeSpool();
  expect(isInUse(folder, old.publicKey)).toBe(true);
  expect(isInUse(folder, key.publicKey)).toBe(false);
  expect(isInUse(makeFolder(), key.publicKey)).toBe(false);
  const damaged = makeFolder();
  writeFileSync(join(damaged, 'spool.sqlite'), 'no database');
  expect(isInUse(damaged, key.publicKey)).toBe(true);
});
