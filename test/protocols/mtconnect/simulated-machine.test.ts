import { afterEach, expect, it } from 'vitest';
import { SteppedClock } from '../../../protocols/clock.ts';
import type { Driver, StatusReport } from '../../../protocols/driver.ts';
import { MillwattError } from '../../../protocols/errors.ts';
import { createMtconnectDriver } from '../../../protocols/mtconnect/mtconnect-driver.ts';
import { createLoadProfile } from '../../../protocols/simulator/load-profile.ts';
import { startMtconnectAgent, type MtconnectAgent } from '../../../protocols/simulator/mtconnect-agent.ts';
import { machineContent } from '../../../protocols/simulator/mtconnect-machine.ts';

/** A Tuesday on which the mill works. */
const MORNING_MS = Date.UTC(2026, 10, 17, 9, 30);
const MINUTES = 40;

let agent: MtconnectAgent | undefined;
let driver: Driver | undefined;
afterEach(async () => {
  await driver?.close();
  await agent?.close();
});

it('a simulated mill is read as it is: power, counter, words with their times, through cuts and restarts', async () => {
  const clock = new SteppedClock(MORNING_MS);
  const load = createLoadProfile({ kind: 'mill', ratedPowerW: 15_000, seed: 'test' });
  agent = await startMtconnectAgent({
    content: machineContent('mill-1', load, MORNING_MS - 60_000),
    clock,
    port: 0,
  });
  driver = createMtconnectDriver(
    {
      id: 's',
      machine: 'mill-1',
      component: 'control',
      every: 10_000,
      url: agent.url,
      mode: 'poll',
      heartbeat: 10_000,
      items: [],
      timeout: 5000,
    },
    { clock },
  );
  const words: StatusReport[] = [];
  driver.onStatus((word) => words.push(word));
  const codes: string[] = [];
  let checked = 0;
  let lastWs = 0;
  for (let step = 0; step < MINUTES * 6; step++) {
    clock.stepTo(MORNING_MS + step * 10_000);
    if (step === 60) agent.dropConnections();
    if (step === 120) agent.restart();
    const poll = await driver.poll().catch((error: unknown) => {
      if (!(error instanceof MillwattError)) throw error;
      codes.push(error.code);
    });
    if (!poll) continue;
    const value = (channel: string) =>
      Number(poll.readings.find((reading) => reading.channel === `mill-1.${channel}`)?.value);
    const supply = driver.channels.find(({ id }) => id.endsWith('.activePower'));
    expect(supply?.component).toMatch(/^(supply|electric)$/);
    expect(value(`${supply?.component}.activePower`)).toBeCloseTo(load.powerW('supply', clock.wallMs()), 0);
    const energyWs = value(`${supply?.component}.activeEnergyImport`);
    expect(energyWs).toBe(Math.floor(3600 * load.energyWh('supply', clock.wallMs())));
    expect(energyWs).toBeGreaterThanOrEqual(lastWs);
    lastWs = energyWs;
    expect(value('spindle.rotationalSpeed')).toBe(Math.round(load.momentAt(clock.wallMs()).spindleSpeed));
    checked += 1;
  }
  expect(codes).toEqual(['restarted']);
  expect(checked).toBe(MINUTES * 6 - 1);
  const execution = words.filter(({ channel }) => channel === 'mill-1.control.execution');
  expect(execution.filter(({ value }) => value === null)).toHaveLength(1);
  expect(execution.length).toBeGreaterThan(5);
  for (const [index, { value, atMs }] of execution.entries()) {
    if (index === 0 || value === null || execution[index - 1]?.value === null) continue;
    // The mill's state changes at that very second.
    const before = load.momentAt(MORNING_MS + atMs - 1001).production;
    const after = load.momentAt(MORNING_MS + atMs).production;
    expect([value, before === after], `${value} at ${atMs}`).toEqual([value, false]);
  }
});
