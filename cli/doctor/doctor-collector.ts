import { resolve } from 'node:path';
import type { InfluxStore } from '../../collector/influx/influx-store.ts';
import type { CollectorConfig } from '../../config/collector-config.ts';
import { sayOffset } from '../../collector/ingest/clock-offsets.ts';
import { loadCollectorConfig } from '../../config/load.ts';
import { MillwattError } from '../../protocols/errors.ts';
import { readCredentials, readServerTls } from '../broker-link.ts';
import { examine, type Examination } from '../examination.ts';
import { openConfiguredInflux } from '../influx-access.ts';
import {
  askAlarms,
  askClockOffsets,
  askFullSpools,
  askRetention,
  askRunningCollector,
  type PageAddress,
} from '../running-collector.ts';
import { resolveSecret } from '../secrets.ts';
import { sitePlanOf } from '../site-plan-of.ts';
import { tryBroker, tryFolder, tryPort } from '../trials.ts';
import { examineCalibrations } from './doctor-calibration.ts';
import { judgeFullness } from './doctor-spool.ts';
import { examineStore } from './doctor-store.ts';

/** Clocks further apart are wrong, ms. */
const CLOCK_OFF_MS = 5000;

/** The data folder, the ports, the broker and InfluxDB of a collector. */
export async function* examineCollector(file: string): AsyncGenerator<Examination> {
  const { config, folder } = loadCollectorConfig(file);
  yield examine('data folder', () => tryFolder(resolve(folder, config.data)));
  // Asked only where the port is taken, and once for both ports.
  let running: Promise<boolean> | undefined;
  const isRunning = () => (running ??= runsAlready(config, folder));
  yield examine('page', () => tryOwnPort(config.http, isRunning));
  const { embedded, url } = config.broker;
  if (embedded !== undefined) yield examine('embedded broker', () => tryOwnPort(embedded, isRunning));
  else if (url !== undefined) {
    const { username, mqtt } = config.broker;
    yield examine('broker', () =>
      tryBroker({ url, username, mqtt, ...readCredentials(config.broker, folder) }),
    );
  }
  if (await isRunning()) {
    yield examine('clocks of agents', () => tryClocks(config, folder));
    yield* examineSpools(config, folder);
    yield examine('keys of agents', () => tryKeys(config, folder));
    yield examine('ledger', () => tryLedger(config, folder));
  } else yield examineStore(resolve(folder, config.data));
  yield* examineCalibrations(sitePlanOf(config, process.versions['tz'] ?? ''), Date.now());
  const { influx } = config;
  if (influx !== undefined) {
    yield examine('InfluxDB', async () => {
      const store = openConfiguredInflux(influx, folder);
      const { up, version, reason } = await store.health();
      if (!up)
        throw new MillwattError('retry', 'influx', `${influx.url} does not answer: ${reason}`, {
          cure: 'Is InfluxDB running, and the address right?',
        });
      await tryRights(store);
      return `${influx.url} (${version}) answers, ${await lookForDatabase(store, influx)}`;
    });
  }
}

/** A port that is free, or held by the very collector that is examined. */
async function tryOwnPort(
  { host, port }: { host: string; port: number },
  isRunning: () => Promise<boolean>,
): Promise<string> {
  try {
    return `${await tryPort(host, port)}: this collector is not running`;
  } catch (error) {
    if (error instanceof MillwattError && error.code === 'port-taken' && (await isRunning()))
      return `${host}:${port} is taken by this collector: it is running`;
    throw error;
  }
}

async function runsAlready({ site, http }: CollectorConfig, folder: string): Promise<boolean> {
  return (await askRunningCollector(pageOf(http, folder))) === site;
}

function pageOf(http: CollectorConfig['http'], folder: string): PageAddress {
  const { host, port } = http;
  return {
    host,
    port,
    token: resolveSecret(http.token, folder),
    cert: readServerTls(http, folder)?.cert,
  };
}

/** The clocks of agents against this computer's, as its collector sees them. */
async function tryClocks({ http }: CollectorConfig, folder: string): Promise<string> {
  const clocks = await askClockOffsets(pageOf(http, folder));
  const wrong = clocks.find(({ offsetMs }) => Math.abs(offsetMs) > CLOCK_OFF_MS);
  if (wrong !== undefined)
    throw new MillwattError(
      'refuse',
      'clock-offset',
      `${sayOffset(wrong.id, wrong.offsetMs).split(':')[0]}.`,
      {
        cure: 'Let both computers set their clocks by NTP (timedatectl set-ntp true); energies are right, hours are shifted.',
      },
    );
  return clocks.length === 0 ? 'no agent has spoken yet' : `${clocks.length} within 5 s of this computer`;
}

/** What a running collector says of its ledger; the other alarms are found by trying. */
async function tryLedger({ http }: CollectorConfig, folder: string): Promise<string> {
  const [alarm] = await askAlarms(pageOf(http, folder), 'ledger');
  if (alarm !== undefined)
    throw new MillwattError('refuse', 'ledger-alarm', `${alarm.reason}.`, { cure: alarm.cure });
  const retention = await askRetention(pageOf(http, folder));
  const iso = (ms: number) => new Date(ms).toISOString().slice(0, 16) + 'Z';
  const kept = [
    retention?.fullSinceMs ? `readings are kept since ${iso(retention.fullSinceMs)}` : '',
    retention?.frozenToMs ? `hours before ${iso(retention.frozenToMs)} are frozen` : '',
  ].filter((part) => part !== '');
  return ['nothing wrong was met', ...kept, '`millwatt ledger check` looks at every file'].join('; ');
}

/** Keys that nobody vouches for, or that were revoked and are still in use, as a running collector sees them. */
async function tryKeys({ http }: CollectorConfig, folder: string): Promise<string> {
  const [alarm] = await askAlarms(pageOf(http, folder), 'keys');
  if (alarm !== undefined)
    throw new MillwattError('refuse', 'keys-alarm', `${alarm.reason}.`, { cure: alarm.cure });
  return 'no agent signs with a strange or a revoked one; `millwatt keys` lists them';
}

/** The spools of agents, as they tell of them. */
async function* examineSpools({ http }: CollectorConfig, folder: string): AsyncGenerator<Examination> {
  const subject = 'spools of agents';
  let spools: Awaited<ReturnType<typeof askFullSpools>> = [];
  const asked = await examine(subject, async () => {
    spools = await askFullSpools(pageOf(http, folder));
    return 'none is full, and none was';
  });
  if (spools.length === 0) yield asked;
  for (const { id, full } of spools) yield judgeFullness(subject, `that of ${id}`, full);
}

/** Asks whether we may write, with a request that holds no point: nothing is stored. */
async function tryRights(store: InfluxStore): Promise<void> {
  const outcome = await store.write('');
  // What else is said of an empty request differs by version, and tells nothing.
  if (outcome.kind === 'halt' && /answered 40[13]/.test(outcome.reason))
    throw new MillwattError('refuse', 'influx', `${outcome.reason}.`, { cure: outcome.cure });
}

/** Looks and makes nothing: an examination leaves everything as it is. */
async function lookForDatabase(
  store: InfluxStore,
  { version, database }: NonNullable<CollectorConfig['influx']>,
): Promise<string> {
  // Of 2.x and 3.x only an account with more rights than the collector needs could ask.
  if (version !== 1) return `the collector makes ${database} before it first writes, where it is missing`;
  const found = (await store.query('SHOW DATABASES')).flatMap(({ rows }) => rows.map(([name]) => name));
  return found.includes(database)
    ? `and ${database} is there`
    : `the collector will make ${database} before it first writes`;
}
