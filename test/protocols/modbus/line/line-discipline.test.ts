import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ModbusEndpoint, Parity } from '../../../../protocols/modbus/endpoint.ts';
import { ModbusLines, type ModbusLine } from '../../../../protocols/modbus/line/line.ts';
import { FakeLine } from './fake-line.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] });
});
afterEach(() => {
  vi.useRealTimers();
});

const serial = (parity: Parity = 'even', path = '/dev/ttyUSB0'): ModbusEndpoint => ({
  transport: 'rtu',
  path,
  baudRate: 9600,
  parity,
  stopBits: 1,
});
const tcp: ModbusEndpoint = { transport: 'tcp', host: '192.0.2.1', port: 502 };
const later = (ms: number) => performance.now() + ms;

function read(line: ModbusLine, unit: number, address = 1): Promise<Uint16Array> {
  return line.run(
    (client, timeoutMs) => client.readRegisters(unit, 3, address, 1, timeoutMs),
    1000,
    later(60_000),
  );
}

/** Reads `requests` registers one after the other, every `everyMs` anew; gives the time from slot to end of each round. */
function cycle(line: ModbusLine, unit: number, requests: number, everyMs: number, untilMs: number) {
  const tookMs: number[] = [];
  const round = async () => {
    const dueMs = performance.now();
    for (let i = 0; i < requests; i++) await read(line, unit, i);
    tookMs.push(performance.now() - dueMs);
    const restMs = everyMs - ((performance.now() - dueMs) % everyMs);
    if (performance.now() + restMs < untilMs) setTimeout(() => void round(), restMs);
  };
  void round();
  return tookMs;
}

describe('a line', () => {
  it('serves groups of different cycle times and sizes in turn: a long round never holds up a short one', async () => {
    const fake = new FakeLine(() => ({ afterMs: 20 }));
    const lines = new ModbusLines(() => fake);
    // Five devices with one request every 500 ms, three with 40 requests every 10 s.
    const quick = [1, 2, 3, 4, 5].map((unit) => cycle(lines.acquire(serial()), unit, 1, 500, 60_000));
    const slow = [6, 7, 8].map((unit) => cycle(lines.acquire(serial()), unit, 40, 10_000, 60_000));
    await vi.advanceTimersByTimeAsync(70_000);
    for (const tookMs of quick) {
      expect(tookMs.length).toBeGreaterThanOrEqual(119);
      // One request of each of the seven others, and its own.
      expect(Math.max(...tookMs)).toBeLessThanOrEqual(8 * 20);
    }
    for (const tookMs of slow) expect(tookMs).toHaveLength(6);
    expect(fake.underWayMax).toBe(1);
  });

  it('is shared evenly where there is too little of it', async () => {
    const fake = new FakeLine(() => ({ afterMs: 50 }));
    const lines = new ModbusLines(() => fake);
    for (const [unit, requests] of [
      [1, 1],
      [2, 10],
      [3, 3],
    ] as const)
      cycle(lines.acquire(serial()), unit, requests, 1, 30_000);
    await vi.advanceTimersByTimeAsync(30_000);
    const counts = [1, 2, 3].map((unit) => fake.asked.filter((one) => one.unit === unit).length);
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThan(20);
    expect(Math.min(...counts)).toBeGreaterThan(180);
  });

  it('keeps silence before a device that needs it, whoever was asked before', async () => {
    const fake = new FakeLine(() => ({ afterMs: 10 }));
    const lines = new ModbusLines(() => fake);
    const easy = lines.acquire(serial());
    const guarded = lines.acquire(serial(), { guardMs: 35, pipelining: 1 });
    const done = Promise.all([
      read(easy, 1),
      read(guarded, 2),
      read(easy, 1),
      read(guarded, 2),
      read(guarded, 2),
    ]);
    await vi.advanceTimersByTimeAsync(1000);
    await done;
    expect(fake.asked.map(({ unit }) => unit)).toEqual([1, 2, 1, 2, 2]);
    for (const [i, { unit, fromMs }] of fake.asked.entries()) {
      const before = fake.asked[i - 1];
      if (before === undefined) continue;
      const silenceMs = fromMs - before.toMs;
      if (unit === 2) expect(silenceMs).toBeGreaterThanOrEqual(35);
      else expect(silenceMs).toBeLessThan(5);
    }
    await vi.advanceTimersByTimeAsync(100);
    const fromMs = performance.now();
    void read(guarded, 2);
    await vi.advanceTimersByTimeAsync(20);
    expect(fake.asked.at(-1)?.fromMs).toBe(fromMs);
  });

  it.each([
    { what: 'all devices on TCP', endpoint: tcp, wishes: [4, 8], most: 4 },
    { what: 'not all devices', endpoint: tcp, wishes: [4, 1], most: 1 },
    { what: 'all, on a serial line', endpoint: serial(), wishes: [4, 8], most: 1 },
    {
      what: 'all, through a serial device server',
      endpoint: { ...tcp, transport: 'rtu-over-tcp' } as ModbusEndpoint,
      wishes: [4],
      most: 1,
    },
  ])('has at most $most under way where $what allow $wishes', async ({ endpoint, wishes, most }) => {
    const fake = new FakeLine(() => ({ afterMs: 10 }));
    const made: number[] = [];
    const lines = new ModbusLines((_, { pipelining }) => {
      made.push(pipelining);
      return fake;
    });
    const held = wishes.map((pipelining) => lines.acquire(endpoint, { guardMs: 0, pipelining }));
    const done = Promise.all(
      held.flatMap((line, unit) => Array.from({ length: 10 }, () => read(line, unit))),
    );
    await vi.advanceTimersByTimeAsync(1000);
    await done;
    expect(fake.underWayMax).toBe(most);
    expect(made).toEqual([most]);
  });

  it('refuses a serial port that is held with other settings', () => {
    const lines = new ModbusLines(() => new FakeLine(() => 'silent'));
    const held = lines.acquire(serial('even'));
    lines.acquire(serial('even')).release();
    lines.acquire(serial('none', '/dev/ttyUSB1')).release();
    expect(() => lines.acquire(serial('none'))).toThrow(
      expect.objectContaining({
        remedy: 'refuse',
        code: 'serial-conflict',
        message: expect.stringMatching(/\/dev\/ttyUSB0 9600 8E1.*\/dev\/ttyUSB0 9600 8N1/),
      }),
    );
    held.release();
    lines.acquire(serial('none')).release();
  });

  it('gives a request its whole timeout, however long it waited for its turn', async () => {
    const fake = new FakeLine((unit) => ({ afterMs: unit === 1 ? 900 : 700 }));
    const lines = new ModbusLines(() => fake);
    const first = read(lines.acquire(serial()), 1);
    let timeoutMs = 0;
    const second = lines.acquire(serial()).run(
      (client, leftMs) => {
        timeoutMs = leftMs;
        return client.readRegisters(2, 3, 1, 1, leftMs);
      },
      1000,
      later(950),
    );
    await vi.advanceTimersByTimeAsync(2000);
    await Promise.all([first, second]);
    expect(timeoutMs).toBe(1000);
  });

  it('rejects what a holder waits for when it leaves, and serves the others', async () => {
    const fake = new FakeLine(() => ({ afterMs: 100 }));
    const lines = new ModbusLines(() => fake);
    const [one, two, three] = [lines.acquire(serial()), lines.acquire(serial()), lines.acquire(serial())];
    const results = Promise.allSettled([read(one, 1), read(two, 2), read(three, 3)]);
    two.release();
    await vi.advanceTimersByTimeAsync(1000);
    expect(await results).toMatchObject([
      { status: 'fulfilled' },
      { status: 'rejected', reason: { remedy: 'retry', code: 'closed' } },
      { status: 'fulfilled' },
    ]);
    await expect(read(two, 2)).rejects.toMatchObject({ code: 'closed' });
    expect(fake.asked.map(({ unit }) => unit)).toEqual([1, 3]);
    expect(one.holders()).toBe(2);
  });

  it('tells for how long somebody waited', async () => {
    const fake = new FakeLine(() => ({ afterMs: 100 }));
    const lines = new ModbusLines(() => fake);
    const [one, two, three] = [lines.acquire(serial()), lines.acquire(serial()), lines.acquire(serial())];
    const alone = read(one, 1);
    await vi.advanceTimersByTimeAsync(150);
    await alone;
    expect(two.waitedMs()).toBe(0);
    const together = Promise.allSettled([read(one, 1), read(two, 2), read(three, 3)]);
    await vi.advanceTimersByTimeAsync(130);
    expect(one.waitedMs()).toBeCloseTo(130);
    three.release();
    await vi.advanceTimersByTimeAsync(1000);
    await together;
    expect(one.waitedMs()).toBeCloseTo(130);
  });

  it('goes on where a request cannot even be made', async () => {
    const lines = new ModbusLines(() => new FakeLine(() => ({ afterMs: 10 })));
    const line = lines.acquire(serial());
    const impossible = line.run(
      () => {
        throw new RangeError('no such thing');
      },
      1000,
      later(1000),
    );
    await expect(impossible).rejects.toThrow('no such thing');
    const done = read(line, 1);
    await vi.advanceTimersByTimeAsync(100);
    expect(await done).toHaveLength(1);
  });
});
