import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, expect, test } from 'vitest';
import { SPOOL_FILE } from '../../agent/spool-database.ts';
import type { Spool } from '../../agent/spool.ts';
import { SteppedClock } from '../../protocols/clock.ts';
import { unfoldPart } from '../../protocols/evidence/seal.ts';
import { decodeAgentLog } from '../../protocols/telemetry/agent-log.ts';
import { parseRecord } from '../../protocols/telemetry/record.ts';
import { makeMemoryFolder } from '../support/memory-folder.ts';
import { checkChain } from './chain-check.ts';
import { addReading, holds, openSealer, openSpool, recordsOf } from './spool-rig.ts';

/*
 * A collector holds another record under a seq of ours, because this spool was copied or restored. It says so once: whatever
 * happens to the agent then, nothing more may be sealed into the chain that it named.
 */

const START_MS = Date.UTC(2026, 2, 2, 6);
const folders: string[] = [];
afterEach(() => {
  for (const path of folders.splice(0)) rmSync(path, { recursive: true, force: true });
});

/** A spool with a config, two records of readings, and a reading that is not sealed. */
function rig() {
  const path = makeMemoryFolder('forked');
  folders.push(path);
  const clock = new SteppedClock(START_MS);
  const spool = openSpool(path);
  const sealer = openSealer(spool, clock, ['mill']);
  const read = () => {
    clock.stepTo(clock.wallMs() + 1000);
    addReading(sealer, clock, 'mill', 7);
  };
  for (let record = 0; record < 2; record++) {
    read();
    sealer.sealAll();
  }
  read();
  sealer.flush();
  return { path, clock, spool, sealer, read, epoch: spool.head.epoch };
}

const kindsOf = (spool: Spool) => checkChain(recordsOf(spool)).map(({ kind }) => kind);

/** What the log records of the current chain say it follows. */
function toldBy(spool: Spool): object[] {
  return recordsOf(spool).flatMap((bytes) => {
    const { header, parts } = parseRecord(bytes);
    const [part] = parts;
    if (header.kind !== 'log' || part === undefined) return [];
    return decodeAgentLog(unfoldPart(part)).map(({ event, detail }) => ({ event, ...detail }));
  });
}

test('an agent that dies as it hears of a fork goes on in a new chain, which says what it follows', () => {
  const { path, clock, spool, epoch } = rig();
  spool.markRejected(epoch, 3, 'fork');
  // kill -9: nobody has told the sealer.
  spool.close();
  const next = openSpool(path);
  openSealer(next, clock, ['mill']);
  expect(next.head.epoch).not.toBe(epoch);
  expect(kindsOf(next)).toEqual(['config', 'log', 'readings']);
  const beforeHash = next.hashes(epoch, 3, 3)?.hashes[0];
  expect(toldBy(next)).toEqual([
    { event: 'epoch-opened', reason: 'fork', before: epoch, beforeSeq: 3, beforeHash },
  ]);
  expect(next.followed).toBeNull();
  expect(holds(next)).toBe(true);
  next.close();
});

test('a disk that refuses the beginning of the new chain gets it before anything else that is sealed', () => {
  const { spool, sealer, read, epoch } = rig();
  const [seal, append] = [spool.seal.bind(spool), spool.append.bind(spool)];
  spool.markRejected(epoch, 3, 'fork');
  const refuse = () => {
    throw new Error('disk I/O error');
  };
  Object.assign(spool, { seal: refuse, append: refuse });
  sealer.beginChain();
  expect(sealer.failing).toContain('disk I/O error');
  Object.assign(spool, { seal, append });
  read();
  sealer.sealAll();
  expect(sealer.failing).toBeNull();
  expect(kindsOf(spool)).toEqual(['config', 'log', 'readings']);
  expect(toldBy(spool)).toMatchObject([{ before: epoch, beforeSeq: 3 }]);
  expect(holds(spool)).toBe(true);
  spool.close();
});

test('a head that is lost before the new chain has a record hides nothing of what ended', () => {
  const { path, clock, spool, epoch } = rig();
  spool.markRejected(epoch, 3, 'fork');
  spool.close();
  const database = new DatabaseSync(join(path, SPOOL_FILE));
  database.exec("DELETE FROM meta WHERE name = 'head'");
  database.close();
  const next = openSpool(path);
  openSealer(next, clock, ['mill']);
  expect(toldBy(next)).toMatchObject([{ event: 'epoch-opened', before: epoch, beforeSeq: 3 }]);
  next.close();
});

test('a record of a chain that ended before moves nothing, and neither does one that waits no more', () => {
  const { spool, epoch } = rig();
  spool.markReceipted(epoch, [{ from: 2, to: 2 }]);
  spool.markRejected(epoch, 2, 'fork');
  expect(spool.head.epoch).toBe(epoch);
  spool.markRejected(epoch, 3, 'fork');
  const second = spool.head.epoch;
  spool.markRejected(epoch, 1, 'fork');
  expect(spool.head.epoch).toBe(second);
  spool.close();
});

test('a spool that an earlier version left in a forked chain leaves it at the next start', () => {
  const { path, spool, epoch } = rig();
  spool.close();
  const database = new DatabaseSync(join(path, SPOOL_FILE));
  database.exec("UPDATE records SET state = 'rejected', reason = 'fork' WHERE seq = 2");
  database.close();
  const next = openSpool(path);
  expect(next.head).toMatchObject({ seq: 0, config: null });
  expect(next.followed).toMatchObject({ reason: 'fork', before: epoch, beforeSeq: 3 });
  next.close();
});
