import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, onTestFinished, test } from 'vitest';
import { Admission } from '../../../collector/ingest/admission.ts';
import { Findings } from '../../../collector/ingest/findings.ts';
import { KeyWatch } from '../../../collector/ingest/key-watch.ts';
import { AgentKeys, handoversOf } from '../../../collector/ingest/keys.ts';
import { Quarantine } from '../../../collector/ingest/quarantine.ts';
import { ReceiptIssuer } from '../../../collector/ingest/receipts.ts';
import { WantedRecords } from '../../../collector/ingest/wanted-records.ts';
import type { KeyAct, KeyActBody } from '../../../collector/journal/key-acts.ts';
import { openLedger, type LedgerOptions } from '../../../collector/ledger/sqlite-ledger.ts';
import { signRotation } from '../../../protocols/evidence/key-rotation.ts';
import { generateSigningKey, type SigningKey } from '../../../protocols/evidence/keys.ts';
import { rangeDigest, type SealedRecord } from '../../../protocols/evidence/seal.ts';
import { parseReceipt, type Receipt } from '../../../protocols/telemetry/receipt.ts';
import { ChainFeed, FEED_START_MS, snapshotText } from '../ledger/chain-feed.ts';
import { recordLog } from '../ledger/recorded-log.ts';
import { makeTempFolder } from '../ledger/temp-folder.ts';

async function open(folder = makeTempFolder(), ledgerOptions: Partial<LedgerOptions> = {}) {
  const log = recordLog();
  const ledger = await openLedger({ folder: join(folder, 'ledger'), log, groupMs: 1, ...ledgerOptions });
  onTestFinished(() => ledger.close());
  const receipts: Receipt[] = [];
  const issuer = new ReceiptIssuer({
    site: 'plant',
    collector: 'collector',
    key: generateSigningKey(),
    wallMs: () => FEED_START_MS,
    // Only when the test says so: what one receipt holds then does not depend on the machine's load.
    gatherMs: 600_000,
    publish: async (_, payload) => void receipts.push(parseReceipt(payload).receipt),
  });
  const findings = new Findings(log);
  const quarantine = new Quarantine({ folder: join(folder, 'quarantine'), log, realMs: () => 0 });
  const wanted = new WantedRecords({ path: join(folder, 'wanted-records.json'), realMs: () => 0, log });
  const acts: KeyAct[] = [];
  const source = { acts: () => [...acts], version: () => acts.length };
  const keys = new AgentKeys(ledger.chains(), source, handoversOf(ledger.configRecords()));
  let passedMs = 0;
  const now = { wallMs: () => FEED_START_MS, realMs: () => passedMs };
  const keyWatch = new KeyWatch({ keys, findings, ...now, log });
  let woken = 0;
  const admission = new Admission({
    site: 'plant',
    ledger,
    receipts: issuer,
    quarantine,
    keys,
    keyWatch,
    findings,
    wanted,
    wallMs: () => FEED_START_MS,
    realMs: () => 0,
    log,
    onAdmitted: () => void woken++,
    onCrash: (error) => expect.unreachable(error.message),
  });
  // Admits the records and gives, as one, what the agent is told of them.
  const admit = async (...records: SealedRecord[]): Promise<Receipt[]> => {
    await issuer.flush();
    receipts.length = 0;
    await Promise.all(records.map((record) => admission.admit(record.header.agent, record.bytes)));
    await issuer.flush();
    return receipts;
  };
  return {
    admission,
    admit,
    issuer,
    receipts,
    ledger,
    findings,
    quarantine,
    wanted,
    keys,
    keyWatch,
    pass: (ms: number) => void (passedMs += ms),
    decide: (act: KeyActBody) => {
      acts.push({ ...act, id: 'entry', atMs: FEED_START_MS, by: 'ann' });
      keyWatch.refresh();
    },
    folder,
    woken: () => woken,
  };
}

const digestOf = (...records: SealedRecord[]) => rangeDigest(records.map(({ hash }) => hash));

test('a chain in order is stored, receipted with its digest, and wakes the readers', async () => {
  const { admit, admission, ledger, woken } = await open();
  const records = new ChainFeed().take(5);
  expect(await admit(...records)).toMatchObject([
    { agent: 'gw-1', epoch: 'epoch0000001', accepted: [{ from: 1, to: 5, digest: digestOf(...records) }] },
  ]);
  expect(ledger.chains()).toMatchObject([{ contiguousSeq: 5 }]);
  expect(admission.counts()).toMatchObject({
    messages: 5,
    admitted: 5,
    samples: 50,
    duplicates: 0,
    rejected: {},
  });
  expect(woken()).toBe(5);
});

test('a duplicate is receipted again and not stored again, also when both come at once', async () => {
  const { admit, admission, ledger, issuer, receipts } = await open();
  const [one, two] = new ChainFeed().take(2);
  if (!one || !two) throw new Error('two records');
  await admit(one);
  expect(await admit(one)).toMatchObject([{ accepted: [{ from: 1, to: 1, digest: digestOf(one) }] }]);
  await Promise.all([admission.admit('gw-1', two.bytes), admission.admit('gw-1', two.bytes)]);
  receipts.length = 0;
  await issuer.flush();
  expect(receipts).toMatchObject([{ accepted: [{ from: 2, to: 2, digest: digestOf(two) }] }]);
  expect(ledger.lastOrdinal()).toBe(2);
  expect(admission.counts()).toMatchObject({ messages: 4, admitted: 2, duplicates: 2 });
});

test('a fork is rejected and quarantined, the first record stays; so is one that races it', async () => {
  const { admit, admission, ledger, quarantine, issuer, receipts } = await open();
  const feed = new ChainFeed();
  const first = feed.next();
  const fork = new ChainFeed({ key: feed.key }).next({ machine: 'lathe' });
  await Promise.all([admission.admit('gw-1', first.bytes), admission.admit('gw-1', fork.bytes)]);
  await issuer.flush();
  const rejected = [{ seq: 1, hash: fork.hash, reason: 'fork' }];
  expect(receipts.flatMap(({ accepted }) => accepted)).toEqual([{ from: 1, to: 1, digest: digestOf(first) }]);
  expect(receipts.flatMap((receipt) => receipt.rejected)).toEqual(rejected);
  expect(await admit(fork)).toMatchObject([{ accepted: [], rejected }]);
  expect(ledger.hashOf('gw-1', 'epoch0000001', 1)).toBe(first.hash);
  expect(admission.counts()).toMatchObject({ admitted: 1, forks: 2, rejected: { fork: 2 } });
  expect(quarantine.stats()).toMatchObject({ files: 1, messages: { fork: 2 } });
});

test('a chain out of order is accepted at once and is whole in the end', async () => {
  const { admit, ledger, findings } = await open();
  const records = new ChainFeed().take(6);
  const shuffled = [3, 5, 0, 4, 2, 1].map((index) => records[index]).filter((record) => record !== undefined);
  const receipts = await admit(...shuffled);
  expect(receipts).toMatchObject([{ accepted: [{ from: 1, to: 6, digest: digestOf(...records) }] }]);
  expect(ledger.chains()).toMatchObject([{ contiguousSeq: 6 }]);
  expect(findings.list()).toEqual([]);
});

test('a record that does not follow its predecessor is found from either side', async () => {
  for (const order of [
    [0, 1],
    [1, 0],
  ]) {
    const { admit, findings, ledger } = await open();
    const feed = new ChainFeed();
    const otherwise = new ChainFeed({ key: feed.key });
    otherwise.next({ machine: 'lathe' });
    const records = [feed.next(), otherwise.next()];
    await admit(...order.map((index) => records[index]).filter((record) => record !== undefined));
    expect(ledger.lastOrdinal()).toBe(2);
    expect(findings.list()).toMatchObject([{ kind: 'broken-chain', agent: 'gw-1' }]);
    expect(findings.list()[0]?.message).toContain('Record 2');
  }
});

/** Two branches of one epoch behind `common` records: what two gateways seal that run on copies of one disk. */
function branches(common: number, length: number): { mine: SealedRecord[]; others: SealedRecord[] } {
  const feed = new ChainFeed();
  const twin = new ChainFeed({ key: feed.key });
  const mine = [...feed.take(common), ...Array.from({ length }, () => feed.next({ machine: 'lathe' }))];
  return { mine, others: twin.take(common + length) };
}

test('a branch that a restored ledger lost is asked for, record by record, until its agent knows that it is refused', async () => {
  const { mine, others } = branches(2, 4);
  const [, , third, fourth, fifth, sixth] = mine as [
    SealedRecord,
    SealedRecord,
    SealedRecord,
    SealedRecord,
    SealedRecord,
    SealedRecord,
  ];
  const { admit, wanted } = await open();
  // It once had 3 and 4 of this agent; after the restore its twin was faster.
  await admit(...others.slice(0, 4));
  expect(await admit(fifth)).toMatchObject([
    { accepted: [{ from: 5, to: 5 }], requested: [{ from: 1, to: 4 }] },
  ]);
  // Asked for again with each copy: the first receipt may be lost, and the collector restarted.
  expect(await admit(fifth)).toMatchObject([{ requested: [{ from: 1, to: 4 }] }]);
  expect(wanted.due(() => false)).toMatchObject([{ epoch: 'epoch0000001', from: 1, to: 4 }]);
  expect(await admit(fourth)).toMatchObject([
    { rejected: [{ seq: 4, hash: fourth.hash, reason: 'fork' }], requested: [{ from: 1, to: 3 }] },
  ]);
  expect(await admit(third)).toMatchObject([{ rejected: [{ seq: 3, reason: 'fork' }], requested: [] }]);
  expect(await admit(sixth, fifth, fourth)).toMatchObject([{ requested: [] }]);
  expect(wanted.due(() => false)).toEqual([]);
});

test('where the twin fills a gap behind what is here, the other branch is asked for once its agent is back', async () => {
  const { mine, others } = branches(2, 2);
  const { admit, wanted, ledger, folder } = await open();
  await admit(...mine.slice(0, 2), ...mine.slice(3));
  // Whoever sends it does not have the other one.
  expect(await admit(...others.slice(2, 3))).toMatchObject([{ requested: [] }]);
  expect(wanted.due(() => false)).toMatchObject([{ from: 1, to: 3 }]);
  await ledger.close();
  const again = await open(folder);
  expect(again.wanted.due(() => false)).toMatchObject([{ from: 1, to: 3 }]);
  expect(await again.admit(...mine.slice(2, 3))).toMatchObject([{ rejected: [{ seq: 3 }] }]);
  expect(again.wanted.due(() => false)).toEqual([]);
});

test('what can never be taken is rejected with its reason; a spoilt copy takes nothing back', async () => {
  const { admit, admission, ledger, quarantine } = await open();
  const feed = new ChainFeed();
  const [one, two] = feed.take(2);
  const poison = feed.next({ text: '{"v":2}' });
  if (!one || !two) throw new Error('two records');
  const spoilt = (record: SealedRecord) => ({
    ...record,
    bytes: record.bytes.map((byte, index) => (index === record.bytes.length - 1 ? byte ^ 1 : byte)),
  });
  await admit(one);
  expect(await admit(spoilt(one))).toEqual([]);
  expect(await admit(spoilt(two), poison)).toMatchObject([
    {
      rejected: [
        { seq: 2, hash: two.hash, reason: 'bad-part-hash' },
        { seq: 3, hash: poison.hash, reason: 'malformed-part' },
      ],
    },
  ]);
  await admission.admit('gw-1', Buffer.from('not a record'));
  expect(admission.counts()).toMatchObject({
    messages: 5,
    admitted: 1,
    rejected: { 'bad-part-hash': 2, 'malformed-part': 1, 'malformed-record': 1 },
  });
  expect(quarantine.stats().files).toBe(4);
  expect(await admit(two)).toMatchObject([{ accepted: [{ from: 2, to: 2 }] }]);
  expect(ledger.lastOrdinal()).toBe(2);
});

test('a record of a newer agent is not rejected: the agent keeps it until we are updated', async () => {
  const { admission, issuer, receipts } = await open();
  const newer = new ChainFeed().next().bytes.map((byte, index) => (index === 3 ? 0x32 : byte));
  await admission.admit('gw-1', newer);
  await issuer.flush();
  expect(receipts).toEqual([]);
  expect(admission.counts().rejected).toEqual({ 'unknown-version': 1 });
});

test('another key is kept in an epoch of its own and flagged; it cannot take over an epoch', async () => {
  const { admit, findings, ledger, folder } = await open();
  await admit(...new ChainFeed().take(2));
  const stranger = new ChainFeed({ epoch: 'epoch0000002' });
  expect(await admit(stranger.next())).toMatchObject([
    { epoch: 'epoch0000002', accepted: [{ from: 1, to: 1 }] },
  ]);
  expect(findings.list()).toMatchObject([{ kind: 'other-key', agent: 'gw-1' }]);
  const intruder = new ChainFeed();
  intruder.take(2);
  const third = intruder.next();
  expect(await admit(third)).toMatchObject([
    { accepted: [], rejected: [{ seq: 3, hash: third.hash, reason: 'fork' }] },
  ]);
  expect(ledger.chains()).toMatchObject([{ headSeq: 2 }, { headSeq: 1 }]);
  await ledger.close();
  const again = await open(folder);
  expect(await again.admit(third)).toMatchObject([{ rejected: [{ reason: 'fork' }] }]);
  await again.admit(stranger.next());
  expect(again.findings.list()).toMatchObject([{ kind: 'other-key' }]);
});

test('a confirmed key is no finding any more; a revoked one is refused without a rejection, and taken again when it is confirmed', async () => {
  const { admit, admission, decide, findings, keyWatch, ledger } = await open();
  await admit(...new ChainFeed().take(2));
  const stranger = new ChainFeed({ epoch: 'epoch0000002' });
  const { publicKey: key } = stranger.key;
  await admit(stranger.next());
  expect(keyWatch.troubles()).toMatchObject([{ agent: 'gw-1', standing: 'other' }]);
  decide({ v: 1, act: 'confirm', agent: 'gw-1', key, note: '' });
  expect([findings.list(), keyWatch.troubles()]).toEqual([[], []]);

  const revoke = { v: 1, act: 'revoke', agent: 'gw-1', key, reason: 'stolen' } as const;
  decide({ ...revoke, sinceMs: FEED_START_MS });
  const [refused, later] = [stranger.next(), stranger.next()];
  // No word of it being rejected: the agent would give it up.
  expect(await admit(refused, later)).toMatchObject([
    { epoch: 'epoch0000002', accepted: [], rejected: [], requested: [], keyRevoked: true },
  ]);
  expect(ledger.lastOrdinal()).toBe(3);
  expect(admission.counts().rejected).toEqual({ 'revoked-key': 2 });
  expect(findings.list()).toMatchObject([{ kind: 'revoked-key', count: 2 }]);

  decide({ v: 1, act: 'confirm', agent: 'gw-1', key, note: '' });
  expect(await admit(refused, later)).toMatchObject([{ accepted: [{ from: 2, to: 3 }] }]);
  expect(findings.list()).toEqual([]);
});

test('what is in the ledger already is receipted again under a revoked key, and no other agent suffers', async () => {
  const { admit, decide, keyWatch, pass } = await open();
  const feed = new ChainFeed();
  const [first, second] = feed.take(2);
  if (!first || !second) throw new Error('two records');
  await admit(first);
  const { publicKey: key } = feed.key;
  decide({ v: 1, act: 'revoke', agent: 'gw-1', key, sinceMs: FEED_START_MS, reason: 'stolen' });
  const other = new ChainFeed({ agent: 'gw-2', key: feed.key }).next();
  expect(await admit(first, second, other)).toMatchObject([
    { agent: 'gw-1', accepted: [{ from: 1, to: 1 }], rejected: [], keyRevoked: true },
    { agent: 'gw-2', accepted: [{ from: 1, to: 1 }] },
  ]);
  expect(keyWatch.troubles()).toMatchObject([{ agent: 'gw-1', standing: 'revoked' }]);
  // It goes on under another key, and only keeps what it sealed before.
  const renewed = new ChainFeed({ epoch: 'epoch0000002' });
  decide({ v: 1, act: 'confirm', agent: 'gw-1', key: renewed.key.publicKey, note: '' });
  await admit(renewed.next(), second);
  expect(keyWatch.troubles()).toEqual([]);
  // What was not tried for long is over.
  pass(599_999);
  await admit(second);
  expect(keyWatch.troubles()).toEqual([]);
  pass(2);
  expect(keyWatch.troubles()).toMatchObject([{ standing: 'revoked' }]);
  pass(600_001);
  expect(keyWatch.troubles()).toEqual([]);
});

/** The first record of a chain whose key an earlier one handed over to. */
function rotatedFeed(
  old: SigningKey,
  told: { agent?: string; site?: string; to?: string } = {},
  feed = new ChainFeed({ epoch: 'epoch0000002' }),
) {
  const { agent = 'gw-1', site = 'plant', to = feed.key.publicKey } = told;
  const rotated = { from: old.publicKey, by: signRotation(old, { site, agent, to }) };
  return { feed, first: feed.next({ kind: 'config', rotated }) };
}

test('a key that the one before it handed over to is no alarm, also over a restart; what the old one sealed is still taken', async () => {
  const { admit, findings, keys, keyWatch, ledger, folder } = await open();
  const old = new ChainFeed();
  await admit(...old.take(2));
  const { feed, first } = rotatedFeed(old.key);
  // What is new comes before what waits, and before the record that says whose place its key took.
  const [waiting, live] = [old.next(), feed.next()];
  await admit(live);
  expect(keys.meet('gw-1', feed.key.publicKey)).toBe('other');
  expect([findings.list(), keyWatch.troubles()]).toEqual([[], []]);
  await admit(first, waiting);
  expect(keys.meet('gw-1', feed.key.publicKey)).toBe('rotated');
  expect([findings.list(), keyWatch.troubles()]).toEqual([[], []]);
  expect(ledger.chains()).toMatchObject([{ contiguousSeq: 3 }, { contiguousSeq: 2 }]);
  await ledger.close();
  const again = await open(folder);
  expect(again.keys.list()).toMatchObject([{ standing: 'seen' }, { standing: 'rotated' }]);
});

test('the first record of a chain is waited for ten minutes, and no longer', async () => {
  const { admit, findings, keyWatch, pass } = await open();
  await admit(new ChainFeed().next());
  const stranger = new ChainFeed({ epoch: 'epoch0000002' });
  stranger.next();
  await admit(stranger.next());
  pass(599_999);
  expect(keyWatch.troubles()).toEqual([]);
  pass(2);
  expect(keyWatch.troubles()).toMatchObject([{ standing: 'other' }]);
  await admit(stranger.next());
  expect(findings.list()).toMatchObject([{ kind: 'other-key' }]);
});

test('a revoked key vouches for no key that its thief drew and says it took the place of', async () => {
  const { admit, decide, findings, keys, keyWatch } = await open();
  const own = new ChainFeed();
  await admit(...own.take(2));
  const thief = new ChainFeed({ epoch: 'epoch0000003' });
  const { publicKey: key } = thief.key;
  // Sealed by the stolen key: the thief's own one handed over to it.
  const { first } = rotatedFeed(
    thief.key,
    { to: own.key.publicKey },
    new ChainFeed({ epoch: 'epoch0000002', key: own.key }),
  );
  await admit(first);
  await admit(thief.next());
  const stolen = own.key.publicKey;
  decide({ v: 1, act: 'revoke', agent: 'gw-1', key: stolen, sinceMs: FEED_START_MS + 1, reason: 'stolen' });
  expect([keys.meet('gw-1', key), keys.evidenceOf('gw-1', key)]).toEqual(['other', { standing: 'other' }]);
  await admit(thief.next());
  expect(keyWatch.troubles()).toMatchObject([{ agent: 'gw-1', standing: 'other' }]);
  expect(findings.list()).toMatchObject([{ kind: 'other-key' }]);
});

test('a forged statement of a rotation is an alarm as without one', async () => {
  const old = new ChainFeed();
  const strangers = [
    rotatedFeed(old.key, { agent: 'gw-2' }),
    rotatedFeed(old.key, { site: 'other' }),
    // Replayed: it named another key.
    rotatedFeed(old.key, { to: generateSigningKey().publicKey }),
    // Signed by a key that never was this agent's.
    rotatedFeed(generateSigningKey()),
  ];
  const own = rotatedFeed(old.key);
  // Signed by the new key itself in the name of the old one.
  const by = signRotation(own.feed.key, { site: 'plant', agent: 'gw-1', to: own.feed.key.publicKey });
  const self = new ChainFeed({ epoch: 'epoch0000003', key: own.feed.key });
  strangers.push({
    feed: self,
    first: self.next({ kind: 'config', rotated: { from: old.key.publicKey, by } }),
  });
  for (const { feed, first } of strangers) {
    const { admit, findings, keys } = await open();
    await admit(...old.take(1), first);
    expect(keys.meet('gw-1', feed.key.publicKey)).toBe('other');
    expect(findings.list().map(({ kind }) => kind)).toContain('other-key');
  }
  // By one that was revoked.
  const { admit, decide, findings, keys } = await open();
  const stolen = new ChainFeed();
  await admit(stolen.next());
  const { publicKey: key } = stolen.key;
  decide({ v: 1, act: 'revoke', agent: 'gw-1', key, sinceMs: FEED_START_MS, reason: 'stolen' });
  const { feed, first } = rotatedFeed(stolen.key);
  await admit(first);
  expect(keys.meet('gw-1', feed.key.publicKey)).toBe('other');
  expect(findings.list()).toMatchObject([{ kind: 'other-key' }]);
});

test('two agents that claim one channel are found, also after a restart', async () => {
  const { admit, findings, ledger, folder } = await open();
  const claim = (agent: string, machines: string[]) =>
    new ChainFeed({ agent }).next({ kind: 'config', text: snapshotText(agent, machines) });
  await admit(claim('gw-1', ['mill', 'lathe']), claim('gw-2', ['saw']));
  expect(findings.list()).toEqual([]);
  await admit(claim('gw-3', ['drill', 'mill']));
  const found = [{ kind: 'channel-conflict', agent: 'gw-3' }];
  expect(findings.list()).toMatchObject(found);
  expect(findings.list()[0]?.message).toContain('gw-1 and gw-3 both claim mill.supply.activePower;');
  await ledger.close();
  expect((await open(folder)).findings.list()).toMatchObject(found);
});

test('without room in the ledger there is no receipt, and the record is taken when there is room again', async () => {
  const full = await open(undefined, { monthBytesMax: 60_000 });
  const records = new ChainFeed().take(60);
  const receipts = await full.admit(...records);
  const { admitted, failed, rejected } = full.admission.counts();
  expect([admitted + failed, rejected]).toEqual([60, {}]);
  expect(failed).toBeGreaterThan(10);
  expect(admitted).toBe(full.ledger.lastOrdinal());
  const receipted = receipts.flatMap(({ accepted }) => accepted.map(({ from, to }) => to - from + 1));
  expect(receipted.reduce((sum, count) => sum + count, 0)).toBe(admitted);
  await full.ledger.close();
  const roomy = await open(full.folder);
  expect(await roomy.admit(...records)).toMatchObject([
    { accepted: [{ from: 1, to: 60, digest: digestOf(...records) }] },
  ]);
});

test('what a thinned record stands for, and what a log says was dropped, is missing no more', async () => {
  const { admit, ledger } = await open();
  const feed = new ChainFeed();
  const records = feed.take(6);
  const entries = [
    { at: 1, event: 'records-dropped', detail: { reason: 'spool-full', from: 5, to: 6, samples: 20 } },
  ];
  const thinned = feed.next({ thinned: { from: 2, to: 4, hash: records[3]?.hash ?? '' } });
  const log = feed.next({ kind: 'log', text: JSON.stringify({ v: 1, entries }) });
  await admit(...records.slice(0, 1), thinned);
  expect(ledger.missing('gw-1', 'epoch0000001', 9)).toEqual([{ from: 5, to: 6 }]);
  await admit(log);
  expect(ledger.missing('gw-1', 'epoch0000001', 9)).toEqual([]);
  expect(ledger.chains()).toMatchObject([{ contiguousSeq: 8, records: 3 }]);
  expect(ledger.gone('gw-1', 'epoch0000001')).toEqual([
    { from: 2, to: 4, fate: 'thinned' },
    { from: 5, to: 6, fate: 'dropped' },
  ]);
  // An original that comes after all is taken like any other, and so is what names it.
  expect(await admit(...records.slice(2, 3), thinned)).toMatchObject([
    {
      accepted: [
        { from: 3, to: 3 },
        { from: 7, to: 7 },
      ],
      rejected: [],
    },
  ]);
  expect(ledger.chains()).toMatchObject([{ contiguousSeq: 8, records: 4 }]);
});

test('what an agent says in a later epoch was dropped of an earlier one is missing no more, unless it comes all the same', async () => {
  const { admit, ledger, folder } = await open();
  const feed = new ChainFeed();
  const records = feed.take(6);
  const next = new ChainFeed({ epoch: 'epoch0000002', key: feed.key });
  const [earlier, other, unknown] = [feed.epoch, 'epoch0000003', 'epoch0000004'];
  const dropped = (epoch: string, from: number, to: number) => ({
    at: 1,
    event: 'earlier-records-dropped',
    detail: { epoch, reason: 'rejected', from, to, samples: 0 },
  });
  const entries = [
    dropped(earlier, 3, 4),
    dropped(other, 1, 2),
    dropped(unknown, 1, 9),
    // Of its own epoch, of no epoch, and of no records: nothing is said.
    dropped(next.epoch, 1, 1),
    dropped('../..', 1, 1),
    dropped(earlier, 0, 1),
    dropped(earlier, 6, 5),
  ];
  const log = next.next({ kind: 'log', text: JSON.stringify({ v: 1, entries }) });
  await admit(...records.slice(0, 2), ...records.slice(4), log);
  // What is told before anything of its epoch is here holds as well.
  const late = new ChainFeed({ epoch: other, key: feed.key });
  late.take(2);
  await admit(late.next({ firstMs: 900_000 }));
  const look = (now: typeof ledger) => {
    expect(now.missing('gw-1', earlier, 9)).toEqual([]);
    expect(now.chains()).toMatchObject([
      { epoch: earlier, contiguousSeq: 6, contiguousHash: records[5]?.hash, missing: 0, records: 4 },
      { epoch: next.epoch, contiguousSeq: 1 },
      { epoch: other, contiguousSeq: 3, missing: 0 },
    ]);
    expect(now.gone('gw-1', earlier)).toEqual([{ from: 3, to: 4, fate: 'dropped' }]);
    expect(now.gone('gw-1', next.epoch)).toEqual([]);
    expect(now.delivered('gw-1', earlier, 0).isWhole).toBe(true);
  };
  look(ledger);
  // The same after a start, which reads no records.
  await ledger.close();
  const again = await open(folder);
  look(again.ledger);
  expect(await again.admit(...records.slice(2, 4))).toMatchObject([{ accepted: [{ from: 3, to: 4 }] }]);
  expect(again.ledger.chains()).toMatchObject([{ records: 6, contiguousSeq: 6 }, {}, {}]);
});

test('a good copy of a record whose bytes are damaged takes their place, and nothing else changes', async () => {
  const { admit, admission, ledger, folder, woken } = await open();
  const feed = new ChainFeed();
  const [one, two, three] = feed.take(3);
  if (!one || !two || !three) throw new Error('three records');
  await admit(one, two, three);
  const ledgerFolder = join(folder, 'ledger');
  const file = readdirSync(ledgerFolder).find((name) => name.endsWith('.db'));
  const db = new DatabaseSync(join(ledgerFolder, String(file)));
  onTestFinished(() => db.close());
  const rows = () =>
    ['record', 'part', 'chain', 'run', 'gone', 'meta'].map((table) =>
      db.prepare(`SELECT * FROM ${table}`).all(),
    );
  const before = rows();
  const spoilt = Uint8Array.from(two.bytes, (byte, at) => (at === two.bytes.length - 1 ? byte ^ 1 : byte));
  db.prepare('UPDATE record SET bytes = ? WHERE seq = 2').run(spoilt);
  expect(ledger.readAfter(0, 9).map(({ header }) => header.seq)).toEqual([1, 3]);
  expect(ledger.damaged()).toMatchObject([{ seq: 2 }]);
  const wokenBefore = woken();

  // Another record of this number is a fork as ever; the spoilt bytes themselves are not taken either.
  const fork = new ChainFeed({ key: feed.key });
  fork.next();
  await admit(fork.next({ machine: 'lathe' }), { ...two, bytes: spoilt });
  expect(ledger.damaged()).toHaveLength(1);

  expect(await admit(two, two)).toMatchObject([{ accepted: [{ from: 2, to: 2, digest: digestOf(two) }] }]);
  expect(ledger.damaged()).toEqual([]);
  expect(ledger.mended()).toMatchObject([{ seq: 2, ordinal: 2 }]);
  expect(rows()).toEqual(before);
  expect(ledger.readAfter(0, 9).map(({ header }) => header.seq)).toEqual([1, 2, 3]);
  expect(woken()).toBeGreaterThan(wokenBefore);
  expect(admission.counts()).toMatchObject({ admitted: 3, duplicates: 2 });
});

test('a record that is durable is counted once, though it cannot be compared with its neighbours', async () => {
  const { admission, admit, ledger, woken } = await open();
  ledger.prevOf = () => {
    throw new Error('disk I/O error');
  };
  const one = new ChainFeed().next();
  expect(await admit(one)).toMatchObject([{ accepted: [{ from: 1, to: 1, digest: digestOf(one) }] }]);
  expect(woken()).toBe(1);
  const { messages, admitted, duplicates, failed, deciding } = admission.counts();
  expect({ messages, admitted, duplicates, failed, deciding }).toEqual({
    messages: 1,
    admitted: 1,
    duplicates: 0,
    failed: 0,
    deciding: 0,
  });
});

test('of two gateways on copies of one disk, what adds nothing is refused, and what adds something is taken and told', async () => {
  const { admit, findings, admission } = await open();
  const copy = new ChainFeed();
  await admit(copy.next({ kind: 'config' }), copy.next({ firstMs: 20_000 }));
  const other = new ChainFeed({ epoch: 'epoch0000002', key: copy.key });
  await admit(other.next({ kind: 'config' }));
  const again = other.next({ firstMs: 20_000 });
  expect(await admit(again)).toMatchObject([{ rejected: [{ seq: 2, hash: again.hash, reason: 'fork' }] }]);
  expect(findings.list()).toEqual([]);

  const more = other.next({ firstMs: 25_000 });
  expect(await admit(more)).toMatchObject([{ accepted: [{ from: 3, to: 3 }], rejected: [] }]);
  expect(findings.list()).toMatchObject([
    {
      kind: 'repeated-readings',
      agent: 'gw-1',
      message: expect.stringContaining('two gateways run on copies of one disk'),
    },
  ]);
  expect(admission.counts()).toMatchObject({ admitted: 4, forks: 1 });
});
