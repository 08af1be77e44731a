import type { LedgerWorkerData } from '../../../collector/ledger/ledger-worker.ts';
import { writeError, type RowWriter, type Written } from '../../../collector/ledger/ledger-writer.ts';
import { MonthWriter } from '../../../collector/ledger/month-writer.ts';

/** The real writer of months without a thread: each row is written when it is handed over. */
export class InProcessWriter implements RowWriter {
  readonly #writer: MonthWriter;
  #lastId = 0;

  constructor(data: LedgerWorkerData) {
    this.#writer = new MonthWriter(data);
  }

  pending(): number {
    return 0;
  }

  async write(row: Parameters<RowWriter['write']>[0]): Promise<Written> {
    const [outcome] = this.#writer.write([{ ...row, id: ++this.#lastId }]);
    if (outcome === undefined) throw new Error('no outcome');
    if ('ordinal' in outcome) return { ordinal: outcome.ordinal, month: outcome.month };
    throw writeError(outcome.code, outcome.message);
  }

  async close(): Promise<void> {
    this.#writer.close();
  }
}
