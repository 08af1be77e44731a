import { resolve } from 'node:path';
import { startCollector, type CollectorOptions, type RunningCollector } from '../collector/collector.ts';
import { startDerivation, type Derivation } from '../collector/derivation/deriver.ts';
import { followAmendments } from '../collector/journal/amendment-source.ts';
import { startDailyRoots } from '../collector/evidence/days/daily-roots.ts';
import { startStamper } from '../collector/evidence/stamps/stamper.ts';
import type { Journal } from '../collector/journal/journal.ts';
import { followKeyActs } from '../collector/journal/key-acts.ts';
import { frozenPath, readFrozen } from '../collector/ledger/frozen-store.ts';
import { viewsPath } from '../collector/ledger/sqlite-views.ts';
import { startRetention } from '../collector/retention/retention.ts';
import { projectedTo, startProjector } from '../collector/influx/projector.ts';
import type { InfluxStore } from '../collector/influx/influx-store.ts';
import type { CollectorConfig } from '../config/collector-config.ts';
import type { Clock } from '../protocols/clock.ts';
import { describeError } from '../protocols/errors.ts';
import type { Log } from '../protocols/log.ts';
import { startEmbeddedBroker, type EmbeddedBroker } from '../protocols/mqtt/embedded-broker.ts';
import { connectLink } from '../protocols/mqtt/mqtt-link.ts';
import { readCredentials, readPem, readServerTls } from './broker-link.ts';
import { serveCollector } from './collector-page.ts';
import { exportsOf } from './exports-of.ts';
import { openConfiguredInflux } from './influx-access.ts';
import { openCollectorJournal, readKey } from './journal-access.ts';
import { machineModelsOf } from './machine-model-of.ts';
import { openQuarantine } from './project/projection-site.ts';
import { startPactOf, type RunningPact } from './pact-of.ts';
import { resolveSecret } from './secrets.ts';
import { sitePlanOf } from './site-plan-of.ts';
import { timeStampAuthorityOf } from './time-stamp-authority.ts';
import { VERSION } from './version.ts';

/** A collector with everything its configuration asks for. */
export interface BuiltCollector extends RunningCollector {
  /** Address of the page. */
  url: string;
}

/** Builds the adapters a collector's configuration asks for, and starts it. */
export async function buildCollector(
  config: CollectorConfig,
  around: { folder: string; clock: Clock; log: Log; simulated: boolean },
): Promise<BuiltCollector> {
  const { folder, clock, log, simulated } = around;
  const dataFolder = resolve(folder, config.data);
  const broker = await openBroker(config, folder, log);
  const url = broker === undefined ? (config.broker.url ?? '') : localUrl(config, broker);
  const { username } = config.broker;
  const credentials = readCredentials(config.broker, folder);
  let page = '';
  let journal: Journal | undefined;
  let derivation: Derivation | undefined;
  const models = machineModelsOf(config, folder);
  const plan = sitePlanOf(config, process.versions['tz'] ?? '');
  const address = {
    host: config.http.host,
    port: config.http.port,
    token: resolveSecret(config.http.token, folder),
    marksToken: resolveSecret(config.http.marksToken, folder),
    tls: readServerTls(config.http, folder),
  };
  const authority = timeStampAuthorityOf(config, folder);
  const parts: CollectorOptions['parts'] = {
    startDerivation: (surroundings) => {
      // Not before the data folder is there and ours: the ledger in it is locked.
      journal = openCollectorJournal(dataFolder, log);
      const amendments = followAmendments(journal, log);
      const frozen = readFrozen(dataFolder);
      derivation = startDerivation({ ...surroundings, machines: models, amendments, frozen });
      return derivation;
    },
    followKeyActs: () => followKeyActs((journal ??= openCollectorJournal(dataFolder, log)), log),
    startRetention: ({ ledger, views, clock: arrivals, log: told }) => {
      const { keep, maxSize } = config.ledger;
      if (derivation === undefined || (keep === undefined && maxSize === undefined)) return undefined;
      return startRetention({
        ledger,
        derivation,
        // What was not written to InfluxDB yet is kept for it.
        cursors: () => [views.cursor('derive'), ...(config.influx === undefined ? [] : [projectedTo(views)])],
        frozenPath: frozenPath(dataFolder),
        viewsPath: viewsPath(dataFolder),
        ...(keep === undefined ? {} : { keepMs: keep }),
        ...(maxSize === undefined ? {} : { maxBytes: maxSize }),
        wallMs: () => arrivals.wallMs(),
        log: told,
      });
    },
    startDailyRoots: ({ ledger, site, clock: arrivals, log: told }) =>
      startDailyRoots({
        folder: dataFolder,
        site,
        // The journal was opened before, which makes the key where there is none yet.
        key: readKey(dataFolder),
        ledger,
        wallMs: () => arrivals.wallMs(),
        log: told,
        stamper: authority === undefined ? undefined : startStamper({ authority, log: told }),
      }),
    startHttp: async (surroundings) => {
      const { views, publicKey } = surroundings;
      const exports =
        journal && exportsOf(config, folder, { views, journal, sitePlan: plan, key: publicKey });
      const around = { address, models, simulated, journal, plan, exports };
      let pact: RunningPact | undefined;
      const metrics = () => [...surroundings.metrics(), ...(pact?.metrics() ?? [])];
      const server = await serveCollector({ ...surroundings, metrics }, around);
      page = server.url;
      try {
        if (config.pact !== undefined && exports !== undefined)
          pact = await startPactOf(config.pact, folder, { exports, sitePlan: plan, dataFolder, clock, log });
      } catch (error) {
        await server.close();
        throw error;
      }
      return {
        port: server.port,
        stop: async () => {
          await pact?.stop();
          await server.close();
        },
      };
    },
  };
  const { influx } = config;
  if (influx !== undefined) {
    const store = openConfiguredInflux(influx, folder);
    void reportInflux(store, log);
    parts.startProjector = ({ ledger, views, site, clock: recordClock }) =>
      startProjector({
        ledger,
        views,
        store,
        quarantine: openQuarantine(dataFolder),
        site,
        // The clock that records carry their arrival by; the projector waits in real time by itself.
        clock: recordClock,
        log,
      });
  }
  // The embedded broker speaks 3.1.1 only.
  const mqtt = broker === undefined ? config.broker.mqtt : '3.1.1';
  try {
    const collector = await startCollector({
      config,
      dataFolder,
      connect: (link) => connectLink({ ...link, url, username, mqtt, ...credentials }),
      clock,
      log,
      version: VERSION,
      parts,
      onCrash: (error) => {
        // What is not durable was not receipted; a service manager starts us again on what is.
        log.error({ error: describeError(error) }, 'The collector cannot go on.');
        process.exit(1);
      },
    });
    return {
      ...collector,
      url: page,
      stop: async () => {
        await collector.stop();
        journal?.close();
        await broker?.close();
      },
    };
  } catch (error) {
    journal?.close();
    await broker?.close();
    throw error;
  }
}

async function openBroker(
  config: CollectorConfig,
  folder: string,
  log: Log,
): Promise<EmbeddedBroker | undefined> {
  const { embedded, username } = config.broker;
  if (embedded === undefined) return undefined;
  const agents = Object.entries(embedded.agents).map(
    ([id, reference]) => [id, resolveSecret(reference, folder) ?? ''] as const,
  );
  const password = resolveSecret(config.broker.password, folder);
  const tls = readServerTls(embedded, folder);
  return startEmbeddedBroker({
    host: embedded.host,
    port: embedded.port,
    ...(agents.length === 0 ? {} : { agents: new Map(agents) }),
    collector: { username, ...(password === undefined ? {} : { password }) },
    ...(tls === undefined ? {} : { tls }),
    ...(embedded.ca === undefined ? {} : { clientCa: readPem(resolve(folder, embedded.ca)) }),
    log,
  });
}

/** Nothing may have to be written for a long time: whoever starts the collector wants to know now. */
async function reportInflux(store: InfluxStore, log: Log): Promise<void> {
  const { up, version, reason } = await store.health();
  if (up) log.info({ version }, 'InfluxDB answers.');
  else
    log.warn(
      {},
      `${reason}; readings stay in the ledger until it does. Check that InfluxDB runs at \`influx.url\`.`,
    );
}

/** How the collector reaches the broker in its own process. */
function localUrl(config: CollectorConfig, broker: EmbeddedBroker): string {
  const { embedded } = config.broker;
  const host =
    embedded === undefined || embedded.host === '0.0.0.0' || embedded.host === '::'
      ? '127.0.0.1'
      : embedded.host;
  return `${embedded?.cert === undefined ? 'mqtt' : 'mqtts'}://${host}:${broker.port}`;
}
