import type { Log } from '../../protocols/log.ts';
import type { ChainSummary } from '../ledger/ledger.ts';

/** Chains are also what agents say of themselves: no one may fill our memory with names. */
const CHAINS_MAX = 10_000;

type Chain = Pick<ChainSummary, 'agent' | 'epoch' | 'contiguousSeq' | 'headSeq'>;

/** Tells whoever reads the log that missing records were asked for, and that they have come: once each, however often. */
export class AskedRecords {
  readonly #log: Log;
  /** By chain: the largest number of records that were missing at once, and up to where it is whole when they are here. */
  readonly #asked = new Map<string, { records: number; toSeq: number }>();

  constructor(log: Log) {
    this.#log = log;
  }

  /** Ranges of a chain were asked for. @param records how many it misses in all */
  noteAsked({ agent, epoch, headSeq }: Chain, records: number): void {
    const name = `${agent}/${epoch}`;
    const known = this.#asked.get(name);
    if (known === undefined && this.#asked.size >= CHAINS_MAX) return;
    this.#asked.set(name, {
      records: Math.max(records, known?.records ?? 0),
      toSeq: Math.max(headSeq, known?.toSeq ?? 0),
    });
    if (known === undefined)
      this.#log.info(
        { agent, epoch, records },
        `Agent ${agent} is asked for ${say(records, 'is', 'are')} missing here.`,
      );
  }

  /** Says so once a chain is whole as far as it was asked for: an agent that goes offline only tells no end any more. */
  noteProgress({ agent, epoch, contiguousSeq }: Chain): void {
    const name = `${agent}/${epoch}`;
    const known = this.#asked.get(name);
    if (known === undefined || contiguousSeq < known.toSeq) return;
    const { records } = known;
    this.#asked.delete(name);
    this.#log.info(
      { agent, epoch, records },
      `Agent ${agent} has sent the ${say(records, 'was', 'were')} missing, or told that they are gone.`,
    );
  }
}

function say(records: number, one: string, many: string): string {
  return records === 1 ? `1 record that ${one}` : `${records} records that ${many}`;
}
