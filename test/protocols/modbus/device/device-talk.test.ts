import { describe, expect, it } from 'vitest';
import { DeviceTalk } from '../../../../protocols/modbus/device/device-talk.ts';
import { ModbusLines } from '../../../../protocols/modbus/line/line.ts';
import { ModbusExceptionError, timeoutError } from '../../../../protocols/modbus/modbus-error.ts';
import {
  badRtuFrameError,
  DistrustError,
  lineClosedError,
} from '../../../../protocols/modbus/rtu/rtu-errors.ts';
import { FakeLine } from '../line/fake-line.ts';

const ASKED = { functionCode: 3, address: 0, count: 2 } as const;

/** The talk of one poll on a line whose requests all end with the same error. */
async function fail(error: Error) {
  const client = new FakeLine(() => 'silent');
  client.readRegisters = async () => {
    throw error;
  };
  const line = new ModbusLines(() => client).acquire({ transport: 'tcp', host: '192.0.2.1', port: 502 });
  const talk = new DeviceTalk({ line, unit: 1, timeoutMs: 1000, where: 'unit 1' }, 1, () => {});
  await expect(talk.read(ASKED)).rejects.toBe(error);
  return talk;
}

describe('silence about registers', () => {
  it.each([
    { what: 'a timeout', error: timeoutError('unit 1', 1000), is: true },
    { what: 'a connection that ended', error: lineClosedError('unit 1'), is: true },
    { what: 'a vague exception', error: new ModbusExceptionError('unit 1', 4), is: true },
    { what: 'a clear exception', error: new ModbusExceptionError('unit 1', 2), is: false },
    { what: 'garbage', error: badRtuFrameError('unit 1', 'noise'), is: false },
    { what: 'a request that was held back', error: new DistrustError('unit 1', 1000, 'serial'), is: false },
  ])('$what: $is', async ({ error, is }) => {
    expect((await fail(error)).isSilence(error)).toBe(is);
  });
});
