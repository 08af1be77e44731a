import { decodePart, type MachinePart } from '../../protocols/telemetry/part.ts';
import { parseRecordHead, wallTimeMs, type RecordHeader } from '../../protocols/telemetry/record.ts';
import type { Ledger, LedgerRecord } from '../ledger/ledger.ts';
import type { StoredWord } from '../ledger/views.ts';
import { partTextOf } from './thinned-records.ts';

/** Two records that tell one reading have clocks that agree so closely; where the clock was set in between, they are not found. */
const LABEL_MS = 2000;
/** Boots of machines whose newest reading is remembered; of one that was forgotten the ledger is asked once more. */
const NEWEST_MAX = 10_000;

/** A column of readings of one channel: wall ms, ascending, and raw values; times `factor` in the canonical unit. */
export interface TakenColumn {
  channel: string;
  timesMs: readonly number[];
  values: readonly (number | bigint | null)[];
  factor: number;
}

/** What is kept of a record as it was recorded. */
export interface Taken {
  columns: readonly TakenColumn[];
  words: readonly StoredWord[];
}

/**
 * Leaves out what another record of the boot told before. Where a gateway and a copy of its disk are alive at once, what was
 * open at the copy is sealed by both, by one of them with more: refusing the second record would lose that. As long as
 * the readings of a boot come in their order nothing is looked up: all that is remembered is the newest of each machine.
 */
export class RepeatedReadings {
  readonly #ledger: Pick<Ledger, 'readMachine'>;
  /** By agent, boot and machine: the newest time that was taken, monotonic ms. */
  readonly #newest = new Map<string, number>();

  constructor(ledger: Pick<Ledger, 'readMachine'>) {
    this.#ledger = ledger;
  }

  /**
   * What of a record was not told before.
   * @param isTaken whether another record was taken in before this one
   */
  leaveOut(
    record: LedgerRecord,
    machine: string,
    taken: Taken,
    isTaken: (other: LedgerRecord) => boolean,
  ): Taken {
    const offsetMs = wallTimeMs(record.header, 0);
    const { firstMs, lastMs } = spanOfTaken(taken);
    if (firstMs > lastMs) return taken;
    const newestMs = this.#noteNewest(record.header, machine, lastMs - offsetMs);
    if (newestMs !== undefined && firstMs - offsetMs > newestMs) return taken;
    const others = this.#othersOf(record, machine, isTaken);
    return others.length === 0 ? taken : withoutTold(taken, others, machine, offsetMs);
  }

  /** Gives the newest before; undefined where it is not known. */
  #noteNewest({ agent, boot }: RecordHeader, machine: string, monoMs: number): number | undefined {
    const name = `${agent} ${boot} ${machine}`;
    const known = this.#newest.get(name);
    const [oldest] = known === undefined && this.#newest.size >= NEWEST_MAX ? this.#newest.keys() : [];
    if (oldest !== undefined) this.#newest.delete(oldest);
    this.#newest.set(name, Math.max(known ?? -Infinity, monoMs));
    return known;
  }

  #othersOf(
    { header, bytes, ordinal }: LedgerRecord,
    machine: string,
    isTaken: (other: LedgerRecord) => boolean,
  ): LedgerRecord[] {
    const { agent, boot, first, last } = header;
    // The ledger finds records by the label they came with.
    const label = parseRecordHead(bytes).header;
    const [fromMs, toMs] = [wallTimeMs(label, first) - LABEL_MS, wallTimeMs(label, last) + LABEL_MS];
    return [...this.#ledger.readMachine(machine, fromMs, toMs)].filter(
      (other) =>
        other.ordinal !== ordinal &&
        other.header.agent === agent &&
        other.header.boot === boot &&
        other.header.first <= last &&
        other.header.last >= first &&
        isTaken(other),
    );
  }
}

function spanOfTaken({ columns, words }: Taken): { firstMs: number; lastMs: number } {
  let [firstMs, lastMs] = [Infinity, -Infinity];
  for (const { timesMs } of columns) {
    firstMs = Math.min(firstMs, timesMs[0] ?? Infinity);
    lastMs = Math.max(lastMs, timesMs.at(-1) ?? -Infinity);
  }
  for (const { atMs } of words) {
    firstMs = Math.min(firstMs, atMs);
    lastMs = Math.max(lastMs, atMs);
  }
  return { firstMs, lastMs };
}

/** @param offsetMs wall minus monotonic time of the record that is taken in now: by it the same times are the same numbers */
function withoutTold(
  { columns, words }: Taken,
  others: readonly LedgerRecord[],
  machine: string,
  offsetMs: number,
): Taken {
  const read = new Map<string, Set<number>>();
  const told = new Map<string, number>();
  const countTold = (name: string) => told.set(name, (told.get(name) ?? 0) + 1);
  for (const other of others) {
    const part = partOf(other, machine);
    if (part === undefined) continue;
    const { sampled, events, links } = part;
    for (const { timesMs, columns: theirs } of sampled)
      for (const [channel, column] of theirs) {
        const times = read.get(channel) ?? new Set();
        read.set(channel, times);
        for (const [row, atMs] of timesMs.entries())
          if ((column[row] ?? null) !== null) times.add(atMs + offsetMs);
      }
    for (const { channel, source, timesMs, values } of events)
      for (const [row, atMs] of timesMs.entries())
        countTold(nameOf(channel, source, atMs + offsetMs, values[row] ?? null));
    for (const { source, timesMs, up, reasons } of links)
      for (const [row, atMs] of timesMs.entries())
        countTold(
          nameOf('', source, atMs + offsetMs, up[row] && reasons[row] === 'healed' ? 'healed' : up[row]),
        );
  }
  return {
    columns: columns.flatMap((column) => {
      const times = read.get(column.channel);
      const kept = column.timesMs.map((atMs) => times?.has(atMs) !== true);
      if (kept.every(Boolean)) return [column];
      const timesMs = column.timesMs.filter((_, row) => kept[row]);
      return timesMs.length === 0
        ? []
        : [{ ...column, timesMs, values: column.values.filter((_, row) => kept[row]) }];
    }),
    words: words.filter(({ channel, source, atMs, value }) => {
      const name = nameOf(channel, source, atMs, value);
      const left = told.get(name) ?? 0;
      if (left > 0) told.set(name, left - 1);
      return left === 0;
    }),
  };
}

/** Undefined where the part cannot be read: nothing was taken from it. */
function partOf(record: LedgerRecord, machine: string): MachinePart | undefined {
  try {
    return decodePart(partTextOf(record, machine) ?? '');
  } catch {
    return undefined;
  }
}

function nameOf(channel: string, source: string, atMs: number, value: unknown): string {
  return `${channel} ${source} ${atMs} ${JSON.stringify(value)}`;
}
