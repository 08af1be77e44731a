import { accessSync, constants, mkdirSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import type { CollectorConfig, MachineConfig } from '../config/collector-config.ts';
import type { Clock } from '../protocols/clock.ts';
import { describeError, MillwattError } from '../protocols/errors.ts';
import type { Log } from '../protocols/log.ts';
import type { Link } from '../protocols/mqtt/link.ts';
import type { HealthMessage } from '../protocols/telemetry/live.ts';
import { readAlarms, type Alarm } from './alarms.ts';
import { viewAgents, type AgentView } from './agent-views.ts';
import { readCollectorMetrics, type CollectorMetric } from './collector-metrics.ts';
import type { DailyRoots } from './evidence/days/daily-roots.ts';
import type { Finding } from './ingest/findings.ts';
import type { AgentKey } from './ingest/keys.ts';
import type { KeyActSource } from './journal/key-acts.ts';
import { startIngest } from './ingest/ingest.ts';
import { LiveState } from './ingest/live-state.ts';
import type { CollectorLink } from './ingest/subscriber.ts';
import { readCollectorStats, type CollectorStats } from './collector-stats.ts';
import type { Ledger } from './ledger/ledger.ts';
import type { LateRange } from './ledger/frozen-store.ts';
import { openLedger, type AdmissionLedger } from './ledger/sqlite-ledger.ts';
import { openViews } from './ledger/sqlite-views.ts';
import type { Views } from './ledger/views.ts';
import { lateFindings } from './retention/late-findings.ts';
import type { Retention, RetentionStats } from './retention/retention.ts';

/** What computes machine-hours from the ledger into the views. */
export interface DerivationPart {
  wake(): void;
  /** Resolves when everything that is in the ledger now is derived. */
  idle(): Promise<void>;
  stop(): Promise<void> | void;
  stats(): object;
  /** What came too late for hours whose readings are not kept any more. */
  late?(): readonly LateRange[];
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

/** What the HTTP face is given: everything to read, nothing to change. */
export interface HttpSurroundings {
  site: string;
  version: string;
  publicKey: string;
  views: Views;
  machines: {
    id: string;
    name: string | undefined;
    ratedPowerW: number;
    componentRatedPowerW: Readonly<Record<string, number>>;
  }[];
  /** Live messages, to be shown; the state of a machine is for the page to tell. */
  live: LiveState;
  agents: () => AgentView[];
  ledger: () => { records: number; samples: number; sizeBytes: number; lastOrdinal: number };
  metrics: () => CollectorMetric[];
  findings: () => Finding[];
  retention: () => RetentionStats | undefined;
  alarms: () => Alarm[];
  keys: () => AgentKey[];
  clock: Clock;
  log: Log;
}

/** What a collector is made of. */
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
    /** What people decided about agents' keys; asked for when the derivation runs. */
    followKeyActs?: () => KeyActSource;
    /** Lets old readings go; asked for when the readers of the ledger run. */
    startRetention?: (
      surroundings: Pick<ReaderSurroundings, 'views' | 'clock' | 'log'> & { ledger: AdmissionLedger },
    ) => Retention | undefined;
    /** Signs a root for every day of the ledger; asked for when its readers run. */
    startDailyRoots?: (
      surroundings: Pick<ReaderSurroundings, 'site' | 'clock' | 'log'> & { ledger: AdmissionLedger },
    ) => DailyRoots;
    startHttp?: (surroundings: HttpSurroundings) => Promise<HttpPart>;
  };
  /** The ledger's writer broke: stop and start again. Called once. */
  onCrash?: (error: MillwattError) => void;
}

/** A collector that runs until it is stopped. */
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
  makeDataFolder(dataFolder);
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
    const ledger = await openLedger({
      folder: join(dataFolder, 'ledger'),
      log,
      clock,
      onCrash: (error) => options.onCrash?.(error),
    });
    closers.push(() => ledger.close());
    const views = openViewsOf(ledger, dataFolder, log);
    closers.push(() => views.close());
    const live = new LiveState(() => clock.wallMs());

    const surroundings = { ledger, views, machines: config.machines, site: config.site, clock, log };
    const derivation = parts.startDerivation?.(surroundings);
    if (derivation !== undefined) closers.push(() => derivation.stop());
    const projector = parts.startProjector?.(surroundings);
    if (projector !== undefined) closers.push(() => projector.stop());
    const retention = parts.startRetention?.({ ledger, views, clock, log });
    if (retention !== undefined) closers.push(() => retention.stop());
    const roots = parts.startDailyRoots?.({ ledger, site: config.site, clock, log });
    if (roots !== undefined) closers.push(() => roots.stop());
    live.onLive((event) => {
      if (event.kind === 'health') projector?.health(event.agent, event.health);
    });
    const wakeReaders = () => {
      derivation?.wake();
      projector?.wake();
    };

    const ingest = startIngest({
      site: config.site,
      collector: config.collector,
      folder: dataFolder,
      ledger,
      live,
      connect: options.connect,
      wallMs: () => clock.wallMs(),
      realMs: options.realMs ?? (() => performance.now()),
      keyActs: parts.followKeyActs?.(),
      room: { reserveBytes: config.ledger.reserve, freeBytes: () => freeBytesOf(dataFolder) },
      log,
      onAdmitted: wakeReaders,
      onCrash: (error) => options.onCrash?.(error),
    });
    closers.push(() => ingest.stop());
    const stats = () =>
      readCollectorStats({ ledger, views, ingest, derivation, projector, retention, roots });
    const http = await parts.startHttp?.({
      site: config.site,
      version,
      publicKey: ingest.publicKey,
      views,
      machines: config.machines.map(({ id, name, ratedPower, componentRatedPower }) => ({
        id,
        name,
        ratedPowerW: ratedPower,
        componentRatedPowerW: componentRatedPower,
      })),
      live,
      agents: () => viewAgents(live.agents(), ledger.chains(), ingest.keys.list(), live.clocks),
      ledger: () => {
        const { records, samples, bytes, lastOrdinal } = stats().ledger;
        return { records, samples, sizeBytes: bytes, lastOrdinal };
      },
      metrics: () => readCollectorMetrics(stats()),
      findings: () => [
        ...ingest.findings.list(),
        ...lateFindings(derivation?.late?.() ?? [], clock.wallMs()),
      ],
      retention: () => retention?.stats(),
      alarms: () => readAlarms(stats()),
      keys: () => ingest.keys.list(),
      clock,
      log,
    });
    if (http !== undefined) closers.push(() => http.stop());
    // What is in the ledger already may not be derived yet.
    wakeReaders();
    void retention?.run();
    void roots?.run();
    log.info(
      { site: config.site, publicKey: ingest.publicKey, records: ledger.lastOrdinal() },
      'The collector runs.',
    );

    return {
      publicKey: ingest.publicKey,
      httpPort: http?.port ?? 0,
      stats,
      idle: async () => {
        await ingest.admission.settle();
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

function makeDataFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    accessSync(folder, constants.W_OK);
  } catch (cause) {
    throw new MillwattError(
      'refuse',
      'unusable-folder',
      `The folder ${folder} cannot be used: ${describeError(cause)}.`,
      { cure: 'Let the user that runs the collector write there, or choose another with `data:`.', cause },
    );
  }
}

/** What a user without rights may still write on the folder's disk, bytes. */
function freeBytesOf(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
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
