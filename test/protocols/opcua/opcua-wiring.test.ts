import { resolveNodeId } from 'node-opcua';
import { describe, expect, test } from 'vitest';
import { parseNodeAddress, resolveNodeAddress } from '../../../protocols/opcua/node-address.ts';
import type { Found } from '../../../protocols/opcua/model/found.ts';
import { createOpcuaWiring, nodesWithoutUnit } from '../../../protocols/opcua/wiring/opcua-wiring.ts';
import { opcuaNode as node, opcuaSource as source } from './opcua-source.ts';

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
      ['mc1.control.activePower', ['1000', '1'], undefined],
      ['mc1.spindle.activeEnergyImport', ['5', '18'], { behaviour: 'monotone' }],
    ]);
  });

  const FOUND: Found = {
    device: { manufacturer: 'ACME', serial: '4711' },
    measured: [
      {
        nodeId: 'ns=4;s=ActPower',
        point: 'Axes/X/ActPower',
        component: 'drives',
        quantity: 'activePower',
        phase: 'total',
        scale: ['1000', '1'],
        accuracy: { class: '0.5', domain: 'IEC' },
      },
    ],
    statuses: [
      {
        nodeId: 'ns=4;i=7',
        point: 'Production/State',
        component: 'control',
        status: 'execution',
        vocabulary: 'umati/ProductionState',
      },
      {
        nodeId: 'ns=4;i=8',
        point: 'Production/Name',
        component: 'control',
        status: 'program',
        vocabulary: 'raw',
      },
    ],
    remarks: ['No energy profile.'],
  };

  test('what a model found becomes channels; a listed node replaces a found one', () => {
    const listed = node({ node: 'ns=3;s=P', status: 'program', component: 'control', vocabulary: 'acme/P' });
    const { description, measured, statuses, remarks } = createOpcuaWiring(
      source({ model: 'machinetool', nodes: [listed] }),
      { found: FOUND },
    );
    expect(description.device).toEqual(FOUND.device);
    expect(measured.map(({ channel }) => [channel.id, channel.scale, channel.accuracy])).toEqual([
      ['mc1.drives.activePower', ['1000', '1'], { class: '0.5', domain: 'IEC' }],
    ]);
    expect(statuses.map(({ channel, from }) => [channel.id, channel.vocabulary, from])).toEqual([
      ['mc1.control.program', 'acme/P', { address: { namespace: 3, identifier: 's=P' } }],
      ['mc1.control.execution', 'umati/ProductionState', { nodeId: 'ns=4;i=7' }],
    ]);
    expect(remarks).toEqual(['No energy profile.']);
  });

  test('words of one kind are told apart by name', () => {
    const { statuses } = createOpcuaWiring(
      source({
        nodes: [
          node({ status: 'timer', name: 'auto_time' }),
          node({ node: 'ns=1;s=T', status: 'timer', name: 'cut_time' }),
        ],
      }),
    );
    expect(statuses.map(({ channel }) => [channel.id, channel.name])).toEqual([
      ['mc1.control.timer.auto_time', 'auto_time'],
      ['mc1.control.timer.cut_time', 'cut_time'],
    ]);
  });

  test('a unit that was not written is taken from the server, or the node is left out and it is said what to write', () => {
    const options = source({
      nodes: [
        node({ node: 'ns=1;s=a', quantity: 'activePower' }),
        node({ node: 'ns=1;s=b', quantity: 'activeEnergyImport' }),
        node({ node: 'ns=1;s=c', quantity: 'current' }),
        node({ node: 'ns=1;s=d', quantity: 'voltage', unit: 'V' }),
      ],
    });
    expect(nodesWithoutUnit(options)).toEqual(['ns=1;s=a', 'ns=1;s=b', 'ns=1;s=c']);
    const before = createOpcuaWiring(options);
    expect(before.measured.map(({ channel }) => channel.id)).toEqual(['mc1.control.voltage']);
    expect(before.remarks).toEqual([]);
    const units = new Map([
      ['ns=1;s=a', 'kW'],
      ['ns=1;s=b', undefined],
      ['ns=1;s=c', 'V'],
    ]);
    const { measured, remarks } = createOpcuaWiring(options, { units });
    expect(measured.map(({ channel }) => [channel.id, channel.scale])).toEqual([
      ['mc1.control.activePower', ['1000', '1']],
      ['mc1.control.voltage', ['1', '1']],
    ]);
    expect(remarks).toEqual([
      expect.stringMatching(/ns=1;s=b.*write unit: Wh/),
      expect.stringMatching(/ns=1;s=c in V.*no unit of current/),
    ]);
  });

  test.each([
    ['energy in a unit of power', node({ quantity: 'activeEnergyImport', unit: 'kW' })],
    ['neither quantity nor status', node({})],
    ['both', node({ quantity: 'activePower', unit: 'W', status: 'mode' })],
    ['no node id', node({ node: 'Power', quantity: 'activePower', unit: 'W' })],
  ])('refuses %s', (_, bad) => {
    expect(() => createOpcuaWiring(source({ nodes: [bad] }))).toThrow(
      expect.objectContaining({ code: 'bad-node', remedy: 'refuse' }),
    );
  });
});
