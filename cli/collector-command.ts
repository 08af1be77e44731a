import { loadCollectorConfig } from '../config/load.ts';
import { profileFolderOf, readSurroundings } from '../config/surroundings.ts';
import { systemClock } from '../protocols/clock.ts';
import { buildCollector } from './build-collector.ts';
import { judgePlan } from './judge-plan.ts';
import { createLogger, logWarnings } from './logger.ts';
import { listenForStop, untilAborted } from './signals.ts';

/** `millwatt collector`: keeps, derives and serves until it is told to stop. */
export async function runCollector(options: { config: string }): Promise<void> {
  const { config, folder, warnings } = loadCollectorConfig(
    options.config,
    readSurroundings({ profileFolder: profileFolderOf(options.config), judge: judgePlan(Date.now()) }),
  );
  const log = createLogger('collector');
  logWarnings(log, warnings);
  const stop = listenForStop();
  const collector = await buildCollector(config, { folder, clock: systemClock, log, simulated: false });
  log.info({ page: collector.url, publicKey: collector.publicKey }, `The page is served: ${collector.url}`);
  await untilAborted(stop);
  log.info({ signal: stop.reason }, 'The collector stops.');
  await collector.stop();
}
