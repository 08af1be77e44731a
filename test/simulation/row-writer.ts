import type { RowWriter, Written } from '../../collector/ledger/ledger-writer.ts';
import type { LedgerWorkerData } from '../../collector/ledger/ledger-worker.ts';
import type { RowToWrite } from '../../collector/ledger/month-rows.ts';
import { MonthWriter } from '../../collector/ledger/month-writer.ts';
import { MillwattError } from '../../protocols/errors.ts';
import type { VirtualTime } from './virtual-time.ts';

/** The collector's disk, as far as it can fail. */
export interface LedgerDisk {
  failing: 'ledger-full' | 'ledger-write' | undefined;
  /** The power goes at this commit from now: 1 is the next. */
  cutIn: number | undefined;
  cutAt: 'before' | 'after';
  /** Name of each durable record -> its hash. */
  durable: Map<string, string>;
}

/** A record's name: agent, epoch, seq. */
export function nameOf(record: { agent: string; epoch: string; seq: number }): string {
  return `${record.agent}/${record.epoch}/${record.seq}`;
}

/** What a writer writes to, and how long that takes. */
interface WriterParts {
  time: VirtualTime;
  disk: LedgerDisk;
  /** How long a commit takes until its answer is there, ms. */
  commitMs: () => number;
  /** The power went. */
  onCut: () => void;
}

interface Waiting {
  row: RowToWrite;
  resolve: (written: Written) => void;
  reject: (error: Error) => void;
}

/** Writes through the product's MonthWriter, in the thread of the simulation: what the ledger's own thread does in a plant. */
export class VirtualRowWriter implements RowWriter {
  readonly #writer: MonthWriter;
  readonly #parts: WriterParts;
  readonly #groupMs: number;
  #group: Waiting[] = [];
  /** Committed, and the answer is on its way. */
  readonly #answering = new Set<Waiting>();
  #pending = 0;
  #lastId = 0;
  #isPlanned = false;
  #dead = false;

  constructor(data: LedgerWorkerData, parts: WriterParts) {
    this.#writer = new MonthWriter(data);
    this.#parts = parts;
    this.#groupMs = data.groupMs;
  }

  pending(): number {
    return this.#pending;
  }

  write(row: Omit<RowToWrite, 'id'>): Promise<Written> {
    if (this.#dead) return Promise.reject(ended());
    this.#pending++;
    const { time } = this.#parts;
    return new Promise<Written>((resolve, reject) => {
      this.#group.push({ row: { ...row, id: ++this.#lastId }, resolve, reject });
      if (this.#isPlanned) return;
      this.#isPlanned = true;
      time.after(this.#groupMs, () => this.#commit());
    }).finally(() => this.#pending--);
  }

  async close(): Promise<void> {
    if (!this.#dead) this.#commit();
    this.#writer.close();
  }

  /** The process is gone: what was not committed never will be. */
  kill(): void {
    this.#dead = true;
    for (const { reject } of [...this.#group.splice(0), ...this.#answering]) reject(ended());
  }

  #commit(): void {
    this.#isPlanned = false;
    if (this.#dead || this.#group.length === 0) return;
    const group = this.#group;
    this.#group = [];
    const { disk, onCut, time, commitMs } = this.#parts;
    if (disk.cutIn !== undefined && --disk.cutIn <= 0) {
      disk.cutIn = undefined;
      if (disk.cutAt === 'after') this.#write(group);
      for (const { reject } of group) reject(ended());
      onCut();
      return;
    }
    if (disk.failing !== undefined) {
      const error = new MillwattError(
        'retry',
        disk.failing,
        `The ledger could not be written: ${disk.failing}.`,
      );
      for (const { reject } of group) reject(error);
      return;
    }
    const outcomes = this.#write(group);
    // Durable now; the answer comes later, and may find nobody.
    for (const waiting of group) this.#answering.add(waiting);
    time.after(commitMs(), () => {
      for (const [index, waiting] of group.entries()) {
        this.#answering.delete(waiting);
        const { resolve, reject } = waiting;
        const outcome = outcomes[index];
        if (this.#dead || outcome === undefined) reject(ended());
        else if ('ordinal' in outcome) resolve({ ordinal: outcome.ordinal, month: outcome.month });
        else
          reject(
            new MillwattError(
              outcome.code === 'duplicate' ? 'quarantine' : 'retry',
              outcome.code,
              outcome.message,
            ),
          );
      }
    });
  }

  #write(group: readonly Waiting[]): ReturnType<MonthWriter['write']> {
    const outcomes = this.#writer.write(group.map(({ row }) => row));
    for (const [index, { row }] of group.entries())
      if ('ordinal' in (outcomes[index] ?? {})) this.#parts.disk.durable.set(nameOf(row), row.hash);
    return outcomes;
  }
}

function ended(): MillwattError {
  return new MillwattError('retry', 'ledger-closed', 'The process of this ledger has ended.');
}
