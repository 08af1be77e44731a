import { unfoldPart } from '../../protocols/evidence/seal.ts';
import { sha256 } from '../../protocols/evidence/keys.ts';
import { wallTimeMs } from '../../protocols/telemetry/record.ts';
import { goneOf, insertGone } from '../ledger/gone-ranges.ts';
import type { DamagedRecord, GoneRange, Ledger, LedgerRecord } from '../ledger/ledger.ts';
import { isShown, type RawRecord } from './raw-frames.ts';

/** What the derivation reads of a ledger. */
export type DerivedFrom = Pick<
  Ledger,
  'chains' | 'configRecord' | 'damaged' | 'delivered' | 'gone' | 'mended' | 'readAfter' | 'readMachine'
>;

/** Where one record lies in a package, and what of it is asked often. */
interface Place {
  ordinal: number;
  receivedMs: number;
  agent: string;
  hasMachine: boolean;
  firstMs: number;
  lastMs: number;
  read: () => RawRecord;
}

/** The records of a package as the ledger that the derivation reads: one machine's parts, nothing else. */
export class PackageLedger implements DerivedFrom {
  readonly #machine: string;
  readonly #places: Place[] = [];
  readonly #configs = new Map<string, Place>();
  readonly #gone = new Map<string, GoneRange[]>();
  /** Thinned records of the machine. */
  readonly #thinned = new Set<string>();
  #isSorted = true;
  /** Those that hold a part of the machine, by their first reading; undefined until it is asked for. */
  #byFirst: Place[] | undefined;
  /** The longest of them, ms: none that reaches into a time begins earlier than so long before it. */
  #longestMs = 0;

  constructor(machine: string) {
    this.#machine = machine;
  }

  /**
   * Takes a verified record in. Throws an error of class `quarantine` when its wiring or log cannot be unfolded.
   * @param read gives the record again, so that its readings need not be kept
   */
  add(record: RawRecord, read: () => RawRecord): void {
    const { header, ordinal, receivedMs, parts } = record;
    const place: Place = {
      ordinal,
      receivedMs,
      agent: header.agent,
      hasMachine: header.parts.some(({ machine }) => machine === this.#machine),
      firstMs: wallTimeMs(header, header.first),
      lastMs: wallTimeMs(header, header.last),
      read,
    };
    if ((this.#places.at(-1)?.ordinal ?? 0) > ordinal) this.#isSorted = false;
    this.#places.push(place);
    this.#byFirst = undefined;
    if (place.hasMachine) this.#longestMs = Math.max(this.#longestMs, place.lastMs - place.firstMs);
    if (place.hasMachine && header.thinnedFrom !== undefined)
      this.#thinned.add(`${header.agent}/${header.epoch}/${header.seq}`);
    const [first] = parts;
    const text = header.kind === 'readings' || first === undefined ? undefined : unfoldPart(first);
    if (header.kind === 'config' && text !== undefined)
      this.#configs.set(`${header.agent} ${sha256(text)}`, place);
    for (const { epoch = header.epoch, ...range } of goneOf(
      header,
      header.kind === 'log' ? text : undefined,
    )) {
      const name = `${header.agent}/${epoch}`;
      const ranges = this.#gone.get(name) ?? [];
      insertGone(ranges, range);
      this.#gone.set(name, ranges);
    }
  }

  /** True when a thinned record of the machine is here under this name. */
  isThinned(agent: string, epoch: string, seq: number): boolean {
    return this.#thinned.has(`${agent}/${epoch}/${seq}`);
  }

  /** True when the snapshot with this hash is here. */
  hasConfig(agent: string, config: string): boolean {
    return this.#configs.has(`${agent} ${config}`);
  }

  /** The texts of all snapshots, in no order. */
  *snapshotTexts(): Iterable<string> {
    for (const place of this.#configs.values()) {
      const [part] = place.read().parts;
      if (part !== undefined) yield unfoldPart(part);
    }
  }

  readAfter(after: number, limit: number): LedgerRecord[] {
    const places = this.#sorted();
    const first = firstWhere(places, ({ ordinal }) => ordinal > after);
    return places.slice(first, first + limit).map((place) => this.#record(place));
  }

  *readMachine(machine: string, fromMs: number, toMs: number): Iterable<LedgerRecord> {
    if (machine !== this.#machine) return;
    this.#byFirst ??= this.#places
      .filter(({ hasMachine }) => hasMachine)
      .sort((a, b) => a.firstMs - b.firstMs);
    const places = this.#byFirst;
    const first = firstWhere(places, ({ firstMs }) => firstMs >= fromMs - this.#longestMs);
    const end = firstWhere(places, ({ firstMs }) => firstMs > toMs);
    const found = places.slice(first, end).filter(({ lastMs }) => lastMs >= fromMs);
    for (const place of found.sort((a, b) => a.ordinal - b.ordinal)) yield this.#record(place);
  }

  configRecord(agent: string, config: string): LedgerRecord | undefined {
    const place = this.#configs.get(`${agent} ${config}`);
    return place === undefined ? undefined : this.#record(place);
  }

  gone(agent: string, epoch: string): readonly GoneRange[] {
    return this.#gone.get(`${agent}/${epoch}`) ?? [];
  }

  lastOrdinal(): number {
    return this.#sorted().at(-1)?.ordinal ?? 0;
  }

  /** Which hours are final is the collector's decision at a time, and no figure. */
  chains(): [] {
    return [];
  }

  delivered(): { toMs: null; isWhole: boolean } {
    return { toMs: null, isWhole: true };
  }

  damaged(): readonly DamagedRecord[] {
    return [];
  }

  mended(): readonly DamagedRecord[] {
    return [];
  }

  #sorted(): readonly Place[] {
    if (!this.#isSorted) this.#places.sort((a, b) => a.ordinal - b.ordinal);
    this.#isSorted = true;
    return this.#places;
  }

  /** As the derivation reads it: parts are found from the record's end, so those that are not here are not named. */
  #record({ ordinal, receivedMs, read }: Place): LedgerRecord {
    const { header, signedBytes, bytes } = read();
    return {
      ordinal,
      receivedMs,
      header: { ...header, parts: header.parts.filter(({ machine }) => isShown(machine, this.#machine)) },
      hash: sha256(signedBytes),
      bytes,
    };
  }
}

/** The place of the first one that is beyond, in a list in which all behind it are; found by halving. */
function firstWhere<T>(list: readonly T[], isBeyond: (one: T) => boolean): number {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isBeyond(list[middle] as T)) high = middle;
    else low = middle + 1;
  }
  return low;
}
