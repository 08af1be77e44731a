import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { MillwattError } from '../../../../protocols/errors.ts';
import { ModbusExceptionError } from '../../../../protocols/modbus/modbus-error.ts';
import { ModbusTcpClient } from '../../../../protocols/modbus/tcp/tcp-client.ts';
import { readSegments } from '../../../support/pcap.ts';
import {
  CAPTURES,
  HAS_CAPTURES,
  isOurs,
  pairExchanges,
  readRecordedFrames,
  startReplayServer,
  type Exchange,
} from './captures-replay.ts';
import { startHostileServer } from './hostile-server.ts';

/*
 * Recordings of devices that refuse, of every function code, and of damaged frames. What our client may ask is asked as it
 * was recorded; every other recorded frame is given to it as an answer, and must end in the right class of error.
 */

const PATIENT_MS = 10_000;
const SHORT_MS = 25;
const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

type Outcome = Uint16Array | boolean[] | Map<number, string> | MillwattError;

/** What becomes of a request that is a recorded one, but for its transaction id. */
function askAs(client: ModbusTcpClient, request: Buffer, timeoutMs: number): Promise<Outcome> {
  const [unit, functionCode] = [request[6] ?? 0, request[7] ?? 0];
  const asked: Promise<Outcome> =
    functionCode === 43
      ? client.readIdentification(unit, timeoutMs)
      : functionCode < 3
        ? client.readBits(
            unit,
            functionCode as 1 | 2,
            request.readUInt16BE(8),
            request.readUInt16BE(10),
            timeoutMs,
          )
        : client.readRegisters(
            unit,
            functionCode as 3 | 4,
            request.readUInt16BE(8),
            request.readUInt16BE(10),
            timeoutMs,
          );
  return asked.catch((error: unknown) => {
    if (error instanceof MillwattError) return error;
    throw error;
  });
}

/** Replays what may be asked of one connection, and says for each request what came of it. */
async function replay(exchanges: readonly Exchange[]): Promise<{ exchange: Exchange; outcome: Outcome }[]> {
  const server = await startReplayServer(exchanges, 50);
  const client = new ModbusTcpClient('127.0.0.1', server.port);
  cleanUps.push(
    () => server.close(),
    () => client.close(),
  );
  const outcomes: { exchange: Exchange; outcome: Outcome }[] = [];
  for (const exchange of exchanges) {
    const timeoutMs = exchange.answer === undefined ? SHORT_MS : PATIENT_MS;
    const outcome = await askAs(client, exchange.request ?? Buffer.alloc(0), timeoutMs);
    outcomes.push({ exchange, outcome });
  }
  expect(server.strangers).toEqual([]);
  return outcomes;
}

/** What the recorded answer says by the specification, taken apart here once more. */
function expectRight({ request, answer }: Exchange, outcome: Outcome): void {
  if (request === undefined) return;
  if (answer === undefined) {
    expect(outcome).toMatchObject({ remedy: 'retry', code: 'timeout' });
  } else if ((answer[7] ?? 0) > 0x80) {
    expect(outcome).toMatchObject({ remedy: 'retry', code: 'exception', exceptionCode: answer[8] });
  } else if ((request[7] ?? 0) > 2) {
    const registers = Array.from({ length: request.readUInt16BE(10) }, (_, i) =>
      answer.readUInt16BE(9 + i * 2),
    );
    expect([...(outcome as Uint16Array)]).toEqual(registers);
  } else {
    const bits = Array.from(
      { length: request.readUInt16BE(10) },
      (_, i) => ((answer[9 + (i >> 3)] ?? 0) >> (i & 7)) % 2 === 1,
    );
    expect(outcome).toEqual(bits);
  }
}

/** The questions that a recorded frame is given to as their answer, with the transaction id they hope for. */
async function feed(
  frames: readonly Buffer[],
  ids: 'as asked' | 'as recorded',
  timeoutMs: number,
): Promise<Outcome[][]> {
  const server = await startHostileServer();
  const client = new ModbusTcpClient('127.0.0.1', server.port);
  cleanUps.push(
    () => server.close(),
    () => client.close(),
  );
  const outcomes: Outcome[][] = [];
  for (const frame of frames) {
    server.behaviour = ({ socket, request }) => {
      const bytes = Buffer.from(frame);
      if (ids === 'as asked') request.copy(bytes, 0, 0, 2);
      socket.write(bytes);
    };
    const unit = frame[6] ?? 0;
    const questions = [1, 2, 3, 4, 43].map((functionCode) =>
      Buffer.from([0, 0, 0, 0, 0, 6, unit, functionCode, 0, 0, 0, 2]),
    );
    const answers: Outcome[] = [];
    for (const question of questions) answers.push(await askAs(client, question, timeoutMs));
    outcomes.push(answers);
  }
  return outcomes;
}

const codesOf = (outcomes: readonly Outcome[]) =>
  outcomes.map((outcome) => (outcome instanceof MillwattError ? outcome.code : 'a value'));

describe.skipIf(!HAS_CAPTURES)('the recordings of faults (../shared/data/modbus-captures)', () => {
  it.each(['modbus_test_data_part1.pcap', 'modbus_test_data_part2.pcap', 'icsnpp_modbus_example.pcap'])(
    'asks what may be asked, and hears what was answered: %s',
    async (name) => {
      const flows = readRecordedFrames(name).map((frames) => pairExchanges(frames).filter(isOurs));
      const seen = new Set<string>();
      for (const exchanges of flows) {
        for (const { exchange, outcome } of await replay(exchanges)) {
          if (exchange.request?.[7] !== 43) expectRight(exchange, outcome);
          const functionCode = exchange.request?.[7] ?? 0;
          seen.add(
            outcome instanceof ModbusExceptionError
              ? `${functionCode} exception ${outcome.exceptionCode}`
              : `${functionCode} ${outcome instanceof MillwattError ? outcome.code : 'value'}`,
          );
          if (functionCode === 43) {
            expect(outcome).toEqual(
              new Map([
                [0, 'Zeek Modbus Test'],
                [1, exchange.answer?.toString('latin1', 34, 58)],
                [2, exchange.answer?.toString('latin1', 60)],
              ]),
            );
          }
        }
      }
      expect([...seen].sort((a, b) => (a < b ? -1 : 1))).toEqual(
        {
          'modbus_test_data_part1.pcap': ['1 value', '3 value'],
          'modbus_test_data_part2.pcap': ['1 exception 2', '1 timeout', '1 value'],
          'icsnpp_modbus_example.pcap': [
            '1 value',
            '2 value',
            '3 exception 2',
            '3 value',
            '4 value',
            '43 value',
          ],
        }[name],
      );
    },
  );

  it('takes the answers of all 128 functions for what they are, when it asked something else', async () => {
    const answers = ['modbus_test_data_part1.pcap', 'modbus_test_data_part2.pcap']
      .flatMap(readRecordedFrames)
      .flatMap((frames) => frames.filter(({ isFromServer }) => isFromServer).map(({ bytes }) => bytes));
    expect(new Set(answers.map((bytes) => (bytes[7] ?? 0) & 0x7f)).size).toBe(128);
    const outcomes = await feed(answers, 'as asked', PATIENT_MS);
    const exceptions = new Set<number>();
    for (const [index, answer] of answers.entries()) {
      const codes = codesOf(outcomes[index] ?? []);
      for (const [i, functionCode] of [1, 2, 3, 4, 43].entries()) {
        // Two bits, two registers: an answer of just that size to that function is one.
        const data = functionCode > 2 ? 4 : 1;
        const isRight =
          functionCode !== 43 &&
          answer[7] === functionCode &&
          answer.length === 9 + data &&
          answer[8] === data;
        const isException = answer[7] === (functionCode | 0x80) && answer.length === 9;
        expect(codes[i], `${answer.toString('hex')} to ${functionCode}`).toBe(
          isRight ? 'a value' : isException ? 'exception' : 'bad-frame',
        );
        const outcome = outcomes[index]?.[i];
        if (outcome instanceof ModbusExceptionError) {
          expect(outcome.exceptionCode).toBe(answer[8]);
          exceptions.add(outcome.exceptionCode);
        }
      }
    }
    expect([...exceptions].sort((a, b) => a - b)).toEqual([1, 2, 3]);
  });

  it('names every exception that was recorded, whatever function it refused', async () => {
    const refusals = ['modbus_test_data_part1.pcap', 'modbus_test_data_part2.pcap']
      .flatMap(readRecordedFrames)
      .flat()
      .filter(({ isFromServer, bytes }) => isFromServer && (bytes[7] ?? 0) > 0x80)
      .map(({ bytes }) => Buffer.from(bytes));
    // Said of a function that we ask; some of them have a byte too much, which is no exception to anyone.
    for (const bytes of refusals) bytes[7] = 0x83;
    const outcomes = await feed(refusals, 'as asked', PATIENT_MS);
    const codes = new Map<string, Set<number>>();
    for (const [index, refusal] of refusals.entries()) {
      const outcome = outcomes[index]?.[2];
      const expected = refusal.length === 9 ? 'exception' : 'bad-frame';
      expect(outcome).toMatchObject({ remedy: 'retry', code: expected });
      codes.set(expected, (codes.get(expected) ?? new Set<number>()).add(refusal[8] ?? 0));
    }
    expect(codes).toEqual(
      new Map([
        ['exception', new Set([11, 1, 3, 2])],
        ['bad-frame', new Set([6, 5])],
      ]),
    );
  });

  it.each(['fuzz-72.pcap', 'fuzz-1011.pcap'])(
    'gives no value and does not hang on damaged frames: %s',
    async (name) => {
      const frames = readSegments(readFileSync(join(CAPTURES, name))).map(({ bytes }) => bytes);
      expect(frames.length).toBeGreaterThan(3);
      for (const ids of ['as asked', 'as recorded'] as const) {
        const outcomes = await feed(frames, ids, SHORT_MS);
        for (const [index, frame] of frames.entries()) {
          for (const code of codesOf(outcomes[index] ?? []))
            expect(['bad-frame', 'timeout'], frame.toString('hex')).toContain(code);
        }
      }
    },
  );

  it('takes of fuzz-1011.pcap only the frames that are whole, and only for what they answer', async () => {
    const frames = readSegments(readFileSync(join(CAPTURES, 'fuzz-1011.pcap'))).map(({ bytes }) => bytes);
    const server = await startHostileServer();
    const client = new ModbusTcpClient('127.0.0.1', server.port);
    cleanUps.push(
      () => server.close(),
      () => client.close(),
    );
    const found: string[] = [];
    for (const frame of frames) {
      server.behaviour = ({ socket, request }) => {
        const bytes = Buffer.from(frame);
        request.copy(bytes, 0, 0, 2);
        socket.write(bytes);
      };
      const question = Buffer.from('000000000006ff0401900064', 'hex');
      const outcome = await askAs(client, question, PATIENT_MS);
      if (outcome instanceof MillwattError) {
        found.push(outcome.code);
      } else {
        found.push('a value');
        expect([...(outcome as Uint16Array)]).toEqual(
          Array.from({ length: 100 }, (_, i) => frame.readUInt16BE(9 + i * 2)),
        );
      }
    }
    expect(found).toEqual(['bad-frame', 'a value', 'bad-frame', 'bad-frame', 'a value']);
  });
});
