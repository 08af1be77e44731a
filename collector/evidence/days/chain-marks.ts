import type { RecordMark } from '../../ledger/ledger.ts';
import { dayOf } from './day-run.ts';
import { MerkleRoot } from './merkle.ts';

const HASH_BYTES = 32;
const DAY_MS = 86_400_000;

interface Marks {
  agent: string;
  epoch: string;
  ordinals: number[];
  receivedMs: number[];
  /** Header hashes, one behind the other. */
  hashes: Buffer;
  isSorted: boolean;
}

/** What of a chain lies in a run of ordinals. */
export interface ChainStretch {
  records: number;
  /** Merkle root over their header hashes in order of ordinal, base64url. */
  root: string;
  /** When the first and the last of them were taken in, wall ms; Infinity and -Infinity without any. */
  firstMs: number;
  lastMs: number;
}

/** Header hashes of chains with their places in the ledger: some 50 bytes a record. */
export class ChainMarks {
  readonly #chains = new Map<string, Marks>();
  #count = 0;

  /** How many records were added. */
  get count(): number {
    return this.#count;
  }

  add({ ordinal, receivedMs, agent, epoch, hash }: RecordMark): void {
    const name = `${agent}/${epoch}`;
    let marks = this.#chains.get(name);
    if (marks === undefined) {
      const hashes = Buffer.alloc(64 * HASH_BYTES);
      marks = { agent, epoch, ordinals: [], receivedMs: [], hashes, isSorted: true };
      this.#chains.set(name, marks);
    }
    const at = marks.ordinals.length;
    if (ordinal <= (marks.ordinals.at(-1) ?? 0)) marks.isSorted = false;
    if ((at + 1) * HASH_BYTES > marks.hashes.length)
      marks.hashes = Buffer.concat([marks.hashes, Buffer.alloc(marks.hashes.length)]);
    Buffer.from(hash, 'base64url').copy(marks.hashes, at * HASH_BYTES);
    marks.ordinals.push(ordinal);
    marks.receivedMs.push(receivedMs);
    this.#count++;
  }

  /** What of a chain lies from an ordinal to another, both included. */
  stretch({ agent, epoch }: Pick<RecordMark, 'agent' | 'epoch'>, from: number, to: number): ChainStretch {
    const tree = new MerkleRoot();
    let [firstMs, lastMs] = [Infinity, -Infinity];
    const marks = this.#sorted(`${agent}/${epoch}`);
    for (let at = firstFrom(marks?.ordinals ?? [], from); at < (marks?.ordinals.length ?? 0); at++) {
      if (marks === undefined || (marks.ordinals[at] ?? Infinity) > to) break;
      tree.add(marks.hashes.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES));
      const receivedMs = marks.receivedMs[at] ?? 0;
      [firstMs, lastMs] = [Math.min(firstMs, receivedMs), Math.max(lastMs, receivedMs)];
    }
    return { records: tree.count, root: tree.root().toString('base64url'), firstMs, lastMs };
  }

  /** How many records of all chains have this ordinal or a larger one. */
  countFrom(from: number): number {
    return [...this.#chains.keys()].reduce((sum, name) => {
      const ordinals = this.#sorted(name)?.ordinals ?? [];
      return sum + ordinals.length - firstFrom(ordinals, from);
    }, 0);
  }

  /** How many records with this ordinal or a larger one were taken in on each UTC day, in order. */
  daysFrom(from: number): Map<string, number> {
    const days = new Map<number, number>();
    for (const name of this.#chains.keys()) {
      const { ordinals, receivedMs } = this.#sorted(name) ?? { ordinals: [], receivedMs: [] };
      for (let at = firstFrom(ordinals, from); at < ordinals.length; at++) {
        const day = Math.floor((receivedMs[at] ?? 0) / DAY_MS);
        days.set(day, (days.get(day) ?? 0) + 1);
      }
    }
    return new Map([...days].sort(([a], [b]) => a - b).map(([day, count]) => [dayOf(day * DAY_MS), count]));
  }

  #sorted(name: string): Marks | undefined {
    const marks = this.#chains.get(name);
    if (marks === undefined || marks.isSorted) return marks;
    const order = marks.ordinals.map((_, at) => at);
    const { ordinals, receivedMs, hashes } = marks;
    order.sort((a, b) => (ordinals[a] ?? 0) - (ordinals[b] ?? 0));
    marks.ordinals = order.map((at) => ordinals[at] ?? 0);
    marks.receivedMs = order.map((at) => receivedMs[at] ?? 0);
    marks.hashes = Buffer.concat(order.map((at) => hashes.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES)));
    marks.isSorted = true;
    return marks;
  }
}

/** The place of the first one that is `from` or larger. */
function firstFrom(ordinals: readonly number[], from: number): number {
  let [low, high] = [0, ordinals.length];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if ((ordinals[middle] ?? 0) < from) low = middle + 1;
    else high = middle;
  }
  return low;
}
