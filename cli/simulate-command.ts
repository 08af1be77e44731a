import { resolve } from 'node:path';
import { loadSimulationConfig } from '../config/load.ts';
import { simulatedTimeOf } from '../config/simulation-config.ts';
import { simulatedClock } from '../protocols/clock.ts';
import { buildSimulation } from './build-simulation.ts';
import { createLogger, logWarnings } from './logger.ts';
import { listenForStop, untilAborted } from './signals.ts';

/** `millwatt simulate`: serves the configured plant until it is told to stop. */
export async function runSimulate(options: { config: string }): Promise<void> {
  const { config, folder, warnings } = loadSimulationConfig(options.config);
  const log = createLogger('simulator');
  logWarnings(log, warnings);
  const stop = listenForStop();
  const clock = simulatedClock(simulatedTimeOf(config.time, Date.now()));
  const simulation = await buildSimulation(config, {
    folder,
    dataFolder: resolve(folder, config.data),
    clock,
    log,
  });
  for (const { id, ...where } of simulation.endpoints)
    log.info({ id, ...where }, 'A simulated device answers.');
  log.info(
    { simulatedTime: new Date(clock.wallMs()).toISOString(), speed: clock.speed() },
    'The simulated plant runs.',
  );
  await untilAborted(stop);
  await simulation.close();
  process.exit(0);
}
