/*
 * A whole agent in a process to be killed. Arguments: folder, broker URL, and `finish` to seal, deliver everything, say
 * "finished" and wait.
 */
import { writeSync } from 'node:fs';
import { startAgent } from '../../agent/agent.ts';
import { systemClock } from '../../protocols/clock.ts';
import { silentLog } from '../../protocols/log.ts';
import { connectLink } from '../../protocols/mqtt/mqtt-link.ts';
import { testConfig } from './agent-config.ts';
import { scriptedDriver } from './scripted-driver.ts';

const [dataFolder = '', url = '', mode = 'run'] = process.argv.slice(2);
const agent = await startAgent({
  config: testConfig({ url, spool: { batchSamples: 20 } }),
  dataFolder,
  drivers: ['mill', 'lathe', 'press'].map((machine) =>
    scriptedDriver({ clock: systemClock, machine, everyMs: 20 }),
  ),
  connect: (options) => connectLink(options, { backOffBaseMs: 50, backOffCapMs: 200 }),
  clock: systemClock,
  log: silentLog,
  version: '0.1.0',
  resendAfterMs: 300,
});
if (mode === 'finish') {
  // Nothing new is to be read while the rest is delivered: the next run of the agent is one without sources.
  await agent.stop();
  const last = await startAgent({
    config: testConfig({ url }),
    dataFolder,
    drivers: [],
    connect: (options) => connectLink(options, { backOffBaseMs: 50, backOffCapMs: 200 }),
    clock: systemClock,
    log: silentLog,
    version: '0.1.0',
    resendAfterMs: 300,
  });
  const timer = setInterval(() => {
    if (last.stats().records.pending > 0) return;
    clearInterval(timer);
    writeSync(1, 'finished\n');
  }, 20);
}
