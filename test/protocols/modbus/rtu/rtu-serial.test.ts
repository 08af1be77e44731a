import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { SerialFormat } from '../../../../protocols/modbus/endpoint.ts';
import { createModbusClient } from '../../../../protocols/modbus/connect.ts';
import type { ModbusClient } from '../../../../protocols/modbus/client.ts';
import { serialOpenError } from '../../../../protocols/modbus/rtu/rtu-errors.ts';
import type { RegisterBank } from '../../../../protocols/simulator/modbus-answer.ts';
import { startRtuServer } from '../../../../protocols/simulator/modbus-rtu-server.ts';
import { openSerialPair, type SerialPair } from '../../../support/serial-pair.ts';
import { requireTool } from '../../../support/tools.ts';

const FORMAT: SerialFormat = { baudRate: 19_200, parity: 'even', stopBits: 1 };

const valueOf = (unit: number, functionCode: number, address: number) =>
  (unit * 4001 + functionCode * 977 + address) & 0xffff;

function bankOf(unit: number): RegisterBank {
  return {
    read: (functionCode, address, count) =>
      address >= 50_000
        ? { exception: 2 }
        : Uint16Array.from({ length: count }, (_, i) => valueOf(unit, functionCode, address + i)),
    identification: new Map([
      [0, 'Millwatt'],
      [1, `Meter ${unit}`],
      [2, '1.0'],
    ]),
  };
}

const units = new Map([1, 7].map((unit) => [unit, bankOf(unit)]));
const expected = (unit: number, functionCode: number, address: number, count: number) =>
  Array.from({ length: count }, (_, i) => valueOf(unit, functionCode, address + i));

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

async function usePair(): Promise<SerialPair> {
  const pair = await openSerialPair();
  cleanups.push(() => pair.close());
  return pair;
}

function useClient(path: string, format: SerialFormat = FORMAT): ModbusClient {
  const client = createModbusClient({ transport: 'rtu', path, ...format });
  cleanups.push(async () => client.close());
  return client;
}

async function serveOn(path: string): Promise<() => Promise<void>> {
  const server = await startRtuServer({ at: { path, ...FORMAT }, units });
  cleanups.push(() => server.close());
  return () => server.close();
}

describe.skipIf(requireTool('socat') === undefined)('a serial line', () => {
  it('is read: registers, identification, exceptions, and a unit that is not there', async () => {
    const pair = await usePair();
    await serveOn(pair.far);
    const client = useClient(pair.near);
    expect([...(await client.readRegisters(1, 3, 100, 10, 5000))]).toEqual(expected(1, 3, 100, 10));
    expect([...(await client.readRegisters(7, 4, 0, 125, 5000))]).toEqual(expected(7, 4, 0, 125));
    expect([...(await client.readIdentification(7, 5000))]).toEqual([
      [0, 'Millwatt'],
      [1, 'Meter 7'],
      [2, '1.0'],
    ]);
    await expect(client.readRegisters(1, 3, 50_000, 2, 5000)).rejects.toMatchObject({
      code: 'exception',
      exceptionCode: 2,
    });
    await expect(client.readRegisters(9, 3, 0, 2, 100)).rejects.toMatchObject({
      code: 'timeout',
      remedy: 'retry',
    });
    expect([...(await client.readRegisters(1, 3, 100, 10, 5000))]).toEqual(expected(1, 3, 100, 10));
  });

  it('is read from a server of another make', async () => {
    const pair = await usePair();
    // Its types know no serial server.
    const { ServerSerial } = createRequire(import.meta.url)('modbus-serial') as {
      ServerSerial: new (
        vector: object,
        options: object,
        serialOptions: object,
      ) => {
        on(event: string, listener: () => void): void;
        close(done: () => void): void;
      };
    };
    const foreign = new ServerSerial(
      {
        getHoldingRegister: (address: number, unit: number) => valueOf(unit, 3, address),
        getInputRegister: (address: number, unit: number) => valueOf(unit, 4, address),
        getCoil: (address: number) => address % 3 === 0,
        getDiscreteInput: (address: number) => address % 5 === 0,
      },
      { path: pair.far, port: pair.far, baudRate: 9600, unitID: 255 },
      { path: pair.far, baudRate: 9600 },
    );
    await new Promise<void>((resolve) => {
      foreign.on('initialized', resolve);
    });
    cleanups.push(() => new Promise<void>((resolve) => foreign.close(() => resolve())));
    const client = useClient(pair.near, { baudRate: 9600, parity: 'none', stopBits: 1 });
    for (const [functionCode, count] of [
      [3, 1],
      [4, 125],
      [3, 60],
      [3, 60],
    ] as const)
      expect([...(await client.readRegisters(5, functionCode, 1000, count, 5000))]).toEqual(
        expected(5, functionCode, 1000, count),
      );
    expect(await client.readBits(5, 1, 3, 11, 5000)).toEqual(
      Array.from({ length: 11 }, (_, i) => (3 + i) % 3 === 0),
    );
    expect(await client.readBits(5, 2, 0, 8, 5000)).toEqual(Array.from({ length: 8 }, (_, i) => i % 5 === 0));
  });

  it('comes back after its adapter was unplugged', async () => {
    const pair = await usePair();
    const stopServer = await serveOn(pair.far);
    const client = useClient(pair.near);
    expect([...(await client.readRegisters(1, 3, 5, 2, 5000))]).toEqual(expected(1, 3, 5, 2));
    await pair.unplug();
    const error: unknown = await client.readRegisters(1, 3, 5, 2, 1000).catch((e: unknown) => e);
    expect(error).toMatchObject({ remedy: 'retry' });
    expect(['closed', 'refused']).toContain((error as { code: string }).code);
    await expect(client.readRegisters(1, 3, 5, 2, 1000)).rejects.toMatchObject({
      remedy: 'retry',
      code: 'refused',
      cure: expect.stringContaining('/dev/serial/by-id') as string,
    });
    await stopServer();
    await pair.plugIn();
    await serveOn(pair.far);
    // What was asked before the plug was pulled may still come, so the first may have to make sure.
    expect([...(await client.readRegisters(1, 3, 5, 2, 5000))]).toEqual(expected(1, 3, 5, 2));
  });

  it('may be asked again at once when the time was too short to open it', async () => {
    const pair = await usePair();
    await serveOn(pair.far);
    const client = useClient(pair.near);
    for (let i = 0; i < 5; i++)
      await client.readRegisters(1, 3, 0, 1, 1).catch((error: unknown) => {
        expect(error).toMatchObject({ code: 'timeout' });
      });
    await expect
      .poll(async () => [...(await client.readRegisters(1, 3, 5, 2, 5000))], { timeout: 20_000 })
      .toEqual(expected(1, 3, 5, 2));
  });

  it('is refused to a second master', async () => {
    const pair = await usePair();
    await serveOn(pair.far);
    const first = useClient(pair.near);
    await first.readRegisters(1, 3, 0, 1, 5000);
    await expect(useClient(pair.near).readRegisters(1, 3, 0, 1, 5000)).rejects.toMatchObject({
      code: 'refused',
      cure: expect.stringContaining('other program') as string,
    });
    // Given back, it may be had again at once, with other settings too, as a scan does.
    first.close();
    for (const baudRate of [9600, 38_400, 115_200]) {
      const next = useClient(pair.near, { ...FORMAT, baudRate });
      expect([...(await next.readRegisters(1, 3, 0, 1, 5000))]).toEqual(expected(1, 3, 0, 1));
      next.close();
    }
    expect([...(await useClient(pair.near).readRegisters(1, 3, 0, 1, 5000))]).toEqual(expected(1, 3, 0, 1));
  });
});

describe('a serial port that cannot be opened', () => {
  it('is absent', async () => {
    await expect(useClient('/dev/ttyMillwattNone').readRegisters(1, 3, 0, 1, 5000)).rejects.toMatchObject({
      remedy: 'retry',
      code: 'refused',
      cure: expect.stringContaining('/dev/serial/by-id') as string,
    });
  });

  it('is no serial port', async () => {
    await expect(useClient(tmpdir()).readRegisters(1, 3, 0, 1, 5000)).rejects.toMatchObject({
      remedy: 'retry',
      code: 'refused',
    });
  });

  it('is somebody else’s: the cure names the group', async () => {
    const said = serialOpenError(
      '/dev/ttyUSB0',
      new Error('Error: Permission denied, cannot open /dev/ttyUSB0'),
    );
    expect(said).toMatchObject({
      remedy: 'retry',
      code: 'refused',
      cure: expect.stringContaining('dialout') as string,
    });
    // The superuser may open everything, so that the real thing shows only to others.
    if (process.getuid?.() === 0) return;
    const folder = mkdtempSync(join(tmpdir(), 'millwatt-closed-'));
    cleanups.push(async () => rmSync(folder, { recursive: true }));
    chmodSync(folder, 0);
    await expect(useClient(join(folder, 'tty')).readRegisters(1, 3, 0, 1, 5000)).rejects.toMatchObject({
      cure: expect.stringContaining('dialout') as string,
    });
    chmodSync(folder, 0o700);
  });
});
