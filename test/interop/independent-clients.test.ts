import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { loadProfile } from '../../config/library/profile-library.ts';
import {
  functionCodeOf,
  pointName,
  registerCount,
  type ProfilePoint,
} from '../../protocols/modbus/profile/profile.ts';
import { createProfileBank } from '../../protocols/simulator/modbus-bank.ts';
import { startRtuServer } from '../../protocols/simulator/modbus-rtu-server.ts';
import { startModbusServer } from '../../protocols/simulator/modbus-server.ts';
import { openSerialPair } from '../support/serial-pair.ts';
import { requireTool } from '../support/tools.ts';
import { compileForeign, runForeignClient, runPymodbusClient } from './foreign-programs.ts';
import { registersOf, valueOf, PROFILES } from './register-image.ts';

const gcc = requireTool('gcc');
const libmodbus = requireTool('libmodbus');
const pymodbus = requireTool('pymodbus');
const socat = requireTool('socat');
const noLibmodbus = gcc === undefined || libmodbus === undefined;

const UNIT = 23;
/** Nothing is here in any of them. */
const NOWHERE = 60_000;

const folder = mkdtempSync(join(tmpdir(), 'millwatt-interop-'));
const cleanUps: (() => Promise<unknown>)[] = [];
let program = '';

beforeAll(() => {
  if (gcc !== undefined && libmodbus !== undefined) program = compileForeign(gcc, 'libmodbus-client', folder);
});
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

// Simulators and drivers are ours both: what they have wrong alike only others can see.
describe.each(PROFILES)('our simulated %s read by others', (id) => {
  const { profile } = loadProfile(id);
  const places = new Map(profile.points.map((point, place) => [pointName(point), place]));
  const shownBy = (point: ProfilePoint) => valueOf(point, places.get(pointName(point)) ?? 0);
  // What the simulated device shows after its own factor (1,000), which the foreign client does not apply.
  const bank = createProfileBank(
    profile,
    (point) => shownBy(point) * (point.factors === undefined ? 1 : 1000),
    { factorValueOf: () => 1 },
  );
  const units = new Map([[UNIT, bank]]);
  const orderOf = (point: ProfilePoint) => point.wordOrder ?? profile.wordOrder;

  async function serveTcp(): Promise<string[]> {
    const server = await startModbusServer({ host: '127.0.0.1', port: 0, units });
    cleanUps.push(() => server.close());
    return ['tcp', String(server.port), String(UNIT)];
  }

  async function serveRtu(): Promise<string[]> {
    const pair = await openSerialPair();
    cleanUps.push(() => pair.close());
    const at = { path: pair.far, baudRate: 19_200, parity: 'none', stopBits: 1 } as const;
    const server = await startRtuServer({ at, units });
    cleanUps.push(() => server.close());
    return ['rtu', pair.near, String(UNIT)];
  }

  async function readByLibmodbus(place: string[]): Promise<void> {
    const asked = profile.points.map(
      (point) => `${functionCodeOf(profile, point)} ${point.address} ${registerCount(point.type)}`,
    );
    const lines = await runForeignClient(program, place, [...asked, `3 ${NOWHERE} 2`]);
    expect(lines.pop()).toBe('exception 2');
    const shown = profile.points.map((point) =>
      registersOf(point.type, shownBy(point), orderOf(point) === 'little').toString('hex'),
    );
    expect(lines).toEqual(shown);
  }

  async function readByPymodbus(place: string[]): Promise<void> {
    const asked = profile.points.map(
      (point) => `${functionCodeOf(profile, point)} ${point.address} ${point.type} ${orderOf(point)}`,
    );
    const lines = await runPymodbusClient(place, [...asked, `3 ${NOWHERE} u32 big`, 'identify']);
    const [nowhere, identity = ''] = lines.splice(-2);
    expect(nowhere).toBe('exception 2');
    if (profile.deviceIdentification)
      expect(JSON.parse(identity)).toEqual({ 0: profile.vendor, 1: profile.models[0], 2: 'simulated' });
    else expect(identity).toBe('exception 1');
    // Python shows a 32-bit float with the digits of a double.
    const shown = profile.points.map((point) =>
      point.type === 'f32' ? Math.fround(shownBy(point)) : shownBy(point),
    );
    expect(lines.map(Number)).toEqual(shown);
  }

  it.skipIf(noLibmodbus)('libmodbus, TCP', async () => {
    await readByLibmodbus(await serveTcp());
  });

  it.skipIf(pymodbus === undefined)('pymodbus, TCP', async () => {
    await readByPymodbus(await serveTcp());
  });

  it.skipIf(noLibmodbus || socat === undefined)('libmodbus, RTU', async () => {
    await readByLibmodbus(await serveRtu());
  });

  it.skipIf(pymodbus === undefined || socat === undefined)('pymodbus, RTU', async () => {
    await readByPymodbus(await serveRtu());
  });
});
