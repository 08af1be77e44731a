import type { Clock } from '../protocols/clock.ts';
import type { Poll, StatusReport } from '../protocols/driver.ts';
import { describeError, MillwattError } from '../protocols/errors.ts';
import { sha256 } from '../protocols/evidence/keys.ts';
import type { SealedRecord } from '../protocols/evidence/seal.ts';
import type { Log } from '../protocols/log.ts';
import { systemTimers, type Timers } from '../protocols/timers.ts';
import type { Channel } from '../protocols/telemetry/channel.ts';
import type { ClockState } from '../protocols/telemetry/record.ts';
import { encodeAgentLog, type AgentLogEntry } from '../protocols/telemetry/agent-log.ts';
import { countSamples, encodePart } from '../protocols/telemetry/part.ts';
import { packChainStart } from './chain-start.ts';
import { ClockAnchor } from './clock-anchor.ts';
import { readLeftovers } from './leftover-parts.ts';
import { OpenPart } from './open-part.ts';
import { describeDrop } from './drop-entry.ts';
import type { LinkChange } from './poller.ts';
import { packReadings, packText, type RecordMaker } from './record-packing.ts';
import { isDue, isIdle, type OpenMachine } from './seal-moment.ts';
import { isRefusedByDisk } from './spool-alone.ts';
import { isCorruption } from './spool-database.ts';
import type { BootAnchor, Leftovers, OpenRow } from './spool-open-rows.ts';
import type { Spool } from './spool.ts';
import type { SpoolThinner } from './thinning/spool-thinner.ts';

/** A machine this close to being due is sealed along with one that is due. */
const DUE_SHARE = 0.75;
/** A status word longer than this is cut: a hostile control must not fill the spool. */
const WORD_LENGTH_MAX = 512;

/** While the disk refuses, so many samples are held in memory; what comes then is dropped and counted. */
const HELD_SAMPLES_MAX = 200_000;

/** What was dropped is told so often, real ms; so much of it in one log record. */
const TELL_EVERY_MS = 60_000;
const DROPS_MAX = 100;

/** The wiring that records are sealed under. */
export interface SealedWiring {
  /** Text of the config snapshot. */
  snapshot: string;
  /** The channels, by id. */
  channelOf: ReadonlyMap<string, Pick<Channel, 'machine' | 'source'>>;
  /** The machines every source feeds. */
  machinesOf: ReadonlyMap<string, readonly string[]>;
}

/** What a sealer works with. */
export interface SealerOptions {
  clock: Clock;
  /** Real time; that of the process by default. */
  timers?: Pick<Timers, 'nowMs'>;
  spool: Spool;
  maker: RecordMaker;
  boot: string;
  wiring: SealedWiring;
  batchSamples: number;
  /** Clock ms. */
  batchAgeMs: number;
  /** Monotonic ms before which nothing more will be told: no running poll began, no word happened; undefined for now. */
  oldestRunningMs: () => number | undefined;
  onSealed: (records: readonly SealedRecord[]) => void;
  log: Log;
}

/** Gathers readings by machine, makes them durable, and seals them into the chain. */
export class Sealer {
  readonly #options: SealerOptions;
  readonly #timers: Pick<Timers, 'nowMs'>;
  #wiring: SealedWiring;
  #config: string;
  readonly #anchor: ClockAnchor;
  readonly #machines = new Map<string, OpenMachine>();
  readonly #lastPollMs = new Map<string, number>();
  /** Taken from the open parts, and not on disk because the disk refused. */
  #unwritten: OpenRow[] = [];
  /** What earlier runs left open is sealed, and so is the config snapshot. */
  #hasBegun = false;
  #sealedToMs = 0;
  #lastSealMs: number;
  #lastSealRealMs: number;
  #failing: string | null = null;
  #repeated = 0;
  #lost = 0;
  /** Of the last row that was taken from an open part. */
  #rowNumber = 0;
  #toldRealMs = -Infinity;

  constructor(options: SealerOptions) {
    this.#options = options;
    this.#wiring = options.wiring;
    this.#config = sha256(options.wiring.snapshot);
    this.#anchor = new ClockAnchor(options.clock);
    this.#lastSealMs = options.clock.monotonicMs();
    this.#timers = options.timers ?? systemTimers;
    this.#lastSealRealMs = this.#timers.nowMs();
  }

  /** Polls that were left out because the clock had not moved since the one before. */
  get repeated(): number {
    return this.#repeated;
  }

  /** Why the spool does not take what is read; null while it does. */
  get failing(): string | null {
    return this.#failing;
  }

  /** Whether the wall clock is trusted just now. */
  clockState(): ClockState {
    return this.#anchor.read().state;
  }

  /**
   * Seals what earlier runs left open, then the config snapshot when it is new. Call it once, before anything else. While the
   * disk does not take that, what is added is held in memory, and it is tried again at every flush.
   */
  begin(): void {
    try {
      this.#begin();
    } catch (error) {
      if (!isRefusedByDisk(error)) throw error;
      this.#keepRows([], error);
    }
  }

  #begin(): void {
    const { spool, boot } = this.#options;
    // In a chain of which nothing is sealed yet it goes before them.
    if (spool.head.config === null) this.sealConfig();
    for (const leftovers of spool.leftovers(boot)) this.#sealLeftovers(leftovers);
    spool.forgetBoots(boot);
    this.sealConfig();
    this.#hasBegun = true;
  }

  /** What earlier runs left is not packed again before the disk takes anything. */
  #beginAgain(): boolean {
    try {
      this.#options.spool.append([], this.#readAnchor());
      this.#begin();
    } catch (error) {
      this.#keepRows([], error);
      return false;
    }
    this.#noteWritten();
    return true;
  }

  /** Seals the config snapshot when the last one sealed in this epoch is another, and which epoch this one follows. */
  sealConfig(): void {
    const { spool, maker } = this.#options;
    const anchor = this.#readAnchor();
    const records = packChainStart(spool, this.#wiring.snapshot, maker, anchor, this.#watermark([]));
    if (records.length === 0) return;
    spool.seal({ rows: [], anchor, machines: [], records, tellsFollowed: true });
    this.#noteSealed(records, anchor);
  }

  /** A new chain begins; false while the disk does not take its beginning: that is sealed before the next record then. */
  beginChain(): boolean {
    try {
      this.sealConfig();
      return true;
    } catch (error) {
      this.#keepRows([], error);
      return false;
    }
  }

  /**
   * Another wiring holds from now on; what was read before is sealed under the old one first. False while the disk does not
   * take that: then the old one still holds, and what rests on the new one must wait or be left out.
   */
  rewire(wiring: SealedWiring): boolean {
    const config = sha256(wiring.snapshot);
    if (config !== this.#config) this.sealAll();
    if (this.#failing !== null) return false;
    this.#wiring = wiring;
    this.#config = config;
    this.beginChain();
    return true;
  }

  /** Counts samples that rest on a wiring the disk has not taken. */
  leaveOut(samples: number): void {
    this.#lost += samples;
  }

  /** Seals an entry of the agent's own log: what a verifier must know and no reading tells. */
  sealLog(event: string, detail: AgentLogEntry['detail']): void {
    this.#sealLogs([{ event, detail }], []);
  }

  /**
   * Tells in the chain what was dropped; at most once a minute, so that what a full spool drops one by one is told as
   * one. Making room for the log may drop more: that is told the next time.
   */
  #tellDrops(): void {
    if (this.#failing !== null || this.#timers.nowMs() - this.#toldRealMs < TELL_EVERY_MS) return;
    const { spool } = this.#options;
    try {
      const drops = spool.untold(DROPS_MAX);
      if (drops.length === 0) return;
      this.#sealLogs(
        drops.map((drop) => describeDrop(drop, spool.head.epoch)),
        drops.map(({ id }) => id),
      );
      this.#toldRealMs = this.#timers.nowMs();
    } catch (error) {
      this.#keepRows([], error);
    }
  }

  #sealLogs(entries: readonly Omit<AgentLogEntry, 'atMs'>[], told: readonly number[]): void {
    const { spool, maker } = this.#options;
    this.sealConfig();
    const anchor = this.#readAnchor();
    const text = encodeAgentLog(entries.map((entry) => ({ atMs: anchor.mono, ...entry })));
    const record = packText('log', text, maker, spool.head, anchor, this.#watermark([]));
    spool.seal({ rows: [], anchor, machines: [], records: [record], told });
    this.#noteSealed([record], anchor);
  }

  addPoll(source: string, poll: Poll, everyMs: number): void {
    // What is read after the clock was set must not get its old time: a computer that slept counts hours in a moment then.
    this.#noticeStep();
    const atMs = Math.max(poll.atMs, this.#sealedToMs);
    const lastMs = this.#lastPollMs.get(source);
    if (lastMs !== undefined && atMs <= lastMs) {
      this.#repeated += 1;
      return;
    }
    this.#lastPollMs.set(source, atMs);
    if (this.#isHoldingTooMuch()) {
      this.#lost += poll.readings.length;
      return;
    }
    const { channelOf, machinesOf } = this.#wiring;
    const machines = machinesOf.get(source) ?? [];
    for (const machine of machines) {
      // A channel that was found, and that another source feeds already, is that one's.
      const readings = poll.readings.filter(({ channel }) => {
        const wired = channelOf.get(channel);
        return wired?.machine === machine && wired.source === source;
      });
      if (readings.length > 0) this.#open(machine).part.addPoll(source, everyMs, atMs, readings);
    }
  }

  addStatus(source: string, { channel, atMs, value }: StatusReport): void {
    const wired = this.#wiring.channelOf.get(channel);
    if (wired?.source !== source) return;
    const { machine } = wired;
    if (this.#isHoldingTooMuch()) {
      this.#lost += 1;
      return;
    }
    let word = typeof value === 'number' && !Number.isFinite(value) ? null : value;
    if (typeof word === 'string') word = word.slice(0, WORD_LENGTH_MAX);
    this.#open(machine).part.addEvent(source, channel, Math.max(atMs, this.#sealedToMs), word);
  }

  addLink({ source, atMs, up, reason }: LinkChange): void {
    for (const machine of this.#wiring.machinesOf.get(source) ?? [])
      this.#open(machine).part.addLink(source, Math.max(atMs, this.#sealedToMs), up, reason);
  }

  /** Makes everything that was added durable. A disk that refuses is reported once and tried again at the next call. */
  flush(): void {
    this.#noticeStep();
    if (!this.#hasBegun && !this.#beginAgain()) return;
    const rows = this.#takeRows();
    if (rows.length === 0) {
      // What was left out after the disk took again, before its wiring was in force.
      if (this.#failing === null) this.#countLost();
      return;
    }
    try {
      this.#options.spool.append(rows, this.#readAnchor());
    } catch (error) {
      this.#keepRows(rows, error);
      return;
    }
    this.#noteWritten();
  }

  /** Seals the machines that are due, and an empty record when nothing was sealed for a minute. */
  sealDue(): void {
    const open = [...this.#machines.values()];
    if (open.some((machine) => this.#isDue(machine, 1)))
      this.#seal(open.filter((machine) => this.#isDue(machine, DUE_SHARE)));
    else if (
      open.length === 0 &&
      isIdle(this.#options.clock, this.#lastSealMs, this.#timers.nowMs() - this.#lastSealRealMs)
    )
      this.#seal([]);
    this.#tellDrops();
  }

  /** Seals everything that is open. */
  sealAll(): void {
    const open = [...this.#machines.values()];
    if (open.length > 0) this.#seal(open);
    this.#tellDrops();
  }

  /** The agent ends: what the disk has not taken ends with it, and that is said. */
  end(): void {
    this.flush();
    this.sealAll();
    const samples = this.#takeRows().reduce((sum, row) => sum + row.samples, this.#lost);
    if (this.#failing === null || samples === 0) return;
    this.#options.log.error(
      { samples, reason: this.#failing },
      'the agent ends while the disk refuses: readings that it did not take are lost, but their energy is in the next difference of the counter',
    );
  }

  /**
   * Lets the oldest records of a spool that is nearly full be thinned, for a moment. A disk that is full counts as that: to
   * thin frees room in the file itself.
   */
  thin(thinner: Pick<SpoolThinner, 'turn'>): void {
    if (!this.#hasBegun) return;
    const isPressed = this.#failing !== null;
    try {
      thinner.turn({ ...this.#readAnchor(), sealedToMs: this.#sealedToMs, isPressed });
    } catch (error) {
      this.#keepRows([], error);
    }
  }

  /** The snapshot with this hash, if it is the one in force. */
  snapshotOf(config: string): string | undefined {
    return config === this.#config ? this.#wiring.snapshot : undefined;
  }

  #open(machine: string): OpenMachine {
    let open = this.#machines.get(machine);
    if (open === undefined) {
      open = {
        part: new OpenPart(machine),
        openedMs: this.#options.clock.monotonicMs(),
        openedRealMs: this.#timers.nowMs(),
      };
      this.#machines.set(machine, open);
    }
    return open;
  }

  #isDue(machine: OpenMachine, share: number): boolean {
    return isDue(machine, share, this.#options, this.#timers.nowMs());
  }

  #seal(machines: readonly OpenMachine[]): void {
    this.#noticeStep();
    // A step sealed everything that was open.
    const open = machines.filter(({ part }) => this.#machines.get(part.machine)?.part === part);
    if (open.length > 0 || machines.length === 0) this.#sealWith(open, this.#readAnchor());
  }

  /**
   * A wall clock that was set is told in the chain. What was read before keeps the time it was read at: it is sealed
   * with the clocks as they were.
   */
  #noticeStep(): void {
    const step = this.#anchor.step();
    if (step === undefined || this.#failing !== null) return;
    const { boot } = this.#options;
    const open = [...this.#machines.values()];
    if (open.length > 0) this.#sealWith(open, { boot, config: this.#config, ...step.before });
    if (this.#failing !== null) return;
    try {
      this.sealLog('clock-stepped', { byMs: step.byMs });
    } catch (error) {
      this.#keepRows([], error);
    }
  }

  #sealWith(machines: readonly OpenMachine[], anchor: BootAnchor): void {
    const { spool, maker } = this.#options;
    if (this.#failing !== null && (this.#unwritten.length > 0 || !this.#hasBegun)) {
      // Packing is dear and a disk may refuse for days: it is not begun before the disk takes again.
      this.flush();
      if (this.#failing !== null) return;
    }
    if (!this.beginChain()) return;
    const names = machines.map(({ part }) => part.machine);
    const parts = machines.map(({ part }) => part.toPart());
    const records = packReadings(parts, maker, spool.head, anchor, this.#watermark(names));
    const rows = this.#takeRows();
    try {
      spool.seal({ rows, anchor, machines: names, records });
    } catch (error) {
      this.#keepRows(rows, error);
      return;
    }
    for (const name of names) this.#machines.delete(name);
    this.#noteSealed(records, anchor);
    this.#noteWritten();
  }

  #sealLeftovers(leftovers: Leftovers): void {
    const { spool, maker, log } = this.#options;
    const left = readLeftovers(leftovers, spool, log);
    if (left === undefined) return;
    const { parts, anchor } = left;
    const records = packReadings(parts, maker, spool.head, anchor, anchor.mono);
    spool.seal({ rows: [], anchor, machines: parts.map(({ machine }) => machine), records });
    const samples = parts.reduce((sum, part) => sum + countSamples(part), 0);
    log.info({ boot: anchor.boot, samples }, 'readings of an earlier run were sealed');
    this.#options.onSealed(records);
  }

  /** Monotonic ms before which nothing is open once these machines are sealed. */
  #watermark(sealing: readonly string[]): number {
    let watermarkMs = this.#options.oldestRunningMs() ?? Number.POSITIVE_INFINITY;
    for (const [machine, { part }] of this.#machines)
      if (!sealing.includes(machine)) watermarkMs = Math.min(watermarkMs, part.firstMs);
    return Math.max(this.#sealedToMs, Math.min(watermarkMs, this.#options.clock.monotonicMs()));
  }

  #readAnchor(): BootAnchor {
    return { boot: this.#options.boot, config: this.#config, ...this.#anchor.read() };
  }

  #takeRows(): OpenRow[] {
    const rows = this.#unwritten;
    this.#unwritten = [];
    for (const { part } of this.#machines.values()) {
      const unsaved = part.takeUnsaved();
      if (unsaved !== undefined)
        rows.push({
          number: ++this.#rowNumber,
          machine: part.machine,
          samples: countSamples(unsaved),
          part: encodePart(unsaved),
        });
    }
    return rows;
  }

  #keepRows(rows: OpenRow[], error: unknown): void {
    if (isCorruption(error)) {
      throw new MillwattError(
        'crash',
        'corrupt-spool',
        'The spool was damaged while the agent ran. The next start moves it aside and begins a new one.',
        { cause: error },
      );
    }
    this.#unwritten.push(...rows);
    const known = this.#failing !== null;
    this.#failing = describeError(error);
    if (known) return;
    const cure = 'Make room on the disk of the data folder, or look whether it fails; we go on by ourselves.';
    this.#options.log.error(
      { reason: this.#failing, cure },
      'the spool cannot be written; readings are held in memory until it can',
    );
  }

  #noteWritten(): void {
    if (this.#failing !== null) {
      this.#failing = null;
      this.#options.log.info({ lost: this.#lost }, 'the spool can be written again');
    }
    this.#countLost();
  }

  #countLost(): void {
    if (this.#lost === 0) return;
    try {
      this.#options.spool.countLost('disk-failed', this.#lost);
      this.#lost = 0;
      this.#toldRealMs = -Infinity;
    } catch (error) {
      this.#keepRows([], error);
    }
  }

  #isHoldingTooMuch(): boolean {
    if (this.#failing === null) return false;
    let samples = 0;
    for (const { part } of this.#machines.values()) samples += part.samples;
    return samples > HELD_SAMPLES_MAX;
  }

  #noteSealed(records: readonly SealedRecord[], anchor: BootAnchor): void {
    this.#anchor.settle(anchor);
    this.#sealedToMs = Math.max(this.#sealedToMs, ...records.map(({ header }) => header.sealedTo));
    this.#lastSealMs = anchor.mono;
    this.#lastSealRealMs = this.#timers.nowMs();
    this.#options.onSealed(records);
  }
}
