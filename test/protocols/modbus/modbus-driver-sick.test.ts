import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Poller } from '../../../agent/poller.ts';
import { startScheduler } from '../../../agent/scheduler.ts';
import { loadProfile } from '../../../config/library/profile-library.ts';
import { systemClock } from '../../../protocols/clock.ts';
import { silentLog } from '../../../protocols/log.ts';
import { ModbusLines } from '../../../protocols/modbus/line/line.ts';
import { createModbusDriver } from '../../../protocols/modbus/modbus-driver.ts';
import { FakeLine, type UnitAnswer } from './line/fake-line.ts';

// Minutes of a line's life in a moment: the agent's own scheduler and pollers, the drivers, the line and its queue are the
// real ones, only the serial port and the passing of time are not.
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] });
});
afterEach(() => {
  vi.useRealTimers();
});

const UNITS = Array.from({ length: 20 }, (_, i) => i + 1);
const TIMEOUT_MS = 1000;
const WELL: UnitAnswer = { afterMs: 30 };

/** Lets units on one line be polled, every second unless told; gives the time of each good poll by unit. */
async function runLine(
  spanMs: number,
  answerOf: (unit: number, turn: number) => UnitAnswer,
  {
    during = () => {},
    units = UNITS,
    everyMs = 1000,
  }: { during?: (atMs: number) => void; units?: number[]; everyMs?: number } = {},
) {
  const { profile, sha256 } = loadProfile('siemens/pac3200');
  const line = new FakeLine(answerOf);
  const lines = new ModbusLines(() => line);
  const startMs = performance.now();
  const polls = new Map<number, number[]>();
  const pollers = units.map((unit) => {
    const good: number[] = [];
    polls.set(unit, good);
    const driver = createModbusDriver({
      source: {
        id: `meter-${unit}`,
        machine: `mill-${unit}`,
        component: 'supply',
        endpoint: { transport: 'rtu', path: '/dev/null', baudRate: 19_200, parity: 'even', stopBits: 1 },
        unit,
        read: ['activePower'],
        addressOffset: 0,
        timeout: TIMEOUT_MS,
        every: everyMs,
      },
      profile: { ...profile, identity: [] },
      profileSha256: sha256,
      clock: systemClock,
      lines,
    });
    return new Poller(driver, {
      clock: systemClock,
      log: silentLog,
      events: { onPoll: () => void good.push(performance.now() - startMs), onLink: () => {} },
    });
  });
  const scheduler = startScheduler(pollers, systemClock);
  for (let atMs = 0; atMs < spanMs; atMs += 1000) {
    during(atMs);
    await vi.advanceTimersByTimeAsync(1000);
  }
  scheduler.stop();
  await vi.advanceTimersByTimeAsync(60_000);
  await Promise.all(pollers.map((poller) => poller.driver.close()));
  expect(line.underWayMax).toBe(1);
  return { line, polls };
}

/** Good polls a second of the units, while the first `sick` of them are. */
function rateOf(polls: ReadonlyMap<number, number[]>, units: (unit: number) => boolean, spanMs: number) {
  const chosen = [...polls].filter(([unit]) => units(unit));
  const count = chosen.reduce((sum, [, times]) => sum + times.filter((atMs) => atMs < spanMs).length, 0);
  return (count * 1000) / spanMs / chosen.length;
}

const SPAN_MS = 20 * 60_000;

describe('a line with sick devices', () => {
  it.each([
    { name: 'with time to spare', answer: { afterMs: 30 } },
    { name: 'full to the brim', answer: { afterMs: 60 } },
  ])('$name, keeps 95 % of the rate of 19 units while one is dead', async ({ answer }) => {
    const units = UNITS.filter((unit) => unit !== 7);
    const healthy = rateOf((await runLine(120_000, () => answer, { units })).polls, () => true, 120_000);
    const { polls } = await runLine(SPAN_MS, (unit) => (unit === 7 ? 'silent' : answer));
    expect(rateOf(polls, (unit) => unit !== 7, SPAN_MS) / healthy).toBeGreaterThan(0.95);
    for (const [unit, times] of polls)
      if (unit !== 7) expect(times.length / (SPAN_MS / 1000) / healthy, `unit ${unit}`).toBeGreaterThan(0.95);
    expect(polls.get(7)).toEqual([]);
  });

  it.each([
    { name: 'with time to spare', answer: { afterMs: 30 } },
    { name: 'full to the brim', answer: { afterMs: 60 } },
  ])('$name, keeps 95 % of the rate of 17 units while three are dead', async ({ answer }) => {
    const units = UNITS.filter((unit) => unit > 3);
    const healthy = rateOf((await runLine(120_000, () => answer, { units })).polls, () => true, 120_000);
    const { polls } = await runLine(SPAN_MS, (unit) => (unit <= 3 ? 'silent' : answer));
    expect(rateOf(polls, (unit) => unit > 3, SPAN_MS) / healthy).toBeGreaterThan(0.95);
  });

  it.each([
    { dead: [7], withinMs: 45_000 },
    { dead: [1, 2, 3], withinMs: 80_000 },
  ])('has $dead back at their full rate soon after they answer again', async ({ dead, withinMs }) => {
    const backAtMs = 5 * 60_000;
    let isBack = false;
    const { polls } = await runLine(
      backAtMs + withinMs + 30_000,
      (unit) => (dead.includes(unit) && !isBack ? 'silent' : WELL),
      { during: (atMs) => (isBack = atMs >= backAtMs) },
    );
    for (const unit of dead) {
      const first = polls.get(unit)?.[0] ?? Number.POSITIVE_INFINITY;
      expect(first - backAtMs, `unit ${unit}`).toBeLessThan(withinMs);
      const after = polls.get(unit)?.filter((atMs) => atMs >= first && atMs < first + 20_000);
      expect(after?.length, `unit ${unit}`).toBeGreaterThanOrEqual(19);
    }
  });

  it('asks a dead unit again and again where nobody else wants the line', async () => {
    const { polls, line } = await runLine(300_000, (unit) => (unit === 2 ? 'silent' : WELL), {
      units: [1, 2, 3],
      everyMs: 10_000,
    });
    expect(line.asked.filter(({ unit }) => unit === 2).length).toBeGreaterThanOrEqual(29);
    for (const unit of [1, 3]) expect(polls.get(unit)?.length).toBeGreaterThanOrEqual(29);
  });

  it('is not brought down by a unit that answers every second time', async () => {
    const { polls } = await runLine(SPAN_MS, (unit, turn) =>
      unit === 7 && turn % 2 === 1 ? 'silent' : WELL,
    );
    expect(rateOf(polls, (unit) => unit !== 7, SPAN_MS)).toBeGreaterThan(0.95);
    expect(polls.get(7)?.length).toBeGreaterThan(25);
  });

  it('is not brought down by a unit that answers garbage', async () => {
    const { polls, line } = await runLine(SPAN_MS, (unit) => (unit === 7 ? { garbageAfterMs: 200 } : WELL));
    expect(rateOf(polls, (unit) => unit !== 7, SPAN_MS)).toBeGreaterThan(0.95);
    expect(polls.get(7)).toEqual([]);
    expect(line.asked.filter(({ unit }) => unit === 7).length).toBeGreaterThan(100);
  });

  it('is not brought down by a gateway that takes its time to say that a unit is not there', async () => {
    const { polls } = await runLine(SPAN_MS, (unit) => (unit === 7 ? { exception: 11, afterMs: 900 } : WELL));
    expect(rateOf(polls, (unit) => unit !== 7, SPAN_MS)).toBeGreaterThan(0.95);
  });

  it('comes back within seconds where all were dead', async () => {
    const backAtMs = 5 * 60_000;
    let isBack = false;
    const { polls } = await runLine(backAtMs + 60_000, () => (isBack ? WELL : 'silent'), {
      during: (atMs) => (isBack = atMs >= backAtMs),
    });
    const first = [...polls.values()].map((times) => (times[0] ?? Number.POSITIVE_INFINITY) - backAtMs);
    expect(Math.max(...first)).toBeLessThan(45_000);
    expect(first.filter((ms) => ms < 15_000).length).toBeGreaterThan(5);
  });

  it('does not take a device for sick that only has to wait', async () => {
    // 20 units of 200 ms on a line that is asked for them every second: everybody gets a quarter of what he wants.
    const { polls } = await runLine(300_000, () => ({ afterMs: 200 }));
    for (const [unit, times] of polls) expect(times.length, `unit ${unit}`).toBeGreaterThan(70);
  });
});
