import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { MillwattError } from '../../protocols/errors.ts';
import { silentLog, type Log } from '../../protocols/log.ts';
import type { ConfigSnapshot } from '../../protocols/telemetry/snapshot.ts';
import type { HourBase } from '../energy/hour-base.ts';
import type { MachineHour } from '../energy/machine-hour.ts';
import type { StateSpan } from '../energy/state-span.ts';
import { decodeBase, encodeBase } from './base-bytes.ts';
import { frozenPath, readFrozen, seedViews } from './frozen-store.ts';
import { MinuteRows } from './minute-rows.ts';
import { SpanRows } from './span-rows.ts';
import { SqliteRows } from './sqlite-rows.ts';
import type { MinuteRollup, SeriesPoint, StoredWord, Views } from './views.ts';
import { WordRows } from './word-rows.ts';
import { deleteViewsFile, openViewsFile, openViewsToRead } from './views-schema.ts';

const DAY_MS = 86_400_000;

/** Where the views lie. */
export function viewsPath(folder: string): string {
  return join(folder, 'views.db');
}

/**
 * Opens (or makes) views.db in a folder. A file of another version, or a damaged one, is deleted: every cursor is then
 * 0 and everything is computed again but for what is frozen (frozen.db), which is taken from there. `reset` deletes it in any case (another ledger, another algorithm).
 */
export function openViews(options: {
  folder: string;
  log?: Log;
  reset?: boolean;
  /** Where what is frozen lies, when it is not in the folder itself. */
  frozenFolder?: string;
}): Views {
  mkdirSync(options.folder, { recursive: true, mode: 0o700 });
  const path = viewsPath(options.folder);
  if (options.reset === true) deleteViewsFile(path);
  const log = options.log ?? silentLog;
  const frozenFolder = options.frozenFolder ?? options.folder;
  let db = openViewsFile(path, log);
  try {
    if (knowsLess(db, frozenFolder)) {
      log.warn(
        { file: path },
        'The views are older than the hours that are frozen; they are computed again.',
      );
      db.close();
      deleteViewsFile(path);
      db = openViewsFile(path, log);
    }
    const isNew = db.prepare('SELECT 1 FROM cursor UNION ALL SELECT 1 FROM hour').get() === undefined;
    if (isNew) seedViews(db, frozenPath(frozenFolder));
    return new SqliteViews(db);
  } catch (error) {
    db.close();
    throw error;
  }
}

/**
 * The views of a collector that may be running in another process, read-only. Throws an error of class `refuse`:
 * `no-views` where nothing was computed yet, `other-views` where another version of millwatt keeps them.
 * @param options `frozen`: all that is read is of one moment, that of opening, whatever is written meanwhile
 */
export function readViews(options: {
  folder: string;
  frozen?: boolean;
}): Omit<Views, 'commit' | 'setCursor'> {
  const db = openViewsToRead(viewsPath(options.folder));
  if (options.frozen === true) db.exec('BEGIN');
  // What it begins with is a first read, which fixes the moment.
  return new SqliteViews(db);
}

/** Views of before hours were frozen, as of a backup or after a power cut, know of frozen hours what did not hold. */
function knowsLess(db: DatabaseSync, frozenFolder: string): boolean {
  const row = db
    .prepare("SELECT max(ordinal) AS known FROM cursor WHERE reader IN ('derive', 'frozen')")
    .get();
  const known = row?.['known'];
  return typeof known === 'number' && readFrozen(frozenFolder).some(({ ordinal }) => ordinal > known);
}

class SqliteViews implements Views {
  readonly #db: DatabaseSync;
  readonly #rows: SqliteRows;
  readonly #minutes: MinuteRows;
  readonly #spans: SpanRows;
  readonly #words: WordRows;
  #version: number;

  constructor(db: DatabaseSync) {
    this.#db = db;
    this.#rows = new SqliteRows(db);
    this.#minutes = new MinuteRows(this.#rows);
    this.#spans = new SpanRows(this.#rows);
    this.#words = new WordRows(this.#rows);
    this.#version = Number(
      this.#rows.get('SELECT coalesce(max(version), 0) AS version FROM hour')?.['version'],
    );
  }

  cursor(reader: string): number {
    return Number(this.#rows.get('SELECT ordinal FROM cursor WHERE reader = ?', reader)?.['ordinal'] ?? 0);
  }

  setCursor(reader: string, ordinal: number): void {
    this.#rows.run('INSERT OR REPLACE INTO cursor VALUES (?, ?)', reader, ordinal);
  }

  commit(change: Parameters<Views['commit']>[0]): void {
    const versionBefore = this.#version;
    this.#db.exec('BEGIN IMMEDIATE');
    try {
      this.#minutes.write(change.minutes ?? []);
      for (const hour of change.hours ?? []) this.#writeHour(hour);
      for (const base of change.bases ?? [])
        this.#rows.run(
          'INSERT OR REPLACE INTO base VALUES (?, ?, ?)',
          base.machine,
          base.hourMs,
          encodeBase(base),
        );
      for (const { hash, snapshot } of change.snapshots ?? [])
        this.#rows.run('INSERT OR REPLACE INTO snapshot VALUES (?, ?)', hash, JSON.stringify(snapshot));
      for (const { machine, hourMs } of change.dropCheckpointsFrom ?? [])
        this.#rows.run('DELETE FROM checkpoint WHERE machine = ? AND hour_ms >= ?', machine, hourMs);
      for (const { machine, hourMs, json } of change.checkpoints ?? [])
        this.#rows.run('INSERT OR REPLACE INTO checkpoint VALUES (?, ?, ?)', machine, hourMs, json);
      for (const { machine, hourMs } of change.thinCheckpointsBefore ?? [])
        this.#thinCheckpoints(machine, hourMs);
      for (const { machine, fromMs } of change.dropSpansFrom ?? []) this.#spans.drop(machine, fromMs);
      for (const { machine, spans } of change.spans ?? []) this.#spans.write(machine, spans);
      for (const word of change.words ?? []) this.#words.write(word);
      for (const { word, thinnedSeq } of change.retold ?? []) this.#words.takeBack(word, thinnedSeq);
      this.setCursor(change.reader, change.ordinal);
      this.#db.exec('COMMIT');
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
      this.#version = versionBefore;
      this.#minutes.forgetChannels();
      throw error;
    }
  }

  minute(channel: string, minuteMs: number): MinuteRollup | undefined {
    return this.#minutes.minute(channel, minuteMs);
  }

  minutes(channel: string, fromMs: number, toMs: number): MinuteRollup[] {
    return this.#minutes.minutes(channel, fromMs, toMs);
  }

  newestMinuteMs(channel: string): number | undefined {
    return this.#minutes.newestMinuteMs(channel);
  }

  series(channel: string, fromMs: number, toMs: number, stepMs: number): SeriesPoint[] {
    return this.#minutes.series(channel, fromMs, toMs, stepMs);
  }

  channels(machine: string): string[] {
    return this.#minutes.channels(machine);
  }

  watched(machine: string): { fromMs: number; toMs: number } | undefined {
    return this.#spans.watched(machine);
  }

  states(machine: string, fromMs: number, toMs: number, limit: number): StateSpan[] {
    return this.#spans.states(machine, fromMs, toMs, limit);
  }

  words(machine: string, fromMs: number, toMs: number): StoredWord[] {
    return this.#words.words(machine, fromMs, toMs);
  }

  hour(machine: string, hourMs: number): MachineHour | undefined {
    const row = this.#rows.get('SELECT json FROM hour WHERE machine = ? AND hour_ms = ?', machine, hourMs);
    return row === undefined ? undefined : hourOf(row);
  }

  hours(machine: string, fromMs: number, toMs: number): MachineHour[] {
    return this.#rows
      .all(
        'SELECT json FROM hour WHERE machine = ? AND hour_ms >= ? AND hour_ms < ? ORDER BY hour_ms',
        machine,
        fromMs,
        toMs,
      )
      .map(hourOf);
  }

  hourTimes(machine: string, fromMs: number, toMs: number): number[] {
    return this.#rows
      .all(
        'SELECT hour_ms AS hourMs FROM hour WHERE machine = ? AND hour_ms >= ? AND hour_ms < ? ORDER BY hour_ms',
        machine,
        fromMs,
        toMs,
      )
      .map((row) => Number(row['hourMs']));
  }

  *bases(machine: string, fromMs: number, toMs: number): Iterable<HourBase> {
    const hours = this.#rows.all(
      'SELECT hour_ms AS hourMs FROM base WHERE machine = ? AND hour_ms >= ? AND hour_ms < ? ORDER BY hour_ms',
      machine,
      fromMs,
      toMs,
    );
    for (const { hourMs } of hours) {
      const row = this.#rows.get(
        'SELECT bytes FROM base WHERE machine = ? AND hour_ms = ?',
        machine,
        Number(hourMs),
      );
      if (row !== undefined) yield this.#readBase(machine, row['bytes'] as Uint8Array);
    }
  }

  snapshot(hash: string): ConfigSnapshot | undefined {
    const row = this.#rows.get('SELECT json FROM snapshot WHERE hash = ?', hash);
    return row === undefined ? undefined : (JSON.parse(String(row['json'])) as ConfigSnapshot);
  }

  hoursChangedAfter(version: number, limit: number): { version: number; hour: MachineHour }[] {
    return this.#rows
      .all('SELECT version, json FROM hour WHERE version > ? ORDER BY version LIMIT ?', version, limit)
      .map((row) => ({ version: Number(row['version']), hour: hourOf(row) }));
  }

  checkpointBefore(machine: string, atMs: number): { hourMs: number; json: string } | undefined {
    return this.#rows.get(
      `SELECT hour_ms AS hourMs, json FROM checkpoint WHERE machine = ? AND hour_ms <= ?
       ORDER BY hour_ms DESC LIMIT 1`,
      machine,
      atMs,
    ) as { hourMs: number; json: string } | undefined;
  }

  machines(): string[] {
    return this.#rows
      .all('SELECT machine FROM hour UNION SELECT machine FROM channel ORDER BY machine')
      .map((row) => String(row['machine']));
  }

  close(): void {
    if (this.#db.isOpen) this.#db.close();
  }

  #readBase(machine: string, bytes: Uint8Array): HourBase {
    try {
      return decodeBase(bytes);
    } catch (error) {
      throw new MillwattError(
        'refuse',
        'damaged-views',
        `The minutes of an hour of ${machine} are damaged.`,
        {
          cause: error,
          cure: 'Stop the collector, delete views.db in its data folder and start it: everything in it is computed again. `millwatt ledger verify --derive` names every hour that was changed.',
        },
      );
    }
  }

  #writeHour(hour: MachineHour): void {
    const json = JSON.stringify(hour);
    const { machine, hourMs } = hour;
    const known = this.#rows.get(
      'SELECT json FROM hour WHERE machine = ? AND hour_ms = ?',
      machine,
      hourMs,
    )?.['json'];
    if (known === json) return;
    this.#rows.run('INSERT OR REPLACE INTO hour VALUES (?, ?, ?, ?)', machine, hourMs, ++this.#version, json);
  }

  #thinCheckpoints(machine: string, beforeMs: number): void {
    this.#rows.run(
      `DELETE FROM checkpoint WHERE machine = ?1 AND hour_ms < ?2 AND hour_ms > (
         SELECT min(hour_ms) FROM checkpoint AS other
         WHERE other.machine = ?1 AND other.hour_ms / ${DAY_MS} = checkpoint.hour_ms / ${DAY_MS})`,
      machine,
      beforeMs,
    );
  }
}

function hourOf(row: Record<string, unknown>): MachineHour {
  return JSON.parse(String(row['json'])) as MachineHour;
}
