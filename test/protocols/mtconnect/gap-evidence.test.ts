import { afterEach, describe, expect, it } from 'vitest';
import { Poller } from '../../../agent/poller.ts';
import { SteppedClock } from '../../../protocols/clock.ts';
import type { Driver, StatusReport } from '../../../protocols/driver.ts';
import { silentLog } from '../../../protocols/log.ts';
import { createMtconnectDriver } from '../../../protocols/mtconnect/mtconnect-driver.ts';
import { ScriptedAgent } from './scripted-agent.ts';

const START_MS = Date.parse('2026-01-05T08:00:00Z');

let agent: ScriptedAgent | undefined;
let driver: Driver | undefined;
afterEach(async () => {
  await driver?.close();
  await agent?.stop();
});

/** What the records will say of a source: its link and its words, second by second of a stepped clock. */
async function follow(bufferSize: number) {
  const clock = new SteppedClock(START_MS);
  agent = new ScriptedAgent([{ id: 'ex', category: 'EVENT', type: 'EXECUTION', at: 'path' }], bufferSize);
  agent.nowMs = () => clock.wallMs();
  await agent.start();
  driver = createMtconnectDriver(
    {
      id: 's',
      machine: 'm',
      component: 'control',
      every: 1000,
      url: agent.url,
      mode: 'poll',
      heartbeat: 1000,
      items: [],
      timeout: 2000,
    },
    { clock },
  );
  const said: [second: number, what: string][] = [];
  driver.onStatus(({ atMs, value }: StatusReport) => said.push([atMs / 1000, String(value)]));
  const poller = new Poller(driver, {
    clock,
    log: silentLog,
    events: {
      onPoll: () => {},
      onLink: ({ atMs, up, reason }) => said.push([atMs / 1000, `${up ? 'up' : 'down'} ${reason}`.trim()]),
    },
  });
  const at = async (second: number, act?: (running: ScriptedAgent) => unknown) => {
    clock.stepTo(START_MS + second * 1000);
    if (agent !== undefined) await act?.(agent);
    await poller.poll();
  };
  const tellAt = (second: number, word: string) => {
    clock.stepTo(START_MS + second * 1000);
    agent?.tell('ex', word);
  };
  return { at, tellAt, said, tellsFromMs: () => driver?.tellsFromMs?.() };
}

describe('what the records say of a gap', () => {
  it('an overrun between two polls: nothing is known from the first on, and the link was down', async () => {
    const { at, tellAt, said } = await follow(10);
    await at(10);
    tellAt(11, 'ACTIVE');
    await at(20);
    for (let n = 0; n < 30; n++) tellAt(21 + n, `W${n}`);
    await at(60);
    await at(61);
    expect(said).toEqual([
      [10, 'null'],
      [10, 'up'],
      [11, 'ACTIVE'],
      // All was told up to the poll at 20; what adapters are late with is the second before.
      [19, 'null'],
      [60, 'down overrun'],
      [61, 'W29'],
      [61, 'up'],
    ]);
  });

  it('a restart: the same', async () => {
    const { at, tellAt, said } = await follow(10);
    await at(10);
    tellAt(11, 'ACTIVE');
    await at(20);
    await at(30, (running) => running.restart());
    tellAt(30, 'READY');
    await at(31);
    expect(said).toEqual([
      [10, 'null'],
      [10, 'up'],
      [11, 'ACTIVE'],
      [19, 'null'],
      [30, 'down restarted'],
      [31, 'READY'],
      [31, 'up'],
    ]);
  });

  it('an outage without loss: words in their places, and the link was healed', async () => {
    const { at, tellAt, said, tellsFromMs } = await follow(100);
    await at(10);
    tellAt(11, 'ACTIVE');
    await at(20, (running) => running.stop());
    expect(tellsFromMs()).toBe(9000);
    tellAt(30, 'READY');
    tellAt(40, 'ACTIVE');
    await at(50, (running) => running.start());
    expect(said).toEqual([
      [10, 'null'],
      [10, 'up'],
      [20, expect.stringMatching(/^down (refused|closed)$/)],
      [11, 'ACTIVE'],
      [30, 'READY'],
      [40, 'ACTIVE'],
      [50, 'up healed'],
    ]);
    expect(tellsFromMs()).toBe(49_000);
  });
});
