import { expect, test } from 'vitest';
import { readAlarms } from '../../collector/alarms.ts';

const halted = { state: 'halt', reason: 'InfluxDB answered 401', cure: 'Check the token.' };

test('a projection that a person has to help is an alarm, with how much waits', () => {
  expect(readAlarms({ influx: halted, lagRecords: { influx: 7 } })).toEqual([
    { part: 'influx', reason: 'InfluxDB answered 401', cure: 'Check the token.', lagRecords: 7 },
  ]);
});

test('a broker that is not reached and damaged records are alarms, with what to do', () => {
  const broker = {
    connected: false,
    reason: 'Nothing listens at x.',
    cure: 'Start it.',
    messages: 0,
    foreign: 0,
  };
  expect(readAlarms({ influx: undefined, lagRecords: {}, broker, ledger: { damaged: 2 } })).toEqual([
    { part: 'broker', reason: 'No agent is heard. Nothing listens at x', cure: 'Start it.', lagRecords: 0 },
    {
      part: 'ledger',
      reason: '2 records of the ledger are damaged: nothing is derived from them',
      cure: expect.stringContaining('from a backup'),
      lagRecords: 0,
    },
  ]);
  const connected = { ...broker, connected: true };
  const untried = { ...broker, reason: '' };
  for (const quiet of [connected, untried])
    expect(readAlarms({ influx: undefined, lagRecords: {}, broker: quiet, ledger: { damaged: 0 } })).toEqual(
      [],
    );
});

test('readings that cannot be let go are an alarm where a person has to help, and none where it goes on by itself', () => {
  const retention = { monthsPruned: 0, fullSinceSeconds: 1, frozenToSeconds: 0, failures: 1 };
  const stuck = { ...retention, stuck: 'there is no room', cure: 'Make 3 MB of room.' };
  expect(readAlarms({ influx: undefined, lagRecords: {}, retention: stuck })).toEqual([
    {
      part: 'ledger',
      reason: 'Old readings cannot be let go: there is no room',
      cure: 'Make 3 MB of room.',
      lagRecords: 0,
    },
  ]);
  expect(readAlarms({ influx: undefined, lagRecords: {}, retention: { ...stuck, cure: '' } })).toEqual([]);
});

test.each([undefined, { ...halted, state: 'retry' }, { ...halted, state: 'ok' }, { lines: 3 }])(
  'what heals by itself, or is not there, is none',
  (influx) => {
    expect(readAlarms({ influx, lagRecords: {} })).toEqual([]);
  },
);

test('what should heal by itself and has not for ten minutes is an alarm', () => {
  const retry = { ...halted, state: 'retry', failingSeconds: 600 };
  expect(readAlarms({ influx: retry, lagRecords: {} })).toEqual([]);
  expect(readAlarms({ influx: { ...retry, failingSeconds: 601 }, lagRecords: {} })).toMatchObject([
    { part: 'influx', reason: 'InfluxDB answered 401' },
  ]);
});

test('a key that nobody vouches for, or that was revoked and is still in use, is an alarm with the command that mends it', () => {
  const trouble = { agent: 'gw-1', fingerprint: '1f3a-09c1' };
  const alarmsOf = (standing: 'other' | 'revoked') =>
    readAlarms({ influx: undefined, lagRecords: {}, keyTroubles: [{ ...trouble, standing }] });
  expect(alarmsOf('other')).toEqual([
    {
      part: 'keys',
      reason:
        'Agent gw-1 signs with key 1f3a-09c1, not with the one it used before: its records are kept, and are no evidence',
      cure: expect.stringContaining('millwatt keys confirm gw-1 1f3a-09c1'),
      lagRecords: 0,
    },
  ]);
  expect(alarmsOf('revoked')).toMatchObject([
    {
      reason: expect.stringContaining('which was revoked: its records are refused and wait in its spool'),
      cure: expect.stringContaining('millwatt keys rotate'),
    },
  ]);
});
