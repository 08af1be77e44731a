import type { Clock } from '../../protocols/clock.ts';
import { describeError } from '../../protocols/errors.ts';
import type { Log } from '../../protocols/log.ts';
import type { HealthMessage } from '../../protocols/telemetry/live.ts';
import { systemTimers, type Timers } from '../../protocols/timers.ts';
import type { MachineHour } from '../energy/machine-hour.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Views } from '../ledger/views.ts';
import { EndableWait } from './endable-wait.ts';
import { lineOfHealth } from './health-line.ts';
import { HourWriter } from './hour-points.ts';
import type { InfluxStore } from './influx-store.ts';
import {
  createBatchReader,
  type LedgerBatch,
  type ProjectedRange,
  type ReaderMemory,
} from './ledger-batches.ts';
import { createPatientWriter, WRITER_WAITS, type WriterStats, type WriterWaits } from './patient-writer.ts';
import type { Quarantine } from './quarantine-file.ts';

/** Cursors in the views: the last ledger ordinal written, the last hour version written, the first ordinal that waits. */
export const SAMPLES = 'influx-samples';
const HOURS = 'influx-hours';
const WAITING = 'influx-waiting';
/** Where what is known of boots' clocks is kept with the cursor; no machine can have this name. */
export const OWN_CHECKPOINT = '~influx';

/** After so many requests of samples the hours get their turn. */
const REQUESTS_A_TURN = 50;
const HOURS_A_READ = 1_000;
/** Health waiting for a database that is down; older is dropped, it is no evidence. */
const HEALTH_MAX = 1_000;

/** Waits in real ms; tests shorten them. */
export interface ProjectorWaits extends WriterWaits {
  /** Without a wake, look for news after this. */
  idleMs: number;
}

const WAITS: ProjectorWaits = { ...WRITER_WAITS, idleMs: 1_000 };

/** Where the projection stands; counts are since the start. */
export interface ProjectorStats extends WriterStats {
  /** Last ledger ordinal in InfluxDB, how many records are after it, and the age of the oldest that is being written. */
  cursor: number;
  lagRecords: number;
  lagSeconds: number;
  /** Records that wait for the wiring they rest on, or for the clock of their boot. */
  waitingRecords: number;
  samples: number;
  hours: number;
  /** Records and hours that could not be read. */
  quarantinedRecords: number;
  /** Records left out because their wall time is not known. */
  undatedRecords: number;
  /** Readings left out: of bad quality, and of channels that no wiring names. */
  badReadings: number;
  unknownReadings: number;
}

/** A projection under way. */
export interface Projector {
  /** Says that the ledger or the hours have grown. */
  wake(): void;
  /** Resolves when everything that is in the ledger and the views now is in InfluxDB. */
  idle(): Promise<void>;
  /** Adds an agent's health to the next request; best effort. */
  health(agent: string, message: HealthMessage): void;
  /** Ends after the request under way. */
  stop(): Promise<void>;
  stats(): ProjectorStats;
}

/** The last record that need not be read again for InfluxDB: neither it nor any before waits for its wiring or its clock. */
export function projectedTo(views: Pick<Views, 'cursor'>): number {
  const waiting = views.cursor(WAITING);
  return waiting > 0 ? Math.min(waiting - 1, views.cursor(SAMPLES)) : views.cursor(SAMPLES);
}

/**
 * Keeps InfluxDB equal to the ledger: reads on from its cursor, writes one request a batch of records, and moves the
 * cursor only when that request has succeeded. A crash or a lost answer only means that the same points, with the same
 * tags and times, are written again.
 */
export function startProjector(parts: {
  ledger: Pick<Ledger, 'readAfter' | 'configRecord' | 'lastOrdinal'>;
  views: Pick<Views, 'checkpointBefore' | 'commit' | 'cursor' | 'setCursor' | 'hoursChangedAfter'>;
  store: InfluxStore;
  quarantine: Quarantine;
  site: string;
  /** The clock that the ledger's records carry their arrival by; waits are in real time. */
  clock: Pick<Clock, 'wallMs'>;
  log: Log;
  /** In [0, 1), for jitter. */
  random?: () => number;
  /** Real time of back-off and of looking for news. */
  timers?: Timers;
  waits?: Partial<ProjectorWaits>;
  /** How many records that wait are remembered; tests make it small. */
  waitingMax?: number;
  /** Only points of this time are written; the cursor goes over all. */
  range?: ProjectedRange;
  /** Of every revised hour the old point is deleted before the new one is written. */
  isThorough?: boolean;
}): Projector {
  const { ledger, views, store, quarantine, site, clock, log } = parts;
  const waits = { ...WAITS, ...parts.waits };
  const { timers = systemTimers, range } = parts;
  const writer = createPatientWriter({
    store,
    quarantine,
    log,
    waits,
    random: parts.random ?? Math.random,
    timers,
    onEmpty: () => beginAnew(),
  });
  const hours = new HourWriter(log, parts.isThorough);
  const openReader = (memory?: ReaderMemory) =>
    createBatchReader(ledger, log, { memory, waitingMax: parts.waitingMax, range });
  const saved = views.checkpointBefore(OWN_CHECKPOINT, 0);
  let batches = openReader(saved === undefined ? undefined : (JSON.parse(saved.json) as ReaderMemory));
  // Records that waited when we stopped are read again, with all since: writing twice changes nothing.
  let cursor = projectedTo(views);
  let hoursCursor = views.cursor(HOURS);
  /** How often the database was found empty though points had been written. */
  let beginnings = 0;
  let hoursWritten = 0;
  let health: string[] = [];
  let oldestUnwrittenMs: number | null = null;
  let stopped = false;
  let woken = false;
  const pause = new EndableWait(timers);
  const idlers: (() => void)[] = [];

  /** Everything is written again: before the first point goes in, for after it the database is not empty any more. */
  const beginAnew = (): void => {
    if ([SAMPLES, HOURS, WAITING].every((reader) => views.cursor(reader) === 0)) return;
    log.warn({}, 'InfluxDB is empty, though points were written before: all are written again.');
    batches = openReader();
    const json = JSON.stringify({ boots: [], notedTo: 0 } satisfies ReaderMemory);
    views.commit({
      reader: WAITING,
      ordinal: 0,
      checkpoints: [{ machine: OWN_CHECKPOINT, hourMs: 0, json }],
    });
    for (const reader of [SAMPLES, HOURS]) views.setCursor(reader, 0);
    cursor = 0;
    hoursCursor = 0;
    hours.forget();
    beginnings++;
  };

  /** Writes what the ledger has, request by request; false when there was nothing. */
  const projectSamples = async (): Promise<boolean> => {
    const beginning = beginnings;
    let batch = batches.gather(cursor, clock.wallMs());
    if (batch === undefined) return false;
    for (let turn = 1; batch !== undefined; turn++) {
      oldestUnwrittenMs = batch.receivedMs;
      const writing = writer.write(batch.lines);
      let next: LedgerBatch | undefined;
      let taken = false;
      try {
        // While InfluxDB works on this request, the next one is made ready.
        if (turn < REQUESTS_A_TURN) next = batches.gather(batch.last, clock.wallMs());
      } finally {
        taken = await writing;
      }
      if (!taken) return false;
      if (beginning !== beginnings) return true;
      const again = commit(batch);
      if (again > 0) {
        // There is room for what had to be left out: all from there is read again, the next request too.
        cursor = again - 1;
        return true;
      }
      batch = next;
    }
    oldestUnwrittenMs = null;
    return true;
  };

  /** Moves the cursor; gives the ordinal from which the ledger is to be read again, or 0. */
  const commit = (batch: LedgerBatch): number => {
    const again = batches.settle(batch);
    cursor = batch.last;
    const stored = views.cursor(SAMPLES);
    const waiting = again > 0 ? again : batches.firstWaiting();
    // Until a second reading has caught up, everything from here on counts as waiting.
    const from = cursor < stored ? Math.min(waiting || cursor + 1, cursor + 1) : waiting;
    // In this order: a crash between the two reads too much again, never too little.
    const memory = batches.takeMemory();
    if (memory !== undefined) {
      const checkpoint = { machine: OWN_CHECKPOINT, hourMs: 0, json: JSON.stringify(memory) };
      views.commit({ reader: WAITING, ordinal: from, checkpoints: [checkpoint] });
    } else if (views.cursor(WAITING) !== from) views.setCursor(WAITING, from);
    if (stored < cursor) views.setCursor(SAMPLES, cursor);
    return again;
  };

  /** One request of machine-hours and health; false when there was nothing. */
  const projectHours = async (): Promise<boolean> => {
    const beginning = beginnings;
    const changed = views.hoursChangedAfter(hoursCursor, HOURS_A_READ);
    const sent = health;
    health = [];
    if (changed.length === 0 && sent.length === 0) return false;
    const { lines, stale } = hours.pointsOf(changed.map(({ hour }) => hour).filter(isProjected));
    if (!(await writer.write([...lines, ...sent], stale))) return false;
    if (beginning !== beginnings) return true;
    hoursWritten += changed.length;
    hoursCursor = changed.at(-1)?.version ?? hoursCursor;
    if (changed.length > 0) views.setCursor(HOURS, hoursCursor);
    return true;
  };

  const isProjected = ({ hourMs }: MachineHour): boolean =>
    range === undefined || (hourMs >= range.fromMs && hourMs < range.toMs);

  const waitForNews = async (): Promise<void> => {
    if (!stopped && !woken) await pause.wait(waits.idleMs);
  };

  const run = async (): Promise<void> => {
    // oxlint-disable-next-line no-unmodified-loop-condition -- stop() sets it
    while (!stopped) {
      woken = false;
      try {
        const newHours = await projectHours();
        const samples = await projectSamples();
        // Woken meanwhile: what is new may have come after we looked.
        if (newHours || samples || woken) continue;
        for (const resolve of idlers.splice(0)) resolve();
        void writer.look();
        await waitForNews();
      } catch (error) {
        // The ledger or the views could not be read or moved on: nothing is lost, the same is done again.
        log.error({ reason: describeError(error) }, 'The projection to InfluxDB stumbled; it tries again.');
        await writer.backOff();
      }
    }
    for (const resolve of idlers.splice(0)) resolve();
  };
  const running = run();

  const wake = (): void => {
    woken = true;
    pause.end();
  };

  return {
    wake,
    idle: async () => {
      if (stopped) return;
      await new Promise<void>((resolve) => {
        idlers.push(resolve);
        wake();
      });
    },
    health: (agent, message) => {
      if (health.length >= HEALTH_MAX) health = health.slice(HEALTH_MAX / 2);
      try {
        health.push(lineOfHealth(site, agent, message));
      } catch (error) {
        log.debug({ agent, reason: describeError(error) }, 'A health message cannot be written to InfluxDB.');
      }
    },
    stop: async () => {
      stopped = true;
      writer.stop();
      pause.end();
      await running;
    },
    stats: () => {
      const read = batches.stats();
      return {
        ...writer.stats(),
        ...read,
        quarantinedRecords: read.quarantinedRecords + hours.refused,
        hours: hoursWritten,
        cursor,
        lagRecords: Math.max(0, ledger.lastOrdinal() - cursor),
        lagSeconds: oldestUnwrittenMs === null ? 0 : Math.max(0, clock.wallMs() - oldestUnwrittenMs) / 1000,
      };
    },
  };
}
