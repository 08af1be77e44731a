import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { goneOf } from '../../../collector/ledger/gone-ranges.ts';
import type { GoneRange } from '../../../collector/ledger/ledger.ts';
import { openLedger } from '../../../collector/ledger/sqlite-ledger.ts';
import { verifyLedger, type VerifyOptions } from '../../../collector/ledger/verify-ledger.ts';
import { generateSigningKey } from '../../../protocols/evidence/keys.ts';
import type { SealedRecord } from '../../../protocols/evidence/seal.ts';
import { encodeAgentLog } from '../../../protocols/telemetry/agent-log.ts';
import { silentLog } from '../../../protocols/log.ts';
import { ChainFeed, FEED_START_MS } from './chain-feed.ts';
import { makeTempFolder } from './temp-folder.ts';

const MONTH_MS = 32 * 86_400_000;

/** A ledger of records that arrived in this order, the second list a month later. */
async function keep(...months: SealedRecord[][]): Promise<string> {
  const folder = makeTempFolder();
  const ledger = await openLedger({ folder, log: silentLog, groupMs: 1 });
  for (const [month, records] of months.entries())
    for (const record of records)
      await ledger.append({ ...record, receivedMs: FEED_START_MS + month * MONTH_MS });
  await ledger.close();
  return folder;
}

function verify(folder: string, options: Partial<VerifyOptions> = {}) {
  const steps = verifyLedger({
    folder,
    isKnownKey: () => true,
    readEnd: () => undefined,
    faultsMax: 9,
    ...options,
  });
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

const codesOf = (...args: Parameters<typeof verify>) => verify(...args).firstFaults.map(({ code }) => code);

test('chains are followed through months in which they arrived out of order, each to its head', async () => {
  const feed = new ChainFeed();
  const other = new ChainFeed({ agent: 'gw-2' });
  const records = feed.take(6);
  const [one, two, three, four, five, six] = records as [
    SealedRecord,
    SealedRecord,
    SealedRecord,
    SealedRecord,
    SealedRecord,
    SealedRecord,
  ];
  const others = other.take(2);
  const folder = await keep([one, four, ...others], [two, six, three, five]);
  const verdict = verify(folder);
  expect(verdict).toMatchObject({ faults: 0, records: 8 });
  expect(verdict.heads).toEqual([
    { agent: 'gw-1', epoch: 'epoch0000001', key: feed.key.publicKey, seq: 6, hash: six.hash },
    { agent: 'gw-2', epoch: 'epoch0000001', key: other.key.publicKey, seq: 2, hash: others[1]?.hash },
  ]);
  expect(verdict.months.map(({ file, agent, records: count }) => [file, agent, count])).toEqual([
    ['records-2026-11.db', 'gw-1', 2],
    ['records-2026-11.db', 'gw-2', 2],
    ['records-2027-01.db', 'gw-1', 4],
  ]);
  const since = [{ ...verdict.heads[0]!, seq: 4, hash: four.hash }];
  expect(codesOf(folder, { since })).toEqual([]);
  expect(codesOf(folder, { since: [{ ...since[0]!, hash: five.hash }] })).toEqual(['other-head']);
  expect(codesOf(folder, { since: [{ ...since[0]!, seq: 7 }] })).toEqual(['cut-tail']);
  expect(codesOf(folder, { since: [{ ...since[0]!, epoch: 'epoch0000002' }] })).toEqual(['cut-tail']);
});

test('a record that its agent signed for another place, or with another key, does not pass', async () => {
  const feed = new ChainFeed();
  const records = feed.take(3);
  const forged = feed.next({ prev: records[0]!.hash });
  const after = feed.next();
  expect(codesOf(await keep([...records, forged, after]))).toEqual(['broken-chain']);

  const key = generateSigningKey();
  const stranger = new ChainFeed({ key });
  const swapped = await keep([...records, ...stranger.take(4).slice(3)]);
  expect(codesOf(swapped)).toEqual(['broken-chain', 'other-key']);
  const isKnownKey = (_: string, one: string) => one === feed.key.publicKey;
  expect(codesOf(swapped, { isKnownKey })).toEqual(['unknown-key', 'broken-chain', 'other-key']);
});

test('an epoch that its agent has ended is here to its last record', async () => {
  const ended = new ChainFeed();
  const next = new ChainFeed({ epoch: 'epoch0000002', key: ended.key });
  const folder = await keep([...ended.take(3), ...next.take(2)]);
  const endAt = (epoch: string, seq: number) => ({ readEnd: () => ({ epoch, seq }) });
  expect(codesOf(folder, endAt('epoch0000001', 3))).toEqual([]);
  expect(codesOf(folder, endAt('epoch0000001', 4))).toEqual(['cut-tail']);
  expect(codesOf(folder, endAt('epoch0000000', 4))).toEqual(['missing-epoch']);
});

test('a file that is torn is named, and the other months are looked at all the same', async () => {
  const feed = new ChainFeed();
  const folder = await keep(feed.take(40), feed.take(5));
  const path = join(folder, 'records-2026-11.db');
  const bytes = readFileSync(path);
  writeFileSync(path, Uint8Array.from(bytes).fill(0xa5, 0, 100));
  const torn = verify(folder);
  expect(torn.firstFaults[0]).toMatchObject({ code: 'damaged-file', file: 'records-2026-11.db' });
  expect(torn.heads).toMatchObject([{ seq: 45 }]);
  expect(torn.firstFaults[1]).toMatchObject({ code: 'gap', seq: 41 });

  writeFileSync(path, bytes);
  expect(verify(folder).faults).toBe(0);
  const db = new DatabaseSync(path);
  db.exec('UPDATE record SET hash = (SELECT hash FROM record WHERE seq = 1) WHERE seq = 2');
  db.close();
  expect(codesOf(folder)).toEqual(['bad-header-hash', 'broken-chain']);
});

test('a gap that the agent accounts for is told as gone; one that it does not, and a forged word, are faults', async () => {
  const feed = new ChainFeed();
  const [one, two, three] = feed.take(3);
  const thinned = feed.next({ thinned: { from: 2, to: 3, hash: three!.hash } });
  const five = feed.next();
  const log = feed.next({
    kind: 'log',
    text: encodeAgentLog([
      { atMs: 1, event: 'records-dropped', detail: { reason: 'full', from: 5, to: 5, samples: 10 } },
    ]),
  });
  const keepGone = async (records: SealedRecord[]) => {
    const folder = makeTempFolder();
    const ledger = await openLedger({ folder, log: silentLog, groupMs: 1 });
    for (const record of records) {
      const gone: GoneRange[] =
        record === thinned
          ? [{ from: 2, to: 3, fate: 'thinned' }]
          : record === log
            ? [{ from: 5, to: 5, fate: 'dropped' }]
            : [];
      await ledger.append({ ...record, receivedMs: FEED_START_MS, gone });
    }
    await ledger.close();
    return folder;
  };
  const of = { agent: 'gw-1', epoch: 'epoch0000001' };
  const folder = await keepGone([one!, thinned, log]);
  expect(verify(folder)).toMatchObject({
    faults: 0,
    gone: [
      { ...of, from: 2, to: 3, fate: 'thinned' },
      { ...of, from: 5, to: 5, fate: 'dropped' },
    ],
  });
  // One that came all the same is not gone.
  expect(verify(await keepGone([one!, two!, thinned, five, log]))).toMatchObject({
    faults: 0,
    gone: [{ from: 3, to: 3, fate: 'thinned' }],
  });
  const path = join(folder, 'records-2026-11.db');
  for (const [sql, codes] of [
    ['UPDATE gone SET to_seq = 2 WHERE from_seq = 2', ['gone-otherwise', 'gap']],
    ['DELETE FROM gone WHERE from_seq = 5', ['gone-otherwise', 'gap']],
    ["INSERT INTO gone VALUES ('gw-1', 'epoch0000001', 99, 1, 3, 'dropped')", ['gone-otherwise']],
    ['UPDATE run SET to_seq = 2 WHERE from_seq = 1', ['runs-otherwise']],
    ['DELETE FROM run WHERE from_seq = 6', ['runs-otherwise']],
  ] as const) {
    const before = readFileSync(path);
    const db = new DatabaseSync(path);
    db.exec(sql);
    db.close();
    expect(codesOf(folder), sql).toEqual(codes);
    writeFileSync(path, before);
  }
});

test('what an agent accounts for in a later epoch is gone in the middle, at the end and all of an earlier one', async () => {
  const feed = new ChainFeed();
  const [one, , three] = feed.take(3);
  const later = new ChainFeed({ epoch: 'epoch0000002', key: feed.key });
  const dropped = (epoch: string, from: number, to: number) => ({
    atMs: 1,
    event: 'earlier-records-dropped',
    detail: { epoch, reason: 'rejected', from, to, samples: 0 },
  });
  const entries = [
    dropped(feed.epoch, 2, 2),
    // Told twice, for two reasons, and once further.
    dropped(feed.epoch, 4, 4),
    dropped(feed.epoch, 4, 5),
    dropped('epoch0000000', 1, 3),
  ];
  const text = encodeAgentLog(entries);
  const log = later.next({ kind: 'log', text });
  const folder = makeTempFolder();
  const ledger = await openLedger({ folder, log: silentLog, groupMs: 1 });
  for (const record of [one!, three!])
    await ledger.append({ ...record, receivedMs: FEED_START_MS, gone: [] });
  await ledger.append({ ...log, receivedMs: FEED_START_MS, gone: goneOf(log.header, text) });
  await ledger.close();
  const endAt = (epoch: string, seq: number) => ({ readEnd: () => ({ epoch, seq }) });
  const of = { agent: 'gw-1', epoch: feed.epoch, fate: 'dropped' };
  const middle = { ...of, from: 2, to: 2 };
  expect(verify(folder)).toMatchObject({ faults: 0, gone: [middle] });
  expect(verify(folder, endAt(feed.epoch, 5))).toMatchObject({
    faults: 0,
    gone: [middle, { ...of, from: 4, to: 5 }],
  });
  expect(codesOf(folder, endAt(feed.epoch, 6))).toEqual(['cut-tail']);
  const all = { ...of, epoch: 'epoch0000000', from: 1, to: 3 };
  expect(verify(folder, endAt('epoch0000000', 3))).toMatchObject({ faults: 0, gone: [middle, all] });
  expect(codesOf(folder, endAt('epoch0000000', 4))).toEqual(['missing-epoch']);
  const path = join(folder, 'records-2026-11.db');
  for (const [sql, codes] of [
    ["DELETE FROM gone WHERE epoch = 'epoch0000001' AND from_seq = 2", ['gone-otherwise', 'gap']],
    ["UPDATE gone SET to_seq = 9 WHERE epoch = 'epoch0000000'", ['gone-otherwise']],
    ["INSERT INTO gone VALUES ('gw-1', 'epoch0000009', 3, 1, 3, 'dropped')", ['gone-otherwise']],
  ] as const) {
    const before = readFileSync(path);
    const db = new DatabaseSync(path);
    db.exec(sql);
    db.close();
    expect(codesOf(folder), sql).toEqual(codes);
    writeFileSync(path, before);
  }
});
