import type { CollectorConfig } from '../config/collector-config.ts';
import { openInfluxStore } from '../collector/influx/http-influx-store.ts';
import type { InfluxStore } from '../collector/influx/influx-store.ts';
import { systemClock } from '../protocols/clock.ts';
import { resolveSecret } from './secrets.ts';

/** The configured InfluxDB with its secrets resolved, which are read again when it does not take them; nothing is sent yet. */
export function openConfiguredInflux(
  influx: NonNullable<CollectorConfig['influx']>,
  folder: string,
): InfluxStore {
  const { url, version, database, org, username } = influx;
  const readSecrets = () => {
    const password = resolveSecret(influx.password, folder);
    const token = resolveSecret(influx.token, folder);
    return { ...(password === undefined ? {} : { password }), ...(token === undefined ? {} : { token }) };
  };
  return openInfluxStore(
    {
      url,
      version,
      database,
      ...(org === undefined ? {} : { org }),
      ...(username === undefined ? {} : { username }),
      ...readSecrets(),
      readSecrets,
    },
    () => systemClock.wallMs(),
  );
}
