import type { CollectorConfig } from '../config/collector-config.ts';
import { openInfluxStore } from '../collector/influx/http-influx-store.ts';
import type { InfluxStore } from '../collector/influx/influx-store.ts';
import { systemClock } from '../protocols/clock.ts';
import { resolveSecret } from './secrets.ts';

/** The configured InfluxDB with its secrets resolved; nothing is sent yet. */
export function openConfiguredInflux(
  influx: NonNullable<CollectorConfig['influx']>,
  folder: string,
): InfluxStore {
  const { url, version, database, org, username } = influx;
  const password = resolveSecret(influx.password, folder);
  const token = resolveSecret(influx.token, folder);
  return openInfluxStore(
    {
      url,
      version,
      database,
      ...(org === undefined ? {} : { org }),
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password }),
      ...(token === undefined ? {} : { token }),
    },
    () => systemClock.wallMs(),
  );
}
