import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { MillwattError } from '../../../../protocols/errors.ts';
import { makeDecoder } from '../../../../protocols/modbus/profile/decode.ts';
import { ModbusTcpClient } from '../../../../protocols/modbus/tcp/tcp-client.ts';
import {
  CAPTURES,
  HAS_CAPTURES,
  isOurs,
  pairExchanges,
  readRecordedFrames,
  startReplayServer,
  type Exchange,
} from './captures-replay.ts';

/*
 * Three energy meters and a drive behind a gateway, as a master recorded them for two minutes. Our client asks what that
 * master asked and must come to every number that was computed from the recording for us.
 */

const PATIENT_MS = 10_000;
const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

interface Row {
  timeMs: number;
  unit: number;
  functionCode: number;
  /** Unknown where the request was not recorded. */
  start: number | undefined;
  registers: number[];
}

interface Reading {
  timeMs: number;
  unit: number;
  start: number;
  registers: Uint16Array;
}

function readRows(): Row[] {
  return readFileSync(join(CAPTURES, 'derived_modbus_test_registers.csv'), 'utf8')
    .trim()
    .split(/\r?\n/)
    .slice(1)
    .map((line) => {
      const [seconds, unit, functionCode, start, count, registers] = line.split(',');
      const row = {
        timeMs: Number(seconds) * 1000,
        unit: Number(unit),
        functionCode: Number(functionCode),
        start: start === '' ? undefined : Number(start),
        registers: (registers ?? '').trim().split(' ').map(Number),
      };
      expect(row.registers).toHaveLength(Number(count));
      return row;
    });
}

/** The answer with which the recording begins had a question that is easily guessed: its registers from 0. */
function completeExchange(exchange: Exchange): Exchange {
  const { request, answer } = exchange;
  if (request !== undefined || answer === undefined || answer[7] !== 4) return exchange;
  const guessed = Buffer.from([0, 0, 0, 0, 0, 6, answer[6] ?? 0, 4, 0, 0, 0, (answer[8] ?? 0) / 2]);
  answer.copy(guessed, 0, 0, 2);
  return { ...exchange, request: guessed };
}

/** Asks all that one connection of the recording asked, in its order, and returns what was read. */
async function replay(
  exchanges: readonly Exchange[],
  speed: number,
  keepPace: boolean,
): Promise<{ readings: Reading[]; failures: string[] }> {
  const server = await startReplayServer(exchanges, speed);
  const client = new ModbusTcpClient('127.0.0.1', server.port);
  cleanUps.push(
    () => server.close(),
    () => client.close(),
  );
  const readings: Reading[] = [];
  const failures: string[] = [];
  const startedMs = performance.now();
  for (const { request, answer, timeMs, delayMs } of exchanges) {
    if (request === undefined) throw new Error('nothing to ask');
    const waitMs = startedMs + timeMs / speed - performance.now();
    if (keepPace && waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    const [unit, start, count] = [request[6] ?? 0, request.readUInt16BE(8), request.readUInt16BE(10)];
    expect(request[7]).toBe(4);
    try {
      const timeoutMs = answer === undefined ? 50 : PATIENT_MS;
      const registers = await client.readRegisters(unit, 4, start, count, timeoutMs);
      readings.push({ timeMs: timeMs + delayMs, unit, start, registers });
    } catch (error) {
      if (!(error instanceof MillwattError)) throw error;
      failures.push(error.code);
    }
  }
  expect(server.strangers).toEqual([]);
  return { readings, failures };
}

const TRAITS = { wordOrder: 'big', byteOrder: 'big', notAvailable: {} } as const;
/** What lies where in the meters (units 1 to 3): 32 bits without sign, high word first. */
const POINTS = [
  { name: 'voltage', address: 0, scale: '0.01', low: 200, high: 250, unit: 'V' },
  { name: 'current', address: 6, scale: '0.001', low: 0, high: 100, unit: 'A' },
  { name: 'activePower', address: 12, scale: '0.1', low: 0, high: 20_000, unit: 'W' },
] as const;

async function replayAll(speed: number, keepPace: boolean): Promise<void> {
  const flows = readRecordedFrames('modbus_test.pcap').map((frames) =>
    pairExchanges(frames)
      .map(completeExchange)
      .filter((exchange) => isOurs(exchange)),
  );
  const results = await Promise.all(flows.map((exchanges) => replay(exchanges, speed, keepPace)));
  const unanswered = flows.flat().filter(({ answer }) => answer === undefined).length;
  expect(results.flatMap(({ failures }) => failures)).toEqual(Array<string>(unanswered).fill('timeout'));

  const readings = results.flatMap((one) => one.readings).sort((a, b) => a.timeMs - b.timeMs);
  const rows = readRows();
  expect(readings).toHaveLength(rows.length);
  let decoded = 0;
  for (const [index, row] of rows.entries()) {
    const reading = readings[index] as Reading;
    expect(Math.abs(reading.timeMs - row.timeMs), `row ${index}`).toBeLessThan(10);
    expect(reading.unit).toBe(row.unit);
    expect(row.functionCode).toBe(4);
    if (row.start !== undefined) expect(reading.start).toBe(row.start);
    expect([...reading.registers]).toEqual(row.registers);
    if (row.unit > 3) {
      // No meter: a register that the master also writes.
      expect(row.start).toBe(4);
      expect(makeDecoder(TRAITS, { type: 'u16' })(reading.registers, 0)).toBe(row.registers[0]);
      decoded++;
      continue;
    }
    for (const { address, scale, low, high } of POINTS) {
      if (address + 2 > reading.registers.length) continue;
      const raw = Number(makeDecoder(TRAITS, { type: 'u32' })(reading.registers, address));
      const [upper = 0, lower = 0] = row.registers.slice(address, address + 2);
      expect(raw).toBe(upper * 65_536 + lower);
      const value = raw * Number(scale);
      expect(value).toBeGreaterThanOrEqual(low);
      expect(value).toBeLessThan(high);
      decoded++;
    }
  }
  expect([rows.length, decoded]).toEqual([1053, 2043]);
}

describe.skipIf(!HAS_CAPTURES)('the recording of three meters (../shared/data/modbus-captures)', () => {
  it('is read to the same numbers in every row, errors and relative timing included', async () => {
    await replayAll(50, false);
  }, 60_000);

  it.skipIf(process.env['MILLWATT_TEST_LONG'] !== '1')(
    'is read to the same numbers at the pace it was recorded',
    async () => {
      await replayAll(1, true);
    },
    300_000,
  );
});
