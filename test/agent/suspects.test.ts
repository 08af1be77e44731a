import { rmSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import { Publisher } from '../../agent/publisher.ts';
import { Suspects } from '../../agent/suspects.ts';
import { SteppedClock } from '../../protocols/clock.ts';
import { MillwattError } from '../../protocols/errors.ts';
import { generateSigningKey } from '../../protocols/evidence/keys.ts';
import { headerHash, rangeDigest, sealReceipt } from '../../protocols/evidence/seal.ts';
import { silentLog } from '../../protocols/log.ts';
import { parseRecord, type RecordHeader } from '../../protocols/telemetry/record.ts';
import { makeMemoryFolder } from '../support/memory-folder.ts';
import { addReading, holds, openSealer, openSpool } from './spool-rig.ts';

const START_MS = Date.UTC(2026, 2, 2, 6);
const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0).reverse()) close();
});

/**
 * A publisher on a real spool with a broker that is played: it takes records in order, and ends the connection where
 * `endsAt` says so. What it took is receipted.
 *
 * @param endsAt told of the record, how many passed on this connection, and which connection it is (from 1)
 */
function rig(
  endsAt: (header: RecordHeader, passed: number, connection: number, bytes: number) => boolean | 'no-answer',
) {
  const folder = makeMemoryFolder('suspects');
  closers.push(() => rmSync(folder, { recursive: true, force: true }));
  const clock = new SteppedClock(START_MS);
  let nowMs = 0;
  const spool = openSpool(folder);
  closers.push(() => spool.close());
  const key = generateSigningKey();
  const arrived = new Map<number, number>();
  const said: string[] = [];
  let connected = false;
  let connection = 0;
  let waiting: { bytes: Uint8Array; resolve: () => void; reject: (error: Error) => void }[] = [];
  const publisher: Publisher = new Publisher({
    spool,
    site: 'pune',
    agent: 'gw1',
    collectorKey: key.publicKey,
    publish: (bytes) =>
      connected
        ? new Promise((resolve, reject) => {
            waiting.push({ bytes, resolve, reject });
          })
        : Promise.reject(new MillwattError('retry', 'not-connected', 'away')),
    connected: () => connected,
    onFork: () => {},
    log: {
      ...silentLog,
      error: (_, message) => said.push(message),
      warn: (_, message) => said.push(message),
    },
    timers: { nowMs: () => nowMs },
  });
  const sealer = openSealer(spool, clock, ['mill'], {
    onSealed: (records) => {
      for (const { header } of records) publisher.addLive(header.epoch, header.seq);
    },
  });
  const seal = (records: number, readings = 10) => {
    for (let record = 0; record < records; record++) {
      for (let reading = 0; reading < readings; reading++) {
        clock.stepTo(clock.wallMs() + 1000);
        addReading(sealer, clock, 'mill', Math.sin(reading * 7 + record));
      }
      sealer.sealAll();
    }
  };
  const settle = () =>
    new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
  /** One connection: until it ends, or nothing is left to do. True when it ended. */
  const connect = async (onIdle: () => void = () => {}): Promise<boolean> => {
    connection += 1;
    connected = true;
    let passed = 0;
    publisher.restart();
    for (let idle = 0; idle < 3;) {
      await settle();
      const next = waiting.shift();
      if (next === undefined) {
        idle += 1;
        nowMs += 1000;
        onIdle();
        publisher.pump();
        continue;
      }
      idle = 0;
      const frame = parseRecord(next.bytes);
      const { seq, epoch } = frame.header;
      const ends = endsAt(frame.header, passed, connection, next.bytes.length);
      if (ends !== false) {
        connected = false;
        for (const { reject } of [next, ...waiting.splice(0)])
          reject(new MillwattError('retry', 'unacknowledged', 'lost'));
        await settle();
        nowMs += 20_000;
        return true;
      }
      passed += 1;
      arrived.set(seq, (arrived.get(seq) ?? 0) + 1);
      next.resolve();
      await settle();
      const accepted = [{ from: seq, to: seq, digest: rangeDigest([headerHash(frame)]) }];
      const receipt = { site: 'pune', collector: 'collector', agent: 'gw1', epoch, at: START_MS };
      publisher.receive(sealReceipt({ ...receipt, accepted, rejected: [], requested: [] }, key));
    }
    connected = false;
    return false;
  };
  const passHours = (hours: number) => {
    nowMs += hours * 3_600_000;
  };
  return { spool, publisher, seal, connect, arrived, said, passHours };
}

describe('a record for which the broker ends the connection', () => {
  test.each([2, 9, 30, 60])(
    'at place %i is set aside after three trials alone, and all others arrive',
    async (poison) => {
      const { spool, seal, connect, arrived, said } = rig(({ seq }) => seq === poison);
      seal(60);
      let connections = 0;
      while (spool.accounts().records.pending > 0 && connections < 30) {
        connections += 1;
        // A live record comes between attempts.
        if (await connect()) seal(1);
      }
      const { records } = spool.accounts();
      expect(records).toMatchObject({ pending: 0, rejected: 1 });
      expect(arrived.has(poison)).toBe(false);
      expect(arrived.size).toBe(spool.head.seq - 1);
      expect(said).toHaveLength(1);
      expect(said[0]).toMatch(/three times the broker ended the connection at this record alone/);
      expect(holds(spool)).toBe(true);
      // Three with all in the window, one that finds it, three trials, and the one that drains.
      expect(connections).toBeLessThanOrEqual(9);
      expect(spool.untold(10)).toMatchObject([{ reason: 'undeliverable', from: poison, to: poison }]);
    },
  );

  test('five of them in a row are found one after the other, while live records pass', async () => {
    const { spool, seal, connect, arrived } = rig(({ seq }) => seq >= 10 && seq < 15);
    seal(40);
    let connections = 0;
    while (spool.accounts().records.pending > 0 && connections < 60) {
      connections += 1;
      const before = spool.head.seq;
      if (!(await connect())) break;
      if (before > 42) expect(arrived.has(before)).toBe(true);
      seal(1);
    }
    expect(spool.accounts().records).toMatchObject({ pending: 0, rejected: 5 });
  });

  test.each<[string, Parameters<typeof rig>[0]]>([
    ['every connection at once', () => true],
    ['every connection after five records', (_header, passed) => passed === 5],
    ['every connection after one record', (_header, passed) => passed === 1],
    ['every other connection at once', (_header, _passed, connection) => connection % 2 === 0],
    ['connections by chance', (_header, passed, connection) => (connection * 31 + passed * 17) % 7 === 0],
  ])('a broker that ends %s accuses nobody', async (_what, endsAt) => {
    let isHealthy = false;
    const { spool, seal, connect, arrived } = rig((...facts) => !isHealthy && endsAt(...facts));
    seal(80);
    for (let connection = 0; connection < 60; connection++) {
      await connect();
      if (connection % 3 === 0) seal(1);
    }
    expect(spool.accounts().records.rejected).toBe(0);
    isHealthy = true;
    expect(await connect()).toBe(false);
    expect(spool.accounts().records).toMatchObject({ pending: 0, rejected: 0 });
    expect(arrived.size).toBe(spool.head.seq);
  });

  test.each([false, true])(
    'a broker that takes small records only: the large one waits in the spool, and arrives when the limit is raised (while connected: %s)',
    async (isConnected) => {
      let limit = 3000;
      const { spool, publisher, seal, connect, said, passHours } = rig(
        (_header, _passed, _connection, bytes) => bytes > limit,
      );
      seal(5);
      seal(1, 2000);
      seal(5);
      let connections = 0;
      while ((await connect()) && connections < 20) {
        connections += 1;
        seal(1);
      }
      expect(spool.accounts().records).toMatchObject({ rejected: 0, pending: 1 });
      expect(said).toHaveLength(1);
      expect(said[0]).toMatch(/tried again in an hour/);
      limit = Infinity;
      let sealed = 0;
      // The second time it is due in the middle of a connection, which comes up before.
      const connection = isConnected
        ? connect(() => {
            if (sealed++ === 0) passHours(2);
          })
        : (passHours(2), connect());
      expect(await connection).toBe(false);
      publisher.pump();
      expect(spool.accounts().records).toMatchObject({ rejected: 0, pending: 0 });
    },
  );
});

test('what the broker refuses for its size goes no more on this connection, and on the next one again', () => {
  const suspects = new Suspects(() => 0);
  suspects.sent(1, 5000);
  suspects.hold(1);
  expect(suspects.isApart(1)).toBe(true);
  expect(suspects.room(20)).toBe(20);
  expect(suspects.lost()).toEqual([]);
  expect(suspects.isApart(1)).toBe(false);
});
