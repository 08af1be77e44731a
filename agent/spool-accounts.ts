import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { COUNTERS } from './spool-format.ts';
import { checkOf } from './spool-meta.ts';

/** Samples by fate; sampled = receipted + pending + rejected + thinned + the sum of dropped. */
export interface SampleAccounts {
  sampled: number;
  receipted: number;
  pending: number;
  rejected: number;
  /** Of records that a full spool made a smaller one of: what that one does not hold. */
  thinned: number;
  /** By reason, one short word each. */
  dropped: Record<string, number>;
}

/** Records by fate; sealed is all that ever were. */
export interface RecordAccounts {
  sealed: number;
  receipted: number;
  pending: number;
  rejected: number;
  /** Replaced by a thinned record, which itself is one of `sealed`. */
  thinned: number;
  dropped: number;
}

/** The counters of the spool; every change belongs into the transaction of the rows it stands for. */
export class SpoolAccounts {
  readonly #get: StatementSync;
  readonly #set: StatementSync;
  readonly #all: StatementSync;
  readonly #open: StatementSync;
  readonly #pending: StatementSync;

  constructor(database: DatabaseSync) {
    this.#get = database.prepare('SELECT value FROM counters WHERE name = ?');
    this.#set = database.prepare('INSERT OR REPLACE INTO counters (name, value, sum) VALUES (?, ?, ?)');
    this.#all = database.prepare('SELECT name, value, sum FROM counters');
    this.#open = database.prepare('SELECT COALESCE(SUM(samples), 0) AS samples FROM open');
    this.#pending = database.prepare(
      "SELECT COUNT(*) AS records, COALESCE(SUM(samples), 0) AS samples FROM records WHERE state = 'sealed'",
    );
  }

  addSampled(samples: number): void {
    this.#change('sampled', samples);
  }

  addSealed(records: number): void {
    this.#change('records.sealed', records);
  }

  addReceipted(records: number, samples: number): void {
    this.#change('records.receipted', records);
    this.#change('receipted', samples);
  }

  addRejected(records: number, samples: number): void {
    this.#change('records.rejected', records);
    this.#change('rejected', samples);
  }

  /** @param samples of the originals that the thinned record does not hold */
  addThinned(records: number, samples: number): void {
    this.#change('records.thinned', records);
    this.#change('thinned', samples);
  }

  addDropped(reason: string, records: number, samples: number): void {
    this.#change('records.dropped', records);
    this.#change(`dropped:${reason}`, samples);
  }

  /** All sums as they are in the database now; call it outside a change. */
  read(): { samples: SampleAccounts; records: RecordAccounts } {
    const counters = new Map(this.#all.all().map((row) => [String(row['name']), Number(row['value'])]));
    const count = (name: string) => counters.get(name) ?? 0;
    const pending = this.#pending.get();
    const dropped: Record<string, number> = {};
    for (const [name, value] of counters)
      if (name.startsWith('dropped:')) dropped[name.slice('dropped:'.length)] = value;
    return {
      samples: {
        sampled: count('sampled'),
        receipted: count('receipted'),
        pending: Number(this.#open.get()?.['samples'] ?? 0) + Number(pending?.['samples'] ?? 0),
        rejected: count('rejected'),
        thinned: count('thinned'),
        dropped,
      },
      records: {
        sealed: count('records.sealed'),
        receipted: count('records.receipted'),
        pending: Number(pending?.['records'] ?? 0),
        rejected: count('records.rejected'),
        thinned: count('records.thinned'),
        dropped: count('records.dropped'),
      },
    };
  }

  /**
   * Makes the sums hold again where a disk spoilt a counter, or a salvage could not take everything over; gives by how much, in
   * samples. What is not there any more is dropped for `corrupt`. Inside a transaction.
   */
  reconcile(): number {
    const rows = new Map(this.#all.all().map((row) => [String(row['name']), row]));
    const bad = [...new Set([...COUNTERS, ...rows.keys()])].filter((name) => {
      const row = rows.get(name);
      return row === undefined || (row['sum'] !== null && row['sum'] !== checkOf(name, Number(row['value'])));
    });
    for (const name of bad) this.#set.run(name, 0, checkOf(name, 0));
    const { samples, records } = this.read();
    const told = samples.receipted + samples.pending + samples.rejected + samples.thinned;
    const missing =
      samples.sampled - Object.values(samples.dropped).reduce((sum, count) => sum + count, told);
    const [only] = bad.filter((name) => !name.startsWith('records.'));
    // One counter that is spoilt follows from the others.
    if (missing > 0 && only !== undefined && only !== 'sampled') this.#change(only, missing);
    else if (missing > 0) this.#change('dropped:corrupt', missing);
    else this.#change('sampled', -missing);
    const gone =
      records.sealed -
      records.receipted -
      records.pending -
      records.rejected -
      records.thinned -
      records.dropped;
    if (gone > 0) this.#change('records.dropped', gone);
    else this.#change('records.sealed', -gone);
    return Math.abs(missing);
  }

  #change(name: string, amount: number): void {
    if (amount === 0) return;
    const value = Number(this.#get.get(name)?.['value'] ?? 0) + amount;
    this.#set.run(name, value, checkOf(name, value));
  }
}
