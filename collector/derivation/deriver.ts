import type { Clock } from '../../protocols/clock.ts';
import { describeError } from '../../protocols/errors.ts';
import type { Log } from '../../protocols/log.ts';
import type { MachineModel } from '../energy/machine-model.ts';
import type { Ledger, LedgerRecord } from '../ledger/ledger.ts';
import type { FrozenMachine, LateRange } from '../ledger/frozen-store.ts';
import type { Views } from '../ledger/views.ts';
import { loadMemory, markOutdated, type DeriverMemory } from './deriver-memory.ts';
import { freezePoints } from './freeze-points.ts';
import { FrozenBook } from './frozen-book.ts';
import { finaliseHours } from './finalise-hours.ts';
import { MachineDerivation, type MachineChange } from './machine-derivation.ts';
import { MachineModels, type AmendmentBook } from './machine-models.ts';
import { methodOf, outdatedFromMs } from './method.ts';
import { recomputeMachine } from './recompute-machine.ts';
import { RecordIntake, type IntakeCounts } from './record-intake.ts';
import { Rerunner } from './rerunner.ts';
import { READER, writeChanges, type Changes } from './write-changes.ts';

/** Records of one commit, and after how many of them others get their turn. */
const RECORDS_A_COMMIT = 256;
const RECORDS_A_TURN = 16;
/** How often it is asked whether somebody decided something, real ms. */
const ASK_EVERY_MS = 15_000;

/** Figures for /metrics. */
export interface DerivationStats extends IntakeCounts {
  /** The last record taken in. */
  ordinal: number;
  /** Records that wait for the config snapshot they rest on, or for the clock of their boot. */
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
  /**
   * Freezes hours up to about a time (wall ms), by machine as far as they are final and settled; what is frozen has to be
   * written down before readings of before are let go. Nothing is derived from then on until `goOn`: what is
   * left out of frozen hours would be lost where they are not frozen after all. Undefined while it is at work.
   */
  freeze(aboutMs: number): Frost | undefined;
  /** Goes on after `freeze`, with what was written down. */
  goOn(written: readonly FrozenMachine[]): void;
  /** What came too late for frozen hours, by machine and agent. */
  late(): readonly LateRange[];
}

/** Hours that are frozen. */
export interface Frost {
  before: readonly FrozenMachine[];
  now: readonly FrozenMachine[];
  /** Records that are waited with still: they have to stay whole. */
  waiting: readonly number[];
}

/** What a derivation reads, and where it writes. */
export interface DerivationOptions {
  ledger: Pick<
    Ledger,
    'chains' | 'configRecord' | 'damaged' | 'delivered' | 'gone' | 'mended' | 'readAfter' | 'readMachine'
  >;
  views: Views;
  machines: readonly MachineModel[];
  /** What people decided about readings; without it nobody decided anything. */
  amendments?: AmendmentBook;
  /** Hours whose readings are not kept any more. */
  frozen?: readonly FrozenMachine[];
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
  readonly #models: MachineModels;
  readonly #counts: IntakeCounts = { records: 0, malformedParts: 0, undatedRecords: 0 };
  #failures = 0;
  /** Why it failed last; empty once it did not. */
  #toldFailure = '';
  /** Of machines that are open no more. */
  #closedCounts = { conflicts: 0, rewinds: 0 };
  #memory: DeriverMemory;
  #intake: RecordIntake;
  #machines = new Map<string, MachineDerivation>();
  #cursor = 0;
  /** Records up to here may be read again; beyond it nothing was taken in yet. */
  #readTo = 0;
  #loaded = false;
  #isAtWork = false;
  /** Until hours that were frozen are written down. */
  #hold: PromiseWithResolvers<void> | undefined;
  #frozen: readonly FrozenMachine[];
  readonly #runner = new Rerunner(
    () => this.#pass(),
    (error) => this.#fail(error),
  );
  readonly #asking: NodeJS.Timeout;

  constructor(options: DerivationOptions) {
    this.#options = options;
    this.#models = new MachineModels(options.machines, options.amendments);
    this.#frozen = options.frozen ?? [];
    this.#memory = loadMemory(options.views, this.#frozen);
    this.#intake = this.#openIntake();
    this.#asking = setInterval(() => this.#ask(), ASK_EVERY_MS).unref();
  }

  wake(): void {
    this.#runner.wake();
  }

  idle(): Promise<void> {
    return this.#runner.start();
  }

  stop(): Promise<void> {
    clearInterval(this.#asking);
    const stopped = this.#runner.stop();
    this.#hold?.resolve();
    return stopped;
  }

  stats(): DerivationStats {
    let { conflicts, rewinds } = this.#closedCounts;
    for (const machine of this.#machines.values()) {
      conflicts += machine.counts.conflicts;
      rewinds += machine.counts.rewinds;
    }
    let provisionalHours = 0;
    for (const hours of this.#memory.provisional.values()) provisionalHours += hours.size;
    return {
      ordinal: this.#cursor,
      ...this.#counts,
      failures: this.#failures,
      waitingRecords: this.#memory.waiting.length,
      conflicts,
      rewinds,
      provisionalHours,
    };
  }

  freeze(aboutMs: number): Frost | undefined {
    if (this.#hold !== undefined || this.#isAtWork || !this.#loaded || this.#memory.outdated.size > 0)
      return undefined;
    const { views } = this.#options;
    const { frozen } = this.#memory;
    const before = this.#frozen;
    const now = freezePoints(
      { views, memory: this.#memory, machines: this.#machines, ordinal: this.#cursor },
      aboutMs,
    );
    frozen.freeze(now);
    this.#frozen = frozen.machines();
    this.#hold = Promise.withResolvers();
    return { before, now: this.#frozen, waiting: this.#memory.waiting };
  }

  goOn(written: readonly FrozenMachine[]): void {
    if (written !== this.#frozen) {
      this.#frozen = written;
      this.#memory.frozen = new FrozenBook(written, this.#memory.frozen.late());
      this.#memory.frozen.judgeBy((name) => methodOf(this.#models.of(name)));
    }
    this.#hold?.resolve();
    this.#hold = undefined;
    this.wake();
  }

  late(): readonly LateRange[] {
    return this.#memory.frozen.late();
  }

  /** A decision need not come with a record. */
  #ask(): void {
    try {
      if (this.#models.isStale) this.wake();
    } catch {
      // The pass meets the same, and says so.
      this.wake();
    }
  }

  /** Memory may be ahead of what was committed: everything is taken up again from the views. */
  #fail(error: unknown): void {
    for (const name of this.#machines.keys()) this.#close(name);
    this.#loaded = false;
    if (this.#runner.stopped) return;
    this.#failures++;
    const reason = describeError(error);
    // A disk may be full for days, and it is tried every few seconds.
    if (reason !== this.#toldFailure)
      this.#options.log.error({ error: reason }, 'Deriving machine-hours failed; it is tried again.');
    this.#toldFailure = reason;
  }

  async #pass(): Promise<void> {
    await this.#hold?.promise;
    if (this.#runner.stopped) return;
    this.#isAtWork = true;
    try {
      await this.#takeTurn();
    } finally {
      this.#isAtWork = false;
    }
  }

  async #takeTurn(): Promise<void> {
    if (!this.#loaded) this.#load();
    await this.#recompute();
    // What waits for a clock may have waited long enough, though nothing new has come.
    let records: readonly LedgerRecord[] = [];
    do {
      records = this.#options.ledger.readAfter(this.#cursor, RECORDS_A_COMMIT);
      if (records.length > 0 || this.#memory.waiting.length > 0 || this.#intake.isMended())
        await this.#takeIn(records);
      await this.#recompute();
      await giveTurn();
    } while (records.length > 0 && !this.#runner.stopped);
    if (this.#runner.stopped) return;
    await this.#openWaiting();
    this.#finalise();
    if (this.#toldFailure !== '') this.#options.log.info({}, 'Machine-hours are derived again.');
    this.#toldFailure = '';
  }

  #load(): void {
    const { views } = this.#options;
    this.#cursor = views.cursor(READER);
    this.#readTo = this.#cursor;
    this.#memory = loadMemory(views, this.#frozen);
    this.#intake = this.#openIntake();
    this.#refreshModels();
    this.#markOutdated();
    this.#loaded = true;
  }

  #refreshModels(): void {
    this.#models.refresh();
    this.#memory.frozen.judgeBy((name) => methodOf(this.#models.of(name)));
  }

  /** Finds machines whose hours were computed by another method than now holds. */
  #markOutdated(): void {
    const { views } = this.#options;
    const { methods } = this.#memory;
    const known = this.#cursor === 0 ? [] : views.machines();
    for (const name of new Set([...known, ...methods.keys()])) {
      const fromMs = outdatedFromMs(methods.get(name), methodOf(this.#models.of(name)));
      if (fromMs < Infinity) markOutdated(this.#memory, name, fromMs);
    }
  }

  /** Computes again what does not hold any more. */
  async #recompute(): Promise<void> {
    const { views, log, site } = this.#options;
    if (this.#models.isStale) {
      this.#refreshModels();
      this.#markOutdated();
    }
    for (const [name, fromMs] of this.#memory.outdated) {
      this.#close(name);
      const horizonMs = this.#memory.watch.horizonMs(name);
      const model = this.#models.of(name);
      if (horizonMs !== null) {
        log.info(
          { machine: name, ...(fromMs === -Infinity ? {} : { from: new Date(fromMs).toISOString() }) },
          'The machine-hours are computed again: the algorithm, the configuration of this machine, an amendment or a clock has changed.',
        );
        const machine = this.#openMachine(name);
        const write = (change: MachineChange) => this.#write({ machines: [[name, change]] });
        const yieldNow = () => this.#giveTurnUnlessStopped();
        await recomputeMachine({ machine, model, site, views, write, yieldNow }, { fromMs, horizonMs });
        this.#machines.set(name, machine);
      }
      this.#memory.methods.set(name, methodOf(model));
      this.#memory.outdated.delete(name);
      this.#commit();
    }
  }

  async #takeIn(records: readonly LedgerRecord[]): Promise<void> {
    const { feeds, heard } = await this.#intake.takeIn(this.#cursor, records, async (index) => {
      if (index % RECORDS_A_TURN === RECORDS_A_TURN - 1) await giveTurn();
    });
    const touched = new Set([...feeds.keys(), ...heard.keys()]);
    for (const name of touched) await this.#resume(name);
    this.#readTo = records[records.length - 1]?.ordinal ?? this.#cursor;
    for (const name of touched) {
      const machine = this.#machines.get(name);
      const horizonMs = this.#memory.watch.horizonMs(name);
      if (machine === undefined || horizonMs === null) continue;
      await machine.absorb(feeds.get(name) ?? [], heard.get(name) ?? [], horizonMs, giveTurn);
    }
    if (records.length > 0 || touched.size > 0) this.#commit({ ordinal: this.#readTo });
  }

  async #resume(name: string): Promise<void> {
    if (this.#machines.has(name)) return;
    const machine = this.#openMachine(name);
    await machine.resume(giveTurn);
    this.#machines.set(name, machine);
    // Of one that is outdated, it is not said yet by which method it was computed.
    if (!this.#memory.outdated.has(name)) this.#memory.methods.set(name, methodOf(this.#models.of(name)));
  }

  /** Whether an hour's data is whole is told by its machine's fold, though no record came since the collector started. */
  async #openWaiting(): Promise<void> {
    const { provisional, watch, outdated } = this.#memory;
    const waiting = [...provisional].flatMap(([name, hours]) => (hours.size > 0 ? [name] : []));
    for (const name of waiting) {
      const horizonMs = watch.horizonMs(name);
      if (horizonMs === null || this.#machines.has(name) || outdated.has(name)) continue;
      await this.#resume(name);
      await this.#machines.get(name)?.absorb([], [], horizonMs, giveTurn);
      this.#commit();
    }
  }

  #close(name: string): void {
    const machine = this.#machines.get(name);
    if (machine === undefined) return;
    this.#closedCounts.conflicts += machine.counts.conflicts;
    this.#closedCounts.rewinds += machine.counts.rewinds;
    this.#machines.delete(name);
  }

  #openIntake(): RecordIntake {
    const { ledger, views, clock, log } = this.#options;
    const [memory, models, counts] = [this.#memory, this.#models, this.#counts];
    return new RecordIntake({ ledger, views, clock, log, memory, models, counts });
  }

  #openMachine(name: string): MachineDerivation {
    const { views, site } = this.#options;
    return new MachineDerivation({
      model: this.#models.of(name),
      site,
      views,
      source: {
        feeds: (fromMs, toMs) => this.#intake.feedsOf(name, fromMs, toMs, this.#readTo),
        marks: (fromMs, toMs) => this.#memory.watch.marks(name, fromMs, toMs),
        firstMs: () => this.#memory.watch.firstMs(name),
        endMs: () => this.#memory.watch.endMs(name),
      },
      frozen: () => {
        const { frozen } = this.#memory;
        return {
          toMs: frozen.toMs(name),
          goneMs: frozen.goneMs(name),
          checkpoint: frozen.checkpointOf(name),
        };
      },
    });
  }

  async #giveTurnUnlessStopped(): Promise<void> {
    await giveTurn();
    if (this.#runner.stopped) throw new Error('the derivation was stopped');
  }

  #finalise(): void {
    const { ledger, views, clock } = this.#options;
    const final = finaliseHours(this.#memory, this.#machines, ledger, views, clock.wallMs());
    if (final.length > 0) this.#commit({ final });
  }

  /** Writes everything that changed. */
  #commit(changes: Partial<Changes> = {}): void {
    const machines = [...this.#machines].map(([name, machine]) => [name, machine.take()] as const);
    this.#write({ machines, recorded: this.#intake.takeRecorded(), ...changes });
  }

  #write(changes: Omit<Changes, 'ordinal'> & { ordinal?: number }): void {
    const { ordinal = this.#cursor } = changes;
    writeChanges(this.#options.views, this.#memory, { ...changes, ordinal });
    this.#cursor = ordinal;
  }
}

/** Lets timers and sockets have their turn. */
function giveTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
