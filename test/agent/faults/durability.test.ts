import { cpSync, rmSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import { startAgent } from '../../../agent/agent.ts';
import { SteppedClock } from '../../../protocols/clock.ts';
import { silentLog } from '../../../protocols/log.ts';
import { connectLink } from '../../../protocols/mqtt/mqtt-link.ts';
import { systemTimers } from '../../../protocols/timers.ts';
import { testConfig } from '../agent-config.ts';
import { scriptedDriver } from '../scripted-driver.ts';
import { holds, openSpool } from '../spool-rig.ts';
import { memoryFolder } from './spool-image.ts';

const closers: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

function makeFolder(): string {
  const path = memoryFolder();
  closers.push(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

// The agent's own flush never comes here: what is on disk was put there by the poll itself.
test.each([
  ['always', 6],
  ['group', 0],
  ['os', 0],
] as const)(
  'with durability %s, %i of the six samples of three polls are on disk when the polls are over',
  async (durability, durable) => {
    const folder = makeFolder();
    const clock = new SteppedClock(Date.UTC(2026, 2, 2, 6));
    const agent = await startAgent({
      config: testConfig({ spool: { durability } }),
      dataFolder: folder,
      drivers: [scriptedDriver({ clock, machine: 'mill' })],
      connect: (link) => connectLink(link),
      clock,
      timers: { ...systemTimers, every: () => () => {} },
      log: silentLog,
      version: '0.1.0',
    });
    closers.push(() => agent.stop());
    for (let poll = 0; poll < 3; poll++) {
      await agent.pollAll();
      clock.stepTo(clock.wallMs() + 1000);
    }
    // What a kill -9 would leave just now.
    const killed = makeFolder();
    cpSync(folder, killed, { recursive: true });
    const spool = openSpool(killed);
    expect(spool.accounts().samples).toMatchObject({ sampled: durable, pending: durable });
    expect(holds(spool)).toBe(true);
    spool.close();
  },
);
