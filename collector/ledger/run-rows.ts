import type { DatabaseSync, StatementSync } from 'node:sqlite';

/** Keeps the gapless runs of sequence numbers of a month, record by record. */
export class RunRows {
  readonly #before: StatementSync;
  readonly #after: StatementSync;
  readonly #insert: StatementSync;
  readonly #extend: StatementSync;
  readonly #delete: StatementSync;

  constructor(db: DatabaseSync) {
    const chain = 'agent = ? AND epoch = ?';
    this.#before = db.prepare(
      `SELECT from_seq AS "from", to_seq AS "to" FROM run WHERE ${chain} AND from_seq < ? ORDER BY from_seq DESC LIMIT 1`,
    );
    this.#after = db.prepare(`SELECT to_seq AS "to" FROM run WHERE ${chain} AND from_seq = ?`);
    this.#insert = db.prepare('INSERT INTO run(agent, epoch, from_seq, to_seq) VALUES (?, ?, ?, ?)');
    this.#extend = db.prepare(`UPDATE run SET to_seq = ? WHERE ${chain} AND from_seq = ?`);
    this.#delete = db.prepare(`DELETE FROM run WHERE ${chain} AND from_seq = ?`);
  }

  /** Takes in a record that was not here. */
  add({ agent, epoch, seq }: { agent: string; epoch: string; seq: number }): void {
    const before = this.#before.get(agent, epoch, seq);
    const after = this.#after.get(agent, epoch, seq + 1);
    const to = Number(after?.['to'] ?? seq);
    if (after !== undefined) this.#delete.run(agent, epoch, seq + 1);
    if (before?.['to'] === seq - 1) this.#extend.run(to, agent, epoch, Number(before['from']));
    else this.#insert.run(agent, epoch, seq, to);
  }
}
