import { resolve } from 'node:path';
import { loadCollectorConfig } from '../config/load.ts';
import { MillwattError } from '../protocols/errors.ts';
import { readCredentials } from './broker-link.ts';
import { examine, type Examination } from './examination.ts';
import { openConfiguredInflux } from './influx-access.ts';
import { tryBroker, tryFolder, tryPort } from './trials.ts';

/** The data folder, the ports, the broker and InfluxDB of a collector. */
export async function* examineCollector(file: string): AsyncGenerator<Examination> {
  const { config, folder } = loadCollectorConfig(file);
  yield examine('data folder', () => tryFolder(resolve(folder, config.data)));
  yield examine('page', () => tryPort(config.http.host, config.http.port));
  const { embedded, url } = config.broker;
  if (embedded !== undefined) yield examine('embedded broker', () => tryPort(embedded.host, embedded.port));
  else if (url !== undefined) {
    const { username } = config.broker;
    yield examine('broker', () => tryBroker({ url, username, ...readCredentials(config.broker, folder) }));
  }
  const { influx } = config;
  if (influx !== undefined) {
    yield examine('InfluxDB', async () => {
      const store = openConfiguredInflux(influx, folder);
      const { up, version, reason } = await store.health();
      if (!up)
        throw new MillwattError('retry', 'influx', `${influx.url} does not answer: ${reason}`, {
          cure: 'Is InfluxDB running, and the address right?',
        });
      await store.ensureDatabase();
      return `${influx.url} (${version}) answers, and ${influx.database} is there`;
    });
  }
}
