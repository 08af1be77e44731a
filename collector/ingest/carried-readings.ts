import { unfoldPart } from '../../protocols/evidence/seal.ts';
import { decodePart } from '../../protocols/telemetry/part.ts';
import { parseRecord, type RecordHeader } from '../../protocols/telemetry/record.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { SoundRecord } from './examine-record.ts';

/** What was open when an agent left an epoch is in the first records of the next one. */
const FIRST_RECORDS = 16;
/** No one may fill our memory with names; an agent opens an epoch in months. */
const EPOCHS_OF_AGENT_MAX = 100;
const BOOTS_MAX = 10_000;

interface Carried {
  epoch: string;
  ordinal: number;
  /** Of its readings, monotonic ms of their boot. */
  first: number;
  last: number;
}

/**
 * Readings that an agent carried into a new epoch, because they were not sealed yet when it left the one before. Where its
 * spool is put back to a copy that was made earlier, they are open there once more, and are sealed in the old epoch, too: under
 * a number at which nothing is. Such a record holds nothing that is not here.
 */
export class CarriedReadings {
  readonly #ledger: Pick<Ledger, 'readAfter'>;
  /** By agent, in the order in which they began. */
  readonly #epochs = new Map<string, string[]>();
  /** By agent and boot. */
  readonly #carried = new Map<string, Carried[]>();

  constructor(ledger: Pick<Ledger, 'chains' | 'readAfter'>) {
    this.#ledger = ledger;
    for (const { agent, epoch, firstOrdinal } of ledger
      .chains()
      .toSorted((a, b) => a.firstOrdinal - b.firstOrdinal)) {
      if (this.#rankOf(agent, epoch) === 0) continue;
      for (const { header, ordinal } of ledger.readAfter(firstOrdinal - 1, FIRST_RECORDS))
        if (header.agent === agent && header.epoch === epoch) this.note(header, ordinal);
    }
  }

  /** A record is durable; each once. */
  note(
    { agent, epoch, seq, kind, samples, boot, first, last, thinnedFrom }: RecordHeader,
    ordinal: number,
  ): void {
    if (this.#rankOf(agent, epoch) === 0 || seq > FIRST_RECORDS) return;
    if (kind !== 'readings' || samples === 0 || thinnedFrom !== undefined) return;
    const name = `${agent}/${boot}`;
    const known = this.#carried.get(name);
    const [oldest] = this.#carried.size >= BOOTS_MAX ? this.#carried.keys() : [];
    if (known !== undefined) known.push({ epoch, ordinal, first, last });
    else {
      if (oldest !== undefined) this.#carried.delete(oldest);
      this.#carried.set(name, [{ epoch, ordinal, first, last }]);
    }
  }

  /** Whether all that a record tells stands in epochs that its agent opened after this one. */
  holdAll({ header, bytes }: Pick<SoundRecord, 'header' | 'bytes'>): boolean {
    const { agent, epoch, kind, samples, boot, first, last, thinnedFrom } = header;
    if (kind !== 'readings' || samples === 0 || thinnedFrom !== undefined) return false;
    const later = (this.#carried.get(`${agent}/${boot}`) ?? []).filter(
      (one) =>
        one.epoch !== epoch &&
        one.first <= last &&
        one.last >= first &&
        this.#rankOf(agent, one.epoch) > this.#rankOf(agent, epoch),
    );
    if (later.length === 0) return false;
    const here = new Set(
      later.flatMap(({ ordinal }) =>
        this.#ledger
          .readAfter(ordinal - 1, 1)
          .flatMap((record) => (record.headOnly === true ? [] : tellingsOf(record.bytes))),
      ),
    );
    return tellingsOf(bytes).every((telling) => here.has(telling));
  }

  /** 0 for the first epoch of an agent. */
  #rankOf(agent: string, epoch: string): number {
    const epochs = this.#epochs.get(agent) ?? [];
    const rank = epochs.indexOf(epoch);
    if (rank >= 0) return rank;
    this.#epochs.set(agent, epochs);
    // Of that many nobody knows any more which came first: the oldest are left as they are.
    if (epochs.length >= EPOCHS_OF_AGENT_MAX) epochs.splice(1, 1);
    return epochs.push(epoch) - 1;
  }
}

/** All that a record tells, a text each: the same readings have the same texts, however they were sealed. */
function tellingsOf(bytes: Uint8Array): string[] {
  return parseRecord(bytes).parts.flatMap((text) => {
    const { sampled, events, links } = decodePart(unfoldPart(text));
    return [
      ...sampled.flatMap(({ timesMs, columns }) =>
        [...columns].flatMap(([channel, column]) =>
          timesMs.map((atMs, row) => `${channel} ${atMs} ${String(column[row])}`),
        ),
      ),
      ...events.flatMap(({ channel, timesMs, values }) =>
        timesMs.map((atMs, row) => `${channel} ${atMs} ${JSON.stringify(values[row])}`),
      ),
      ...links.flatMap(({ source, timesMs, up }) =>
        timesMs.map((atMs, row) => `${source} ${atMs} ${up[row] === true ? 'up' : 'down'}`),
      ),
    ];
  });
}
