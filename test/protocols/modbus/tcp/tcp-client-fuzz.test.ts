import modbusSerial from 'modbus-serial';
import { expect, it } from 'vitest';
import { MillwattError } from '../../../../protocols/errors.ts';
import { ModbusTcpClient } from '../../../../protocols/modbus/tcp/tcp-client.ts';
import { seedRandom } from '../../../../protocols/simulator/seeded-random.ts';
import { createLiar } from './hostile-server-behaviours.ts';
import { behaveWell, registerAt, startHostileServer } from './hostile-server.ts';

const IS_LONG = process.env['MILLWATT_TEST_LONG'] === '1';
const EXCHANGES = IS_LONG ? 50_000 : 6000;
const CONTROL_EXCHANGES = IS_LONG ? 10_000 : 1500;
const SEED = process.env['MILLWATT_TEST_SEED'] ?? String(Date.now() % 2 ** 31);
const TIMEOUT_MS = 5;
const REPLAY = `MILLWATT_TEST_SEED=${SEED} ${IS_LONG ? 'MILLWATT_TEST_LONG=1 ' : ''}npx vitest run test/protocols/modbus/tcp/tcp-client-fuzz.test.ts`;

/** Few units and counts, so that most answers look alike; now and then anything. */
function drawRequests(seed: string) {
  const random = seedRandom('requests', seed);
  return () => ({
    unit: random.chance(0.9) ? random.whole(1, 3) : random.whole(0, 255),
    functionCode: random.chance(0.5) ? (3 as const) : (4 as const),
    address: random.whole(0, 60_000),
    count: random.chance(0.8) ? random.whole(1, 4) : random.whole(1, 125),
  });
}

function isRight(
  { unit, functionCode, address, count }: ReturnType<ReturnType<typeof drawRequests>>,
  registers: ArrayLike<number>,
): boolean {
  if (registers.length !== count) return false;
  for (let i = 0; i < count; i++)
    if (registers[i] !== registerAt(unit, functionCode, address + i)) return false;
  return true;
}

it.each([
  { pipelining: 1, honesty: 0.5 },
  { pipelining: 4, honesty: 0.8 },
])(
  `${EXCHANGES} exchanges with a server that lies give right values or classed errors, never another's: $pipelining at once`,
  async ({ pipelining, honesty }) => {
    const server = await startHostileServer();
    const liar = createLiar(SEED, TIMEOUT_MS, honesty);
    server.behaviour = liar.behaviour;
    const client = new ModbusTcpClient('127.0.0.1', server.port, { pipelining });
    const draw = drawRequests(SEED);
    const outcomes = new Map<string, number>();
    let asked = 0;
    const askOn = async () => {
      while (asked < EXCHANGES) {
        asked++;
        server.requests.length = 0;
        const request = draw();
        const { unit, functionCode, address, count } = request;
        let outcome = 'right';
        try {
          const registers = await client.readRegisters(unit, functionCode, address, count, TIMEOUT_MS);
          if (!isRight(request, registers)) {
            throw new Error(
              `asked for ${count} registers of function ${functionCode} at ${address} of unit ${unit} and got ${registers.join(' ')}`,
            );
          }
        } catch (error) {
          if (!(error instanceof MillwattError)) throw error;
          expect(error.remedy).toBe('retry');
          outcome = error.code;
        }
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      }
    };
    try {
      await Promise.all(Array.from({ length: pipelining }, askOn));
      server.behaviour = behaveWell;
      // At most what a liar left on the line can still fail; then all is well again.
      await client.readRegisters(1, 3, 5, 2, 10_000).catch(() => {});
      expect([...(await client.readRegisters(1, 3, 5, 2, 10_000))]).toEqual([
        registerAt(1, 3, 5),
        registerAt(1, 3, 6),
      ]);
      expect([...outcomes.keys()].sort()).toEqual(['bad-frame', 'closed', 'exception', 'right', 'timeout']);
      expect(outcomes.get('right')).toBeGreaterThan(EXCHANGES / 100);
      expect(liar.played.size).toBe(liar.stock);
    } catch (cause) {
      throw new Error(`exchange ${asked} or one near it failed; repeat with: ${REPLAY}`, { cause });
    } finally {
      client.close();
      await server.close();
    }
  },
  600_000,
);

/** Asks the same through modbus-serial, as its users do, and counts what comes of it. */
async function askControl(options: {
  exchanges: number;
  atOnce: number;
  honesty: number;
  timeoutMs: number | undefined;
}): Promise<Record<'right' | 'misattributed' | 'failed' | 'hung', number>> {
  const { exchanges, atOnce, honesty, timeoutMs } = options;
  const server = await startHostileServer();
  server.behaviour = createLiar(SEED, TIMEOUT_MS, honesty).behaviour;
  const draw = drawRequests(SEED);
  const counts = { right: 0, misattributed: 0, failed: 0, hung: 0 };
  const clients: InstanceType<typeof modbusSerial.default>[] = [];
  const open = async () => {
    const client = new modbusSerial.default();
    clients.push(client);
    client.on('error', () => {});
    await client.connectTCP('127.0.0.1', { port: server.port });
    if (timeoutMs !== undefined) client.setTimeout(timeoutMs);
    return client;
  };
  let opening = open();
  let opened = await opening;
  let failuresInARow = 0;
  let asked = 0;
  const askOn = async () => {
    while (asked < exchanges) {
      asked++;
      const request = draw();
      let client = await opening;
      // A new connection when the old one says that it is closed; and a watchful user also starts over after some failures.
      if ((!client.isOpen || failuresInARow > 4) && client === opened) {
        failuresInARow = 0;
        opening = open();
        client.close(() => {});
        opened = await opening;
        client = opened;
      }
      client.setID(request.unit);
      const reading =
        request.functionCode === 3
          ? client.readHoldingRegisters(request.address, request.count)
          : client.readInputRegisters(request.address, request.count);
      const outcome = await Promise.race([
        reading.then(
          ({ data }) => (isRight(request, data) ? 'right' : 'misattributed'),
          () => 'failed' as const,
        ),
        new Promise<'hung'>((resolve) => setTimeout(resolve, 20 * TIMEOUT_MS, 'hung')),
      ]);
      counts[outcome]++;
      failuresInARow = outcome === 'failed' || outcome === 'hung' ? failuresInARow + 1 : 0;
    }
  };
  try {
    await Promise.all(Array.from({ length: atOnce }, askOn));
  } finally {
    for (const client of clients) client.close(() => {});
    await server.close();
  }
  return counts;
}

it('the control: bare modbus-serial hands on values of other registers, or hangs, under the same lies', async () => {
  const common = { exchanges: CONTROL_EXCHANGES, timeoutMs: TIMEOUT_MS };
  const one = await askControl({ ...common, atOnce: 1, honesty: 0.5 });
  const four = await askControl({ ...common, atOnce: 4, honesty: 0.8 });
  const patient = await askControl({ exchanges: 100, atOnce: 1, honesty: 0.8, timeoutMs: undefined });
  const show = (counts: typeof one) =>
    `${counts.right} right, ${counts.misattributed} wrong values, ${counts.hung} hung, ${counts.failed} failed`;
  console.info(
    `modbus-serial under the same lies: ${CONTROL_EXCHANGES} exchanges one at a time: ${show(one)}; four at once: ${show(four)}; 100 without a timeout (its default): ${show(patient)}`,
  );
  const failures = one.misattributed + four.misattributed + patient.misattributed + patient.hung;
  expect(failures, `repeat with: ${REPLAY}`).toBeGreaterThan(0);
}, 600_000);
