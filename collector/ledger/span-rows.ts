import { joinSpans, type StateSpan } from '../energy/state-span.ts';
import type { SqliteRows } from './sqlite-rows.ts';

/** Stretches of states in views.db. */
export class SpanRows {
  readonly #rows: SqliteRows;

  constructor(rows: SqliteRows) {
    this.#rows = rows;
  }

  states(machine: string, fromMs: number, toMs: number, limit: number): StateSpan[] {
    const beginMs =
      this.#rows.get(
        'SELECT max(from_ms) AS fromMs FROM state WHERE machine = ? AND from_ms <= ?',
        machine,
        fromMs,
      )?.['fromMs'] ?? fromMs;
    return this.#rows.all(
      `SELECT max(from_ms, ?3) AS fromMs, min(to_ms, ?4) AS toMs, state, decider, basis FROM state
       WHERE machine = ?1 AND from_ms >= ?2 AND from_ms < ?4 AND to_ms > ?3 ORDER BY from_ms LIMIT ?5`,
      machine,
      Number(beginMs),
      fromMs,
      toMs,
      limit,
    ) as unknown as StateSpan[];
  }

  watched(machine: string): { fromMs: number; toMs: number } | undefined {
    // Stretches do not overlap: the ends are those of the first and the last.
    return this.#rows.get(
      `SELECT first.from_ms AS fromMs, last.to_ms AS toMs FROM
       (SELECT from_ms FROM state WHERE machine = ?1 ORDER BY from_ms LIMIT 1) AS first,
       (SELECT to_ms FROM state WHERE machine = ?1 ORDER BY from_ms DESC LIMIT 1) AS last`,
      machine,
    ) as { fromMs: number; toMs: number } | undefined;
  }

  /** A span that goes on where the stored ones end makes the last of them longer. */
  write(machine: string, spans: readonly StateSpan[]): void {
    const [first] = spans;
    if (first === undefined) return;
    this.#rows.run('DELETE FROM state WHERE machine = ? AND from_ms >= ?', machine, first.fromMs);
    const before = this.#rows.get(
      `SELECT from_ms AS fromMs, to_ms AS toMs, state, decider, basis FROM state
       WHERE machine = ? AND from_ms < ? ORDER BY from_ms DESC LIMIT 1`,
      machine,
      first.fromMs,
    ) as StateSpan | undefined;
    const kept = before === undefined ? [] : [{ ...before, toMs: Math.min(before.toMs, first.fromMs) }];
    for (const { fromMs, toMs, state, decider, basis } of joinSpans([...kept, ...spans]))
      this.#rows.run(
        'INSERT OR REPLACE INTO state VALUES (?, ?, ?, ?, ?, ?)',
        machine,
        fromMs,
        toMs,
        state,
        decider,
        basis,
      );
  }

  /** Deletes stretches from a time on, and cuts one that reaches over it. */
  drop(machine: string, fromMs: number): void {
    this.#rows.run('DELETE FROM state WHERE machine = ? AND from_ms >= ?', machine, fromMs);
    this.#rows.run(
      `UPDATE state SET to_ms = min(to_ms, ?2) WHERE machine = ?1
       AND from_ms = (SELECT max(from_ms) FROM state WHERE machine = ?1)`,
      machine,
      fromMs,
    );
  }
}
