import { expect, test } from 'vitest';
import { createLiveBoard } from '../../../collector/http/live-board.ts';
import { liveMessage } from './plant-server.ts';

function boardAt(now: { ms: number }) {
  return createLiveBoard({ nowMs: () => now.ms, stateOf: () => 'unknown' });
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
