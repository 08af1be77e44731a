import { rmSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import { Publisher } from '../../agent/publisher.ts';
import { SteppedClock } from '../../protocols/clock.ts';
import { MillwattError } from '../../protocols/errors.ts';
import { generateSigningKey } from '../../protocols/evidence/keys.ts';
import { headerHash, rangeDigest, sealReceipt } from '../../protocols/evidence/seal.ts';
import { silentLog } from '../../protocols/log.ts';
import { parseRecord } from '../../protocols/telemetry/record.ts';
import { makeMemoryFolder } from '../support/memory-folder.ts';
import { addReading, holds, openSealer, openSpool } from './spool-rig.ts';

const START_MS = Date.UTC(2026, 2, 2, 6);
const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0).reverse()) close();
});

type Answer = 'delivered' | 'swallowed' | 'refused' | 'oversized' | 'lost';

/** A publisher on a real spool of small records with a broker that is played: what it does with each record is told by seq. */
function rig(answerOf: (seq: number) => Answer) {
  const folder = makeMemoryFolder('apart');
  closers.push(() => rmSync(folder, { recursive: true, force: true }));
  const clock = new SteppedClock(START_MS);
  const spool = openSpool(folder);
  closers.push(() => spool.close());
  const key = generateSigningKey();
  const state = {
    nowMs: 0,
    isConnected: true,
    sent: 0,
    readAtOnce: 0,
    fault: undefined as Error | undefined,
  };
  const arrived = new Set<number>();
  const said: string[] = [];
  const receipts: Uint8Array[] = [];
  const publisher: Publisher = new Publisher({
    spool: new Proxy(spool, {
      get: (target, name) => {
        if (state.fault !== undefined && (name === 'pendingAfter' || name === 'record')) throw state.fault;
        if (name === 'pendingAfter')
          return (id: number, limit: number) => {
            state.readAtOnce = Math.max(state.readAtOnce, limit);
            return target.pendingAfter(id, limit);
          };
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    }),
    site: 'pune',
    agent: 'gw1',
    collectorKey: key.publicKey,
    publish: async (bytes) => {
      state.sent += 1;
      // A broker that is asked without end would keep the process busy for ever.
      if (state.sent > 50_000) state.isConnected = false;
      const frame = parseRecord(bytes);
      const { seq, epoch } = frame.header;
      const answer = answerOf(seq);
      if (answer === 'oversized') throw new MillwattError('quarantine', 'oversized-message', 'too large');
      if (answer === 'refused') throw new MillwattError('retry', 'refused-message', 'no');
      if (answer === 'lost') throw new MillwattError('retry', 'unacknowledged', 'lost');
      if (answer !== 'delivered') return;
      arrived.add(seq);
      const accepted = [{ from: seq, to: seq, digest: rangeDigest([headerHash(frame)]) }];
      const receipt = { site: 'pune', collector: 'collector', agent: 'gw1', epoch, at: START_MS };
      receipts.push(sealReceipt({ ...receipt, accepted, rejected: [], requested: [] }, key));
    },
    connected: () => state.isConnected,
    onFork: () => {},
    log: {
      ...silentLog,
      warn: (_, message) => said.push(message),
      error: (_, message) => said.push(message),
    },
    timers: { nowMs: () => state.nowMs },
  });
  const sealer = openSealer(spool, clock, ['mill'], {
    onSealed: (records) => {
      for (const { header } of records) publisher.addLive(header.epoch, header.seq);
    },
  });
  const seal = (records: number) => {
    for (let record = 0; record < records; record++) {
      clock.stepTo(clock.wallMs() + 1000);
      addReading(sealer, clock, 'mill', record);
      sealer.sealAll();
    }
  };
  /** So many turns of the agent's beat, a second each; a live record each where it is said. */
  const run = async (turns: number, isLive = false, turnMs = 1000) => {
    for (let turn = 0; turn < turns; turn++) {
      state.nowMs += turnMs;
      if (isLive) seal(1);
      publisher.pump();
      for (let round = 0; round < 3; round++) {
        await new Promise<void>((resolve) => {
          setImmediate(resolve);
        });
        for (const receipt of receipts.splice(0)) publisher.receive(receipt);
      }
    }
  };
  return { spool, publisher, seal, run, state, arrived, said };
}

test.each<Answer>(['swallowed', 'refused'])(
  'records that the broker has %s do not fill the window: all others arrive, and they are tried again until they do',
  async (fate) => {
    let isMended = false;
    const isBad = (seq: number) => seq >= 10 && seq < 40;
    const { spool, seal, run, state, arrived, publisher } = rig((seq) =>
      isBad(seq) && !isMended ? fate : 'delivered',
    );
    seal(100);
    await run(60, true, 5000);
    expect(spool.accounts().records).toMatchObject({ pending: 30, rejected: 0 });
    // Some are just being tried.
    expect(publisher.counts().apart).toBeGreaterThan(20);
    // Ever more seldom: in an hour a few times each, not every other second.
    const before = state.sent;
    await run(180, true, 20_000);
    expect(state.sent - before - 180).toBeLessThan(30 * 12);
    isMended = true;
    await run(180, true, 20_000);
    expect(spool.accounts().records).toMatchObject({ pending: 0, rejected: 0 });
    expect(arrived.size).toBe(spool.head.seq);
    expect(holds(spool)).toBe(true);
  },
);

test('while nobody receipts anything, no record is blamed for it', async () => {
  let isAway = true;
  const { spool, seal, run, said, publisher } = rig(() => (isAway ? 'swallowed' : 'delivered'));
  seal(40);
  await run(600);
  expect(publisher.counts().apart).toBe(0);
  isAway = false;
  await run(60);
  expect(spool.accounts().records.pending).toBe(0);
  expect(said).toEqual([]);
});

test('what is larger than the broker announced waits for the next connection, and reading past it takes no memory', async () => {
  let isSmall = true;
  const { spool, publisher, seal, run, state } = rig((seq) =>
    isSmall && seq % 50 !== 0 ? 'oversized' : 'delivered',
  );
  seal(400);
  await run(60);
  expect(spool.accounts().records.pending).toBe(spool.head.seq - 8);
  expect(state.readAtOnce).toBeLessThanOrEqual(20);
  expect(state.sent).toBeLessThan(2 * spool.head.seq);
  isSmall = false;
  publisher.restart();
  await run(60);
  expect(spool.accounts().records).toMatchObject({ pending: 0, rejected: 0 });
});

test.each<[Answer, Answer]>([
  ['oversized', 'oversized'],
  ['refused', 'refused'],
  ['oversized', 'delivered'],
  ['refused', 'delivered'],
])(
  'while a record is under suspicion a broker that has it %s, and others %s, is not asked without end',
  async (ofSuspect, ofOthers) => {
    let answerOf = (_seq: number): Answer => 'delivered';
    const { spool, publisher, seal, run, state } = rig((seq) => answerOf(seq));
    seal(3);
    await run(2);
    seal(4);
    const suspect = spool.head.seq;
    answerOf = () => 'lost';
    // Three connections that end with several on their way; then one goes at a time.
    for (let connection = 0; connection < 3; connection++) {
      publisher.restart();
      await run(1);
    }
    answerOf = (seq) => (seq === suspect ? 'lost' : 'delivered');
    for (let connection = 0; connection < 2; connection++) {
      publisher.restart();
      await run(5);
    }
    expect(spool.accounts().records.pending).toBe(1);
    expect(publisher.counts().apart).toBe(1);
    answerOf = (seq) => (seq === suspect ? ofSuspect : ofOthers);
    state.sent = 0;
    publisher.restart();
    await run(10);
    await publisher.drain();
    expect(state.sent).toBeLessThan(40);
    answerOf = () => 'delivered';
    publisher.restart();
    await run(120, true);
    expect(spool.accounts().records.pending).toBe(0);
  },
);

test('a spool that cannot be read for a while does not end the agent, and one that is damaged does', async () => {
  const { spool, publisher, seal, run, state, said } = rig(() => 'delivered');
  seal(5);
  state.fault = Object.assign(new Error('disk I/O error'), { errcode: 10 });
  await run(20);
  expect(said).toEqual([expect.stringMatching(/^the spool cannot be read; /)]);
  state.fault = undefined;
  await run(20);
  expect(spool.accounts().records.pending).toBe(0);
  seal(1);
  state.fault = Object.assign(new Error('database disk image is malformed'), { errcode: 11 });
  expect(() => publisher.pump()).toThrow('malformed');
});
