import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { Findings } from '../../../collector/ingest/findings.ts';
import { readHealth, readLive, readStatus } from '../../../collector/ingest/live-messages.ts';
import { LiveState, type LiveEvent } from '../../../collector/ingest/live-state.ts';
import type { HealthMessage, LiveMessage } from '../../../protocols/telemetry/live.ts';
import { recordLog } from '../ledger/recorded-log.ts';

const live: LiveMessage = {
  v: 1,
  machine: 'mill',
  at: 1000,
  values: {
    'mill.supply.activePower': { value: 812.5, unit: 'W', ageMs: 20, quality: 'good' },
    'mill.control.execution': { value: 'ACTIVE', unit: '', ageMs: 5000, quality: 'good' },
  },
  down: [{ source: 'meter-2', reason: 'timeout' }],
  simulated: true,
};
const health: HealthMessage = {
  v: 1,
  at: 1000,
  version: '0.1.0',
  uptimeS: 60,
  host: { cpuLoad: 0.1, memoryUsedShare: 0.5, diskFreeBytes: 1e9, cpuTemperatureDegC: null },
  process: { rssBytes: 5e7, eventLoopDelayMs: 1 },
  spool: {
    epoch: 'epoch0000001',
    headSeq: 4,
    records: { sealed: 4, receipted: 3, pending: 1, rejected: 0 },
    samples: { sampled: 45, receipted: 30, pending: 10, rejected: 5, dropped: 0 },
    bytes: 12_345,
    full: { since: 500, until: null, over: false, thinned: 7, dropped: 0 },
  },
  receipts: { obeyed: 3, foreign: 2 },
  sources: [
    { id: 'meter', up: true, reason: '', polls: 60, failures: 0, lastReadingAgeMs: 400 },
    {
      id: 'cnc',
      up: false,
      reason: 'timeout',
      polls: 0,
      failures: 9,
      lastReadingAgeMs: null,
      insecure: true,
    },
  ],
  clock: { wall: 1000, state: 'synced' },
};
const status = {
  v: 1,
  online: true,
  version: '0.1.0',
  boot: 'boot00000001',
  epoch: 'epoch0000001',
  seq: 4,
} as const;
const encode = (value: unknown) => Buffer.from(JSON.stringify(value));

test('messages are taken over as they are, without fields nobody knows', () => {
  expect(readLive(encode({ ...live, more: 1 }))).toEqual(live);
  expect(readHealth(encode({ ...health, more: 1 }))).toEqual(health);
  expect(readStatus(encode({ ...status, more: 1 }))).toEqual(status);
  expect(readStatus(encode({ v: 1, online: false }))).toMatchObject({ online: false, seq: 0 });
  const receipts = { obeyed: 'many', 'no word"': 1, ...health.receipts };
  expect(readHealth(encode({ ...health, receipts }))).toEqual(health);
  const { receipts: _, ...older } = health;
  expect(readHealth(encode(older))).toEqual(older);
});

test('nothing a broker may carry throws, and what is wrong inside is left out', () => {
  for (const read of [readLive, readHealth, readStatus]) {
    expect(read(Buffer.from('{'))).toBeUndefined();
    fc.assert(fc.property(fc.json(), (text) => void read(Buffer.from(text))));
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (json) => void read(encode({ ...json, v: 1 }))),
    );
  }
  const values = {
    ...live.values,
    '../x': live.values['mill.supply.activePower'],
    'mill.a.b': { value: {} },
  };
  expect(readLive(encode({ ...live, values }))?.values).toEqual(live.values);
});

test('the latest of each is kept, and listeners follow until they leave', () => {
  let nowMs = 50;
  const state = new LiveState(() => nowMs);
  const events: LiveEvent[] = [];
  const leave = state.onLive((event) => void events.push(event));
  const topic = { site: 'plant', agent: 'gw-1' };
  state.take({ ...topic, leaf: 'status' }, encode(status));
  state.take({ ...topic, leaf: 'health' }, encode(health));
  state.take({ ...topic, leaf: 'live', machine: 'mill' }, encode(live));
  state.take({ ...topic, leaf: 'live', machine: 'lathe' }, encode(live));
  nowMs = 60;
  state.take({ ...topic, leaf: 'live', machine: 'mill' }, encode({ ...live, at: 2000 }));
  expect(events.map(({ kind }) => kind)).toEqual(['status', 'health', 'live', 'live']);
  expect(state.agents()).toEqual([{ agent: 'gw-1', status, health, heardMs: 60 }]);
  expect(state.machines()).toEqual([{ agent: 'gw-1', receivedMs: 60, message: { ...live, at: 2000 } }]);
  // A broker keeps the last live message for ever: an old one is not live.
  nowMs = 2000 + 60_001;
  state.take({ ...topic, leaf: 'live', machine: 'saw' }, encode({ ...live, machine: 'saw', at: 2000 }), true);
  expect(state.machines()).toHaveLength(1);
  leave();
  state.take({ ...topic, leaf: 'status' }, encode({ ...status, online: false }));
  expect(events).toHaveLength(4);
  expect(state.agents()[0]?.status?.online).toBe(false);
});

test('a time that no date can tell is no message, and a figure beyond counting is none', () => {
  for (const at of [1e300, -1, 8.65e15]) {
    expect(readLive(encode({ ...live, at }))).toBeUndefined();
    expect(readHealth(encode({ ...health, at }))).toBeUndefined();
  }
  const spool = { ...health.spool, headSeq: 1e300, bytes: -5, full: { ...health.spool.full, since: 1e300 } };
  expect(readHealth(encode({ ...health, spool, clock: { wall: 1e300, state: 'synced' } }))).toMatchObject({
    spool: { headSeq: 0, bytes: 0, full: { since: null } },
    clock: { wall: 0 },
  });
});

test('what is kept is bounded by its bytes, of one agent and of all', () => {
  const state = new LiveState(() => 2000);
  const more = 'x'.repeat(200_000);
  const say = (agent: string, machine: string, at = 1500) => {
    const payload = encode({ ...live, machine, at, more });
    state.take({ site: 'plant', agent, leaf: 'live', machine }, payload);
    return payload.length;
  };
  const bytes = say('gw-00', 'm00');
  for (let index = 1; index < 100; index++) say('gw-00', `m${index + 10}`);
  const ofOne = Math.floor((4 * 1024 * 1024) / bytes);
  expect(state.machines()).toHaveLength(ofOne);
  // The next message of a machine that is followed takes the place of the one before.
  say('gw-00', 'm00', 1600);
  expect(state.machines().find(({ message }) => message.machine === 'm00')?.message.at).toBe(1600);
  for (let agent = 1; agent < 24; agent++)
    for (let index = 0; index < ofOne; index++) say(`gw-${agent + 10}`, `m${index + 10}`);
  expect(state.machines()).toHaveLength(Math.floor((64 * 1024 * 1024) / bytes));
});

test('an agent that swings its clock does not hide what is found of others', () => {
  const findings = new Findings(recordLog());
  for (let index = 0; index < 2000; index++) findings.report('clock-offset', 'gw-1', `${index}`, index);
  findings.report('broken-chain', 'gw-2', 'Look.', 1);
  expect(findings.list().filter(({ agent }) => agent === 'gw-1')).toHaveLength(20);
  expect(findings.list().at(-1)).toMatchObject({ agent: 'gw-2' });
});
