import type { Clock } from '../../protocols/clock.ts';
import { describeError } from '../../protocols/errors.ts';
import type { Log } from '../../protocols/log.ts';
import { wallTimeMs, type RecordHeader } from '../../protocols/telemetry/record.ts';
import { HOUR_MS } from '../energy/hour-account.ts';
import type { RecordFeed } from '../energy/record-feed.ts';
import type { MachineHour } from '../energy/machine-hour.ts';
import { unconfiguredMachine, type MachineModel } from '../energy/machine-model.ts';
import type { Ledger, LedgerRecord } from '../ledger/ledger.ts';
import type { Views } from '../ledger/views.ts';
import { AgentWatch } from './agent-watch.ts';
import { followUp, makeFinal } from './hour-status.ts';
import { MachineDerivation } from './machine-derivation.ts';
import { MinuteRollups } from './minute-rollups.ts';
import { RecordReader } from './record-reader.ts';

const READER = 'derive';
/** Where the deriver keeps what is not of one machine; no machine can have this name. */
const OWN_CHECKPOINT = '~derive';
/** Records of one commit, and after how many of them others get their turn. */
const RECORDS_A_COMMIT = 256;
const RECORDS_A_TURN = 16;
/** An hour is final when every agent has delivered up to this long past its end ... */
const WATERMARK_MS = 15 * 60_000;
/** ... or this long after its end, whatever is missing. */
const FINAL_AFTER_MS = 7 * 86_400_000;
/** A clock that shows less was never set (2020-01-01), and one that is a day ahead of ours is wrong. */
const EARLIEST_MS = 1_577_836_800_000;
const AHEAD_MS = 86_400_000;
/** How long to wait after a failure before the next try, real ms. */
const RETRY_AFTER_MS = 2000;

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
  #machines = new Map<string, MachineDerivation>();
  #watch = new AgentWatch();
  #waiting: number[] = [];
  #provisional = new Map<string, Set<number>>();
  #cursor = 0;
  /** Records up to here may be read again; beyond it nothing was taken in yet. */
  #readTo = 0;
  #loaded = false;
  #stopped = false;
  #running: Promise<void> | undefined;
  #again = false;
  #retry: NodeJS.Timeout | undefined;
  readonly #counts = { records: 0, malformedParts: 0, undatedRecords: 0, failures: 0 };
  #machineCounts = { conflicts: 0, rewinds: 0 };

  constructor(options: DerivationOptions) {
    this.#options = options;
    this.#models = new Map(options.machines.map((model) => [model.machine, model]));
    this.#reader = new RecordReader(options.ledger);
    this.#rollups = new MinuteRollups(options.views);
  }

  wake(): void {
    this.#start().catch(() => {});
  }

  idle(): Promise<void> {
    return this.#start();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#retry);
    await this.#running?.catch(() => {});
  }

  stats(): DerivationStats {
    let { conflicts, rewinds } = this.#machineCounts;
    for (const machine of this.#machines.values()) {
      conflicts += machine.counts.conflicts;
      rewinds += machine.counts.rewinds;
    }
    let provisionalHours = 0;
    for (const hours of this.#provisional.values()) provisionalHours += hours.size;
    return {
      ordinal: this.#cursor,
      ...this.#counts,
      waitingRecords: this.#waiting.length,
      conflicts,
      rewinds,
      provisionalHours,
    };
  }

  /** Runs until nothing is left to do; a call while running makes it look again. */
  #start(): Promise<void> {
    this.#again = true;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
      // A call may have come after the last look and before this.
      if (this.#again && !this.#stopped && this.#retry === undefined) this.wake();
    });
    return this.#running;
  }

  async #run(): Promise<void> {
    try {
      while (this.#again && !this.#stopped) {
        this.#again = false;
        await this.#pass();
      }
    } catch (error) {
      // Memory may be ahead of what was committed: everything is taken up again from the views.
      this.#counts.failures++;
      this.#forget();
      this.#options.log.error(
        { error: describeError(error) },
        'Deriving machine-hours failed; it is tried again.',
      );
      clearTimeout(this.#retry);
      this.#retry = undefined;
      if (!this.#stopped) {
        const again = () => {
          this.#retry = undefined;
          this.wake();
        };
        this.#retry = setTimeout(again, RETRY_AFTER_MS).unref();
      }
      throw error;
    }
  }

  #forget(): void {
    for (const machine of this.#machines.values()) {
      this.#machineCounts.conflicts += machine.counts.conflicts;
      this.#machineCounts.rewinds += machine.counts.rewinds;
    }
    this.#machines = new Map();
    this.#reader = new RecordReader(this.#options.ledger);
    this.#rollups = new MinuteRollups(this.#options.views);
    this.#loaded = false;
  }

  async #pass(): Promise<void> {
    if (!this.#loaded) this.#load();
    while (!this.#stopped) {
      const records = this.#options.ledger.readAfter(this.#cursor, RECORDS_A_COMMIT);
      const last = records[records.length - 1];
      if (last === undefined) break;
      await this.#takeIn(records, last.ordinal);
      await giveTurn();
    }
    if (!this.#stopped) this.#finalise();
  }

  #load(): void {
    const { views } = this.#options;
    this.#cursor = views.cursor(READER);
    this.#readTo = this.#cursor;
    const own = views.checkpointBefore(OWN_CHECKPOINT, 0);
    const state =
      own === undefined
        ? undefined
        : (JSON.parse(own.json) as { watch: string; waiting: number[]; provisional: [string, number[]][] });
    this.#watch = new AgentWatch(state?.watch);
    this.#waiting = state?.waiting ?? [];
    this.#provisional = new Map(state?.provisional.map(([machine, hours]) => [machine, new Set(hours)]));
    this.#loaded = true;
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
      if (end !== undefined) this.#watch.noteEnd(header.agent, end);
      const atMs = wallTimeMs(header, header.sealedTo);
      for (const machine of this.#watch.note(header)) gather(heard, machine, { agent: header.agent, atMs });
      this.#readNew(record, feeds);
      if (index % RECORDS_A_TURN === RECORDS_A_TURN - 1) await giveTurn();
    }
    if (configs && this.#waiting.length > 0) {
      const waiting = this.#waiting;
      this.#waiting = [];
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
      const horizonMs = this.#watch.horizonMs(name);
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
      this.#waiting.push(record.ordinal);
      return;
    }
    for (const { machine } of header.parts) {
      if (machine === null) continue;
      const feed = this.#readPart(record, machine, (channel, timesMs, values, factor) =>
        this.#rollups.add(channel, timesMs, values, factor),
      );
      if (feed !== undefined) gather(feeds, machine, feed);
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
    const { views, site, ledger } = this.#options;
    const machine = new MachineDerivation({
      model: this.#models.get(name) ?? unconfiguredMachine(name),
      site,
      views,
      source: {
        feeds: (fromMs, toMs) => this.#feedsOf(name, ledger.readMachine(name, fromMs, toMs)),
        marks: (fromMs, toMs) => this.#watch.marks(name, fromMs, toMs),
        endMs: () => this.#watch.endMs(name),
      },
    });
    await machine.resume(giveTurn);
    this.#machines.set(name, machine);
  }

  *#feedsOf(name: string, records: Iterable<LedgerRecord>): Iterable<RecordFeed> {
    for (const record of records) {
      if (record.ordinal > this.#readTo || !this.#isDated(record.header)) continue;
      const feed = this.#readPart(record, name, undefined);
      if (feed !== undefined) yield feed;
    }
  }

  /** Hours whose data is complete, or that have waited long enough, are final from now on. */
  #finalise(): void {
    const { ledger, views, clock } = this.#options;
    const final: MachineHour[] = [];
    const nowMs = clock.wallMs();
    const chains = this.#provisional.size === 0 ? [] : ledger.chains();
    for (const [name, hours] of this.#provisional) {
      const machine = this.#machines.get(name);
      if (hours.size === 0) continue;
      const deliveredMs = this.#watch.deliveredToMs(name, chains, ledger);
      const waitedForMs = this.#watch.deliveredToMs(name, chains, ledger, nowMs - FINAL_AFTER_MS);
      const stepMs = machine?.awaitsStepSinceMs ?? Infinity;
      for (const hourMs of hours) {
        const endMs = hourMs + HOUR_MS;
        const complete = machine !== undefined && endMs <= Math.min(machine.horizonMs, stepMs);
        const finalBy =
          complete && endMs + WATERMARK_MS <= deliveredMs
            ? 'watermark'
            : endMs + FINAL_AFTER_MS <= nowMs
              ? 'seven-days'
              : // What is missing is of hours that are final already, and holds no later one open.
                complete && endMs + WATERMARK_MS <= waitedForMs
                ? 'watermark'
                : null;
        const hour = finalBy === null ? undefined : views.hour(name, hourMs);
        if (hour !== undefined && finalBy !== null) final.push(makeFinal(hour, finalBy));
      }
    }
    if (final.length > 0) this.#commit(this.#cursor, final);
  }

  #commit(ordinal: number, final: readonly MachineHour[]): void {
    const { views } = this.#options;
    const hours = [...final];
    const checkpoints: { machine: string; hourMs: number; json: string }[] = [];
    const dropCheckpointsFrom: { machine: string; hourMs: number }[] = [];
    for (const [name, machine] of this.#machines) {
      const change = machine.take();
      for (const hour of change.hours.values()) hours.push(followUp(views.hour(name, hour.hourMs), hour));
      for (const [hourMs, json] of change.checkpoints) checkpoints.push({ machine: name, hourMs, json });
      if (change.dropCheckpointsFromMs !== null)
        dropCheckpointsFrom.push({ machine: name, hourMs: change.dropCheckpointsFromMs });
    }
    for (const { machine, hourMs, status } of hours) this.#mark(machine, hourMs, status === 'provisional');
    checkpoints.push({ machine: OWN_CHECKPOINT, hourMs: 0, json: this.#saveOwn() });
    views.commit({
      reader: READER,
      ordinal,
      minutes: this.#rollups.take(),
      hours,
      checkpoints,
      dropCheckpointsFrom,
    });
    this.#cursor = ordinal;
  }

  #mark(machine: string, hourMs: number, provisional: boolean): void {
    let hours = this.#provisional.get(machine);
    if (hours === undefined) this.#provisional.set(machine, (hours = new Set()));
    if (provisional) hours.add(hourMs);
    else hours.delete(hourMs);
  }

  #saveOwn(): string {
    const provisional = [...this.#provisional].map(([machine, hours]) => [machine, [...hours]]);
    return JSON.stringify({ watch: this.#watch.save(), waiting: this.#waiting, provisional });
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
