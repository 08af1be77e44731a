import type { Clock } from '../../protocols/clock.ts';
import { describeError } from '../../protocols/errors.ts';
import type { Log } from '../../protocols/log.ts';
import { wallTimeMs, type RecordHeader } from '../../protocols/telemetry/record.ts';
import type { RecordFeed } from '../energy/record-feed.ts';
import type { HourBase } from '../energy/hour-base.ts';
import type { MachineHour } from '../energy/machine-hour.ts';
import type { StateSpan } from '../energy/state-span.ts';
import { unconfiguredMachine, type MachineModel } from '../energy/machine-model.ts';
import type { Ledger, LedgerRecord } from '../ledger/ledger.ts';
import type { StoredWord, Views } from '../ledger/views.ts';
import { checkpointOf, loadMemory, markHour, type DeriverMemory } from './deriver-memory.ts';
import { finaliseHours } from './finalise-hours.ts';
import { followUp } from './hour-status.ts';
import { MachineDerivation } from './machine-derivation.ts';
import { methodOf } from './method.ts';
import { MinuteRollups } from './minute-rollups.ts';
import { RecordReader } from './record-reader.ts';
import { Rerunner } from './rerunner.ts';
import { runWordsOf } from './run-words.ts';

const READER = 'derive';
/** Records of one commit, and after how many of them others get their turn. */
const RECORDS_A_COMMIT = 256;
const RECORDS_A_TURN = 16;
/** So many stretches of states are held before they are written, where a machine's whole past is computed again. */
const SPANS_A_COMMIT = 20_000;
/** A clock that shows less was never set (2020-01-01), and one that is a day ahead of ours is wrong. */
const EARLIEST_MS = 1_577_836_800_000;
const AHEAD_MS = 86_400_000;
/** Words and links from so long before a machine's first hour still say what it was at its start. */
const BEFORE_FIRST_HOUR_MS = 6 * 3_600_000;

/** Figures for /metrics. */
export interface DerivationStats {
  /** The last record taken in. */
  ordinal: number;
  records: number;
  /** Parts that could not be read, and records that no wall time can be told of. */
  malformedParts: number;
  undatedRecords: number;
  /** Records that wait for the config snapshot they rest on. */
  waitingRecords: number;
  /** Readings of one time with different values. */
  conflicts: number;
  /** How often late readings made a machine's fold go back. */
  rewinds: number;
  provisionalHours: number;
  failures: number;
}

/** A running derivation. */
export interface Derivation {
  /** There may be new records. */
  wake(): void;
  /** Resolves when everything in the ledger is derived; rejects when that failed. */
  idle(): Promise<void>;
  /** Ends after the commit under way. */
  stop(): Promise<void>;
  stats(): DerivationStats;
}

/** What a derivation reads, and where it writes. */
export interface DerivationOptions {
  ledger: Ledger;
  views: Views;
  machines: readonly MachineModel[];
  site: string;
  clock: Pick<Clock, 'wallMs'>;
  log: Log;
}

/** Starts to derive machine-hours and minutes from the ledger into the views, from where it was left. */
export function startDerivation(options: DerivationOptions): Derivation {
  return new Deriver(options);
}

class Deriver implements Derivation {
  readonly #options: DerivationOptions;
  readonly #models: Map<string, MachineModel>;
  #reader: RecordReader;
  #rollups: MinuteRollups;
  /** Words of programs and parts, to be written with the cursor that stands for them. */
  #words: StoredWord[] = [];
  #machines = new Map<string, MachineDerivation>();
  #memory: DeriverMemory;
  #cursor = 0;
  /** Records up to here may be read again; beyond it nothing was taken in yet. */
  #readTo = 0;
  #loaded = false;
  readonly #runner = new Rerunner(
    () => this.#pass(),
    (error) => this.#fail(error),
  );
  readonly #counts = { records: 0, malformedParts: 0, undatedRecords: 0, failures: 0 };
  #machineCounts = { conflicts: 0, rewinds: 0 };

  constructor(options: DerivationOptions) {
    this.#options = options;
    this.#models = new Map(options.machines.map((model) => [model.machine, model]));
    this.#reader = new RecordReader(options.ledger);
    this.#rollups = new MinuteRollups(options.views);
    this.#memory = loadMemory(options.views);
  }

  wake(): void {
    this.#runner.wake();
  }

  idle(): Promise<void> {
    return this.#runner.start();
  }

  stop(): Promise<void> {
    return this.#runner.stop();
  }

  stats(): DerivationStats {
    let { conflicts, rewinds } = this.#machineCounts;
    for (const machine of this.#machines.values()) {
      conflicts += machine.counts.conflicts;
      rewinds += machine.counts.rewinds;
    }
    let provisionalHours = 0;
    for (const hours of this.#memory.provisional.values()) provisionalHours += hours.size;
    return {
      ordinal: this.#cursor,
      ...this.#counts,
      waitingRecords: this.#memory.waiting.length,
      conflicts,
      rewinds,
      provisionalHours,
    };
  }

  /** Memory may be ahead of what was committed: everything is taken up again from the views. */
  #fail(error: unknown): void {
    this.#forget();
    if (this.#runner.stopped) return;
    this.#counts.failures++;
    this.#options.log.error(
      { error: describeError(error) },
      'Deriving machine-hours failed; it is tried again.',
    );
  }

  #forget(): void {
    for (const machine of this.#machines.values()) {
      this.#machineCounts.conflicts += machine.counts.conflicts;
      this.#machineCounts.rewinds += machine.counts.rewinds;
    }
    this.#machines = new Map();
    this.#reader = new RecordReader(this.#options.ledger);
    this.#rollups = new MinuteRollups(this.#options.views);
    this.#words = [];
    this.#loaded = false;
  }

  async #pass(): Promise<void> {
    if (!this.#loaded) {
      this.#load();
      await this.#recomputeOutdated();
    }
    while (!this.#runner.stopped) {
      const records = this.#options.ledger.readAfter(this.#cursor, RECORDS_A_COMMIT);
      const last = records[records.length - 1];
      if (last === undefined) break;
      await this.#takeIn(records, last.ordinal);
      await giveTurn();
    }
    if (!this.#runner.stopped) this.#finalise();
  }

  #load(): void {
    const { views } = this.#options;
    this.#cursor = views.cursor(READER);
    this.#readTo = this.#cursor;
    this.#memory = loadMemory(views);
    this.#loaded = true;
  }

  /** Computes the hours of machines again that were computed by another method: another algorithm, or another model. */
  async #recomputeOutdated(): Promise<void> {
    const { views, log } = this.#options;
    const names = this.#cursor === 0 ? [] : views.machines();
    for (const name of names) {
      const method = methodOf(this.#modelOf(name));
      if (this.#memory.methods.get(name) === method) continue;
      const firstHour = views.hours(name, 0, Number.MAX_SAFE_INTEGER)[0];
      const horizonMs = this.#memory.watch.horizonMs(name);
      if (firstHour !== undefined && horizonMs !== null) {
        log.info(
          { machine: name },
          'The machine-hours are computed again: the algorithm or the configuration of this machine has changed.',
        );
        const machine = this.#openMachine(name);
        const beginMs = firstHour.hourMs - BEFORE_FIRST_HOUR_MS;
        await machine.recompute(beginMs, horizonMs, async () => {
          // Years of them would not fit into memory; hours do.
          const spans = machine.takeSpansOver(SPANS_A_COMMIT);
          if (spans.length > 0)
            views.commit({ reader: READER, ordinal: this.#cursor, spans: [{ machine: name, spans }] });
          await this.#giveTurnUnlessStopped();
        });
        this.#machines.set(name, machine);
      }
      this.#memory.methods.set(name, method);
      this.#commit(this.#cursor, []);
    }
  }

  async #takeIn(records: readonly LedgerRecord[], lastOrdinal: number): Promise<void> {
    const feeds = new Map<string, RecordFeed[]>();
    const heard = new Map<string, { agent: string; atMs: number }[]>();
    let configs = false;
    for (const [index, record] of records.entries()) {
      const { header } = record;
      this.#counts.records++;
      if (header.kind === 'config') configs = true;
      if (!this.#isDated(header)) {
        this.#counts.undatedRecords++;
        continue;
      }
      const end = this.#reader.readEpochEnd(record);
      if (end !== undefined) this.#memory.watch.noteEnd(header.agent, end);
      const atMs = wallTimeMs(header, header.sealedTo);
      for (const machine of this.#memory.watch.note(header))
        gather(heard, machine, { agent: header.agent, atMs });
      this.#readNew(record, feeds);
      if (index % RECORDS_A_TURN === RECORDS_A_TURN - 1) await giveTurn();
    }
    if (configs && this.#memory.waiting.length > 0) {
      const { waiting } = this.#memory;
      this.#memory.waiting = [];
      for (const ordinal of waiting) {
        const record = this.#options.ledger.readAfter(ordinal - 1, 1)[0];
        if (record?.ordinal === ordinal) this.#readNew(record, feeds);
      }
    }
    const touched = new Set([...feeds.keys(), ...heard.keys()]);
    for (const name of touched) await this.#resume(name);
    this.#readTo = lastOrdinal;
    for (const name of touched) {
      const machine = this.#machines.get(name);
      const horizonMs = this.#memory.watch.horizonMs(name);
      if (machine === undefined || horizonMs === null) continue;
      await machine.absorb(feeds.get(name) ?? [], heard.get(name) ?? [], horizonMs, giveTurn);
    }
    this.#commit(lastOrdinal, []);
  }

  /** Reads what a record says of each machine, for the fold and for the charts. */
  #readNew(record: LedgerRecord, feeds: Map<string, RecordFeed[]>): void {
    const { header } = record;
    if (header.kind !== 'readings') return;
    if (!this.#reader.isReadable(header)) {
      this.#memory.waiting.push(record.ordinal);
      return;
    }
    for (const { machine } of header.parts) {
      if (machine === null) continue;
      const feed = this.#readPart(record, machine, (channel, timesMs, values, factor) =>
        this.#rollups.add(channel, timesMs, values, factor),
      );
      if (feed === undefined) continue;
      gather(feeds, machine, feed);
      this.#words.push(...runWordsOf(machine, feed));
    }
  }

  /** A part that cannot be read is counted and left out; the ledger keeps it. */
  #readPart(...[record, machine, take]: Parameters<RecordReader['readMachine']>): RecordFeed | undefined {
    try {
      return this.#reader.readMachine(record, machine, take);
    } catch (error) {
      if (take !== undefined) {
        this.#counts.malformedParts++;
        const { agent, seq } = record.header;
        this.#options.log.warn(
          { agent, seq, machine, error: describeError(error) },
          'A part cannot be read.',
        );
      }
      return undefined;
    }
  }

  #isDated(header: RecordHeader): boolean {
    const firstMs = wallTimeMs(header, header.first);
    const lastMs = wallTimeMs(header, Math.max(header.last, header.sealedTo));
    return firstMs >= EARLIEST_MS && lastMs <= this.#options.clock.wallMs() + AHEAD_MS;
  }

  async #resume(name: string): Promise<void> {
    if (this.#machines.has(name)) return;
    const machine = this.#openMachine(name);
    await machine.resume(giveTurn);
    this.#machines.set(name, machine);
    this.#memory.methods.set(name, methodOf(this.#modelOf(name)));
  }

  #openMachine(name: string): MachineDerivation {
    const { views, site, ledger } = this.#options;
    return new MachineDerivation({
      model: this.#modelOf(name),
      site,
      views,
      source: {
        feeds: (fromMs, toMs) => this.#feedsOf(name, ledger.readMachine(name, fromMs, toMs)),
        marks: (fromMs, toMs) => this.#memory.watch.marks(name, fromMs, toMs),
        endMs: () => this.#memory.watch.endMs(name),
      },
    });
  }

  #modelOf(name: string): MachineModel {
    return this.#models.get(name) ?? unconfiguredMachine(name);
  }

  async #giveTurnUnlessStopped(): Promise<void> {
    await giveTurn();
    if (this.#runner.stopped) throw new Error('the derivation was stopped');
  }

  *#feedsOf(name: string, records: Iterable<LedgerRecord>): Iterable<RecordFeed> {
    for (const record of records) {
      if (record.ordinal > this.#readTo || !this.#isDated(record.header)) continue;
      const feed = this.#readPart(record, name, undefined);
      if (feed !== undefined) yield feed;
    }
  }

  #finalise(): void {
    const { ledger, views, clock } = this.#options;
    const final = finaliseHours(this.#memory, this.#machines, ledger, views, clock.wallMs());
    if (final.length > 0) this.#commit(this.#cursor, final);
  }

  #commit(ordinal: number, final: readonly MachineHour[]): void {
    const { views } = this.#options;
    const words = this.#words;
    this.#words = [];
    const hours = [...final];
    const checkpoints: { machine: string; hourMs: number; json: string }[] = [];
    const dropCheckpointsFrom: { machine: string; hourMs: number }[] = [];
    const spans: { machine: string; spans: readonly StateSpan[] }[] = [];
    const bases: HourBase[] = [];
    for (const [name, machine] of this.#machines) {
      const change = machine.take();
      for (const hour of change.hours.values()) hours.push(followUp(views.hour(name, hour.hourMs), hour));
      for (const [hourMs, json] of change.checkpoints) checkpoints.push({ machine: name, hourMs, json });
      if (change.dropCheckpointsFromMs !== null)
        dropCheckpointsFrom.push({ machine: name, hourMs: change.dropCheckpointsFromMs });
      spans.push({ machine: name, spans: change.spans });
      bases.push(...change.bases.values());
    }
    for (const hour of hours) markHour(this.#memory, hour);
    checkpoints.push(checkpointOf(this.#memory));
    views.commit({
      reader: READER,
      ordinal,
      minutes: this.#rollups.take(),
      hours,
      bases,
      snapshots: this.#reader.takeSnapshots(),
      checkpoints,
      dropCheckpointsFrom,
      spans,
      words,
    });
    this.#cursor = ordinal;
  }
}

/** Lets timers and sockets have their turn. */
function giveTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

function gather<T>(by: Map<string, T[]>, key: string, value: T): void {
  const values = by.get(key);
  if (values === undefined) by.set(key, [value]);
  else values.push(value);
}
