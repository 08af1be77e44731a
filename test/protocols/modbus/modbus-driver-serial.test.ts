import { monitorEventLoopDelay } from 'node:perf_hooks';
import { describe, it, type TestContext } from 'vitest';
import { Poller } from '../../../agent/poller.ts';
import { startScheduler } from '../../../agent/scheduler.ts';
import { systemClock } from '../../../protocols/clock.ts';
import { silentLog } from '../../../protocols/log.ts';
import type { ModbusEndpoint } from '../../../protocols/modbus/endpoint.ts';
import { ModbusLines } from '../../../protocols/modbus/line/line.ts';
import { createModbusDriver } from '../../../protocols/modbus/modbus-driver.ts';
import { startRtuServer, type RtuServerPlace } from '../../../protocols/simulator/modbus-rtu-server.ts';
import type { RegisterBank } from '../../../protocols/simulator/modbus-server.ts';
import { openSerialPair } from '../../support/serial-pair.ts';
import { requireTool } from '../../support/tools.ts';
import { awaitUntil } from '../mqtt/await-until.ts';
import { profileWith } from './register-device.ts';

const socat = requireTool('socat');

const UNITS = Array.from({ length: 20 }, (_, i) => i + 1);
const FORMAT = { baudRate: 115_200, parity: 'none', stopBits: 1 } as const;
const TIMEOUT_MS = 200;
const EVERY_MS = 500;

/** Twenty units on one line, one of them dead until it is told to answer. */
async function runLine(
  { onTestFinished }: TestContext,
  at: RtuServerPlace,
  endpointOf: (port: number) => ModbusEndpoint,
) {
  const state = { isDead: true };
  const wrong: string[] = [];
  const bank = (unit: number): RegisterBank => ({
    read: (_, address, count) =>
      unit === 7 && state.isDead ? 'silent' : Uint16Array.from({ length: count }, () => unit * 100 + address),
  });
  const server = await startRtuServer({
    at,
    units: new Map(UNITS.map((unit) => [unit, bank(unit)])),
    answerDelayMs: () => 5,
  });
  onTestFinished(() => server.close());
  const lines = new ModbusLines();
  const good = new Map<number, number[]>();
  const pollers = UNITS.map((unit) => {
    const driver = createModbusDriver({
      source: {
        id: `meter-${unit}`,
        machine: `mill-${unit}`,
        component: 'supply',
        endpoint: endpointOf(server.port),
        unit,
        addressOffset: 0,
        timeout: TIMEOUT_MS,
        every: EVERY_MS,
      },
      profile: profileWith({}),
      profileSha256: 'x',
      clock: systemClock,
      lines,
    });
    onTestFinished(() => driver.close());
    const times: number[] = [];
    good.set(unit, times);
    return new Poller(driver, {
      clock: systemClock,
      log: silentLog,
      events: {
        onPoll: ({ readings }) => {
          times.push(performance.now());
          if (readings[0]?.value !== unit * 100) wrong.push(`${unit}: ${readings[0]?.value}`);
        },
        onLink: () => {},
      },
    });
  });
  const scheduler = startScheduler(pollers, systemClock);
  onTestFinished(() => scheduler.stop());
  return { state, good, wrong, pollers };
}

describe.skipIf(socat === undefined).concurrent.each([
  {
    name: 'a serial port',
    place: async ({ onTestFinished }: TestContext) => {
      const pair = await openSerialPair();
      onTestFinished(() => pair.close());
      return {
        at: { ...FORMAT, path: pair.far },
        endpointOf: (): ModbusEndpoint => ({ ...FORMAT, transport: 'rtu', path: pair.near }),
      };
    },
  },
  {
    name: 'RTU through TCP',
    place: async () => ({
      at: { host: '127.0.0.1', port: 0 },
      endpointOf: (port: number): ModbusEndpoint => ({ transport: 'rtu-over-tcp', host: '127.0.0.1', port }),
    }),
  },
])('twenty units on $name', ({ place }) => {
  it('keep their rate while one is dead, and have it back when it answers', async (context) => {
    const { expect } = context;
    const { at, endpointOf } = await place(context);
    const startMs = performance.now();
    const delays = monitorEventLoopDelay({ resolution: 5 });
    delays.enable();
    const { state, good, wrong, pollers } = await runLine(context, at, endpointOf);
    await awaitUntil('all others were read', () =>
      [...good].every(([unit, { length }]) => unit === 7 || length > 2),
    );
    const before = new Map([...good].map(([unit, { length }]) => [unit, length]));
    await new Promise((resolve) => setTimeout(resolve, 5000));
    const spanMs = performance.now() - startMs;
    // Rates are proven on a clock of their own (modbus-driver-sick.test.ts); here, on a machine that may be busy, it is that
    // nobody whose polls did not fail has fewer than the others, that few fail, and that the dead one has only its share of
    // the line.
    const failures = pollers.map((poller) => poller.state().failures);
    const polls = [...good]
      .filter(([unit]) => unit !== 7 && failures[unit - 1] === 0)
      .map(([unit, { length }]) => length - (before.get(unit) ?? 0));
    expect(polls.length).toBeGreaterThan(UNITS.length / 2);
    expect(Math.min(...polls)).toBeGreaterThanOrEqual(Math.max(...polls) * 0.95 - 2);
    const wastedMs = (failures[6] ?? 0) * TIMEOUT_MS;
    expect(wastedMs).toBeGreaterThan(0);
    // A timeout of a process that was held up lasts longer, and so does what is forgiven.
    delays.disable();
    const longestMs = TIMEOUT_MS + delays.max / 1e6;
    // Its share, the three failures that its debt is never more than, and one that is just being tried.
    expect(wastedMs).toBeLessThanOrEqual(spanMs * 0.025 + 4 * longestMs);
    expect(good.get(7)).toEqual([]);
    state.isDead = false;
    // Its pause is long where others failed as well, as on a machine that is held up.
    await awaitUntil('the dead one is back', () => (good.get(7)?.length ?? 0) >= 3, 60_000);
    expect(wrong).toEqual([]);
  }, 90_000);
});
