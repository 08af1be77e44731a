import { expect, test } from 'vitest';
import {
  mayAgentPublish,
  mayAgentSubscribe,
  mayCollectorPublish,
  mayCollectorSubscribe,
} from '../../../protocols/mqtt/topic-rights.ts';

const own = (leaf: string) => `millwatt/1/pune/gw1/${leaf}`;

test.each(['batch', 'config', 'status', 'health', 'live/mill'])(
  'an agent publishes to its own %s',
  (leaf) => {
    expect(mayAgentPublish('gw1', own(leaf))).toBe(true);
    expect(mayAgentPublish('gw2', own(leaf))).toBe(false);
  },
);

test.each([
  own('receipt'),
  own('live'),
  own('batch/more'),
  own(''),
  'millwatt/2/pune/gw1/batch',
  'millwatt/1/pune/../gw1/batch',
  'millwatt/1/pune/gw1/batch\0',
  '$SYS/broker/load',
  'anything',
])('an agent does not publish to %s', (topic) => {
  expect(mayAgentPublish('gw1', topic)).toBe(false);
});

test('an agent subscribes to its own receipts and nothing else', () => {
  expect(mayAgentSubscribe('gw1', 'millwatt/1/+/gw1/receipt')).toBe(true);
  expect(mayAgentSubscribe('gw1', own('receipt'))).toBe(true);
  for (const filter of [
    '#',
    '+/#',
    'millwatt/1/#',
    'millwatt/1/+/+/receipt',
    'millwatt/1/+/gw2/receipt',
    'millwatt/1/+/gw1/+',
    'millwatt/1/+/gw1/#',
    'millwatt/1/+/gw1/batch',
    '$share/group/millwatt/1/+/gw1/receipt',
    '$SYS/#',
  ])
    expect(mayAgentSubscribe('gw1', filter), filter).toBe(false);
});

test('the collector reads all that is ours and writes receipts', () => {
  expect(mayCollectorSubscribe('millwatt/1/pune/+/batch')).toBe(true);
  expect(mayCollectorSubscribe('#')).toBe(false);
  expect(mayCollectorSubscribe('$share/x/millwatt/1/#')).toBe(false);
  expect(mayCollectorPublish(own('receipt'))).toBe(true);
  expect(mayCollectorPublish(own('batch'))).toBe(false);
});
