import { join, resolve } from 'node:path';
import { openQuarantineFile, type Quarantine } from '../../collector/influx/quarantine-file.ts';
import type { InfluxStore } from '../../collector/influx/influx-store.ts';
import { loadCollectorConfig } from '../../config/load.ts';
import type { CollectorConfig } from '../../config/collector-config.ts';
import { systemClock } from '../../protocols/clock.ts';
import { MillwattError } from '../../protocols/errors.ts';
import { openConfiguredInflux } from '../influx-access.ts';

/** Lines that InfluxDB will never take are kept for a person to look at, up to this size. */
const QUARANTINE_BYTES_MAX = 10_000_000;

/** What `millwatt project` works on. */
export interface ProjectionSite {
  config: CollectorConfig;
  influx: NonNullable<CollectorConfig['influx']>;
  dataFolder: string;
  store: InfluxStore;
}

/** Reads a collector's configuration. Throws an error of class `refuse` (code `no-influx`) where it names no InfluxDB. */
export function openProjectionSite(file: string): ProjectionSite {
  const { config, folder } = loadCollectorConfig(file);
  const { influx } = config;
  if (influx === undefined)
    throw new MillwattError('refuse', 'no-influx', `${file} names no InfluxDB.`, {
      cure: 'Add `influx:` with `url`, `version` and `database`.',
    });
  return {
    config,
    influx,
    dataFolder: resolve(folder, config.data),
    store: openConfiguredInflux(influx, folder),
  };
}

/** Where the quarantine of a collector is. */
export function quarantinePath(dataFolder: string): string {
  return join(dataFolder, 'influx-quarantine.txt');
}

/** The quarantine of a collector: it and `millwatt project` add to the same file. */
export function openQuarantine(dataFolder: string): Quarantine {
  return openQuarantineFile(quarantinePath(dataFolder), QUARANTINE_BYTES_MAX, () => systemClock.wallMs());
}
