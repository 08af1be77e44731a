import { compareText } from '../energy/compare-text.ts';
import type { SqliteRows } from './sqlite-rows.ts';
import type { StoredWord } from './views.ts';

const WORD_COLUMNS = 'machine, channel, source, at_ms AS atMs, epoch, seq, place, status, vocabulary, json';

/** A thinned record tells a time by the clocks of the last of its originals, which may differ by 20 ms. */
const LABELS_APART_MS = 21;

/** What controls said of programs and parts, in views.db. */
export class WordRows {
  readonly #rows: SqliteRows;

  constructor(rows: SqliteRows) {
    this.#rows = rows;
  }

  words(machine: string, fromMs: number, toMs: number): StoredWord[] {
    const words: StoredWord[] = [];
    let told: Record<string, unknown> | undefined;
    let [channel, source] = ['', ''];
    while (
      (told = this.#rows.get(
        `SELECT channel, source FROM word WHERE machine = ? AND (channel, source) > (?, ?)
         ORDER BY channel, source LIMIT 1`,
        machine,
        channel,
        source,
      )) !== undefined
    ) {
      [channel, source] = [String(told['channel']), String(told['source'])];
      const of = [machine, channel, source] as const;
      const before = this.#rows.get(
        `SELECT ${WORD_COLUMNS} FROM word WHERE machine = ? AND channel = ? AND source = ? AND at_ms < ?
         ORDER BY at_ms DESC, epoch DESC, seq DESC, place DESC LIMIT 1`,
        ...of,
        fromMs,
      );
      const within = this.#rows.all(
        `SELECT ${WORD_COLUMNS} FROM word
         WHERE machine = ? AND channel = ? AND source = ? AND at_ms >= ? AND at_ms < ?`,
        ...of,
        fromMs,
        toMs,
      );
      for (const row of before === undefined ? within : [before, ...within]) words.push(wordOf(row));
    }
    return words.sort(
      (a, b) => a.atMs - b.atMs || compareText(a.epoch, b.epoch) || a.seq - b.seq || a.place - b.place,
    );
  }

  write({ machine, channel, source, atMs, epoch, seq, place, status, vocabulary, value }: StoredWord): void {
    this.#rows.run(
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

  /** Of what a thinned record said, takes one row away that says the same; none where it said no such thing. */
  takeBack({ machine, channel, source, atMs, epoch, status, value }: StoredWord, thinnedSeq: number): void {
    const own = [machine, channel, source, epoch, thinnedSeq] as const;
    const ofOwn = 'machine = ? AND channel = ? AND source = ? AND epoch = ? AND seq = ?';
    const atOwnMs = Math.round(atMs);
    const row = this.#rows.get(
      `SELECT at_ms AS atMs, place FROM word WHERE ${ofOwn} AND at_ms BETWEEN ? AND ? AND status = ? AND json = ?
       ORDER BY ABS(at_ms - ?), place LIMIT 1`,
      ...own,
      atOwnMs - LABELS_APART_MS,
      atOwnMs + LABELS_APART_MS,
      status,
      JSON.stringify(value),
      atOwnMs,
    );
    if (row === undefined) return;
    this.#rows.run(
      `DELETE FROM word WHERE ${ofOwn} AND at_ms = ? AND place = ?`,
      ...own,
      Number(row['atMs']),
      Number(row['place']),
    );
  }
}

function wordOf(row: Record<string, unknown>): StoredWord {
  const { json, ...word } = row;
  return { ...(word as unknown as StoredWord), value: JSON.parse(String(json)) as StoredWord['value'] };
}
