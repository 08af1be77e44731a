import { compareText } from '../energy/compare-text.ts';
import type { SqliteRows } from './sqlite-rows.ts';
import type { StoredWord } from './views.ts';

const WORD_COLUMNS = 'machine, channel, source, at_ms AS atMs, epoch, seq, place, status, vocabulary, json';

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
}

function wordOf(row: Record<string, unknown>): StoredWord {
  const { json, ...word } = row;
  return { ...(word as unknown as StoredWord), value: JSON.parse(String(json)) as StoredWord['value'] };
}
