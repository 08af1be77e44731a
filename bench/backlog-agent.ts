/*
 * An agent of many meters that are made up. Arguments: mode, folder, broker URL, meters, quantities (1 to 12), seconds.
 * `fill` steps through an outage of so many seconds without a broker, and ends; `run` polls once a second in real time.
 * It is asked through its channel: `stats`, `stop`.
 */
import { startAgent } from '../agent/agent.ts';
import { createSocketlessDriver } from './line-socketless.ts';
import { answerQuestions } from './line-process.ts';
import { agentConfig } from '../config/agent-config.ts';
import { systemClock } from '../protocols/clock.ts';
import type { Driver } from '../protocols/driver.ts';
import { silentLog } from '../protocols/log.ts';
import { connectLink } from '../protocols/mqtt/mqtt-link.ts';
import type { Link } from '../protocols/mqtt/link.ts';
import { BacklogClock } from './backlog-clock.ts';

/** What the agent says of itself. */
export interface BacklogSays {
  connected: boolean;
  pendingRecords: number;
  sampled: number;
  /** The last record that was sealed. */
  seq: number;
  rssMb: number;
}

const [mode = 'run', dataFolder = '', url = '', meters = '50', quantities = '12', seconds = '0'] =
  process.argv.slice(2);
const outageMs = Number(seconds) * 1000;
const clock = mode === 'fill' ? new BacklogClock(Date.now() - outageMs) : systemClock;
const noLink: Link = {
  connected: () => false,
  publish: () => Promise.reject(new Error('there is no broker')),
  close: () => Promise.resolve(),
};

/** The first so many quantities; the counter is the last of twelve, and always there. */
function cutDown(driver: Driver): Driver {
  const kept = driver.channels.filter(
    ({ id }, index) => index < Number(quantities) - 1 || id.endsWith('activeEnergyImport'),
  );
  const ids = new Set(kept.map(({ id }) => id));
  return {
    ...driver,
    channels: kept,
    poll: async () => {
      const poll = await driver.poll();
      return { ...poll, readings: poll.readings.filter(({ channel }) => ids.has(channel)) };
    },
  };
}

const agent = await startAgent({
  config: agentConfig.parse({
    site: 'bench',
    agent: 'gw1',
    broker: { url: url === '' ? 'mqtt://127.0.0.1:1' : url },
    // In real time it seals often, so that what is new has to pass the backlog all the time.
    spool: { maxSize: '4GB', ...(mode === 'run' ? { batchAge: '1s' } : {}) },
    // One is asked for; the meters are brought.
    sources: [
      { protocol: 'modbus-tcp', id: 'meter', machine: 'mill', host: '127.0.0.1', profile: 'siemens/pac3200' },
    ],
  }),
  dataFolder,
  drivers: Array.from({ length: Number(meters) }, (_, meter) =>
    cutDown(createSocketlessDriver(meter, 1000, clock)),
  ),
  connect:
    mode === 'fill'
      ? () => noLink
      : (options) => connectLink(options, { backOffBaseMs: 100, backOffCapMs: 500 }),
  clock,
  log: silentLog,
  version: '0.1.0',
});
if (clock instanceof BacklogClock) {
  for (let second = 0; second < Number(seconds); second++) {
    clock.step(1000);
    await agent.pollAll();
    // Timers that flush must have their turn.
    if (second % 20 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  await agent.stop();
  process.exit(0);
}
answerQuestions({
  ready: () => true,
  stats: (): BacklogSays => {
    const { connected, records, samples, headSeq } = agent.stats();
    return {
      connected,
      pendingRecords: records.pending,
      sampled: samples.sampled,
      seq: headSeq,
      rssMb: process.memoryUsage.rss() / 2 ** 20,
    };
  },
  stop: () => agent.stop(),
});
