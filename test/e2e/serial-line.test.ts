import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { Poller } from '../../agent/poller.ts';
import { startScheduler } from '../../agent/scheduler.ts';
import { loadProfile } from '../../config/library/profile-library.ts';
import { systemClock } from '../../protocols/clock.ts';
import { silentLog } from '../../protocols/log.ts';
import { ModbusLines } from '../../protocols/modbus/line/line.ts';
import { createModbusDriver } from '../../protocols/modbus/modbus-driver.ts';
import type { RegisterBank } from '../../protocols/simulator/modbus-answer.ts';
import { createProfileBank } from '../../protocols/simulator/modbus-bank.ts';
import { startRtuServer } from '../../protocols/simulator/modbus-rtu-server.ts';
import { openSerialPair } from '../support/serial-pair.ts';
import { requireTool } from '../support/tools.ts';
import { eventually } from './millwatt-process.ts';

const socat = requireTool('socat');

const UNITS = Array.from({ length: 20 }, (_, i) => i + 1);
const DEAD = 7;
const FORMAT = { baudRate: 19_200, parity: 'none', stopBits: 1 } as const;
/** A unit takes so long to answer, and is wanted so often: the line is asked for twice what it can carry. */
const ANSWER_MS = 15;
const EVERY_MS = 200;
const TIMEOUT_MS = 200;
const WARM_UP_MS = 4000;
const WINDOW_MS = 10_000;

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

// Two equal lines side by side, so that a computer that is busy with something else slows both.
it.skipIf(socat === undefined)(
  'nineteen units on a full serial line keep their rate while the twentieth is dead, and it comes back',
  async () => {
    const dead = new Set([DEAD]);
    const sick = await startLine(dead);
    const well = await startLine(new Set());
    await sleep(WARM_UP_MS);
    const [sickRates, wellRates] = await countPolls([sick, well], WINDOW_MS);
    const others = UNITS.filter((unit) => unit !== DEAD);
    const sum = (rates: number[]) => others.reduce((total, unit) => total + (rates[unit - 1] ?? 0), 0);
    const ratio = sum(sickRates ?? []) / sum(wellRates ?? []);
    expect(Math.min(...(wellRates ?? []))).toBeGreaterThan(5);
    // It is full: nobody gets what he wants.
    expect(Math.max(...(wellRates ?? []))).toBeLessThan((0.8 * WINDOW_MS) / EVERY_MS);
    expect(sickRates?.[DEAD - 1]).toBe(0);
    expect(ratio).toBeGreaterThanOrEqual(0.95);
    // Nobody pays for the others: one poll more or less at the edges of the window is no matter.
    const slowest = Math.min(...others.map((unit) => sickRates?.[unit - 1] ?? 0));
    expect(slowest).toBeGreaterThanOrEqual((0.95 * sum(wellRates ?? [])) / others.length - 1);

    dead.clear();
    const revivedMs = performance.now();
    await eventually(() => (sick.good[DEAD - 1] ?? 0) > 0, 'the dead unit is read again');
    const backMs = performance.now() - revivedMs;
    const [again] = await countPolls([sick], 3000);
    expect(again?.[DEAD - 1]).toBeGreaterThanOrEqual((0.9 * sum(again ?? [])) / others.length - 1);
    expect([...sick.wrong, ...well.wrong]).toEqual([]);
    console.log(
      `19 of 20 units keep ${(100 * ratio).toFixed(1)} % of their rate; back after ${(backMs / 1000).toFixed(1)} s`,
    );
  },
  60_000,
);

/** Twenty units on a serial port of their own, polled as an agent polls them; `dead` may change at any time. */
async function startLine(dead: ReadonlySet<number>): Promise<{ good: number[]; wrong: string[] }> {
  const pair = await openSerialPair();
  cleanUps.push(() => pair.close());
  const { profile, sha256 } = loadProfile('eastron/sdm630');
  const bankOf = (unit: number): RegisterBank => {
    const bank = createProfileBank(profile, () => 100 * unit);
    return {
      read: (functionCode, address, count) =>
        dead.has(unit) ? 'silent' : bank.read(functionCode, address, count),
    };
  };
  const server = await startRtuServer({
    at: { ...FORMAT, path: pair.far },
    units: new Map(UNITS.map((unit) => [unit, bankOf(unit)])),
    answerDelayMs: () => ANSWER_MS,
  });
  cleanUps.push(() => server.close());
  const lines = new ModbusLines();
  const good = UNITS.map(() => 0);
  const wrong: string[] = [];
  const pollers = UNITS.map((unit) => {
    const driver = createModbusDriver({
      source: {
        id: `meter-${unit}`,
        machine: `mill-${unit}`,
        component: 'supply',
        endpoint: { ...FORMAT, transport: 'rtu', path: pair.near },
        unit,
        read: ['activePower'],
        addressOffset: 0,
        timeout: TIMEOUT_MS,
        every: EVERY_MS,
      },
      profile,
      profileSha256: sha256,
      clock: systemClock,
      lines,
    });
    cleanUps.push(() => driver.close());
    return new Poller(driver, {
      clock: systemClock,
      log: silentLog,
      events: {
        onPoll: ({ readings }) => {
          if (readings[0]?.value !== 100 * unit) wrong.push(`${unit}: ${readings[0]?.value}`);
          good[unit - 1] = (good[unit - 1] ?? 0) + 1;
        },
        onLink: () => {},
      },
    });
  });
  const scheduler = startScheduler(pollers, systemClock);
  cleanUps.push(() => scheduler.stop());
  return { good, wrong };
}

/** Good polls of each unit of each line in the same stretch of time. */
async function countPolls(lines: readonly { good: number[] }[], windowMs: number): Promise<number[][]> {
  const before = lines.map(({ good }) => [...good]);
  await sleep(windowMs);
  return lines.map(({ good }, i) => good.map((polls, unit) => polls - (before[i]?.[unit] ?? 0)));
}
