import { expect, test } from 'vitest';
import { DamageRequests } from '../../../collector/ingest/damage-requests.ts';

const damagedOf = (seq: number) => ({
  ordinal: seq,
  file: 'records-2026-11.db',
  agent: 'gw-1',
  epoch: 'epoch0000001',
  seq,
  machines: ['mill'],
  firstMs: 0,
  lastMs: 1,
});

test('a damaged record is asked for at once and then once a minute, until it will not come', () => {
  let nowMs = 0;
  const requests = new DamageRequests(() => nowMs);
  const asked = { agent: 'gw-1', epoch: 'epoch0000001', seq: 7 };
  expect(requests.due([], () => [])).toEqual([]);
  expect(requests.due([damagedOf(7)], () => [])).toEqual([asked]);
  nowMs = 59_999;
  expect(requests.due([damagedOf(7)], () => [])).toEqual([]);
  nowMs = 60_000;
  expect(requests.due([damagedOf(7), damagedOf(8)], () => [{ from: 8, to: 9, fate: 'dropped' }])).toEqual([
    asked,
  ]);
});
