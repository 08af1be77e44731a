import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../../protocols/clock.ts';
import { ModbusLines } from '../../../protocols/modbus/line/line.ts';
import { createModbusDriver } from '../../../protocols/modbus/modbus-driver.ts';
import { pointName } from '../../../protocols/modbus/profile/profile.ts';
import { PHASES } from '../../../protocols/telemetry/quantity.ts';
import { FakeLine, type UnitAnswer } from './line/fake-line.ts';
import { pointWith, profileWith } from './register-device.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** A profile whose two values take a request each. */
const TWO_REQUESTS = profileWith({
  points: [pointWith({}), pointWith({ quantity: 'frequency', unit: 'Hz', address: 500 })],
});

/** Eight values, a request each. */
const MANY_REQUESTS = profileWith({
  points: PHASES.flatMap((phase) => [
    pointWith({ quantity: 'voltage', phase, unit: 'V' }),
    pointWith({ quantity: 'current', phase, unit: 'A' }),
  ])
    .slice(0, 8)
    .map((point, i) => ({ ...point, address: 300 * i })),
});

function setUp(answerOf: (unit: number, turn: number) => UnitAnswer, pipelining = 1) {
  const fake = new FakeLine(answerOf);
  const lines = new ModbusLines(() => fake);
  const drive = (unit: number, profile = TWO_REQUESTS) =>
    createModbusDriver({
      source: {
        id: `meter-${unit}`,
        machine: `mill-${unit}`,
        component: 'supply',
        endpoint: { transport: 'tcp', host: '192.0.2.1', port: 502 },
        unit,
        read: profile.points.map(pointName),
        addressOffset: 0,
        timeout: 1000,
        every: 1000,
      },
      profile: { ...profile, timing: { minTimeoutMs: 0, guardMs: 0, pipelining } },
      profileSha256: 'x',
      clock: systemClock,
      lines,
    });
  return { fake, lines, drive };
}

/** What became of a promise, once so much time has passed. */
async function after<T>(ms: number, promise: Promise<T>): Promise<PromiseSettledResult<T> | 'pending'> {
  let result: PromiseSettledResult<T> | 'pending' = 'pending';
  promise.then(
    (value) => (result = { status: 'fulfilled', value }),
    (reason: unknown) => (result = { status: 'rejected', reason }),
  );
  await vi.advanceTimersByTimeAsync(ms);
  return result;
}

describe('a poll', () => {
  it('ends at its deadline where the others take the line, and nobody is sick for it', async () => {
    // Another user of the line takes 5 s a request.
    const { lines, drive, fake } = setUp((unit) => ({ afterMs: unit === 9 ? 5000 : 100 }));
    const hog = lines.acquire({ transport: 'tcp', host: '192.0.2.1', port: 502 });
    const driver = drive(1);
    for (let i = 0; i < 3; i++)
      void hog.run((client) => client.readRegisters(9, 3, 1, 1, 10_000), 10_000, performance.now() + 60_000);
    // The neighbour may take its timeout, and we may wait for as long again.
    expect(await after(2001, driver.poll())).toMatchObject({
      status: 'rejected',
      reason: { remedy: 'retry', code: 'timeout', message: expect.stringContaining('no turn') },
    });
    expect(driver.pausedMs?.()).toBe(0);
    expect(driver.trace?.().requests).toEqual([
      { text: 'fc3 0 +1', count: 1, roundTripMs: null, outcome: 'timeout' },
    ]);
    expect(fake.asked.map(({ unit }) => unit)).toEqual([9]);
    await vi.advanceTimersByTimeAsync(20_000);
    expect(await after(1000, driver.poll())).toMatchObject({ status: 'fulfilled' });
  });

  it('of many requests on a full line takes its time, and fails for nobody', async () => {
    const { drive } = setUp(() => ({ afterMs: 180 }));
    const drivers = Array.from({ length: 31 }, (_, unit) => drive(unit + 1, MANY_REQUESTS));
    const polls = Promise.allSettled(drivers.map((driver) => driver.poll()));
    await vi.advanceTimersByTimeAsync(31 * 8 * 180 + 100);
    expect((await polls).map(({ status }) => status)).toEqual(drivers.map(() => 'fulfilled'));
  });

  it('of a device that answers but slowly is late, not lost', async () => {
    const { drive } = setUp(() => ({ afterMs: 950 }));
    const driver = drive(1);
    const result = await after(2000, driver.poll());
    expect(result).toMatchObject({ status: 'fulfilled', value: { roundTripMs: 1900 } });
  });

  it('is timed by its own requests, not by its wait for the line', async () => {
    const { lines, drive } = setUp((unit) => ({ afterMs: unit === 9 ? 800 : 100 }));
    const hog = lines.acquire({ transport: 'tcp', host: '192.0.2.1', port: 502 });
    const driver = drive(1);
    const startMs = performance.now();
    void hog.run((client) => client.readRegisters(9, 3, 1, 1, 1000), 1000, startMs + 1000);
    const result = await after(1100, driver.poll());
    if (result === 'pending' || result.status === 'rejected') return expect.unreachable();
    expect(result.value.roundTripMs).toBe(200);
    expect(Math.abs(result.value.atMs - (startMs + 900))).toBeLessThan(2);
  });

  it('ends with `closed` when its driver is closed meanwhile, and the neighbour goes on', async () => {
    const { drive, fake } = setUp(() => ({ afterMs: 100 }));
    const [one, two] = [drive(1), drive(2)];
    const polls = [one.poll(), two.poll()] as const;
    const closing = two.close();
    expect(await after(0, polls[1])).toMatchObject({ status: 'rejected', reason: { code: 'closed' } });
    await closing;
    expect(await after(1000, polls[0])).toMatchObject({ status: 'fulfilled' });
    expect(fake.asked.map(({ unit }) => unit)).toEqual([1, 1]);
    expect(await after(0, two.poll())).toMatchObject({ status: 'rejected', reason: { code: 'closed' } });
  });

  it('has several requests under way where profile and neighbours allow it', async () => {
    const { drive, fake } = setUp(() => ({ afterMs: 100 }), 4);
    const result = await after(101, Promise.all([drive(1).poll(), drive(2).poll()]));
    expect(result).toMatchObject({ status: 'fulfilled' });
    expect(fake.underWayMax).toBe(4);
  });

  it('fails as a whole where one of several requests under way does', async () => {
    const { drive, fake } = setUp((_, turn) => (turn === 0 ? 'silent' : { afterMs: 100 }), 2);
    const driver = drive(1);
    expect(await after(1001, driver.poll())).toMatchObject({
      status: 'rejected',
      reason: { code: 'timeout' },
    });
    expect(driver.pausedMs?.()).toBeGreaterThan(0);
    await vi.advanceTimersByTimeAsync(300);
    expect(await after(200, driver.poll())).toMatchObject({ status: 'fulfilled' });
    expect(fake.asked).toHaveLength(4);
  });
});
