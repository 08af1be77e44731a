import type { Clock } from '../../protocols/clock.ts';
import { describeError } from '../../protocols/errors.ts';
import type { Log } from '../../protocols/log.ts';
import { wallTimeMs } from '../../protocols/telemetry/record.ts';
import type { ConfigSnapshot } from '../../protocols/telemetry/snapshot.ts';
import { amendFeed } from '../energy/amendments/amend-feed.ts';
import type { RecordFeed } from '../energy/record-feed.ts';
import type { DamagedRecord, Ledger, LedgerRecord } from '../ledger/ledger.ts';
import type { MinuteRollup, StoredWord, Views } from '../ledger/views.ts';
import { isDated } from './dated-record.ts';
import { markOutdated, type DeriverMemory } from './deriver-memory.ts';
import { unsetOrdinals } from './ordinal-ranges.ts';
import type { MachineModels } from './machine-models.ts';
import { MinuteRollups } from './minute-rollups.ts';
import { RecordReader, type TakeColumn } from './record-reader.ts';
import { RepeatedReadings, type TakenColumn } from './repeated-readings.ts';
import { runWordsOf } from './run-words.ts';
import { heardTimesMs, isThinnedFrom, originalsOf, thinnedRecordOf } from './thinned-records.ts';

/** Of a record that is not as it was admitted, no more than so long is told to be lost: its times may be damaged, too. */
const LOST_MS_MAX = 86_400_000;

/** What was read since the collector started, for /metrics. */
export interface IntakeCounts {
  records: number;
  /** Parts that could not be read. */
  malformedParts: number;
  /** Records that no wall time can be told of. */
  undatedRecords: number;
}

/** What new records say, by machine. */
export interface TakenIn {
  feeds: Map<string, RecordFeed[]>;
  /** When the agents of a machine were seen to watch it, wall ms. */
  heard: Map<string, { agent: string; atMs: number }[]>;
}

/** What of new records is written as it was recorded, beside what is derived. */
export interface Recorded {
  minutes: MinuteRollup[];
  words: StoredWord[];
  /** Words of originals of which a thinned record told before they came. */
  retold: { word: StoredWord; thinnedSeq: number }[];
  snapshots: { hash: string; snapshot: ConfigSnapshot }[];
}

/** What an intake reads from, and where it takes its notes. */
export interface IntakeParts {
  ledger: Pick<Ledger, 'configRecord' | 'damaged' | 'gone' | 'mended' | 'readAfter' | 'readMachine'>;
  views: Pick<Views, 'minute' | 'newestMinuteMs'>;
  clock: Pick<Clock, 'wallMs'>;
  log: Log;
  memory: DeriverMemory;
  models: Pick<MachineModels, 'of'>;
  counts: IntakeCounts;
}

/** Reads records, new ones and old ones again, by the clock and the amendments that hold for them. */
export class RecordIntake {
  readonly #parts: IntakeParts;
  readonly #reader: RecordReader;
  readonly #rollups: MinuteRollups;
  readonly #repeated: RepeatedReadings;
  /** The newest record that was taken in, or waits. */
  #takenTo = 0;
  /** Of those that waited, the ones that are not looked at again yet. */
  #toTake: Set<number> = new Set();
  /** How many mended records were seen; what was mended before this run is looked for once. */
  #mendedSeen = 0;
  #isFirst = true;
  /** Ordinals of damaged records: they wait for good copies, and their clocks were not read. */
  readonly #passedOver = new Set<number>();
  #words: StoredWord[] = [];
  #retold: Recorded['retold'] = [];

  constructor(parts: IntakeParts) {
    this.#parts = parts;
    this.#reader = new RecordReader(parts.ledger);
    this.#rollups = new MinuteRollups(parts.views);
    this.#repeated = new RepeatedReadings(parts.ledger);
  }

  /**
   * Takes in new records, in order of arrival, and those that waited for what they bring.
   * @param after the ordinal of the last one before
   */
  async takeIn(
    after: number,
    records: readonly LedgerRecord[],
    yieldNow: (index: number) => Promise<void>,
  ): Promise<TakenIn> {
    const taken: TakenIn = { feeds: new Map(), heard: new Map() };
    const { memory, counts, ledger, clock } = this.#parts;
    let settled = memory.clocks.expire(clock.wallMs());
    if (this.#noteMended() || this.#isFirst) settled = true;
    this.#isFirst = false;
    this.#takenTo = Math.max(this.#takenTo, after);
    for (const [index, record] of records.entries()) {
      counts.records++;
      if (this.#noteClock(record)) settled = true;
      this.#take(record, taken);
      this.#takenTo = Math.max(this.#takenTo, record.ordinal);
      await yieldNow(index);
    }
    const lastOrdinal = records[records.length - 1]?.ordinal ?? after;
    for (const damaged of ledger.damaged())
      if (damaged.ordinal > after && damaged.ordinal <= lastOrdinal) {
        for (const machine of damaged.machines) gather(taken.feeds, machine, lostFeed(damaged));
        // Its agent may have it still.
        memory.waiting.push(damaged.ordinal);
        this.#passedOver.add(damaged.ordinal);
      }
    if (settled && memory.waiting.length > 0) {
      const waiting = new Set(memory.waiting);
      memory.waiting = [];
      this.#toTake = new Set(waiting);
      for (const [index, ordinal] of [...waiting].sort((a, b) => a - b).entries()) {
        this.#toTake.delete(ordinal);
        const record = ledger.readAfter(ordinal - 1, 1)[0];
        if (record?.ordinal === ordinal) {
          // Passed over when it came: its clock was not read yet.
          if (this.#passedOver.delete(ordinal)) this.#noteClock(record);
          this.#take(record, taken);
        } else if (ledger.damaged().some((damaged) => damaged.ordinal === ordinal)) {
          memory.waiting.push(ordinal);
          this.#passedOver.add(ordinal);
        }
        await yieldNow(index);
      }
    }
    return taken;
  }

  /** Whether records are whole again that were damaged, and are not taken in yet. */
  isMended(): boolean {
    return this.#parts.ledger.mended().length > this.#mendedSeen;
  }

  #noteMended(): boolean {
    const mended = this.#parts.ledger.mended().slice(this.#mendedSeen);
    this.#mendedSeen += mended.length;
    for (const { machines, firstMs, lastMs } of mended)
      for (const machine of machines)
        markOutdated(this.#parts.memory, machine, Math.max(firstMs, lastMs - LOST_MS_MAX));
    return mended.length > 0;
  }

  /** True when what waits may be read now. */
  #noteClock(record: LedgerRecord): boolean {
    const { memory } = this.#parts;
    const news = memory.clocks.note(record);
    if (news.misread !== null) {
      const { agent, machines, fromMs, toMs } = news.misread;
      memory.watch.forget(agent, fromMs, toMs);
      // One that waits already, for its wiring, is not to be read twice.
      const waiting = new Set(memory.waiting);
      for (const ordinal of unsetOrdinals(this.#parts.ledger, news.misread))
        if (!waiting.has(ordinal)) memory.waiting.push(ordinal);
      for (const machine of machines) markOutdated(memory, machine, -Infinity);
    }
    return news.settled || record.header.kind === 'config';
  }

  /** What the ledger holds of a machine in a window of wall time, up to an ordinal. */
  *feedsOf(machine: string, fromMs: number, toMs: number, lastOrdinal: number): Iterable<RecordFeed> {
    const { ledger, memory } = this.#parts;
    for (const record of ledger.readMachine(machine, fromMs, toMs)) {
      const dated = memory.clocks.dated(record);
      // One that got another time than its label is found by that.
      if (dated === undefined || dated !== record || record.ordinal > lastOrdinal) continue;
      const feed = this.#feedOf(dated, machine, lastOrdinal);
      if (feed !== undefined) yield memory.frozen.cut(machine, feed, record.ordinal, false);
    }
    // Known of by now: they were come upon on the way.
    for (const damaged of ledger.damaged())
      if (
        damaged.ordinal <= lastOrdinal &&
        damaged.machines.includes(machine) &&
        damaged.firstMs <= toMs &&
        damaged.lastMs >= fromMs
      )
        yield lostFeed(damaged);
    for (const label of memory.clocks.labelled(machine, fromMs, toMs))
      for (const record of ledger.readMachine(machine, label.fromMs, label.toMs)) {
        const { agent, boot, clock } = record.header;
        if (agent !== label.agent || boot !== label.boot || clock.state !== 'unsynced') continue;
        const dated = record.ordinal > lastOrdinal ? undefined : memory.clocks.dated(record);
        const feed = dated === undefined ? undefined : this.#feedOf(dated, machine, lastOrdinal);
        if (feed !== undefined) yield memory.frozen.cut(machine, feed, record.ordinal, false);
      }
  }

  /** What is to be written of the records since the last call. */
  takeRecorded(): Recorded {
    const words = this.#words;
    const retold = this.#retold;
    [this.#words, this.#retold] = [[], []];
    return { minutes: this.#rollups.take(), words, retold, snapshots: this.#reader.takeSnapshots() };
  }

  #take(record: LedgerRecord, { feeds, heard }: TakenIn): void {
    const { memory, counts } = this.#parts;
    const dated = memory.clocks.dated(record);
    if (dated === undefined) {
      memory.waiting.push(record.ordinal);
      return;
    }
    const { header } = dated;
    if (!isDated(dated)) {
      counts.undatedRecords++;
      // Its boot may yet be told the time: then it is read, as whoever goes over the ledger again reads it.
      if (header.clock.state === 'unsynced') memory.clocks.noteUndated(record);
      return;
    }
    const end = this.#reader.readEpochEnd(dated);
    if (end !== undefined) memory.watch.noteEnd(header.agent, end);
    const atMs = wallTimeMs(header, header.sealedTo);
    if (header.clock.state === 'unsynced')
      memory.clocks.noteTaken(record, Math.min(atMs, wallTimeMs(header, header.first)), atMs);
    for (const machine of memory.watch.note(header))
      for (const heardMs of heardTimesMs(header))
        gather(heard, machine, { agent: header.agent, atMs: heardMs });
    // What is not kept any more was read, and is frozen.
    if (header.kind !== 'readings' || dated.headOnly === true) return;
    if (!this.#reader.isReadable(header)) {
      memory.waiting.push(record.ordinal);
      return;
    }
    for (const { machine } of header.parts) {
      const read = machine === null ? undefined : this.#readNew(dated, machine);
      const feed =
        machine === null || read === undefined
          ? undefined
          : memory.frozen.cut(machine, read, record.ordinal, true);
      if (machine !== null && feed !== undefined) gather(feeds, machine, feed);
    }
  }

  /** What a new record says of a machine, for the fold, and for what is kept as it was recorded. */
  #readNew(record: LedgerRecord, machine: string): RecordFeed | undefined {
    // By a label that may turn out wrong, nothing is written that cannot be taken back.
    const isLabelled = record.header.clock.state === 'unsynced';
    // A few readings of a minute are no minute, and would count twice if the originals came after all.
    const isThinned = record.header.thinnedFrom !== undefined;
    // What is frozen was written, and stays as it is.
    const frozenToMs = this.#parts.memory.frozen.toMs(machine);
    const columns: TakenColumn[] = [];
    try {
      const feed = this.#readMachine(record, machine, record.ordinal, (channel, timesMs, values, factor) => {
        if (!isLabelled && !isThinned) columns.push({ channel, timesMs, values, factor });
      });
      if (feed === undefined || isLabelled) return feed;
      const all = { columns, words: runWordsOf(machine, feed) };
      const taken = isThinned
        ? all
        : this.#repeated.leaveOut(record, machine, all, (other) => this.#isTaken(other));
      for (const { channel, timesMs, values, factor } of taken.columns) {
        const first = (timesMs[0] ?? 0) >= frozenToMs ? 0 : timesMs.findIndex((atMs) => atMs >= frozenToMs);
        if (first === 0) this.#rollups.add(channel, timesMs, values, factor);
        else if (first > 0) this.#rollups.add(channel, timesMs.slice(first), values.slice(first), factor);
      }
      this.#noteWords(
        record,
        machine,
        taken.words.filter(({ atMs }) => atMs >= frozenToMs),
      );
      return feed;
    } catch (error) {
      this.#parts.counts.malformedParts++;
      const { agent, seq } = record.header;
      this.#parts.log.warn({ agent, seq, machine, error: describeError(error) }, 'A part cannot be read.');
      return undefined;
    }
  }

  /** Whether minutes and words were taken from a record. */
  #isTaken(other: LedgerRecord): boolean {
    const { memory } = this.#parts;
    const { kind, thinnedFrom } = other.header;
    if (kind !== 'readings' || thinnedFrom !== undefined || other.headOnly === true) return false;
    if (other.ordinal > this.#takenTo || this.#toTake.has(other.ordinal)) return false;
    if (memory.waiting.includes(other.ordinal)) return false;
    const dated = memory.clocks.dated(other);
    return dated !== undefined && dated.header.clock.state !== 'unsynced' && isDated(dated);
  }

  #noteWords(record: LedgerRecord, machine: string, words: readonly StoredWord[]): void {
    this.#words.push(...words);
    if (words.length === 0 || !isThinnedFrom(this.#parts.ledger, record.header)) return;
    const thinnedSeq = thinnedRecordOf(this.#parts.ledger, record, machine);
    if (thinnedSeq !== undefined) this.#retold.push(...words.map((word) => ({ word, thinnedSeq })));
  }

  /** What a record says of a machine, for a fold that goes over it again. A part that cannot be read was told of before. */
  #feedOf(record: LedgerRecord, machine: string, lastOrdinal: number): RecordFeed | undefined {
    if (!isDated(record)) return undefined;
    try {
      return this.#readMachine(record, machine, lastOrdinal);
    } catch {
      return undefined;
    }
  }

  /** @param lastOrdinal where originals of a thinned record came up to this, they are told of by themselves */
  #readMachine(
    record: LedgerRecord,
    machine: string,
    lastOrdinal: number,
    take?: TakeColumn,
  ): RecordFeed | undefined {
    const { memory, models, ledger } = this.#parts;
    const originals = originalsOf(ledger, record, machine, lastOrdinal);
    const feed = this.#reader.readMachine(record, machine, take, originals);
    if (feed === undefined) return undefined;
    // Wall times before and after it do not belong to one clock.
    if (memory.clocks.isStep(record.header)) feed.stepped = true;
    if (isThinnedFrom(ledger, record.header)) feed.replaces = true;
    return amendFeed(feed, models.of(machine).amendments);
  }
}

function lostFeed({ agent, epoch, seq, firstMs, lastMs }: DamagedRecord): RecordFeed {
  const lost = { fromMs: Math.max(firstMs, lastMs - LOST_MS_MAX), toMs: lastMs };
  const record = { agent, epoch, seq, config: '' };
  return { record, unsynced: false, rows: [], words: [], links: [], lost };
}

function gather<T>(by: Map<string, T[]>, key: string, value: T): void {
  const values = by.get(key);
  if (values === undefined) by.set(key, [value]);
  else values.push(value);
}
