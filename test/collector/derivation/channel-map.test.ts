import { expect, test } from 'vitest';
import { mapChannels } from '../../../collector/derivation/channel-map.ts';
import type { CounterTraits, MeasuredChannel } from '../../../protocols/telemetry/channel.ts';
import type { Quantity } from '../../../protocols/telemetry/quantity.ts';
import type { ConfigSnapshot } from '../../../protocols/telemetry/snapshot.ts';

const channel = (
  component: string,
  quantity: Quantity,
  more: { phase?: MeasuredChannel['phase']; counter?: CounterTraits; scale?: [string, string] } = {},
): MeasuredChannel => ({
  kind: 'measured',
  id: `m.${component}.${quantity}.${more.phase ?? 'total'}`,
  machine: 'm',
  component,
  quantity,
  phase: more.phase ?? 'total',
  source: 'meter',
  point: quantity,
  scale: more.scale ?? ['1', '1'],
  ...(more.counter === undefined ? {} : { counter: more.counter }),
});

function roleOf(one: MeasuredChannel, serial?: string) {
  const snapshot: ConfigSnapshot = {
    v: 1,
    site: 'plant',
    agent: 'gw',
    software: { name: 'millwatt', version: '0.1.0' },
    sources: [
      {
        id: 'meter',
        protocol: 'modbus-tcp',
        address: '10.0.0.7:502 unit 1',
        everyMs: 1000,
        ...(serial === undefined ? {} : { meter: { serial } }),
      },
    ],
    channels: [one],
  };
  return mapChannels(snapshot).get(one.id);
}

test('a counter keeps what its device says of it: where it wraps, stops or falls back, and in which steps it moves', () => {
  const traits: CounterTraits = {
    behaviour: 'saturating',
    maximum: '4294967295',
    modulus: '4294967296',
    stepsBack: true,
    resolution: '10',
  };
  const role = roleOf(channel('supply', 'activeEnergyImport', { counter: traits, scale: ['1', '10'] }), 'A7');
  expect(role).toMatchObject({
    kind: 'counter',
    component: 'supply',
    direction: 'import',
    factor: 0.1,
    definition: {
      meter: 'serial A7 activeEnergyImport',
      named: true,
      num: '1',
      den: '10',
      modulus: '4294967296',
      maximum: '4294967295',
      stepsBack: true,
      resolution: '10',
    },
  });
  // A counter that wraps has no largest value, whatever its register would hold.
  const monotone = roleOf(
    channel('supply', 'activeEnergyExport', { counter: { behaviour: 'monotone', maximum: '99' } }),
  );
  expect(monotone).toMatchObject({
    direction: 'export',
    definition: { maximum: null, named: false, meter: 'modbus-tcp 10.0.0.7:502 unit 1 activeEnergyExport' },
  });
});

test('gas is a medium and no energy; powers of a phase are for charts only', () => {
  expect(roleOf(channel('compressedAir', 'gasVolume', { scale: ['1', '100'] }))).toMatchObject({
    kind: 'medium',
    component: 'compressedAir',
    definition: { num: '1', den: '100' },
  });
  expect(roleOf(channel('supply', 'activePower'))).toEqual({ kind: 'power', component: 'supply', factor: 1 });
  expect(roleOf(channel('supply', 'activePower', { phase: 'l1' }))).toEqual({ kind: 'chart', factor: 1 });
  expect(roleOf(channel('supply', 'reactivePower'))).toEqual({ kind: 'chart', factor: 1 });
});
