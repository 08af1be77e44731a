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
/** Of a boot, the last records that came; and what is looked at again after a start. */
const LAST_RECORDS = 16;
const LAST_OF_LEDGER = 64;

/** How much of a record stands in others of its agent. */
export type ToldBefore = 'none' | 'some' | 'all';

interface Carried {
  epoch: string;
  key: string;
  machines: readonly (string | null)[];
  ordinal: number;
  /** Of its readings, monotonic ms of their boot. */
  first: number;
  last: number;
}

/**
 * Readings that one agent tells in two records. What it had not sealed when it left an epoch it carries into the next one; where
 * its spool is put back to a copy, or a second gateway runs on one, the same is open there once more, and is sealed in the old
 * epoch, too: under a number at which nothing is. A record that holds nothing new is not needed. One that holds
 * more is: refusing it would lose that, and sealed bytes never change, so the ledger has what both tell twice.
 */
export class CarriedReadings {
  readonly #ledger: Pick<Ledger, 'readAfter'>;
  /** The last records of an agent and boot, whatever their epoch. */
  readonly #last = new Map<string, Carried[]>();
  /** By agent, in the order in which they began. */
  readonly #epochs = new Map<string, string[]>();
  /** By agent and boot. */
  readonly #carried = new Map<string, Carried[]>();

  constructor(ledger: Pick<Ledger, 'chains' | 'lastOrdinal' | 'readAfter'>) {
    this.#ledger = ledger;
    for (const { agent, epoch, firstOrdinal } of ledger
      .chains()
      .toSorted((a, b) => a.firstOrdinal - b.firstOrdinal)) {
      if (this.#rankOf(agent, epoch) === 0) continue;
      for (const { header, ordinal } of ledger.readAfter(firstOrdinal - 1, FIRST_RECORDS))
        if (header.agent === agent && header.epoch === epoch) this.#noteCarried(header, ordinal);
    }
    const toOrdinal = ledger.lastOrdinal();
    for (const { header, ordinal } of ledger.readAfter(toOrdinal - LAST_OF_LEDGER, LAST_OF_LEDGER))
      this.#noteLast(header, ordinal);
  }

  /** A record is durable; each once. */
  note(header: RecordHeader, ordinal: number): void {
    this.#noteCarried(header, ordinal);
    this.#noteLast(header, ordinal);
  }

  /** How much of what a record tells stands in epochs that its agent opened later, or in the last records of its boot. */
  toldBefore({ header, bytes }: Pick<SoundRecord, 'header' | 'bytes'>): ToldBefore {
    if (!isOriginal(header)) return 'none';
    const { agent, epoch, key, boot, first, last, parts } = header;
    const name = `${agent}/${boot}`;
    const later = (this.#carried.get(name) ?? []).filter(
      (one) => one.epoch !== epoch && this.#rankOf(agent, one.epoch) > this.#rankOf(agent, epoch),
    );
    // A machine is sealed in one piece: of one chain no two records tell of one machine and time.
    const others = [...later, ...(this.#last.get(name) ?? [])].filter(
      (one) =>
        one.key === key &&
        one.first <= last &&
        one.last >= first &&
        parts.some(({ machine }) => one.machines.includes(machine)),
    );
    if (others.length === 0) return 'none';
    const here = new Set(
      [...new Set(others.map(({ ordinal }) => ordinal))].flatMap((ordinal) =>
        this.#ledger
          .readAfter(ordinal - 1, 1)
          .flatMap((record) => (record.headOnly === true ? [] : tellingsOf(record.bytes))),
      ),
    );
    const tellings = tellingsOf(bytes);
    const known = tellings.filter((telling) => here.has(telling)).length;
    return known === 0 ? 'none' : known === tellings.length ? 'all' : 'some';
  }

  #noteCarried(header: RecordHeader, ordinal: number): void {
    if (this.#rankOf(header.agent, header.epoch) === 0 || header.seq > FIRST_RECORDS) return;
    if (isOriginal(header)) listOf(this.#carried, header).push(carriedOf(header, ordinal));
  }

  #noteLast(header: RecordHeader, ordinal: number): void {
    if (!isOriginal(header)) return;
    const last = listOf(this.#last, header);
    if (last.length >= LAST_RECORDS) last.shift();
    last.push(carriedOf(header, ordinal));
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

/** True for a record of readings as they were sealed first. */
function isOriginal({ kind, samples, thinnedFrom }: RecordHeader): boolean {
  return kind === 'readings' && samples > 0 && thinnedFrom === undefined;
}

function carriedOf({ epoch, key, first, last, parts }: RecordHeader, ordinal: number): Carried {
  return { epoch, key, machines: parts.map(({ machine }) => machine), ordinal, first, last };
}

/** What is remembered of a boot; the boot that is known longest is forgotten where there are too many. */
function listOf(by: Map<string, Carried[]>, { agent, boot }: RecordHeader): Carried[] {
  const name = `${agent}/${boot}`;
  let known = by.get(name);
  if (known !== undefined) return known;
  const [oldest] = by.size >= BOOTS_MAX ? by.keys() : [];
  if (oldest !== undefined) by.delete(oldest);
  known = [];
  by.set(name, known);
  return known;
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
