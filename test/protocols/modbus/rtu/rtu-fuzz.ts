import type modbusSerial from 'modbus-serial';
import { expect } from 'vitest';
import { MillwattError } from '../../../../protocols/errors.ts';
import { ModbusExceptionError } from '../../../../protocols/modbus/modbus-error.ts';
import { ModbusRtuClient } from '../../../../protocols/modbus/rtu/rtu-client.ts';
import type { ByteLink } from '../../../../protocols/modbus/rtu/rtu-link.ts';
import { seedRandom } from '../../../../protocols/simulator/seeded-random.ts';
import { behaveWell, exceptionAt, HOLE_ADDRESS, registerAt, type HostileBus } from './rtu-hostile-bus.ts';
import { createRtuLiar } from './rtu-liar.ts';

const IS_LONG = process.env['MILLWATT_TEST_LONG'] === '1';
/** The long run makes so many times as many exchanges. */
export const FACTOR = IS_LONG ? 10 : 1;
export const DEADLINE_MS = 900_000;
const SEED = process.env['MILLWATT_TEST_SEED'] ?? String(Date.now() % 2 ** 31);
const REPLAY = `MILLWATT_TEST_SEED=${SEED} ${IS_LONG ? 'MILLWATT_TEST_LONG=1 ' : ''}npx vitest run test/protocols/modbus/rtu-fuzz`;
const STRAY_MS = 5;
/** Nearly all of an exchange is waiting for what may still come; so many lines wait at the same time. */
const LINES = 4;

/** A client's side of a line and the liars on it. */
export interface HostileLine {
  link: ByteLink;
  bus: HostileBus;
  close: () => Promise<void>;
}

interface Question {
  unit: number;
  functionCode: 3 | 4;
  address: number;
  count: number;
}

/** Few units and counts, and often like the one before, so that most answers look alike. */
function drawQuestions(seed: string): () => Question {
  const random = seedRandom('rtu questions', seed);
  let last: Question | undefined;
  return () => {
    const address = random.chance(0.1)
      ? random.whole(HOLE_ADDRESS, 65_000)
      : random.whole(0, HOLE_ADDRESS - 100);
    last =
      last !== undefined && random.chance(0.5)
        ? { ...last, address }
        : {
            unit: random.whole(1, 4),
            functionCode: random.chance(0.7) ? 3 : 4,
            address,
            count: random.chance(0.7) ? 10 : random.whole(9, 30),
          };
    return last;
  };
}

function isRight({ unit, functionCode, address, count }: Question, registers: ArrayLike<number>): boolean {
  if (registers.length !== count || address >= HOLE_ADDRESS) return false;
  for (let i = 0; i < count; i++)
    if (registers[i] !== registerAt(unit, functionCode, address + i)) return false;
  return true;
}

/** Notes when which bytes went out. */
function watchSending(link: ByteLink): Map<string, number> {
  const sent = new Map<string, number>();
  const write = link.write.bind(link);
  link.write = (bytes) => {
    sent.set(bytes.toString('latin1'), performance.now());
    write(bytes);
  };
  return sent;
}

/**
 * Asks clients of ours, each on a line of its own, `exchanges` questions in all that liars answer; throws with the command that
 * repeats it on the first value that is not the register's. Returns how often what came of it.
 */
export async function fuzz(
  open: () => Promise<HostileLine>,
  exchanges: number,
): Promise<Map<string, number>> {
  const seeds = Array.from({ length: LINES }, (_, index) => `${SEED}, line ${index}`);
  const runs = await Promise.all(
    seeds.map(async (seed) => {
      const { link, bus, close } = await open();
      try {
        return await fuzzLine(link, bus, seed, Math.ceil(exchanges / LINES));
      } finally {
        await close();
      }
    }),
  );
  const outcomes = addUp(runs.map((line) => line.outcomes));
  expect([...outcomes.keys()].sort(), REPLAY).toEqual(['bad-frame', 'exception', 'right', 'timeout']);
  expect(outcomes.get('right'), REPLAY).toBeGreaterThan(exchanges / 10);
  const played = addUp(runs.map((line) => line.played));
  const seldom = [...played].filter(([, times]) => times <= 10);
  expect(seldom, REPLAY).toEqual([]);
  return outcomes;
}

function addUp(counts: readonly Map<string, number>[]): Map<string, number> {
  const sums = new Map<string, number>();
  for (const [name, count] of counts.flatMap((each) => [...each]))
    sums.set(name, (sums.get(name) ?? 0) + count);
  return sums;
}

async function fuzzLine(
  link: ByteLink,
  bus: HostileBus,
  seed: string,
  exchanges: number,
): Promise<Record<'outcomes' | 'played', Map<string, number>>> {
  const sent = watchSending(link);
  const liar = createRtuLiar(seed, {
    honesty: 0.75,
    strayMs: STRAY_MS,
    lateMs: 25,
    sentMsOf: (request) => sent.get(request.toString('latin1')) ?? 0,
  });
  bus.behaviour = liar.behaviour;
  const client = new ModbusRtuClient(link, {
    echoMs: STRAY_MS,
    // A little more, since a gateway takes a new connection later than it is made.
    listenMs: STRAY_MS + 3,
    suspicionMs: 60_000,
    ageMs: 600_000,
  });
  const draw = drawQuestions(seed);
  const random = seedRandom('rtu timeouts', seed);
  const outcomes = new Map<string, number>();
  let asked = 0;
  try {
    for (; asked < exchanges; asked++) {
      const question = draw();
      const { unit, functionCode, address, count } = question;
      let outcome = 'right';
      try {
        const timeoutMs = random.chance(0.7) ? 3 : 15;
        const registers = await client.readRegisters(unit, functionCode, address, count, timeoutMs);
        if (!isRight(question, registers))
          throw new Error(`asked ${JSON.stringify(question)} and got ${registers.join(' ')}`);
      } catch (error) {
        if (!(error instanceof MillwattError)) throw error;
        expect(error.remedy).toBe('retry');
        if (error instanceof ModbusExceptionError && address < HOLE_ADDRESS)
          throw new Error(`asked ${JSON.stringify(question)} and got an exception`, { cause: error });
        if (error instanceof ModbusExceptionError)
          expect(error.exceptionCode).toBe(exceptionAt(unit, functionCode, address));
        outcome = error.code;
      }
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    }
    bus.behaviour = behaveWell;
    // When all behave, all is well again after at most what was still on its way.
    await expect
      .poll(() => client.readRegisters(1, 3, 5, 2, 5000).then((registers) => [...registers]), {
        timeout: 20_000,
      })
      .toEqual([registerAt(1, 3, 5), registerAt(1, 3, 6)]);
    return { outcomes, played: liar.played };
  } catch (cause) {
    throw new Error(`exchange ${asked} of seed "${seed}" failed; repeat with: ${REPLAY}`, { cause });
  } finally {
    client.close();
  }
}

/** Asks the same through modbus-serial, as its users do, and counts what comes of it. */
export async function askControl(
  client: InstanceType<typeof modbusSerial.default>,
  bus: HostileBus,
  exchanges: number,
): Promise<Record<'right' | 'misattributed' | 'failed', number>> {
  bus.behaviour = createRtuLiar(SEED, {
    honesty: 0.4,
    strayMs: STRAY_MS,
    lateMs: 25,
    sentMsOf: () => performance.now(),
  }).behaviour;
  const draw = drawQuestions(SEED);
  const counts = { right: 0, misattributed: 0, failed: 0 };
  client.on('error', () => {});
  client.setTimeout(10);
  for (let asked = 0; asked < exchanges; asked++) {
    const question = draw();
    client.setID(question.unit);
    const reading =
      question.functionCode === 3
        ? client.readHoldingRegisters(question.address, question.count)
        : client.readInputRegisters(question.address, question.count);
    const outcome = await reading.then(
      ({ data }) => (isRight(question, data) ? 'right' : 'misattributed'),
      () => 'failed' as const,
    );
    counts[outcome]++;
  }
  await new Promise<void>((resolve) => client.close(() => resolve()));
  return counts;
}
