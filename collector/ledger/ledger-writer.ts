import { Worker } from 'node:worker_threads';
import { MillwattError } from '../../protocols/errors.ts';
import type { LedgerWorkerData, LedgerWorkerRequest } from './ledger-worker.ts';
import { damagedMonth, type Month } from './month-file.ts';
import type { RowToWrite } from './month-rows.ts';
import type { WriteOutcome } from './month-writer.ts';

/** Where a row went. */
export interface Written {
  ordinal: number;
  month: Month;
}

interface Waiting {
  resolve: (written: Written) => void;
  reject: (error: Error) => void;
}

/** What writes rows for a ledger. */
export interface RowWriter {
  /** Rows handed over and not yet durable. */
  pending(): number;
  /** Resolves when the row is durable. Rejects with class `retry` (`ledger-full`, `ledger-write`), `quarantine` (`duplicate`) or `crash` (`damaged-month`, `ledger-thread`). */
  write(row: Omit<RowToWrite, 'id'>): Promise<Written>;
  /** Resolves when everything handed over is durable (or rejected) and the file is closed. */
  close(): Promise<void>;
}

/** The main thread's end of the thread that writes: it never waits for a disk. */
export class LedgerWriter implements RowWriter {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  readonly #exited: Promise<void>;
  #lastId = 0;
  #failure: Error | undefined;
  #closing = false;

  constructor(data: LedgerWorkerData) {
    // Unbuilt we run as .ts, published as .js; a URL is not rewritten by the compiler.
    const file = import.meta.url.endsWith('.ts') ? './ledger-worker.ts' : './ledger-worker.js';
    this.#worker = new Worker(new URL(file, import.meta.url), { workerData: data, name: 'ledger' });
    this.#worker.on('message', (outcomes: WriteOutcome[]) => outcomes.forEach((one) => this.#settle(one)));
    this.#worker.on('error', (error) => this.#fail(error));
    this.#exited = new Promise((resolve) => {
      this.#worker.on('exit', () => {
        if (!this.#closing || this.#waiting.size > 0) this.#fail(new Error('the thread ended'));
        resolve();
      });
    });
  }

  pending(): number {
    return this.#waiting.size;
  }

  write(row: Omit<RowToWrite, 'id'>): Promise<Written> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    const id = ++this.#lastId;
    // A message may be a window on a large network buffer, which a post would copy whole.
    const bytes = new Uint8Array(row.bytes);
    const request: LedgerWorkerRequest = { ...row, id, bytes };
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage(request, [bytes.buffer]);
    });
  }

  async close(): Promise<void> {
    if (!this.#closing) {
      this.#closing = true;
      const end: LedgerWorkerRequest = null;
      this.#worker.postMessage(end, []);
    }
    await this.#exited;
  }

  #settle(outcome: WriteOutcome): void {
    const waiting = this.#waiting.get(outcome.id);
    this.#waiting.delete(outcome.id);
    if ('ordinal' in outcome) waiting?.resolve({ ordinal: outcome.ordinal, month: outcome.month });
    else waiting?.reject(writeError(outcome.code, outcome.message));
  }

  #fail(cause: Error): void {
    this.#failure ??= new MillwattError(
      'crash',
      'ledger-thread',
      `The ledger's writer failed: ${cause.message}`,
      {
        cure: 'Start the collector again; it goes on from what is durable.',
        cause,
      },
    );
    for (const { reject } of this.#waiting.values()) reject(this.#failure);
    this.#waiting.clear();
  }
}

/** The error of a row that was not written, by the code of its outcome. */
export function writeError(code: string, message: string): MillwattError {
  if (code === 'duplicate') return new MillwattError('quarantine', code, message);
  if (code === 'ledger-damaged') return damagedMonth(message);
  return new MillwattError('retry', code, `The ledger could not be written: ${message}.`, {
    cure:
      code === 'ledger-full'
        ? 'Make room on the disk of the ledger; agents keep their records and send them again.'
        : 'Check the disk and the rights of the ledger folder; agents keep their records and send them again.',
  });
}
