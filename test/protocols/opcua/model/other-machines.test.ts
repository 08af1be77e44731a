import { DataType, type AddressSpace } from 'node-opcua';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findModel } from '../../../../protocols/opcua/model/find-model.ts';
import { addCnc, addEnergyStandIn, CNC_NODESETS, setUnit } from './machine-space.ts';
import { startTestServer, type TestServer } from './test-server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer(CNC_NODESETS, build);
}, 60_000);
afterAll(() => server.close());

/** A saw that is no machine tool, with its item state as text only, and a meter and a control of two channels beside it. */
function build(space: AddressSpace): void {
  const own = space.registerNamespace('urn:maker:saw');
  const machinery = space.getNamespaceIndex('http://opcfoundation.org/UA/Machinery/');
  const machines = space.findNode(`ns=${machinery};i=1001`);
  if (machines === null) throw new Error('the node sets are incomplete');
  const type = own.addObjectType({ browseName: 'SawType' });
  const saw = own.addObject({ browseName: 'Saw', organizedBy: machines, typeDefinition: type });
  const blocks = own.addObject({
    componentOf: saw,
    browseName: { name: 'MachineryBuildingBlocks', namespaceIndex: machinery },
  });
  const state = own.addObject({
    browseName: { name: 'MachineryItemState', namespaceIndex: machinery },
    componentOf: blocks,
  });
  own.addVariable({
    componentOf: state,
    browseName: { name: 'CurrentState', namespaceIndex: 0 },
    dataType: 'LocalizedText',
    value: { dataType: DataType.LocalizedText, value: { text: 'Executing' } },
  });
  const meter = addEnergyStandIn(space, own, space.rootFolder.objects, 'Meter', {
    AcActivePowerTotal: { value: 3, code: 'KWT', text: 'kW' },
    AcActivePower: { value: 4, code: 'KWT', text: 'kW' },
    // The standard has it without a unit; this server counts it in thousandths.
    AcPowerFactorTotal: { value: 950, code: 'NX', text: '‰' },
  });
  // As OPC 30141 has it: domain and class are numbers.
  const counter = own.addVariable({
    componentOf: meter,
    browseName: 'AcActiveEnergyTotalImportHp',
    dataType: 'Double',
    value: { dataType: DataType.Double, value: 5 },
  });
  setUnit(counter, 'WHR', 'Wh');
  for (const [browseName, value] of [
    ['AccuracyClass', 7],
    ['AccuracyDomain', 2],
    ['ValueBeforeReset', 0],
  ] as const)
    own.addVariable({
      propertyOf: counter,
      browseName,
      dataType: 'UInt32',
      value: { dataType: DataType.UInt32, value },
    });
  addCnc(space, own, ['C1', 'C2']);
}

const find = () =>
  findModel(server.session, server.namespaceUris, { model: 'machinetool', found: [], component: 'control' });

describe('a machine that is no machine tool', () => {
  test('is read as far as OPC 40001-1 goes, and said to be none', async () => {
    const found = await find();
    expect(found.statuses.filter(({ status }) => status === 'itemState')).toMatchObject([
      { point: 'MachineryBuildingBlocks/MachineryItemState/CurrentState', vocabulary: 'machinery/ItemState' },
    ]);
    expect(found.remarks).toContain(
      'Saw is a SawType, no machine tool of OPC 40501-1: only what OPC 40001-1 and the energy profiles give is read.',
    );
    expect(found.remarks.join('\n')).toMatch(/MachineryItemState\/CurrentState is told as text only/);
    expect(found.device).toBeUndefined();
  });

  test('energy beside the only machine is named after where it is, and may be said to be the supply', async () => {
    const found = await find();
    const meter = found.measured.filter(({ component }) => component === 'meter');
    expect(meter).toMatchObject([
      { point: 'Meter/AcActivePowerTotal', quantity: 'activePower', scale: ['1000', '1'] },
      {
        point: 'Meter/AcActiveEnergyTotalImportHp',
        accuracy: { class: 'no. 7', domain: 'PERCENT_ACTUAL_READING' },
        counter: { behaviour: 'resettable' },
      },
    ]);
    expect(found.remarks.join('\n')).toMatch(
      /Meter is read as component meter: .*found: \[\{ point: "Meter", component: supply \}\]/,
    );
    expect(found.remarks.join('\n')).toContain(
      'Meter/AcPowerFactorTotal has the unknown unit ‰, so not read',
    );
    const told = await findModel(server.session, server.namespaceUris, {
      model: 'machinetool',
      found: [{ point: 'Meter', component: 'supply', skip: false }],
      component: 'control',
    });
    expect(told.measured.filter(({ component }) => component === 'supply')).toHaveLength(2);
    expect(told.remarks.join('\n')).not.toMatch(/read as component meter/);
  });

  test('words of several channels have their names', async () => {
    const { statuses } = await find();
    const named = (status: string) => statuses.filter((one) => one.status === status).map(({ name }) => name);
    expect(named('execution')).toEqual(['C1', 'C2']);
    expect(named('channelState')).toEqual(['C1', 'C2']);
    expect(named('mode')).toEqual(['C1', 'C2']);
  });
});
