import type { SqliteRows } from './sqlite-rows.ts';
import type { MinuteRollup, SeriesPoint } from './views.ts';

const MINUTE_MS = 60_000;

const MINUTE_COLUMNS = 'minute_ms AS minuteMs, count, min, max, sum, last, last_ms AS lastMs, squares, steps';

type MinuteRow = Omit<MinuteRollup, 'channel'>;

/** Field by field: spreading rows takes ten times as long, and a report of a month reads a million of them. */
function toRollup(
  channel: string,
  { minuteMs, count, min, max, sum, last, lastMs, squares, steps }: MinuteRow,
): MinuteRollup {
  return { channel, minuteMs, count, min, max, sum, last, lastMs, squares, steps };
}

/** Minutes of channels in views.db, and the channels' own table. */
export class MinuteRows {
  readonly #rows: SqliteRows;
  readonly #channelIds = new Map<string, number>();

  constructor(rows: SqliteRows) {
    this.#rows = rows;
  }

  minute(channel: string, minuteMs: number): MinuteRollup | undefined {
    const id = this.#channelId(channel);
    if (id === undefined) return undefined;
    const row = this.#rows.get(
      `SELECT ${MINUTE_COLUMNS} FROM minute WHERE channel = ? AND minute_ms = ?`,
      id,
      minuteMs,
    );
    return row === undefined ? undefined : toRollup(channel, row as unknown as MinuteRow);
  }

  minutes(channel: string, fromMs: number, toMs: number): MinuteRollup[] {
    const id = this.#channelId(channel);
    if (id === undefined) return [];
    return this.#rows
      .all(
        `SELECT ${MINUTE_COLUMNS} FROM minute
       WHERE channel = ? AND minute_ms >= ? AND minute_ms < ? ORDER BY minute_ms`,
        id,
        fromMs,
        toMs,
      )
      .map((row) => toRollup(channel, row as unknown as MinuteRow));
  }

  newestMinuteMs(channel: string): number | undefined {
    const id = this.#channelId(channel);
    if (id === undefined) return undefined;
    const row = this.#rows.get('SELECT max(minute_ms) AS minuteMs FROM minute WHERE channel = ?', id);
    return row?.['minuteMs'] === null ? undefined : Number(row?.['minuteMs']);
  }

  /** Points with readings only; a step finer than the minutes that are kept gives minutes. */
  series(channel: string, fromMs: number, toMs: number, stepMs: number): SeriesPoint[] {
    const id = this.#channelId(channel);
    if (id === undefined || !(toMs > fromMs)) return [];
    const originMs = Math.floor(fromMs / MINUTE_MS) * MINUTE_MS;
    const bucketMs = Math.max(Math.floor(stepMs), MINUTE_MS);
    return this.#rows.all(
      `SELECT ?2 + (cast(minute_ms - ?2 AS INTEGER) / cast(?4 AS INTEGER)) * ?4 AS fromMs,
       min(min) AS min, max(max) AS max, sum(sum) / sum(count) AS mean
       FROM minute WHERE channel = ?1 AND minute_ms >= ?2 AND minute_ms < ?3 GROUP BY 1 ORDER BY 1`,
      id,
      originMs,
      toMs,
      bucketMs,
    ) as unknown as SeriesPoint[];
  }

  channels(machine: string): string[] {
    return this.#rows
      .all('SELECT name FROM channel WHERE machine = ? ORDER BY name', machine)
      .map((row) => String(row['name']));
  }

  /** Of all rows, most are minutes. */
  write(minutes: Iterable<MinuteRollup>): void {
    const insert = this.#rows.prepare('INSERT OR REPLACE INTO minute VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)');
    for (const { channel, minuteMs, count, min, max, sum, last, lastMs, squares, steps } of minutes) {
      const id = this.#channelId(channel) ?? this.#makeChannel(channel);
      insert.run(id, minuteMs, count, min, max, sum, last, lastMs, squares, steps);
    }
  }

  /** Forgets numbers of channels that a commit gave which failed. */
  forgetChannels(): void {
    this.#channelIds.clear();
  }

  #channelId(channel: string): number | undefined {
    const known = this.#channelIds.get(channel);
    if (known !== undefined) return known;
    const id = this.#rows.get('SELECT id FROM channel WHERE name = ?', channel)?.['id'];
    if (id === undefined) return undefined;
    this.#channelIds.set(channel, Number(id));
    return Number(id);
  }

  #makeChannel(channel: string): number {
    const machine = channel.slice(0, channel.indexOf('.'));
    this.#rows.run('INSERT INTO channel(name, machine) VALUES (?, ?)', channel, machine);
    return this.#channelId(channel) ?? 0;
  }
}
