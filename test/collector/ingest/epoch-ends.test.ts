import { expect, test } from 'vitest';
import { EpochEnds } from '../../../collector/ingest/epoch-ends.ts';
import { epochEndOf } from '../../../collector/ledger/epoch-end.ts';
import type { GoneRange } from '../../../collector/ledger/ledger.ts';
import { encodeAgentLog } from '../../../protocols/telemetry/agent-log.ts';

const BEFORE = 'aaaaaaaaaaaa';
const NOTHING = () => [];

test('an epoch names the end of the one before', () => {
  const opened = (detail: Record<string, string | number>) =>
    epochEndOf(
      encodeAgentLog([
        { atMs: 1, event: 'clock-stepped', detail: { byMs: 5000 } },
        { atMs: 2, event: 'epoch-opened', detail },
      ]),
    );
  expect(opened({ reason: 'fork', before: BEFORE, beforeSeq: 20 })).toEqual({ epoch: BEFORE, seq: 20 });
  const beforeHash = 'A'.repeat(43);
  expect(opened({ before: BEFORE, beforeSeq: 20, beforeHash })).toEqual({
    epoch: BEFORE,
    seq: 20,
    hash: beforeHash,
  });
  expect(opened({ before: BEFORE, beforeSeq: 20, beforeHash: 'no' })).toEqual({ epoch: BEFORE, seq: 20 });
  expect(opened({ reason: 'corrupt' })).toBeUndefined();
  expect(opened({ reason: 'fork', before: '../..', beforeSeq: 20 })).toBeUndefined();
  expect(opened({ reason: 'fork', before: BEFORE, beforeSeq: 0 })).toBeUndefined();
});

test('the end of an epoch that is over is asked for until it is here, ever more seldom while nothing comes', () => {
  let nowMs = 0;
  let headSeq = 17;
  const ends = new EpochEnds(() => nowMs);
  const due = () => ends.due(() => headSeq, NOTHING).map(({ from, to }) => [from, to]);
  ends.learn('gw-1', { epoch: BEFORE, seq: 2000 });
  ends.learn('gw-1', { epoch: BEFORE, seq: 12 });
  expect(due()).toEqual([]);
  nowMs = 60_000;
  expect(due()).toEqual([[18, 1017]]);
  expect(due()).toEqual([]);
  headSeq = 1017;
  nowMs += 60_000;
  expect(due()).toEqual([[1018, 2000]]);
  const asked: number[] = [];
  for (const startMs = nowMs; nowMs < startMs + 86_400_000; nowMs += 5000)
    if (due().length > 0) asked.push(nowMs);
  expect(asked.length).toBeGreaterThan(5);
  expect(asked.length).toBeLessThan(12);
  headSeq = 2000;
  nowMs += 7 * 86_400_000;
  expect(due()).toEqual([]);
  headSeq = 0;
  nowMs += 7 * 86_400_000;
  expect(due()).toEqual([]);
});

test('what an agent said is gone of the end of an epoch is not asked for; the rest is', () => {
  let nowMs = 0;
  const ends = new EpochEnds(() => nowMs);
  const gone: GoneRange[] = [{ from: 18, to: 19, fate: 'dropped' }];
  const due = () => {
    nowMs += 7 * 86_400_000;
    return ends
      .due(
        () => 17,
        () => gone,
      )
      .map(({ from, to }) => [from, to]);
  };
  ends.learn('gw-1', { epoch: BEFORE, seq: 25, hash: 'mine' });
  expect(due()).toEqual([[20, 25]]);
  gone.push({ from: 22, to: 30, fate: 'dropped' });
  expect(due()).toEqual([[20, 21]]);
  gone.push({ from: 20, to: 21, fate: 'dropped' });
  expect(due()).toEqual([]);
  // It came all the same, and is another one than the agent named.
  expect(ends.takeOthers(() => 'of another')).toMatchObject([{ seq: 25, hash: 'mine' }]);
});

test('an end in whose place another record is here is given once, whenever that comes', () => {
  const hashes = new Map<number, string>();
  const ends = new EpochEnds(() => 0);
  const take = () => ends.takeOthers((_agent, _epoch, seq) => hashes.get(seq));
  const end = { epoch: BEFORE, seq: 20, hash: 'mine' };
  ends.learn('gw-1', end);
  ends.learn('gw-2', { epoch: BEFORE, seq: 30 });
  expect(take()).toEqual([]);
  expect(ends.due(() => 25, NOTHING)).toEqual([]);
  hashes.set(20, 'of another').set(30, 'of whomever');
  expect(take()).toEqual([{ agent: 'gw-1', ...end }]);
  expect(take()).toEqual([]);
  ends.learn('gw-1', end);
  hashes.set(20, 'mine');
  expect(take()).toEqual([]);
  hashes.set(20, 'of another');
  expect(take()).toEqual([]);
});

test('ends are bounded, of one agent and of all: the oldest are forgotten', () => {
  let nowMs = 0;
  const ends = new EpochEnds(() => nowMs);
  ends.learn('gw-0', { epoch: BEFORE, seq: 5 });
  for (let index = 0; index < 1000; index++) ends.learn('gw-1', { epoch: `epoch${index}`, seq: 5 });
  nowMs = 60_000;
  const due = ends.due(() => 0, NOTHING);
  expect(due).toHaveLength(101);
  expect(due[0]).toMatchObject({ agent: 'gw-0' });
  expect(due.at(-1)).toMatchObject({ epoch: 'epoch999' });
  for (let index = 0; index < 10_100; index++) ends.learn(`ga-${index}`, { epoch: BEFORE, seq: 5 });
  nowMs = 200_000;
  expect(ends.due(() => 0, NOTHING)).toHaveLength(10_000);
});
