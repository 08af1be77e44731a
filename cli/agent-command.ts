import { resolve } from 'node:path';
import { startAgent } from '../agent/agent.ts';
import { loadAgentConfig } from '../config/load.ts';
import { systemClock } from '../protocols/clock.ts';
import { fingerprint } from '../protocols/evidence/keys.ts';
import { connectLink } from '../protocols/mqtt/mqtt-link.ts';
import { readCredentials } from './broker-link.ts';
import { buildDrivers } from './build-drivers.ts';
import { createLogger, logWarnings } from './logger.ts';
import { listenForStop, untilAborted } from './signals.ts';
import { growHeapFor } from './small-heap.ts';
import { VERSION } from './version.ts';

/** `millwatt agent`: reads the configured sources until it is told to stop. */
export async function runAgent(options: { config: string }): Promise<void> {
  const { config, folder, warnings } = loadAgentConfig(options.config);
  const log = createLogger('agent');
  logWarnings(log, warnings);
  const stop = listenForStop();
  const dataFolder = resolve(folder, config.data);
  const drivers = await buildDrivers(config, {
    folder,
    dataFolder,
    config: options.config,
    clock: systemClock,
    log,
  });
  growHeapFor(drivers.reduce((sum, { description }) => sum + 1000 / description.everyMs, 0));
  const agent = await startAgent({
    config,
    dataFolder,
    drivers,
    connect: connectLink,
    credentials: readCredentials(config.broker, folder),
    clock: systemClock,
    log,
    version: VERSION,
  });
  log.info(
    { site: config.site, agent: config.agent, publicKey: agent.publicKey, sources: config.sources.length },
    `The agent runs; its key is ${fingerprint(agent.publicKey)}.`,
  );
  await untilAborted(stop);
  log.info({ signal: stop.reason }, 'The agent stops.');
  await agent.stop();
}
