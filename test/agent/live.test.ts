import { expect, test } from 'vitest';
import { LiveValues } from '../../agent/live.ts';
import { SteppedClock } from '../../protocols/clock.ts';
import type { Channel } from '../../protocols/telemetry/channel.ts';

const CHANNELS: Channel[] = [
  {
    kind: 'measured',
    id: 'mill.supply.activePower',
    machine: 'mill',
    component: 'supply',
    quantity: 'activePower',
    phase: 'total',
    source: 'meter',
    point: 'p',
    scale: ['1', '10'],
  },
  {
    kind: 'status',
    id: 'mill.control.execution',
    machine: 'mill',
    component: 'control',
    status: 'execution',
    source: 'cnc',
    point: 'e',
    vocabulary: 'mtconnect/Execution',
  },
];

const WIRING = {
  channelOf: new Map(CHANNELS.map((channel) => [channel.id, channel])),
  machinesOf: new Map(CHANNELS.map(({ source, machine }) => [source, [machine]])),
};

test('values are in the canonical unit with their age; a source that is down takes only its own values away', () => {
  const clock = new SteppedClock(1_000_000);
  const live = new LiveValues(WIRING, clock, false);
  live.takePoll('meter', {
    atMs: 0,
    roundTripMs: 1,
    readings: [{ channel: 'mill.supply.activePower', value: 45_678, quality: 'good' }],
  });
  live.takeStatus({ channel: 'mill.control.execution', atMs: 0, value: 'ACTIVE' });
  clock.stepTo(1_002_000);
  const [up] = live.messages([]);
  expect(up?.values).toEqual({
    'mill.supply.activePower': { value: 4567.8, unit: 'W', ageMs: 2000, quality: 'good' },
    'mill.control.execution': { value: 'ACTIVE', unit: 'mtconnect/Execution', ageMs: 2000, quality: 'good' },
  });
  const [down] = live.messages([{ source: 'meter', reason: 'timeout' }]);
  expect(down?.values['mill.supply.activePower']?.value).toBeNull();
  expect(down?.values['mill.control.execution']?.value).toBe('ACTIVE');
  expect(down?.down).toEqual([{ source: 'meter', reason: 'timeout' }]);
});
