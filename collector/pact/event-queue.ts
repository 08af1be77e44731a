import type { DatabaseSync } from 'node:sqlite';
import type { KeptEvent } from './kept-event.ts';

/** What became of an event: it waits, was taken, was refused for good, or nobody took it in time. */
export const EVENT_STATES = ['waiting', 'delivered', 'refused', 'expired'] as const;
export type EventState = (typeof EVENT_STATES)[number];

/** An event that a partner is to be sent. Times are wall ms. */
export interface QueuedEvent {
  partner: string;
  id: string;
  /** JSON, as it was kept. */
  body: string;
  createdMs: number;
  /** Tries so far. */
  tries: number;
}

/** An event that was not delivered, yet or at all. `dueMs`: when it is tried next, or was ended. */
export interface TroubledEvent extends Omit<QueuedEvent, 'body'> {
  dueMs: number;
  state: EventState;
  saying: string;
}

const KEPT_MS = 30 * 86_400_000;

/** Events for partners, on disk until they are taken: a restart forgets none. */
export class EventQueue {
  readonly #db: DatabaseSync;

  constructor(db: DatabaseSync) {
    this.#db = db;
  }

  /**
   * Adds an event behind all others, due as soon as its turn comes. One that waits already is not added again; one that was done
   * with, which somebody asks for once more, is.
   */
  add(partner: string, event: KeptEvent, atMs: number): void {
    // Replaced, not updated: its turn is by its place in the table, whatever the clock said.
    this.#db
      .prepare(
        `INSERT OR REPLACE INTO event(partner, id, body, created_ms, due_ms, tries, state, saying)
         SELECT ?1, ?2, ?3, ?4, ?4, 0, 'waiting', ''
         WHERE NOT EXISTS (SELECT 1 FROM event WHERE partner = ?1 AND id = ?2 AND state = 'waiting')`,
      )
      .run(partner, event.id, JSON.stringify(event), atMs);
  }

  /** How many wait for a partner. */
  waitingFor(partner: string): number {
    const row = this.#db
      .prepare("SELECT count(*) AS count FROM event WHERE state = 'waiting' AND partner = ?")
      .get(partner);
    return (row as { count: number }).count;
  }

  /**
   * The event of each partner whose turn it is, where it is due: the others behind it wait for it, so that all go out in the order
   * in which they were made. One that is due later than any pause is due now: the clock was set back.
   *
   * @param longestPauseMs longest that a next try is ever put off
   */
  due(nowMs: number, longestPauseMs: number): QueuedEvent[] {
    const partners = this.#db.prepare("SELECT DISTINCT partner FROM event WHERE state = 'waiting'").all();
    const first = this.#db.prepare(
      `SELECT partner, id, body, created_ms AS createdMs, tries FROM event
       WHERE rowid = (SELECT min(rowid) FROM event WHERE state = 'waiting' AND partner = ?3)
       AND (due_ms <= ?1 OR due_ms > ?1 + ?2)`,
    );
    return (partners as { partner: string }[]).flatMap(
      ({ partner }) => first.all(nowMs, longestPauseMs, partner) as unknown as QueuedEvent[],
    );
  }

  /** Puts the next try off, and so all that wait behind it. @param saying why, without any secret */
  putOff({ partner, id }: Pick<QueuedEvent, 'partner' | 'id'>, dueMs: number, saying: string): void {
    this.#db
      .prepare('UPDATE event SET due_ms = ?, tries = tries + 1, saying = ? WHERE partner = ? AND id = ?')
      .run(dueMs, saying, partner, id);
  }

  /** Ends an event; its body is let go, and after a month that it was there. */
  end(
    { partner, id }: Pick<QueuedEvent, 'partner' | 'id'>,
    state: Exclude<EventState, 'waiting'>,
    saying: string,
    atMs: number,
  ): void {
    this.#db
      .prepare(
        "UPDATE event SET state = ?, saying = ?, tries = tries + 1, due_ms = ?, body = '' WHERE partner = ? AND id = ?",
      )
      .run(state, saying, atMs, partner, id);
    this.#db.prepare("DELETE FROM event WHERE state <> 'waiting' AND due_ms < ?").run(atMs - KEPT_MS);
  }

  /** Those that wait, and those that were given up in the last month, newest first; at most `limit`. */
  troubled(limit: number): TroubledEvent[] {
    return this.#db
      .prepare(
        `SELECT partner, id, created_ms AS createdMs, due_ms AS dueMs, tries, state, saying FROM event
         WHERE state <> 'delivered' ORDER BY created_ms DESC, id LIMIT ?`,
      )
      .all(limit) as unknown as TroubledEvent[];
  }

  /** How many there are in each state, of the last month. */
  counts(): Record<EventState, number> {
    const rows = this.#db.prepare('SELECT state, count(*) AS count FROM event GROUP BY state').all();
    const found = new Map(
      (rows as { state: string; count: number }[]).map(({ state, count }) => [state, count]),
    );
    return Object.fromEntries(EVENT_STATES.map((state) => [state, found.get(state) ?? 0])) as Record<
      EventState,
      number
    >;
  }
}
