import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { CollectorConfig, MachineConfig } from '../config/collector-config.ts';
import type { Clock } from '../protocols/clock.ts';
import { describeError, type MillwattError } from '../protocols/errors.ts';
import type { Log } from '../protocols/log.ts';
import type { Link } from '../protocols/mqtt/link.ts';
import type { HealthMessage } from '../protocols/telemetry/live.ts';
import { Admission } from './ingest/admission.ts';
import { Findings } from './ingest/findings.ts';
import { GapRequests } from './ingest/gap-requests.ts';
import { AgentKeys, loadCollectorKey } from './ingest/keys.ts';
import { LiveState } from './ingest/live-state.ts';
import { Quarantine } from './ingest/quarantine.ts';
import { ReceiptIssuer } from './ingest/receipts.ts';
import { startSubscriber, type CollectorLink } from './ingest/subscriber.ts';
import { readCollectorStats, type CollectorStats } from './collector-stats.ts';
import type { Ledger } from './ledger/ledger.ts';
import { openLedger } from './ledger/sqlite-ledger.ts';
import { openViews } from './ledger/sqlite-views.ts';
import type { Views } from './ledger/views.ts';

const GAP_CHECK_MS = 5000;
const LAST_RECEIPTS_MS = 1000;

/** What computes machine-hours from the ledger into the views. */
export interface DerivationPart {
  wake(): void;
  /** Resolves when everything that is in the ledger now is derived. */
  idle(): Promise<void>;
  stop(): Promise<void> | void;
  stats(): object;
}

/** What keeps InfluxDB equal to the ledger and the views. */
export interface ProjectorPart {
  wake(): void;
  idle(): Promise<void>;
  /** An agent's health, for the next request; best effort. */
  health(agent: string, message: HealthMessage): void;
  stop(): Promise<void> | void;
  stats(): object;
}

/** What serves pages and figures. */
export interface HttpPart {
  port: number;
  stop(): Promise<void>;
}

/** What the derivation and the projector are given. */
export interface ReaderSurroundings {
  ledger: Ledger;
  views: Views;
  machines: MachineConfig[];
  site: string;
  clock: Clock;
  log: Log;
}

/** What the HTTP face is given: everything to read, nothing to change but the trust in keys. */
export interface HttpSurroundings extends ReaderSurroundings {
  config: CollectorConfig;
  live: LiveState;
  keys: AgentKeys;
  findings: Findings;
  stats: () => CollectorStats;
  publicKey: string;
  version: string;
}

export interface CollectorOptions {
  config: CollectorConfig;
  /** Folder of ledger, views, quarantine and key. */
  dataFolder: string;
  /** Opens the connection to the broker and keeps it up. */
  connect: (link: CollectorLink) => Link;
  clock: Clock;
  log: Log;
  version: string;
  /** Real monotonic time, ms, for patience with gaps and repeated log lines. */
  realMs?: () => number;
  /** Each is optional: without it the collector still keeps the ledger and receipts. */
  parts: {
    startDerivation?: (surroundings: ReaderSurroundings) => DerivationPart;
    startProjector?: (surroundings: ReaderSurroundings) => ProjectorPart;
    startHttp?: (surroundings: HttpSurroundings) => Promise<HttpPart>;
  };
  /** The ledger's writer broke: stop and start again. Called once. */
  onCrash?: (error: MillwattError) => void;
}

export interface RunningCollector {
  /** What agents pin: 32 raw bytes, base64url. */
  publicKey: string;
  /** 0 without the HTTP part. */
  httpPort: number;
  stats(): CollectorStats;
  /** Resolves when everything received so far is stored, derived and projected. */
  idle(): Promise<void>;
  /** Stores and receipts what has come, then ends everything. */
  stop(): Promise<void>;
}

/** Wires ledger, admission and the parts that read the ledger, and runs them until stopped. */
export async function startCollector(options: CollectorOptions): Promise<RunningCollector> {
  const { config, dataFolder, clock, log, version, parts } = options;
  const realMs = options.realMs ?? (() => performance.now());
  const wallMs = () => clock.wallMs();
  mkdirSync(dataFolder, { recursive: true, mode: 0o700 });
  // What is opened is closed in reverse, also when a later step refuses.
  const closers: (() => Promise<void> | void)[] = [];
  const closeAll = async () => {
    for (const close of closers.splice(0).reverse()) {
      try {
        await close();
      } catch (error) {
        log.warn({ error: describeError(error) }, 'A part of the collector did not end cleanly.');
      }
    }
  };
  try {
    const ledger = await openLedger({ folder: join(dataFolder, 'ledger'), log, clock });
    closers.push(() => ledger.close());
    const views = openViewsOf(ledger, dataFolder, log);
    closers.push(() => views.close());
    const key = loadCollectorKey(dataFolder);
    const keys = new AgentKeys(dataFolder, ledger.chains());
    const findings = new Findings(log);
    const quarantine = new Quarantine({ folder: join(dataFolder, 'quarantine'), log, realMs });
    closers.push(() => quarantine.settle());
    const live = new LiveState(wallMs);

    const surroundings = { ledger, views, machines: config.machines, site: config.site, clock, log };
    const derivation = parts.startDerivation?.(surroundings);
    if (derivation !== undefined) closers.push(() => derivation.stop());
    const projector = parts.startProjector?.(surroundings);
    if (projector !== undefined) {
      closers.push(() => projector.stop());
      live.onLive((event) => {
        if (event.kind === 'health') projector.health(event.agent, event.health);
      });
    }

    let link: Link | undefined;
    const receipts = new ReceiptIssuer({
      site: config.site,
      collector: config.collector,
      key,
      wallMs,
      publish: async (topic, payload) => link?.publish(topic, payload, { qos: 1 }),
    });
    let crashed = false;
    const admission = new Admission({
      site: config.site,
      ledger,
      receipts,
      quarantine,
      keys,
      findings,
      wallMs,
      realMs,
      log,
      onAdmitted: () => {
        derivation?.wake();
        projector?.wake();
      },
      onCrash: (error) => {
        if (!crashed) options.onCrash?.(error);
        crashed = true;
      },
    });
    const subscriber = startSubscriber({
      site: config.site,
      clientId: `${config.collector}-${key.publicKey.slice(0, 8)}`,
      connect: options.connect,
      admit: (agent, payload) => admission.admit(agent, payload),
      live,
      log,
    });
    link = subscriber.link;
    closers.push(() => subscriber.link.close());
    closers.push(async () => {
      await admission.settle();
      // The last receipts, as far as the broker is quick; an agent that misses one sends again and is receipted then.
      await Promise.race([receipts.flush(), pause(LAST_RECEIPTS_MS)]);
    });

    const gaps = new GapRequests(realMs);
    const gapTimer = setInterval(() => {
      for (const chain of ledger.chains()) {
        const due = gaps.due(chain, (agent, epoch, limit) => ledger.missing(agent, epoch, limit));
        if (due.length > 0 && subscriber.link.connected()) receipts.request(chain.agent, chain.epoch, due);
      }
    }, GAP_CHECK_MS);
    closers.push(() => clearInterval(gapTimer));

    const stats = () =>
      readCollectorStats({
        ledger,
        admission,
        receipts,
        quarantine,
        subscriber,
        findings,
        keys,
        derivation,
        projector,
      });
    const http = await parts.startHttp?.({
      ...surroundings,
      config,
      live,
      keys,
      findings,
      stats,
      publicKey: key.publicKey,
      version,
    });
    if (http !== undefined) closers.push(() => http.stop());
    // What is in the ledger already may not be derived yet.
    derivation?.wake();
    projector?.wake();
    log.info(
      { site: config.site, publicKey: key.publicKey, records: ledger.lastOrdinal() },
      'The collector runs.',
    );

    return {
      publicKey: key.publicKey,
      httpPort: http?.port ?? 0,
      stats,
      idle: async () => {
        await admission.settle();
        await derivation?.idle();
        projector?.wake();
        await projector?.idle();
      },
      stop: closeAll,
    };
  } catch (error) {
    await closeAll();
    throw error;
  }
}

/** The views of this ledger; those of another one, or of a time before a backup was restored, are computed again. */
function openViewsOf(ledger: Ledger, folder: string, log: Log): Views {
  const views = openViews({ folder, log });
  const ahead = ['derive', 'influx-samples'].some((reader) => views.cursor(reader) > ledger.lastOrdinal());
  if (!ahead) return views;
  log.warn({}, 'The views know records that the ledger does not hold; they are computed again.');
  views.close();
  return openViews({ folder, log, reset: true });
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}
