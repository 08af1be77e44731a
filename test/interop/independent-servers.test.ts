import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { loadProfile } from '../../config/library/profile-library.ts';
import { systemClock } from '../../protocols/clock.ts';
import { createModbusClient } from '../../protocols/modbus/connect.ts';
import type { ModbusEndpoint } from '../../protocols/modbus/endpoint.ts';
import { ModbusLines } from '../../protocols/modbus/line/line.ts';
import { createModbusDriver } from '../../protocols/modbus/modbus-driver.ts';
import { functionCodeOf, pointName, type DeviceProfile } from '../../protocols/modbus/profile/profile.ts';
import { measuredChannelId } from '../../protocols/telemetry/channel.ts';
import { openSerialPair } from '../support/serial-pair.ts';
import { requireTool } from '../support/tools.ts';
import {
  compileForeign,
  startLibmodbusServer,
  startPymodbusServer,
  type ForeignServer,
} from './foreign-programs.ts';
import { imageOf, PROFILES } from './register-image.ts';

const gcc = requireTool('gcc');
const libmodbus = requireTool('libmodbus');
const pymodbus = requireTool('pymodbus');
const socat = requireTool('socat');
const noLibmodbus = gcc === undefined || libmodbus === undefined;

const UNIT = 17;

const folder = mkdtempSync(join(tmpdir(), 'millwatt-interop-'));
const cleanUps: (() => Promise<unknown>)[] = [];
let program = '';

beforeAll(() => {
  if (gcc !== undefined && libmodbus !== undefined) program = compileForeign(gcc, 'libmodbus-server', folder);
});
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.each(PROFILES)('registers of %s served by others', (id) => {
  const loaded = loadProfile(id);
  const { bytes, readings } = imageOf(loaded.profile);
  const path = join(folder, `${id.replace('/', '-')}.bin`);
  beforeAll(() => writeFileSync(path, bytes));

  const expectEqual = async (endpoint: ModbusEndpoint) => {
    expect(readings.size).toBe(loaded.profile.points.length);
    expect(await readDifferences(loaded, endpoint, readings)).toEqual([]);
  };

  it.skipIf(noLibmodbus)('libmodbus, TCP', async () => {
    await expectEqual(await serveByLibmodbus(path));
  });

  it.skipIf(pymodbus === undefined)('pymodbus, TCP', async () => {
    const server = await keep(startPymodbusServer(['tcp', '0', String(UNIT), path]));
    const endpoint: ModbusEndpoint = { transport: 'tcp', host: '127.0.0.1', port: Number(server.said) };
    await expectEqual(endpoint);
    await expectIdentified(endpoint);
  });

  it.skipIf(noLibmodbus || socat === undefined)('libmodbus, RTU', async () => {
    const { near, far } = await keepPair();
    await keep(startLibmodbusServer(program, ['rtu', far, String(UNIT), path]));
    await expectEqual(serial(near));
  });

  it.skipIf(pymodbus === undefined || socat === undefined)('pymodbus, RTU', async () => {
    const { near, far } = await keepPair();
    await keep(startPymodbusServer(['rtu', far, String(UNIT), path]));
    await expectEqual(serial(near));
  });

  // What the tests above are worth: one bit of one register of one point, and that point alone is told.
  it.skipIf(noLibmodbus)('one wrong bit is seen', async () => {
    const { profile } = loaded;
    const [victim] = profile.points.filter((point) => pointName(point) === 'activeEnergyImport');
    if (victim === undefined) throw new Error('every meter has an energy');
    const spoilt = Buffer.from(bytes);
    const at = 2 * (victim.address + (functionCodeOf(profile, victim) === 4 ? 65_536 : 0)) + 1;
    spoilt.writeUInt8(spoilt.readUInt8(at) ^ 1, at);
    const spoiltPath = join(folder, 'spoilt.bin');
    writeFileSync(spoiltPath, spoilt);
    const differences = await readDifferences(loaded, await serveByLibmodbus(spoiltPath), readings);
    expect(differences).toHaveLength(1);
    expect(differences[0]).toMatchObject({ point: 'activeEnergyImport', quality: 'good' });
  });
});

/** Polls every point of the profile twice; gives those that are not good or not equal. */
async function readDifferences(
  { profile, sha256 }: { profile: DeviceProfile; sha256: string },
  endpoint: ModbusEndpoint,
  readings: ReadonlyMap<string, number>,
): Promise<unknown[]> {
  const driver = createModbusDriver({
    source: {
      id: 'meter',
      machine: 'mill',
      component: 'supply',
      endpoint,
      unit: UNIT,
      read: profile.points.map(pointName),
      addressOffset: 0,
      timeout: 5000,
      every: 1000,
    },
    profile,
    profileSha256: sha256,
    clock: systemClock,
    lines: new ModbusLines(),
  });
  cleanUps.push(() => driver.close());
  await driver.poll();
  const poll = await driver.poll();
  const byChannel = new Map(poll.readings.map((reading) => [reading.channel, reading]));
  return profile.points.flatMap((point) => {
    const { value, quality } =
      byChannel.get(measuredChannelId('mill', 'supply', point.quantity, point.phase)) ?? {};
    const shown = readings.get(pointName(point));
    const isEqual = value !== null && value !== undefined && Number(value) === shown && quality === 'good';
    return isEqual ? [] : [{ point: pointName(point), value, quality, shown }];
  });
}

/** Read Device Identification, answered by pymodbus. */
async function expectIdentified(endpoint: ModbusEndpoint): Promise<void> {
  const client = createModbusClient(endpoint);
  cleanUps.push(async () => client.close());
  const told = await client.readIdentification(UNIT, 5000);
  expect([...told]).toEqual([
    [0, 'Others'],
    [1, 'PY'],
    [2, '3.0'],
  ]);
}

const serial = (path: string): ModbusEndpoint => ({
  transport: 'rtu',
  path,
  baudRate: 19_200,
  parity: 'none',
  stopBits: 1,
});

async function serveByLibmodbus(path: string): Promise<ModbusEndpoint> {
  const server = await keep(startLibmodbusServer(program, ['tcp', '0', String(UNIT), path]));
  return { transport: 'tcp', host: '127.0.0.1', port: Number(server.said) };
}

async function keep(starting: Promise<ForeignServer>): Promise<ForeignServer> {
  const server = await starting;
  cleanUps.push(() => server.stop());
  return server;
}

async function keepPair(): Promise<{ near: string; far: string }> {
  const pair = await openSerialPair();
  cleanUps.push(() => pair.close());
  return pair;
}
