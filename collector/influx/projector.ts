import type { Clock } from '../../protocols/clock.ts';
import { describeError, MillwattError } from '../../protocols/errors.ts';
import type { Log } from '../../protocols/log.ts';
import type { HealthMessage } from '../../protocols/telemetry/live.ts';
import type { RecordHeader } from '../../protocols/telemetry/record.ts';
import type { Ledger, LedgerRecord } from '../ledger/ledger.ts';
import type { MachineHour } from '../energy/machine-hour.ts';
import type { Views } from '../ledger/views.ts';
import { writeBatch, type BatchOutcome } from './batch-writer.ts';
import { DeferredRecords } from './deferred-records.ts';
import { lineOfHealth } from './health-line.ts';
import { lineOfHour } from './hour-line.ts';
import type { InfluxStore } from './influx-store.ts';
import type { Quarantine } from './quarantine-file.ts';
import { createRecordReader } from './record-lines.ts';

/** Cursors in the views: the last ledger ordinal written, the last hour version written, the first ordinal that waits. */
const SAMPLES = 'influx-samples';
const HOURS = 'influx-hours';
const WAITING = 'influx-waiting';

/** One request holds about this many lines and bytes: InfluxDB's own advice is 5,000 to 10,000 lines. */
const LINES_MAX = 5_000;
const BYTES_MAX = 2_000_000;
const RECORDS_A_READ = 8;
const REQUESTS_A_TURN = 50;
const HOURS_A_READ = 1_000;
/** Health waiting for a database that is down; older is dropped, it is no evidence. */
const HEALTH_MAX = 1_000;

/** Waits in real ms; tests shorten them. */
export interface ProjectorWaits {
  /** Without a wake, look for news after this. */
  idleMs: number;
  /** First and longest wait after a failure that may heal by itself. */
  retryMs: number;
  retryMaxMs: number;
  /** Wait while an operator has to do something. */
  haltMs: number;
}

const WAITS: ProjectorWaits = { idleMs: 1_000, retryMs: 500, retryMaxMs: 60_000, haltMs: 30_000 };

export interface ProjectorStats {
  /** `halt` needs an operator: see reason and cure. */
  state: 'ok' | 'retry' | 'halt';
  reason: string;
  cure: string;
  /** Last ledger ordinal in InfluxDB, and how many records and ms the newest is ahead of it. */
  cursor: number;
  lagRecords: number;
  lagMs: number;
  /** Records that wait for the wiring they rest on. */
  waitingRecords: number;
  /** Since the start: */
  samples: number;
  lines: number;
  hours: number;
  requests: number;
  /** Lines InfluxDB will never take, and records that could not be read. */
  quarantinedLines: number;
  quarantinedRecords: number;
  /** Points older than the database keeps. */
  expired: number;
  /** Readings left out: of bad quality, and of channels that no wiring names. */
  badReadings: number;
  unknownReadings: number;
}

/** One request's worth of the ledger. */
interface Batch {
  lines: string[];
  /** Ordinal of its last record; the cursor once it is in. */
  last: number;
  /** When its first record came, ms since the Unix epoch. */
  receivedMs: number;
  /** Config records in it: what waited for them is in its lines. */
  wirings: RecordHeader[];
}

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

/**
 * Keeps InfluxDB equal to the ledger: reads on from its cursor, writes one request a batch of records, and moves the
 * cursor only when that request has succeeded. A crash or a lost answer only means that the same points, with the same
 * tags and times, are written again.
 */
export function startProjector(parts: {
  ledger: Pick<Ledger, 'readAfter' | 'configRecord' | 'lastOrdinal'>;
  views: Pick<Views, 'cursor' | 'setCursor' | 'hoursChangedAfter'>;
  store: InfluxStore;
  quarantine: Quarantine;
  site: string;
  clock: Pick<Clock, 'wallMs'>;
  log: Log;
  /** In [0, 1), for jitter. */
  random?: () => number;
  waits?: Partial<ProjectorWaits>;
}): Projector {
  const { ledger, views, store, quarantine, site, clock, log } = parts;
  const random = parts.random ?? Math.random;
  const waits = { ...WAITS, ...parts.waits };
  const reader = createRecordReader(ledger);
  const deferred = new DeferredRecords();
  const waitingFrom = views.cursor(WAITING);
  // Records that waited for their wiring when we stopped are read again, with all since: writing twice changes nothing.
  let cursor = waitingFrom > 0 ? Math.min(waitingFrom - 1, views.cursor(SAMPLES)) : views.cursor(SAMPLES);
  let hoursCursor = views.cursor(HOURS);
  let health: string[] = [];
  let oldestUnwrittenMs: number | null = null;
  let failures = 0;
  let prepared = false;
  let stopped = false;
  let woken = false;
  let interrupt = (): void => {};
  let idlers: (() => void)[] = [];
  const counts = {
    samples: 0,
    lines: 0,
    hours: 0,
    requests: 0,
    quarantinedLines: 0,
    quarantinedRecords: 0,
    expired: 0,
    badReadings: 0,
    unknownReadings: 0,
  };
  const condition: Pick<ProjectorStats, 'state' | 'reason' | 'cure'> = { state: 'ok', reason: '', cure: '' };

  /** Writes lines; true when the cursor may move. Waits out a failure otherwise. */
  const write = async (lines: readonly string[]): Promise<boolean> => {
    if (lines.length === 0) return true;
    const outcome = await send(lines);
    if (outcome.kind === 'done') {
      counts.requests += outcome.requests;
      counts.lines += lines.length - outcome.quarantined - outcome.expired;
      counts.quarantinedLines += outcome.quarantined;
      counts.expired += outcome.expired;
      if (outcome.quarantined > 0)
        log.warn({ lines: outcome.quarantined, reason: outcome.reason }, 'InfluxDB refused lines for good');
      if (condition.state !== 'ok') log.info({}, 'InfluxDB takes points again');
      Object.assign(condition, { state: 'ok', reason: '', cure: '' });
      failures = 0;
      return true;
    }
    counts.requests++;
    const cure = outcome.kind === 'halt' ? outcome.cure : '';
    if (condition.state !== outcome.kind || condition.reason !== outcome.reason)
      log.warn({ cure }, `${outcome.reason}; readings stay in the ledger until it works again`);
    Object.assign(condition, { state: outcome.kind, reason: outcome.reason, cure });
    prepared = false;
    await sleep(outcome.kind === 'halt' ? waits.haltMs : backOffMs(outcome.afterMs), false);
    return false;
  };

  /** The same lines until they are in; false when we were stopped before. */
  const writeUntilTaken = async (lines: readonly string[]): Promise<boolean> => {
    while (!(await write(lines))) if (stopped) return false;
    return true;
  };

  const send = async (lines: readonly string[]): Promise<BatchOutcome> => {
    try {
      if (!prepared) await store.ensureDatabase();
      prepared = true;
      return await writeBatch(store, lines, quarantine);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (error instanceof MillwattError && error.remedy === 'refuse') {
        // An account that may write need not be allowed to make databases: the write itself decides.
        prepared = true;
        return await writeBatch(store, lines, quarantine);
      }
      return { kind: 'retry', afterMs: null, reason };
    }
  };

  const backOffMs = (afterMs: number | null): number => {
    const limitMs = Math.min(waits.retryMaxMs, waits.retryMs * 2 ** Math.min(failures++, 20));
    return Math.max(afterMs ?? 0, limitMs * (0.5 + random() / 2));
  };

  const sleep = async (ms: number, wakeable: boolean): Promise<void> => {
    if (stopped || (wakeable && woken)) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      interrupt = () => {
        if (!stopped && !wakeable) return;
        clearTimeout(timer);
        resolve();
      };
    });
    interrupt = () => {};
  };

  /** Lines of one record and of those that waited for it; undefined lines mean it waits itself. */
  const linesOf = (record: LedgerRecord): string[] => {
    if (record.header.kind === 'config') {
      return deferred
        .waitingFor(record.header)
        .flatMap((ordinal) => ledger.readAfter(ordinal - 1, 1).flatMap(linesOf));
    }
    if (record.header.kind !== 'readings') return [];
    try {
      const read = reader.read(record);
      if (read === undefined) {
        deferred.add(record.header, record.ordinal);
        return [];
      }
      counts.badReadings += read.bad;
      counts.unknownReadings += read.unknown;
      counts.samples += read.samples;
      return read.lines;
    } catch (error) {
      counts.quarantinedRecords++;
      log.warn(
        { agent: record.header.agent, seq: record.header.seq, reason: describeError(error) },
        'a record cannot be read and is left out of InfluxDB',
      );
      return [];
    }
  };

  /** Reads on after an ordinal until a request is full; undefined when there is nothing. */
  const gather = (after: number): Batch | undefined => {
    const batch: Batch = { lines: [], last: after, receivedMs: 0, wirings: [] };
    let bytes = 0;
    for (;;) {
      const records = ledger.readAfter(batch.last, RECORDS_A_READ);
      if (records.length === 0) return batch.last === after ? undefined : batch;
      for (const record of records) {
        if (batch.last === after) batch.receivedMs = record.receivedMs;
        if (record.header.kind === 'config') batch.wirings.push(record.header);
        for (const line of linesOf(record)) {
          batch.lines.push(line);
          bytes += line.length + 1;
        }
        batch.last = record.ordinal;
        if (batch.lines.length >= LINES_MAX || bytes >= BYTES_MAX) return batch;
      }
    }
  };

  /** Writes what the ledger has, request by request; false when there was nothing. */
  const projectSamples = async (): Promise<boolean> => {
    let batch = gather(cursor);
    if (batch === undefined) return false;
    // A handful of requests, then the hours get their turn.
    for (let turn = 1; batch !== undefined; turn++) {
      oldestUnwrittenMs = batch.receivedMs;
      const writing = writeUntilTaken(batch.lines);
      // While InfluxDB works on this request, the next one is made ready.
      let next: Batch | undefined;
      let taken = false;
      try {
        if (turn < REQUESTS_A_TURN) next = gather(batch.last);
      } finally {
        taken = await writing;
      }
      if (!taken) return false;
      commit(batch);
      batch = next;
    }
    oldestUnwrittenMs = null;
    return true;
  };

  const commit = ({ last, wirings }: Batch): void => {
    for (const wiring of wirings) deferred.settle(wiring);
    cursor = last;
    const stored = views.cursor(SAMPLES);
    const waiting = deferred.first();
    // Until a second reading has caught up, everything from here on counts as waiting.
    const from = cursor < stored ? Math.min(waiting || cursor + 1, cursor + 1) : waiting;
    // In this order: a crash between the two reads too much again, never too little.
    if (views.cursor(WAITING) !== from) views.setCursor(WAITING, from);
    if (stored < cursor) views.setCursor(SAMPLES, cursor);
  };

  const linesOfHour = (hour: MachineHour): string[] => {
    try {
      return [lineOfHour(hour)];
    } catch (error) {
      counts.quarantinedRecords++;
      log.warn(
        { machine: hour.machine, hourMs: hour.hourMs, reason: describeError(error) },
        'a machine-hour cannot be written to InfluxDB',
      );
      return [];
    }
  };

  /** One request of machine-hours and health; false when there was nothing. */
  const projectHours = async (): Promise<boolean> => {
    const changed = views.hoursChangedAfter(hoursCursor, HOURS_A_READ);
    const sent = health;
    health = [];
    const lines = [...changed.flatMap(({ hour }) => linesOfHour(hour)), ...sent];
    if (changed.length === 0 && sent.length === 0) return false;
    if (!(await writeUntilTaken(lines))) return false;
    counts.hours += changed.length;
    hoursCursor = changed.at(-1)?.version ?? hoursCursor;
    if (changed.length > 0) views.setCursor(HOURS, hoursCursor);
    return true;
  };

  const run = async (): Promise<void> => {
    // oxlint-disable-next-line no-unmodified-loop-condition -- stop() sets it
    while (!stopped) {
      woken = false;
      try {
        const hours = await projectHours();
        const samples = await projectSamples();
        if (hours || samples) continue;
        for (const resolve of idlers.splice(0)) resolve();
      } catch (error) {
        // The ledger or the views could not be read: nothing moved, so nothing is lost.
        log.error({ reason: describeError(error) }, 'the InfluxDB projector could not read the ledger');
        await sleep(backOffMs(null), false);
        continue;
      }
      await sleep(waits.idleMs, true);
    }
    for (const resolve of idlers.splice(0)) resolve();
  };
  const running = run();

  const wake = (): void => {
    woken = true;
    interrupt();
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
        log.debug({ agent, reason: describeError(error) }, 'a health message cannot be written to InfluxDB');
      }
    },
    stop: async () => {
      stopped = true;
      interrupt();
      await running;
    },
    stats: () => ({
      ...condition,
      ...counts,
      cursor,
      lagRecords: ledger.lastOrdinal() - cursor,
      lagMs: oldestUnwrittenMs === null ? 0 : Math.max(0, clock.wallMs() - oldestUnwrittenMs),
      waitingRecords: deferred.count,
    }),
  };
}
