import { DataType, type AddressSpace, type UAObject } from 'node-opcua';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findModel } from '../../../../protocols/opcua/model/find-model.ts';
import { addCnc, addEnergyStandIn, addMachineTool, CNC_NODESETS, setValue } from './machine-space.ts';
import { startTestServer, type TestServer } from './test-server.ts';

const MACHINES_URI = 'urn:muster:machines';

/** Two machines, and drives of nobody knows which of them; `before`: namespaces that come before the machines'. */
function build(before: readonly string[]): (space: AddressSpace) => void {
  return (space) => {
    for (const uri of before) space.registerNamespace(uri);
    const own = space.registerNamespace(MACHINES_URI);
    for (const name of ['Mill1', 'Mill2']) {
      const machine = addMachineTool(space, own, name);
      setValue(machine, 'Production/ActiveProgram/State/CurrentState/Number', {
        dataType: DataType.UInt32,
        value: 2,
      });
      addEnergyStandIn(space, own, machine, 'EnergyMeasurement', {
        AcActivePowerTotal: { value: name === 'Mill1' ? 1 : 2, code: 'KWT', text: 'kW' },
      });
    }
    addCnc(space, own, ['C1']);
    if (before.length === 0) return;
    const second = space.findNode(`ns=${own.index};s=Mill2`) as UAObject;
    addEnergyStandIn(space, own, second, 'EnergySpindle', {
      AcActivePowerTotal: { value: 3, code: 'KWT', text: 'kW' },
    });
  };
}

describe('a server of two machines', () => {
  let server: TestServer;
  let renumbered: TestServer;
  beforeAll(async () => {
    server = await startTestServer(CNC_NODESETS, build([]));
    // The same machines after an update of the server: other namespaces, in another order.
    renumbered = await startTestServer(CNC_NODESETS, build(['urn:new:1', 'urn:new:2']));
  }, 60_000);
  afterAll(async () => {
    await server.close();
    await renumbered.close();
  });

  const find = (at: TestServer, instance?: string) =>
    findModel(at.session, at.namespaceUris, {
      model: 'machinetool',
      instance,
      found: [],
      component: 'control',
    });

  test('none is read until the operator says which', async () => {
    const found = await find(server);
    expect(found).toMatchObject({ measured: [], statuses: [] });
    expect(found.remarks).toEqual([
      'The server has 2 machines and nothing says which one is meant: add instance, one of Mill1, Mill2.',
    ]);
    expect((await find(server, 'Mill3')).remarks).toEqual([
      'The server has no machine Mill3, only Mill1, Mill2: correct instance.',
    ]);
  });

  test('the chosen one is read, and nothing that lies beside the machines', async () => {
    const found = await find(server, 'Mill2');
    expect(found.device?.serial).toBe('SN-Mill2');
    expect(found.measured).toHaveLength(1);
    const power = await server.session.read({ nodeId: found.measured[0]?.nodeId ?? '', attributeId: 13 });
    expect(power.value.value).toBe(2);
    expect(found.remarks).toContain(
      'The server has several machines: only what lies below Mill2 was looked at.',
    );
  });

  test('of several meters at one machine none is taken for its supply', async () => {
    const { measured, remarks } = await find(renumbered, 'Mill2');
    expect(measured.map(({ component }) => component).sort()).toEqual(['energymeasurement', 'energyspindle']);
    expect(remarks.join('\n')).toMatch(
      /EnergySpindle is read as component energyspindle: if it measures the whole machine/,
    );
  });

  test('points stay when namespaces are numbered anew, node ids follow the server', async () => {
    expect(renumbered.namespaceUris.indexOf(MACHINES_URI)).toBe(
      server.namespaceUris.indexOf(MACHINES_URI) + 2,
    );
    const [before, after] = [await find(server, 'Mill1'), await find(renumbered, 'Mill1')];
    const points = ({ measured, statuses }: typeof before) =>
      [...measured, ...statuses].map(({ point }) => point);
    expect(points(after)).toEqual(points(before));
    const power = await renumbered.session.read({ nodeId: after.measured[0]?.nodeId ?? '', attributeId: 13 });
    expect(power.value.value).toBe(1);
  });
});
