import { resolveNodeId } from 'node-opcua';
import { describe, expect, test } from 'vitest';
import { parseNodeAddress, resolveNodeAddress } from '../../../protocols/opcua/node-address.ts';
import { createOpcuaWiring } from '../../../protocols/opcua/opcua-wiring.ts';
import type { OpcuaNodeOptions, OpcuaSourceOptions } from '../../../protocols/opcua/opcua-options.ts';

const source = (over: Partial<OpcuaSourceOptions>): OpcuaSourceOptions => ({
  id: 'centre',
  machine: 'mc1',
  component: 'supply',
  every: 1000,
  endpoint: 'opc.tcp://127.0.0.1:4840',
  securityPolicy: 'Basic256Sha256',
  securityMode: 'SignAndEncrypt',
  allowInsecure: false,
  found: [],
  reading: 'read',
  queue: 10,
  nodes: [],
  timeout: 5000,
  ...over,
});
const node = (over: Partial<OpcuaNodeOptions>): OpcuaNodeOptions => ({
  node: 'nsu=http://example.com/;s=Power',
  phase: 'total',
  vocabulary: 'raw',
  ...over,
});

describe('node addresses', () => {
  test('a namespace URI is looked up in the table of the server', () => {
    const address = parseNodeAddress('nsu=http://example.com/;s=/Bag/State[u1,2];x');
    expect(address).toEqual({ namespace: 'http://example.com/', identifier: 's=/Bag/State[u1,2];x' });
    expect(resolveNodeAddress(address!, ['http://opcfoundation.org/UA/', 'http://example.com/'])).toBe(
      'ns=1;s=/Bag/State[u1,2];x',
    );
    expect(resolveNodeAddress(address!, ['http://opcfoundation.org/UA/'])).toBeUndefined();
  });

  test('indices and plain ids are taken, nonsense is not', () => {
    expect(parseNodeAddress('ns=2;i=1001')).toEqual({ namespace: 2, identifier: 'i=1001' });
    expect(parseNodeAddress('i=2258')).toEqual({ namespace: 0, identifier: 'i=2258' });
    expect(resolveNodeAddress({ namespace: 7, identifier: 'i=1' }, ['a'])).toBeUndefined();
    for (const text of ['', 'Power', 'ns=x;s=a', 'i=abc', 'nsu=;s=a', 's=', 'ns=65536;i=1', 'i=4294967296'])
      expect(parseNodeAddress(text), text).toBeUndefined();
    for (const text of ['g=power', 'g=09087e75-8e5e-499b-954f-f2a9603db28', 'b=%%%', 'b=abc'])
      expect(parseNodeAddress(text), text).toBeUndefined();
  });

  test('whatever is taken, the client that asks for it takes too', () => {
    const taken = [
      'i=4294967295',
      'ns=65535;s=a b;c',
      'g=09087e75-8e5e-499b-954f-f2a9603db28a',
      'ns=1;b=M/RbKBsRVkePCePcx24oRA==',
    ];
    for (const text of taken) {
      const { namespace, identifier } = parseNodeAddress(text)!;
      expect(resolveNodeId(`ns=${namespace};${identifier}`).identifierType, text).toBeGreaterThan(0);
    }
  });
});

describe('createOpcuaWiring', () => {
  test('puts the unit into the scale, and counter traits to cumulative quantities', () => {
    const { measured } = createOpcuaWiring(
      source({
        nodes: [
          node({ quantity: 'activePower', unit: 'kW' }),
          node({ quantity: 'activeEnergyImport', unit: 'kJ', component: 'spindle' }),
        ],
      }),
    );
    expect(measured.map(({ channel }) => [channel.id, channel.scale, channel.counter])).toEqual([
      ['mc1.supply.activePower', ['1000', '1'], undefined],
      ['mc1.spindle.activeEnergyImport', ['5', '18'], { behaviour: 'monotone' }],
    ]);
  });

  test('the model gives five status channels before any connection; a listed node replaces its word', () => {
    const { statuses } = createOpcuaWiring(
      source({
        model: 'machinetool',
        nodes: [
          node({ node: 'ns=3;s=Prog', status: 'program', component: 'control', vocabulary: 'acme/Program' }),
        ],
      }),
    );
    expect(statuses.map(({ channel }) => `${channel.id} ${channel.vocabulary} ${channel.point}`)).toEqual([
      'mc1.control.execution umati/ProductionState Production/ActiveProgram/State/CurrentState',
      'mc1.control.mode umati/MachineOperationMode Monitoring/MachineTool/OperationMode',
      'mc1.control.warmUp umati/IsWarmUp Monitoring/MachineTool/IsWarmUp',
      'mc1.control.partCount raw Production/Statistics/PartsProducedInLifetime',
      'mc1.control.program acme/Program ns=3;s=Prog',
    ]);
  });

  test.each([
    ['energy in a unit of power', node({ quantity: 'activeEnergyImport', unit: 'kW' })],
    ['a quantity without a unit', node({ quantity: 'activePower' })],
    ['neither quantity nor status', node({})],
    ['both', node({ quantity: 'activePower', unit: 'W', status: 'mode' })],
    ['no node id', node({ node: 'Power', quantity: 'activePower', unit: 'W' })],
  ])('refuses %s', (_, bad) => {
    expect(() => createOpcuaWiring(source({ nodes: [bad] }))).toThrow(
      expect.objectContaining({ code: 'bad-node', remedy: 'refuse' }),
    );
  });
});
