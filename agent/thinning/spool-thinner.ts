import { describeError } from '../../protocols/errors.ts';
import { headerHash, unfoldPart } from '../../protocols/evidence/seal.ts';
import type { Log } from '../../protocols/log.ts';
import { decodePart, type MachinePart } from '../../protocols/telemetry/part.ts';
import { parseRecord } from '../../protocols/telemetry/record.ts';
import { decodeSnapshot } from '../../protocols/telemetry/snapshot-text.ts';
import type { Timers } from '../../protocols/timers.ts';
import type { RecordMaker } from '../record-packing.ts';
import type { BootAnchor } from '../spool-open-rows.ts';
import type { PendingHeader, Spool } from '../spool.ts';
import { dutiesOf, type ChannelDuty } from './channel-duties.ts';
import { sealThinned, type ThinnedSpan } from './seal-thinned.ts';
import { MachineThinner } from './thin-machine.ts';
import { findRun, type ThinnableRun } from './thinnable-run.ts';

/** Thinning begins when less than this share of the spool is free. */
const HEADROOM_SHARE = 0.1;
/** One turn takes about so long, real ms: polls must not wait. A record and the sealing are never cut. */
const TURN_MS = 8;
/** Fewer records are not worth a header, nor is what stays larger than this share of what it was made of. */
const RECORDS_MIN = 8;
const WORTH_SHARE = 0.7;
const HEADERS_A_LOOK = 1024;
const LOG_EVERY_MS = 3_600_000;

/** What a thinner works with. */
export interface SpoolThinnerOptions {
  spool: Pick<Spool, 'excessBytes' | 'hashes' | 'head' | 'pendingHeaders' | 'record' | 'thin'>;
  maker: RecordMaker;
  /** The text of the config snapshot with this hash; undefined where nobody has it any more. */
  snapshotOf: (config: string) => string | undefined;
  /** `spool.maxSize`, bytes. */
  maxBytes: number;
  /** True for a record that is on its way to a collector: it need not be told twice. */
  isInFlight: (id: number) => boolean;
  /** Real time. */
  timers: Pick<Timers, 'nowMs'>;
  log: Log;
}

/** Run, config and clocks of now. */
export interface ThinningMoment extends BootAnchor {
  /** The moment up to which the chain has come, monotonic ms. */
  sealedToMs: number;
  /** The disk takes nothing more. */
  isPressed: boolean;
}

/** What came of thinning since the start. */
export interface ThinningCounts {
  /** Records that were made, how many they were made of, and how many bytes that freed. */
  made: number;
  originals: number;
  freedBytes: number;
  /** The longest turn so far, real ms. */
  longestTurnMs: number;
}

/** A run that is being read. */
interface Reading {
  run: ThinnableRun;
  next: number;
  duties: ReadonlyMap<string, ChannelDuty>;
  machines: Map<string, MachineThinner>;
  /** Of machines that are thinned already. */
  parts: MachinePart[];
  span: Partial<ThinnedSpan>;
}

/**
 * Makes room in a spool that is nearly full: the oldest records that no collector has are rewritten to what their hours
 * need. The work is done in short turns, so that polls go on.
 */
export class SpoolThinner {
  readonly #options: SpoolThinnerOptions;
  #reading: Reading | undefined;
  /** The head of the chain when nothing was left to thin. */
  #exhaustedAtSeq = -1;
  /** Records that cannot be read, or that thinning would not make smaller. */
  readonly #passedOver = new Set<number>();
  /** By their hash. */
  readonly #pendingSnapshots = new Map<string, string>();
  #loggedMs = -Infinity;
  readonly #counts: ThinningCounts = { made: 0, originals: 0, freedBytes: 0, longestTurnMs: 0 };

  constructor(options: SpoolThinnerOptions) {
    this.#options = options;
  }

  counts(): ThinningCounts {
    return { ...this.#counts };
  }

  /**
   * One turn. What it reads and decides needs no room on the disk; what it writes at the end of a run frees more than it
   * takes, originals first. Throws what the spool throws.
   */
  turn(now: ThinningMoment): void {
    const { timers } = this.#options;
    const beganMs = timers.nowMs();
    if (this.#reading === undefined && !this.#begin(now.isPressed)) return;
    while (this.#reading !== undefined && timers.nowMs() - beganMs < TURN_MS) this.#goOn(this.#reading, now);
    this.#counts.longestTurnMs = Math.max(this.#counts.longestTurnMs, timers.nowMs() - beganMs);
  }

  #begin(isPressed: boolean): boolean {
    const { spool, maxBytes, isInFlight } = this.#options;
    const { seq } = spool.head;
    if (seq < this.#exhaustedAtSeq + RECORDS_MIN && this.#exhaustedAtSeq <= seq) return false;
    if (!isPressed && spool.excessBytes(maxBytes * HEADROOM_SHARE) === 0) return false;
    const passOver = ({ id }: PendingHeader) => this.#passedOver.has(id) || isInFlight(id);
    for (let afterId = 0; ;) {
      const headers = spool.pendingHeaders(afterId, HEADERS_A_LOOK);
      this.#noteSnapshots(headers);
      // Only of this chain: a record of another epoch has no place in it.
      const own = headers.filter(({ epoch }) => epoch === spool.head.epoch);
      const run = findRun(own, RECORDS_MIN, passOver);
      if (run !== undefined) return this.#open(run);
      const last = headers.at(-1);
      if (last === undefined || headers.length < HEADERS_A_LOOK) break;
      afterId = Math.max(last.id - RECORDS_MIN, afterId + 1);
    }
    this.#exhaustedAtSeq = seq;
    return false;
  }

  /** An older snapshot is there as long as it waits itself. */
  #noteSnapshots(headers: readonly PendingHeader[]): void {
    for (const { kind, epoch, seq, config } of headers) {
      if (kind !== 'config' || this.#pendingSnapshots.has(config)) continue;
      const record = this.#options.spool.record(epoch, seq);
      const [part] = record === undefined ? [] : parseRecord(record.bytes).parts;
      if (part !== undefined) this.#pendingSnapshots.set(config, unfoldPart(part));
    }
  }

  #open(run: ThinnableRun): boolean {
    const config = run[0]?.config ?? '';
    const text = this.#options.snapshotOf(config) ?? this.#pendingSnapshots.get(config);
    if (text === undefined) {
      for (const { id } of run) this.#passedOver.add(id);
      return false;
    }
    this.#reading = {
      run,
      next: 0,
      duties: dutiesOf(decodeSnapshot(text)),
      machines: new Map(),
      parts: [],
      span: {},
    };
    return true;
  }

  #goOn(reading: Reading, now: ThinningMoment): void {
    const header = reading.run[reading.next];
    if (header === undefined) {
      // One machine a step: many of them are not thinned in one turn.
      for (const [name, machine] of reading.machines) {
        reading.machines.delete(name);
        reading.parts.push(machine.thin(edgesOf(reading.span.last, now)));
        return;
      }
      this.#reading = undefined;
      this.#finish(reading, now);
      return;
    }
    reading.next += 1;
    const record = this.#options.spool.record(header.epoch, header.seq);
    try {
      if (record === undefined) throw new Error('it is not there any more');
      this.#add(reading, record.bytes);
    } catch (error) {
      // It is set aside when it is to be published; the others are thinned without it.
      this.#options.log.warn(
        { seq: header.seq, reason: describeError(error) },
        'a record cannot be thinned; it stays as it is',
      );
      this.#passedOver.add(header.id);
      this.#reading = undefined;
    }
  }

  #add({ machines, duties, span }: Reading, bytes: Uint8Array): void {
    const frame = parseRecord(bytes);
    const { header } = frame;
    const parts = frame.parts.map((part) => decodePart(unfoldPart(part)));
    for (const part of parts) {
      const machine = machines.get(part.machine) ?? new MachineThinner(part.machine, duties);
      machines.set(part.machine, machine);
      machine.add(part);
    }
    span.first ??= header;
    span.last = { ...header, hash: headerHash(frame) };
  }

  #finish({ run, parts, span }: Reading, now: ThinningMoment): void {
    const { spool, maker } = this.#options;
    const { first, last } = span;
    if (first === undefined || last === undefined) return;
    const head = spool.head;
    // A receipt may have come meanwhile, or room was made by dropping.
    const held = spool.hashes(head.epoch, first.seq, last.seq);
    if (held?.pending !== run.length || held.hashes.length !== run.length) return;
    const record = sealThinned(parts, { first, last }, maker, head, sealedToOf(last, now));
    const size = run.reduce((sum, header) => sum + header.size, 0);
    if (record === undefined) {
      this.#halve(run);
      return;
    }
    if (record.bytes.length > size * WORTH_SHARE) {
      for (const { id } of run) this.#passedOver.add(id);
      return;
    }
    spool.thin(record);
    this.#counts.made += 1;
    this.#counts.originals += run.length;
    this.#counts.freedBytes += size - record.bytes.length;
    this.#tell();
  }

  /** What is kept of it does not fit into one record. */
  #halve(run: ThinnableRun): void {
    const half = run.slice(0, Math.ceil(run.length / 2));
    if (half.length === run.length || half.length < 2) for (const { id } of run) this.#passedOver.add(id);
    else this.#open(half);
  }

  #tell(): void {
    const { timers, log } = this.#options;
    if (timers.nowMs() - this.#loggedMs < LOG_EVERY_MS) return;
    this.#loggedMs = timers.nowMs();
    const { made, originals, freedBytes } = this.#counts;
    log.warn(
      { made, originals, freedBytes },
      'the spool is nearly full: its oldest records are thinned to what the energy of their hours needs. Bring the collector back, or allow a larger spool.maxSize',
    );
  }
}

/** Wall minus monotonic time of a run, by the clock that is believed by now: the collector moves readings without one to it. */
function edgesOf(last: ThinnedSpan['last'] | undefined, now: ThinningMoment): number {
  const isSetSince = last?.clock.state === 'unsynced' && last.boot === now.boot && now.state === 'synced';
  const { wall, mono } = last === undefined || isSetSince ? now : last.clock;
  return wall - mono;
}

/** The moment up to which the chain has come, in the time of the run's boot. */
function sealedToOf({ boot, clock, sealedTo }: ThinnedSpan['last'], now: ThinningMoment): number {
  if (boot === now.boot) return Math.max(sealedTo, now.sealedToMs);
  // Of a boot without a clock nobody knows how long ago it was.
  if (clock.state === 'unsynced' || now.state === 'unsynced') return sealedTo;
  return Math.max(sealedTo, now.wall - now.mono + now.sealedToMs - (clock.wall - clock.mono));
}
