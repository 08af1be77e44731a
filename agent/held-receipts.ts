import { isRefusedByDisk } from './spool-alone.ts';
import type { Spool } from './spool.ts';

/** More than this is not remembered: what is receipted beyond goes out again. */
const RECORDS_MAX = 100_000;
const RANGES_MAX = 10_000;

type Ranges = readonly { from: number; to: number }[];

/**
 * Receipts that the disk does not take now. What they name stays in the spool, because only the disk forgets for good, but it
 * is not published again meanwhile: so a full disk does not hold up delivery.
 */
export class HeldReceipts {
  readonly #spool: Pick<Spool, 'markReceipted'>;
  #ranges: { epoch: string; ranges: Ranges }[] = [];
  readonly #ids = new Set<number>();

  constructor(spool: Pick<Spool, 'markReceipted'>) {
    this.#spool = spool;
  }

  /** Whether a collector has receipted this record. */
  has(id: number): boolean {
    return this.#ids.has(id);
  }

  /**
   * Writes a receipt; gives the ids of what it receipted. Where the disk refuses, it is remembered.
   *
   * @param own ids of records that were published and that the ranges name
   */
  write(epoch: string, ranges: Ranges, own: readonly number[]): readonly number[] {
    try {
      return this.#spool.markReceipted(epoch, ranges);
    } catch (error) {
      if (!isRefusedByDisk(error)) throw error;
      if (this.#ids.size + own.length > RECORDS_MAX || this.#ranges.length >= RANGES_MAX) throw error;
      this.#ranges.push({ epoch, ranges });
      for (const id of own) this.#ids.add(id);
      return own;
    }
  }

  /** Writes what was remembered; gives the ids of what it receipted. Nothing where the disk refuses still. */
  writeHeld(): number[] {
    const written: number[] = [];
    try {
      for (let held = this.#ranges[0]; held !== undefined; held = this.#ranges[0]) {
        written.push(...this.#spool.markReceipted(held.epoch, held.ranges));
        this.#ranges.shift();
      }
      this.#ids.clear();
    } catch (error) {
      if (!isRefusedByDisk(error)) throw error;
    }
    return written;
  }
}
