import { expect, test } from 'vitest';
import { createLiveBoard, type StateInput } from '../../../collector/http/live-board.ts';
import { liveMessage } from './plant-server.ts';

function boardAt(now: { ms: number }) {
  return createLiveBoard({
    nowMs: () => now.ms,
    stateOf: () => ({ state: 'unknown', decider: 'none', basis: '' }),
  });
}

test('one of two agents that falls silent takes its values along, the other one stays', () => {
  const now = { ms: 0 };
  const board = boardAt(now);
  board.put('old', liveMessage('mill', 1000, 500));
  now.ms = 60_000;
  board.put('new', liveMessage('mill', 61_000, null, { values: {} }));
  expect(board.read('mill')).toMatchObject({ atMs: 61_000, stale: false, powerW: null, values: {} });
});

test('of agents that are all silent the last one still tells what it was, and when', () => {
  const now = { ms: 0 };
  const board = boardAt(now);
  board.put('old', liveMessage('mill', 1000, 500));
  now.ms = 10;
  board.put('new', liveMessage('mill', 2000, 700, { down: [{ source: 'meter', reason: 'timeout' }] }));
  now.ms = 60_000;
  expect(board.read('mill')).toMatchObject({
    atMs: 2000,
    stale: true,
    powerW: null,
    values: { 'mill.supply.activePower': { value: 700 } },
    down: [{ agent: 'new', source: 'meter', reason: 'timeout' }],
  });
});

test('several channels of a control say their words under their own names, and a condition is no mode', () => {
  const told: StateInput['statuses'][] = [];
  const board = createLiveBoard({
    nowMs: () => 0,
    stateOf: (_, { statuses }) => {
      told.push(statuses);
      return { state: 'processing', decider: 'control', basis: 'said' };
    },
  });
  const word = (value: number, unit: string) => ({ value, unit, ageMs: 0, quality: 'good' as const });
  const values = {
    'mill.control.channelState.Channel1': word(0, 'umati/ChannelState'),
    'mill.control.condition.mode': word(0, 'mtconnect/Condition'),
  };
  board.put('agent', liveMessage('mill', 1000, null, { values }));
  expect(board.read('mill')).toMatchObject({ state: 'processing', decider: 'control', basis: 'said' });
  expect(told.at(-1)).toEqual([
    {
      status: 'channelState',
      vocabulary: 'umati/ChannelState',
      value: 0,
      channel: 'mill.control.channelState.Channel1',
    },
    {
      status: 'condition',
      vocabulary: 'mtconnect/Condition',
      value: 0,
      channel: 'mill.control.condition.mode',
    },
  ]);
});
