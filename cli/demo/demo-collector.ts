import { writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { loadCollectorConfig } from '../../config/load.ts';
import type { Clock } from '../../protocols/clock.ts';
import { MillwattError } from '../../protocols/errors.ts';
import type { Log } from '../../protocols/log.ts';
import { buildCollector, type BuiltCollector } from '../build-collector.ts';
import { demoCollectorYaml } from './demo-plant.ts';

/** The demo's broker: apart from the usual 1883, so that a broker that already runs is left alone. */
const BROKER_PORT = 18_830;
/** Between finding a port free and listening on it, another program may take it. */
const ATTEMPTS = 5;

/**
 * Starts the demo's collector with a broker inside: on the usual port of the demo, or on any other when that one is
 * taken (by another demo, for instance). Throws an error of class `refuse` when the port of the page is taken.
 */
export async function startDemoCollector(around: {
  folder: string;
  /** Of the page. */
  port: number;
  clock: Clock;
  log: Log;
}): Promise<{ collector: BuiltCollector; brokerPort: number }> {
  const { folder, port, clock, log } = around;
  const file = join(folder, 'collector.yaml');
  for (let attempt = 1; ; attempt++) {
    const brokerPort = attempt === 1 ? BROKER_PORT : await findFreePort();
    writeFileSync(file, demoCollectorYaml(port, brokerPort));
    try {
      const { config } = loadCollectorConfig(file);
      return { collector: await buildCollector(config, { folder, clock, log, simulated: true }), brokerPort };
    } catch (error) {
      if (!(error instanceof MillwattError)) throw error;
      if (error.code === 'http-port')
        throw new MillwattError('refuse', error.code, error.message, {
          cure: `Choose another port for the page: millwatt demo --port ${port === 8485 ? 8486 : 8485}`,
          cause: error,
        });
      if (error.code !== 'port-taken' || attempt === ATTEMPTS) throw error;
    }
  }
}

function findFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
