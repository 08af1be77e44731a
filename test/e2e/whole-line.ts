import { join } from 'node:path';
import { startAgent, type RunningAgent } from '../../agent/agent.ts';
import { buildCollector, type BuiltCollector } from '../../cli/build-collector.ts';
import { buildDrivers } from '../../cli/build-drivers.ts';
import { loadAgentConfig, loadCollectorConfig } from '../../config/load.ts';
import type { Clock } from '../../protocols/clock.ts';
import { silentLog } from '../../protocols/log.ts';
import { connectLink } from '../../protocols/mqtt/mqtt-link.ts';
import { eventually } from './millwatt-process.ts';

/** Collector and agent of two configuration files, in this process and on an injected clock. */
export interface WholeLine {
  collector: BuiltCollector;
  agent: RunningAgent;
  /** Seals what was read, and resolves when all of it is receipted and derived. */
  deliver(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts both; the folder holds their files and their data. */
export async function startWholeLine(options: {
  folder: string;
  collectorFile: string;
  agentFile: string;
  clock: Clock;
  simulated: boolean;
}): Promise<WholeLine> {
  const { folder, clock, simulated } = options;
  const around = { folder, clock, log: silentLog };
  const collector = await buildCollector(loadCollectorConfig(options.collectorFile).config, {
    ...around,
    simulated,
  });
  const { config } = loadAgentConfig(options.agentFile);
  const dataFolder = join(folder, 'agent');
  const agent = await startAgent({
    config,
    dataFolder,
    drivers: await buildDrivers(config, { ...around, dataFolder }),
    connect: connectLink,
    clock,
    log: silentLog,
    version: 'test',
    simulated,
  });
  return {
    collector,
    agent,
    deliver: async () => {
      agent.sealNow();
      await eventually(() => {
        const { samples } = agent.stats();
        return samples.pending === 0 && samples.sampled === samples.receipted;
      }, 'every sample is receipted');
      await collector.idle();
    },
    stop: async () => {
      await agent.stop();
      await collector.stop();
    },
  };
}
