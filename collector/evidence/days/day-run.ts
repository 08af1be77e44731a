import type { RecordMark } from '../../ledger/ledger.ts';
import { chainLeaf, compareChains, type DayChain, type UnsignedDay } from './day-entry.ts';
import { merkleRoot, MerkleRoot } from './merkle.ts';

const DAY_MS = 86_400_000;
/** 9999-12-31: a clock beyond has no day that can be written. */
const LAST_DAY = 2_932_896;
/** Records are numbered when they are on disk, so two that come at midnight may change places; and clocks are set by seconds. */
const BACK_MS = 3_600_000;

/** What a run of records comes to, without its place among the days. */
export type DayOfRun = Omit<UnsignedDay, 'number' | 'madeMs' | 'prev'>;

/** When a day ends, wall ms. @param day `2026-10-01` */
export function endOfDayMs(day: string): number {
  return Date.parse(`${day}T00:00:00Z`) + DAY_MS;
}

/** The UTC day of a wall time, `2026-10-01`; the last of the year 9999 where it is later. */
export function dayOf(wallMs: number): string {
  const day = Math.min(LAST_DAY, Math.max(0, Math.floor(wallMs / DAY_MS)));
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}

/** Whether a record that was taken in at a time may be of a day: of its date or, within an hour, of before. @param receivedMs wall ms */
export function isInDay(day: string, receivedMs: number): boolean {
  const endMs = endOfDayMs(day);
  return (receivedMs < endMs || day === dayOf(receivedMs)) && receivedMs >= endMs - DAY_MS - BACK_MS;
}

/** Records that follow each other in the ledger and belong to one day. Memory grows with chains, not with records. */
export class DayRun {
  readonly day: string;
  readonly #from: number;
  readonly #chains = new Map<string, { agent: string; epoch: string; tree: MerkleRoot }>();
  #to: number;
  #records = 0;

  constructor(first: RecordMark) {
    this.day = dayOf(first.receivedMs);
    this.#from = this.#to = first.ordinal;
    this.add(first);
  }

  /** Where the run begins: its first ordinal. */
  get from(): number {
    return this.#from;
  }

  get records(): number {
    return this.#records;
  }

  /**
   * Whether a record is of this day: of its date or, within an hour, of before. Later it begins the next day; earlier, the clock
   * was set back, and a day begins that may have had its date before.
   */
  has({ receivedMs }: RecordMark): boolean {
    return isInDay(this.day, receivedMs);
  }

  /** @param mark of a larger ordinal than those before */
  add({ ordinal, agent, epoch, hash }: RecordMark): void {
    const name = `${agent}/${epoch}`;
    let chain = this.#chains.get(name);
    if (chain === undefined) this.#chains.set(name, (chain = { agent, epoch, tree: new MerkleRoot() }));
    chain.tree.add(Buffer.from(hash, 'base64url'));
    this.#to = ordinal;
    this.#records++;
  }

  /** What it comes to so far. */
  close(): { of: DayOfRun; chains: DayChain[] } {
    const chains = [...this.#chains.values()]
      .map(({ agent, epoch, tree }): DayChain => ({
        agent,
        epoch,
        records: tree.count,
        root: tree.root().toString('base64url'),
      }))
      .sort(compareChains);
    const root = merkleRoot(chains.map(chainLeaf)).toString('base64url');
    const { day } = this;
    return {
      of: { day, from: this.#from, to: this.#to, records: this.#records, chains: chains.length, root },
      chains,
    };
  }
}
