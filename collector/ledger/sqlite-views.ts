import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { MillwattError } from '../../protocols/errors.ts';
import { silentLog, type Log } from '../../protocols/log.ts';
import type { ConfigSnapshot } from '../../protocols/telemetry/snapshot.ts';
import type { HourBase } from '../energy/hour-base.ts';
import type { MachineHour } from '../energy/machine-hour.ts';
import { joinSpans, type StateSpan } from '../energy/state-span.ts';
import { decodeBase, encodeBase } from './base-bytes.ts';
import type { MinuteRollup, SeriesPoint, StoredWord, Views } from './views.ts';
import { deleteViewsFile, openViewsFile, openViewsToRead } from './views-schema.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/**
 * Opens (or makes) views.db in a folder. A file of another version, or a damaged one, is deleted: every cursor is then
 * 0 and everything is computed again. `reset` deletes it in any case (another ledger, another algorithm).
 */
export function openViews(options: { folder: string; log?: Log; reset?: boolean }): Views {
  mkdirSync(options.folder, { recursive: true, mode: 0o700 });
  const path = join(options.folder, 'views.db');
  if (options.reset === true) deleteViewsFile(path);
  return new SqliteViews(openViewsFile(path, options.log ?? silentLog));
}

/**
 * The views of a collector that may be running in another process, read-only. Throws an error of class `refuse`:
 * `no-views` where nothing was computed yet, `other-views` where another version of millwatt keeps them.
 */
export function readViews(options: { folder: string }): Omit<Views, 'commit' | 'setCursor'> {
  return new SqliteViews(openViewsToRead(join(options.folder, 'views.db')));
}

const MINUTE_COLUMNS = 'minute_ms AS minuteMs, count, min, max, sum, last, last_ms AS lastMs, squares, steps';

const WORD_COLUMNS = 'machine, channel, source, at_ms AS atMs, epoch, seq, place, status, vocabulary, json';

class SqliteViews implements Views {
  readonly #db: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  readonly #channelIds = new Map<string, number>();
  #version: number;

  constructor(db: DatabaseSync) {
    this.#db = db;
    this.#version = Number(this.#get('SELECT coalesce(max(version), 0) AS version FROM hour')?.['version']);
  }

  cursor(reader: string): number {
    return Number(this.#get('SELECT ordinal FROM cursor WHERE reader = ?', reader)?.['ordinal'] ?? 0);
  }

  setCursor(reader: string, ordinal: number): void {
    this.#run('INSERT OR REPLACE INTO cursor VALUES (?, ?)', reader, ordinal);
  }

  commit(change: Parameters<Views['commit']>[0]): void {
    const versionBefore = this.#version;
    this.#db.exec('BEGIN IMMEDIATE');
    try {
      this.#writeMinutes(change.minutes ?? []);
      for (const hour of change.hours ?? []) this.#writeHour(hour);
      for (const base of change.bases ?? [])
        this.#run(
          'INSERT OR REPLACE INTO base VALUES (?, ?, ?)',
          base.machine,
          base.hourMs,
          encodeBase(base),
        );
      for (const { hash, snapshot } of change.snapshots ?? [])
        this.#run('INSERT OR REPLACE INTO snapshot VALUES (?, ?)', hash, JSON.stringify(snapshot));
      for (const { machine, hourMs } of change.dropCheckpointsFrom ?? [])
        this.#run('DELETE FROM checkpoint WHERE machine = ? AND hour_ms >= ?', machine, hourMs);
      for (const { machine, hourMs, json } of change.checkpoints ?? [])
        this.#run('INSERT OR REPLACE INTO checkpoint VALUES (?, ?, ?)', machine, hourMs, json);
      for (const { machine, hourMs } of change.thinCheckpointsBefore ?? [])
        this.#thinCheckpoints(machine, hourMs);
      for (const { machine, fromMs } of change.dropSpansFrom ?? []) this.#dropSpans(machine, fromMs);
      for (const { machine, spans } of change.spans ?? []) this.#writeSpans(machine, spans);
      for (const word of change.words ?? []) this.#writeWord(word);
      this.setCursor(change.reader, change.ordinal);
      this.#db.exec('COMMIT');
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
      this.#version = versionBefore;
      this.#channelIds.clear();
      throw error;
    }
  }

  minute(channel: string, minuteMs: number): MinuteRollup | undefined {
    const id = this.#channelId(channel);
    if (id === undefined) return undefined;
    const row = this.#get(
      `SELECT ${MINUTE_COLUMNS} FROM minute WHERE channel = ? AND minute_ms = ?`,
      id,
      minuteMs,
    );
    return row === undefined ? undefined : { channel, ...(row as unknown as Omit<MinuteRollup, 'channel'>) };
  }

  minutes(channel: string, fromMs: number, toMs: number): MinuteRollup[] {
    const id = this.#channelId(channel);
    if (id === undefined) return [];
    return this.#all(
      `SELECT ${MINUTE_COLUMNS} FROM minute
       WHERE channel = ? AND minute_ms >= ? AND minute_ms < ? ORDER BY minute_ms`,
      id,
      fromMs,
      toMs,
    ).map((row) => ({ channel, ...(row as unknown as Omit<MinuteRollup, 'channel'>) }));
  }

  newestMinuteMs(channel: string): number | undefined {
    const id = this.#channelId(channel);
    if (id === undefined) return undefined;
    const row = this.#get('SELECT max(minute_ms) AS minuteMs FROM minute WHERE channel = ?', id);
    return row?.['minuteMs'] === null ? undefined : Number(row?.['minuteMs']);
  }

  hour(machine: string, hourMs: number): MachineHour | undefined {
    const row = this.#get('SELECT json FROM hour WHERE machine = ? AND hour_ms = ?', machine, hourMs);
    return row === undefined ? undefined : hourOf(row);
  }

  hours(machine: string, fromMs: number, toMs: number): MachineHour[] {
    return this.#all(
      'SELECT json FROM hour WHERE machine = ? AND hour_ms >= ? AND hour_ms < ? ORDER BY hour_ms',
      machine,
      fromMs,
      toMs,
    ).map(hourOf);
  }

  hourTimes(machine: string, fromMs: number, toMs: number): number[] {
    return this.#all(
      'SELECT hour_ms AS hourMs FROM hour WHERE machine = ? AND hour_ms >= ? AND hour_ms < ? ORDER BY hour_ms',
      machine,
      fromMs,
      toMs,
    ).map((row) => Number(row['hourMs']));
  }

  *bases(machine: string, fromMs: number, toMs: number): Iterable<HourBase> {
    const hours = this.#all(
      'SELECT hour_ms AS hourMs FROM base WHERE machine = ? AND hour_ms >= ? AND hour_ms < ? ORDER BY hour_ms',
      machine,
      fromMs,
      toMs,
    );
    for (const { hourMs } of hours) {
      const row = this.#get(
        'SELECT bytes FROM base WHERE machine = ? AND hour_ms = ?',
        machine,
        Number(hourMs),
      );
      if (row !== undefined) yield this.#readBase(machine, row['bytes'] as Uint8Array);
    }
  }

  snapshot(hash: string): ConfigSnapshot | undefined {
    const row = this.#get('SELECT json FROM snapshot WHERE hash = ?', hash);
    return row === undefined ? undefined : (JSON.parse(String(row['json'])) as ConfigSnapshot);
  }

  watched(machine: string): { fromMs: number; toMs: number } | undefined {
    const row = this.#get(
      'SELECT min(from_ms) AS fromMs, max(to_ms) AS toMs FROM state WHERE machine = ?',
      machine,
    );
    return row?.['fromMs'] === null ? undefined : (row as unknown as { fromMs: number; toMs: number });
  }

  states(machine: string, fromMs: number, toMs: number, limit: number): StateSpan[] {
    const beginMs =
      this.#get(
        'SELECT max(from_ms) AS fromMs FROM state WHERE machine = ? AND from_ms <= ?',
        machine,
        fromMs,
      )?.['fromMs'] ?? fromMs;
    return this.#all(
      `SELECT max(from_ms, ?3) AS fromMs, min(to_ms, ?4) AS toMs, state, decider, basis FROM state
       WHERE machine = ?1 AND from_ms >= ?2 AND from_ms < ?4 AND to_ms > ?3 ORDER BY from_ms LIMIT ?5`,
      machine,
      Number(beginMs),
      fromMs,
      toMs,
      limit,
    ) as unknown as StateSpan[];
  }

  words(machine: string, fromMs: number, toMs: number): StoredWord[] {
    const words: StoredWord[] = [];
    let told: Record<string, unknown> | undefined;
    let [channel, source] = ['', ''];
    while (
      (told = this.#get(
        `SELECT channel, source FROM word WHERE machine = ? AND (channel, source) > (?, ?)
         ORDER BY channel, source LIMIT 1`,
        machine,
        channel,
        source,
      )) !== undefined
    ) {
      [channel, source] = [String(told['channel']), String(told['source'])];
      const of = [machine, channel, source] as const;
      const before = this.#get(
        `SELECT ${WORD_COLUMNS} FROM word WHERE machine = ? AND channel = ? AND source = ? AND at_ms < ?
         ORDER BY at_ms DESC, epoch DESC, seq DESC, place DESC LIMIT 1`,
        ...of,
        fromMs,
      );
      const within = this.#all(
        `SELECT ${WORD_COLUMNS} FROM word
         WHERE machine = ? AND channel = ? AND source = ? AND at_ms >= ? AND at_ms < ?`,
        ...of,
        fromMs,
        toMs,
      );
      for (const row of before === undefined ? within : [before, ...within]) words.push(wordOf(row));
    }
    return words.sort(
      (a, b) =>
        a.atMs - b.atMs ||
        (a.epoch < b.epoch ? -1 : Number(a.epoch > b.epoch)) ||
        a.seq - b.seq ||
        a.place - b.place,
    );
  }

  hoursChangedAfter(version: number, limit: number): { version: number; hour: MachineHour }[] {
    return this.#all(
      'SELECT version, json FROM hour WHERE version > ? ORDER BY version LIMIT ?',
      version,
      limit,
    ).map((row) => ({ version: Number(row['version']), hour: hourOf(row) }));
  }

  checkpointBefore(machine: string, atMs: number): { hourMs: number; json: string } | undefined {
    return this.#get(
      `SELECT hour_ms AS hourMs, json FROM checkpoint WHERE machine = ? AND hour_ms <= ?
       ORDER BY hour_ms DESC LIMIT 1`,
      machine,
      atMs,
    ) as { hourMs: number; json: string } | undefined;
  }

  /** Points with readings only; a step finer than the minutes that are kept gives minutes. */
  series(channel: string, fromMs: number, toMs: number, stepMs: number): SeriesPoint[] {
    const id = this.#channelId(channel);
    if (id === undefined || !(toMs > fromMs)) return [];
    const originMs = Math.floor(fromMs / MINUTE_MS) * MINUTE_MS;
    const bucketMs = Math.max(Math.floor(stepMs), MINUTE_MS);
    return this.#all(
      `SELECT ?2 + (cast(minute_ms - ?2 AS INTEGER) / cast(?4 AS INTEGER)) * ?4 AS fromMs,
       min(min) AS min, max(max) AS max, sum(sum) / sum(count) AS mean
       FROM minute WHERE channel = ?1 AND minute_ms >= ?2 AND minute_ms < ?3 GROUP BY 1 ORDER BY 1`,
      id,
      originMs,
      toMs,
      bucketMs,
    ) as unknown as SeriesPoint[];
  }

  machines(): string[] {
    return this.#all('SELECT machine FROM hour UNION SELECT machine FROM channel ORDER BY machine').map(
      (row) => String(row['machine']),
    );
  }

  channels(machine: string): string[] {
    return this.#all('SELECT name FROM channel WHERE machine = ? ORDER BY name', machine).map((row) =>
      String(row['name']),
    );
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
          cure: 'Stop the collector, delete views.db in its data folder and start it: everything in it is computed again.',
        },
      );
    }
  }

  /** Of all rows, most are minutes. */
  #writeMinutes(minutes: Iterable<MinuteRollup>): void {
    const insert = this.#prepare('INSERT OR REPLACE INTO minute VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)');
    for (const { channel, minuteMs, count, min, max, sum, last, lastMs, squares, steps } of minutes) {
      const id = this.#channelId(channel) ?? this.#makeChannel(channel);
      insert.run(id, minuteMs, count, min, max, sum, last, lastMs, squares, steps);
    }
  }

  #writeHour(hour: MachineHour): void {
    const json = JSON.stringify(hour);
    const { machine, hourMs } = hour;
    const known = this.#get('SELECT json FROM hour WHERE machine = ? AND hour_ms = ?', machine, hourMs)?.[
      'json'
    ];
    if (known === json) return;
    this.#run('INSERT OR REPLACE INTO hour VALUES (?, ?, ?, ?)', machine, hourMs, ++this.#version, json);
  }

  #writeWord({
    machine,
    channel,
    source,
    atMs,
    epoch,
    seq,
    place,
    status,
    vocabulary,
    value,
  }: StoredWord): void {
    this.#run(
      'INSERT OR IGNORE INTO word VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
      machine,
      channel,
      source,
      Math.round(atMs),
      epoch,
      seq,
      place,
      status,
      vocabulary,
      JSON.stringify(value),
    );
  }

  #thinCheckpoints(machine: string, beforeMs: number): void {
    this.#run(
      `DELETE FROM checkpoint WHERE machine = ?1 AND hour_ms < ?2 AND hour_ms > (
         SELECT min(hour_ms) FROM checkpoint AS other
         WHERE other.machine = ?1 AND other.hour_ms / ${DAY_MS} = checkpoint.hour_ms / ${DAY_MS})`,
      machine,
      beforeMs,
    );
  }

  #dropSpans(machine: string, fromMs: number): void {
    this.#run('DELETE FROM state WHERE machine = ? AND from_ms >= ?', machine, fromMs);
    this.#run('UPDATE state SET to_ms = ?2 WHERE machine = ?1 AND to_ms > ?2', machine, fromMs);
  }

  /** A span that goes on where the stored ones end makes the last of them longer. */
  #writeSpans(machine: string, spans: readonly StateSpan[]): void {
    const [first] = spans;
    if (first === undefined) return;
    this.#run('DELETE FROM state WHERE machine = ? AND from_ms >= ?', machine, first.fromMs);
    const before = this.#get(
      `SELECT from_ms AS fromMs, to_ms AS toMs, state, decider, basis FROM state
       WHERE machine = ? AND from_ms < ? ORDER BY from_ms DESC LIMIT 1`,
      machine,
      first.fromMs,
    ) as StateSpan | undefined;
    const kept = before === undefined ? [] : [{ ...before, toMs: Math.min(before.toMs, first.fromMs) }];
    for (const { fromMs, toMs, state, decider, basis } of joinSpans([...kept, ...spans]))
      this.#run(
        'INSERT OR REPLACE INTO state VALUES (?, ?, ?, ?, ?, ?)',
        machine,
        fromMs,
        toMs,
        state,
        decider,
        basis,
      );
  }

  #channelId(channel: string): number | undefined {
    const known = this.#channelIds.get(channel);
    if (known !== undefined) return known;
    const id = this.#get('SELECT id FROM channel WHERE name = ?', channel)?.['id'];
    if (id === undefined) return undefined;
    this.#channelIds.set(channel, Number(id));
    return Number(id);
  }

  #makeChannel(channel: string): number {
    const machine = channel.slice(0, channel.indexOf('.'));
    this.#run('INSERT INTO channel(name, machine) VALUES (?, ?)', channel, machine);
    return this.#channelId(channel) ?? 0;
  }

  #prepare(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#db.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  #get(sql: string, ...values: (string | number | Uint8Array)[]): Record<string, unknown> | undefined {
    return this.#prepare(sql).get(...values);
  }

  #all(sql: string, ...values: (string | number | Uint8Array)[]): Record<string, unknown>[] {
    return this.#prepare(sql).all(...values);
  }

  #run(sql: string, ...values: (string | number | Uint8Array)[]): void {
    this.#prepare(sql).run(...values);
  }
}

function wordOf(row: Record<string, unknown>): StoredWord {
  const { json, ...word } = row;
  return { ...(word as unknown as StoredWord), value: JSON.parse(String(json)) as StoredWord['value'] };
}

function hourOf(row: Record<string, unknown>): MachineHour {
  return JSON.parse(String(row['json'])) as MachineHour;
}
