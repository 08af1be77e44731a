import { DataType, StatusCodes, type AddressSpace } from 'node-opcua';
import { nodesets } from 'node-opcua-nodesets';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findModel } from '../../../../protocols/opcua/model/find-model.ts';
import { startTestServer, type TestServer } from './test-server.ts';

/** What this stand-in of a control has; all other names are not there. Its mode is written with a capital letter. */
const HELD: Readonly<Record<string, [type: keyof typeof DataType, value: number | string]>> = {
  '/Channel/State/progStatus': ['UInt16', 3],
  '/Channel/State/chanStatus': ['UInt16', 1],
  '/Bag/State/OpMode': ['UInt16', 2],
  '/Channel/ProgramInfo/progName': ['String', '/_N_MPF0'],
  '/Channel/State/actParts': ['Double', 17],
  '/Channel/ChannelDiagnose/cuttingTime': ['Double', 3600],
  '/Channel/Spindle/actSpeed[u1,1]': ['Double', 1200],
  '/Channel/Spindle/driveLoad': ['Double', 34],
  '/DriveVsa/Drive/R0032[u3]': ['Float', 4.25],
  '/DriveVsa/Drive/R0032[u5]': ['String', 'no number'],
  '/Nck/Configuration/nckVersion': ['String', '4.95'],
  '/Nck/State/hwProductSerialNr[1]': ['String', 'SN 12'],
};

function build(space: AddressSpace): void {
  space.registerNamespace('urn:before');
  const own = space.registerNamespace('SinumerikVarProvider');
  const root = own.addFolder(space.rootFolder.objects, { browseName: 'Sinumerik' });
  for (const [path, [type, value]] of Object.entries(HELD))
    own.addVariable({
      organizedBy: root,
      browseName: path,
      nodeId: `s=${path}`,
      dataType: DataType[type],
      value: { dataType: DataType[type], value },
    });
  // A name that exists where the variable does not: the control answers so.
  const absent = own.addVariable({
    organizedBy: root,
    browseName: 'absent',
    nodeId: 's=/DriveVsa/Drive/R0032[u4]',
    dataType: 'Float',
  });
  absent.setValueFromSource({ dataType: DataType.Float, value: 0 }, StatusCodes.BadAttributeIdInvalid);
}

describe('a stand-in for a SINUMERIK', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer([nodesets.standard], build);
  }, 60_000);
  afterAll(() => server.close());

  const find = (uris = server.namespaceUris) =>
    findModel(server.session, uris, { model: 'sinumerik', found: [], component: 'control' });

  test('its words are those that it has, in the case of letters that it has', async () => {
    const { statuses } = await find();
    expect(
      statuses.map(({ nodeId, point, status, vocabulary }) =>
        [nodeId.replace(point, ''), point, status, vocabulary].join(' '),
      ),
    ).toEqual([
      'ns=3;s= /Channel/State/progStatus execution sinumerik/ProgStatus',
      'ns=3;s= /Channel/State/chanStatus channelState sinumerik/ChanStatus',
      'ns=3;s= /Bag/State/OpMode mode sinumerik/OpMode',
      'ns=3;s= /Channel/ProgramInfo/progName program raw',
      'ns=3;s= /Channel/State/actParts partCount raw',
      'ns=3;s= /Channel/ChannelDiagnose/cuttingTime timer raw',
    ]);
    expect(statuses.at(-1)?.name).toBe('cuttingTime');
  });

  test('speed, load and the power of the drives that answer with a number', async () => {
    const { measured, remarks, device } = await find();
    expect(
      measured.map(({ point, component, quantity, scale }) =>
        [point, component, quantity, scale[0]].join(' '),
      ),
    ).toEqual([
      '/Channel/Spindle/actSpeed[u1,1] spindle rotationalSpeed 1',
      '/Channel/Spindle/driveLoad spindle load 1',
      '/DriveVsa/Drive/R0032[u3] drive-3 activePower 1000',
    ]);
    expect(remarks.join('\n')).toMatch(
      /Power of drive-3 is parameter r0032 in kW .* known from the pattern only/,
    );
    expect(device).toEqual({ manufacturer: 'Siemens', model: 'SINUMERIK, NCK 4.95', serial: 'SN 12' });
    expect(server.requestsOf('CallRequest', 'WriteRequest')).toBe(0);
  });

  test('another server is said to be none', async () => {
    const found = await find(['http://opcfoundation.org/UA/']);
    expect(found.statuses).toEqual([]);
    expect(found.remarks).toEqual([
      'The server has no namespace SinumerikVarProvider, so it is no SINUMERIK: choose another model, or list nodes.',
    ]);
  });
});
