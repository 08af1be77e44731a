import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { systemClock } from '../../../../protocols/clock.ts';
import { silentLog } from '../../../../protocols/log.ts';
import { createOpcuaDriver } from '../../../../protocols/opcua/opcua-driver.ts';
import { surveyServer } from '../../../../protocols/opcua/browse/survey-server.ts';
import { findModel } from '../../../../protocols/opcua/model/find-model.ts';
import type { Found, FoundMeasured, FoundStatus } from '../../../../protocols/opcua/model/found.ts';
import { readNodeUnits } from '../../../../protocols/opcua/model/node-units.ts';
import type { FoundOptions } from '../../../../protocols/opcua/opcua-options.ts';
import { buildGermanMachine } from './german-machine.ts';
import { CNC_NODESETS } from './machine-space.ts';
import { startTestServer, type TestServer } from './test-server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer(CNC_NODESETS, buildGermanMachine);
}, 60_000);
afterAll(() => server.close());

const idOf = (uri: string, identifier: string) => `ns=${server.namespaceUris.indexOf(uri)};${identifier}`;
const find = (found: readonly FoundOptions[] = []): Promise<Found> =>
  findModel(server.session, server.namespaceUris, { model: 'machinetool', found, component: 'control' });

const measuredAt = ({ measured }: Found, component: string) =>
  measured
    .filter((one) => one.component === component)
    .map(({ point, quantity, phase, scale }: FoundMeasured) => [point, quantity, phase, scale.join('/')]);
const statusOf = ({ statuses }: Found, status: string): Partial<FoundStatus>[] =>
  statuses.filter((one) => one.status === status);

describe('a machine tool with a German control, its CNC and energy profiles', () => {
  test('its words are told by number or by the standard name, never by German text', async () => {
    const found = await find();
    expect(statusOf(found, 'execution')).toMatchObject([
      {
        point: 'Production/ActiveProgram/State/CurrentState/Number',
        component: 'control',
        vocabulary: 'umati/ProductionState',
      },
      {
        point: 'CncChannelList/Kanal 1/ActProgramStatus',
        name: 'cnc',
        vocabulary: 'cnc/ChannelProgramStatus',
      },
    ]);
    const [item] = statusOf(found, 'itemState');
    expect(item).toMatchObject({
      point: 'Monitoring/MachineTool/MachineryItemState/CurrentState/Id',
      vocabulary: 'machinery/ItemState',
    });
    expect(item?.words).toMatchObject({
      [idOf('http://opcfoundation.org/UA/Machinery/', 'i=5006')]: 'Executing',
      [idOf('http://opcfoundation.org/UA/Machinery/', 'i=5005')]: 'NotAvailable',
    });
    const id = await server.session.read({ nodeId: item?.nodeId ?? '', attributeId: 13 });
    expect(item?.words?.[String(id.value.value)]).toBe('Executing');
    const [mode] = statusOf(found, 'functionalMode');
    expect(Object.values(mode?.words ?? {}).sort()).toEqual(
      expect.arrayContaining(['Maintenance', 'None', 'Processing', 'Setup']),
    );
  });

  test('all its other words are found by type and name', async () => {
    const found = await find();
    const rest = found.statuses.filter(
      ({ status }) => !['execution', 'itemState', 'functionalMode'].includes(status),
    );
    expect(
      rest.map(({ component, status, name, point, vocabulary }) =>
        [component, status, name ?? '', point, vocabulary].join(' '),
      ),
    ).toEqual([
      'control mode  Monitoring/MachineTool/OperationMode umati/MachineOperationMode',
      'control warmUp  Monitoring/MachineTool/IsWarmUp umati/IsWarmUp',
      'control program  Production/ActiveProgram/Name raw',
      'control partCount  Production/Statistics/PartsProducedInLifetime raw',
      'control timer powerOnDurationH Monitoring/MachineTool/PowerOnDuration raw',
      'control timer powerOnDurationMs Monitoring/MachineTool/OperationCounters/PowerOnDuration raw',
      'control channelState Channel1 Monitoring/Channel1/ChannelState umati/ChannelState',
      'spindle spindleState  Monitoring/Spindle2/IsRotating umati/SpindleRotating',
      'spindle-2 spindleState  Monitoring/Spindle10/IsRotating umati/SpindleRotating',
      'spindle spindleState cnc CncSpindleList/S1/ActStatus cnc/SpindleStatus',
      'spindle-2 spindleState cnc CncSpindleList/S2/ActStatus cnc/SpindleStatus',
      'control channelState Kanal-1 CncChannelList/Kanal 1/ActStatus cnc/ChannelStatus',
      'control mode cnc CncChannelList/Kanal 1/ActOperationMode cnc/OperationMode',
      'control program cnc CncChannelList/Kanal 1/ActProgramName raw',
    ]);
    expect(found.device).toEqual({
      manufacturer: 'Muster Maschinen',
      serial: 'SN-Fräse',
      uri: 'urn:muster:Fräse',
    });
  });

  test('its drives have power, load, torque and speed in the units that the server names', async () => {
    const found = await find();
    expect(measuredAt(found, 'spindle')).toEqual([
      ['CncSpindleList/S1/ActPower', 'activePower', 'total', '1000/1'],
      ['CncSpindleList/S1/ActLoad', 'load', 'total', '1/1'],
      ['CncSpindleList/S1/ActTorque', 'torque', 'total', '1/1'],
      ['CncSpindleList/S1/ActSpeed', 'rotationalSpeed', 'total', '1/1'],
    ]);
    expect(measuredAt(found, 'spindle-2')).toHaveLength(4);
    expect(measuredAt(found, 'axis-x')).toEqual([
      ['CncAxisList/X/ActPower', 'activePower', 'total', '1/1'],
      ['CncAxisList/X/ActTorque', 'torque', 'total', '1/1'],
    ]);
    expect(measuredAt(found, 'axis-z')).toEqual([]); // virtual: nothing turns
    expect(found.remarks.join('\n')).toMatch(
      /CncAxisList\/X\/ActLoad has the unknown unit bananas, so not read/,
    );
  });

  test('the axes of the published node set are no axes of this machine', async () => {
    const found = await find();
    const cnc = `ns=${server.namespaceUris.indexOf('http://opcfoundation.org/UA/CNC')};`;
    expect(found.measured.filter(({ nodeId }) => nodeId.startsWith(cnc))).toEqual([]);
    expect(found.statuses.filter(({ nodeId }) => nodeId.startsWith(cnc))).toEqual([]);
    expect(found.remarks.join('\n')).toMatch(/is the example that comes with the published node set/);
  });

  test('energy at the machine is its supply, high precision before low, with accuracy in the server words', async () => {
    const found = await find();
    expect(measuredAt(found, 'supply')).toEqual([
      ['EnergyMeasurement/AcActivePowerTotal', 'activePower', 'total', '1/1'],
      ['EnergyMeasurement/AcActiveEnergyTotalImportHp', 'activeEnergyImport', 'total', '1000/1'],
      ['EnergyMeasurement/AcActiveEnergyTotalExportLp', 'activeEnergyExport', 'total', '1/1'],
      ['EnergyMeasurement/AcVoltageL1N', 'voltage', 'l1', '1/1'],
      ['EnergyMeasurement/AcVoltageL2L3', 'voltage', 'l23', '1/1'],
      ['EnergyMeasurement/AcPowerFactorTotal', 'powerFactor', 'total', '1/1'],
    ]);
    const accuracyOf = (quantity: string) =>
      found.measured.find((one) => one.component === 'supply' && one.quantity === quantity)?.accuracy;
    expect(accuracyOf('activePower')).toEqual({ class: '0.5%', domain: 'PERCENT_FULL_SCALE' });
    expect(accuracyOf('activeEnergyImport')).toEqual({ class: '0.5S', domain: 'IEC' });
    expect(accuracyOf('activeEnergyExport')).toBeUndefined();
    expect(found.measured.find(({ quantity }) => quantity === 'activeEnergyImport')?.counter).toEqual({
      behaviour: 'monotone',
    });
    expect(found.remarks.join('\n')).toMatch(/EnergyMeasurement\/AcCurrentL2.*no unit/);
    expect(found.remarks.join('\n')).toMatch(
      /EnergyMeasurement tells its phases as structures \(AcCurrentPe\)/,
    );
  });

  test('energy at a part of the machine is named after it, and the operator may say otherwise', async () => {
    expect(measuredAt(await find(), 'kuhlung')).toEqual([
      ['Kühlung/EnergyMeasurement/AcActivePowerTotal', 'activePower', 'total', '1000/1'],
    ]);
    const found = await find([
      { point: 'Kühlung', component: 'coolant', skip: false },
      { point: 'CncSpindleList/S', skip: true },
      { point: 'CncSpindleList/S1', component: 'mainSpindle', skip: false },
      { point: 'CncAxisList', skip: true },
    ]);
    expect(measuredAt(found, 'coolant')).toHaveLength(1);
    expect(measuredAt(found, 'mainSpindle')).toHaveLength(4);
    expect(measuredAt(found, 'axis-x')).toEqual([]);
    expect(found.remarks.join('\n')).toMatch(/nothing is called CncSpindleList\/S;/);
    expect(found.remarks.join('\n')).not.toMatch(/read as component kuhlung/);
    expect(found.remarks.length).toBeLessThanOrEqual(10);
  });

  test('one looks below a node by names or by its id, and is told what there is where there is none', async () => {
    const below = (path: string) =>
      surveyServer(server.session, server.namespaceUris, { path, depth: 3, isAll: false });
    const byName = await below('Machines/Fräse/Kühlung');
    expect(byName.models).toEqual([]);
    expect(byName.others).toMatchObject([
      {
        path: ['Machines', 'Fräse', 'Kühlung', 'EnergyMeasurement', 'AcActivePowerTotal'],
        value: { value: 0.4 },
        unit: 'kW',
      },
    ]);
    const node = byName.others[0]?.node ?? '';
    expect(node).toMatch(/^nsu=[^;]+;[si]=/);
    expect((await below(node)).others).toMatchObject([{ node, value: { value: 0.4 }, unit: 'kW' }]);
    await expect(below('Machines/Mill')).rejects.toMatchObject({
      code: 'no-node',
      message: 'Machines holds nothing that is called Mill.',
      cure: 'It holds Fräse.',
    });
    await expect(below('nsu=urn:nobody;s=x')).rejects.toMatchObject({ code: 'no-node' });
  });

  test('nothing of it calls a method or writes', async () => {
    await find();
    expect(server.requestsOf('CallRequest', 'WriteRequest')).toBe(0);
    expect(server.requestsOf('BrowseRequest')).toBeGreaterThan(0);
  });

  test('a driver that follows the model reads its values and tells its words', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'millwatt-opcua-model-'));
    const driver = await createOpcuaDriver(
      {
        id: 'fraese',
        machine: 'fraese',
        component: 'control',
        every: 1000,
        endpoint: server.endpoint,
        securityPolicy: 'best',
        securityMode: 'SignAndEncrypt',
        allowInsecure: true,
        model: 'machinetool',
        found: [],
        reading: 'subscribe',
        queue: 10,
        nodes: [],
        timeout: 20_000,
      },
      { clock: systemClock, pkiFolder: folder, log: silentLog },
    );
    const words = new Map<string, unknown>();
    driver.onStatus(({ channel, value }) => words.set(channel, value));
    try {
      const { readings } = await driver.poll();
      expect(readings).toContainEqual({ channel: 'fraese.supply.activePower', value: 7100, quality: 'good' });
      expect(readings).toContainEqual({ channel: 'fraese.spindle.activePower', value: 3.5, quality: 'good' });
      await vi.waitFor(() => expect(words.get('fraese.control.itemState')).toBe('Executing'), 10_000);
      expect(words.get('fraese.control.execution')).toBe(1);
      expect(words.get('fraese.control.functionalMode')).toBe('Setup');
      expect(words.get('fraese.control.program')).toBe('WELLE.MPF');
      // A timer changes all the time: it is asked for at the pace of readings.
      const { statuses } = await find();
      const samplingOf = (status: string) =>
        server.sampling.get(statuses.find((one) => one.status === status)?.nodeId ?? '');
      expect(samplingOf('timer')).toBe(1000);
      expect(samplingOf('execution')).toBeLessThan(1000);
      expect(server.requestsOf('CallRequest', 'WriteRequest')).toBe(0);
    } finally {
      await driver.close();
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test('units of single nodes are asked of the server', async () => {
    const { measured } = await find();
    const ids = ['CncSpindleList/S1/ActPower', 'CncSpindleList/S1/ActSpeed'].map(
      (point) => measured.find((one) => one.point === point)?.nodeId ?? '',
    );
    expect(await readNodeUnits(server.session, [...ids, 'ns=0;i=2258', 'ns=1;s=nobody'])).toEqual([
      'kW',
      '1/min',
      undefined,
      undefined,
    ]);
    expect(await readNodeUnits(server.session, [])).toEqual([]);
  });
});
