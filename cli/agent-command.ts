import { resolve } from 'node:path';
import { startAgent } from '../agent/agent.ts';
import { loadAgentConfig } from '../config/load.ts';
import { systemClock } from '../protocols/clock.ts';
import { connectAgent } from './agent-link.ts';
import { buildDrivers } from './build-drivers.ts';
import { createLogger } from './logger.ts';
import { untilStopped } from './signals.ts';
import { VERSION } from './version.ts';

/** `millwatt agent`: reads the configured sources until it is told to stop. */
export async function runAgent(options: { config: string }): Promise<void> {
  const { config, folder } = await loadAgentConfig(options.config);
  const log = createLogger('agent');
  const dataFolder = resolve(folder, config.data);
  const connect = await connectAgent(config, folder);
  const drivers = await buildDrivers(config, { folder, dataFolder, clock: systemClock, log });
  const agent = await startAgent({ config, dataFolder, drivers, connect, clock: systemClock, log, version: VERSION });
  log.info({ site: config.site, agent: config.agent, sources: drivers.length, publicKey: agent.publicKey }, 'agent runs');
  const signal = await untilStopped();
  log.info({ signal }, 'agent stops');
  await agent.stop();
}
