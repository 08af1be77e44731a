import { MillwattError } from '../protocols/errors.ts';
import { verifyRecord } from '../protocols/evidence/seal.ts';
import type { Log } from '../protocols/log.ts';
import { parseRecord } from '../protocols/telemetry/record.ts';
import { systemTimers, type Timers } from '../protocols/timers.ts';
import { DeliveryLog } from './delivery-log.ts';
import { HeldReceipts } from './held-receipts.ts';
import { Overtaken } from './overtaken.ts';
import { checkReceipt, RECEIPT_FAULTS, type ReceiptFault, type ReceiptVerdict } from './receipt-check.ts';
import { RefusedEpochs } from './refused-epochs.ts';
import { RequestedRecords } from './requested-records.ts';
import { isCorruption } from './spool-database.ts';
import type { Spool, SpooledRecord } from './spool.ts';
import { Suspects, type Verdict } from './suspects.ts';

/** Records published and not receipted at one time. */
const WINDOW = 20;
/** Of the window, so many places are never taken by the backlog: live data goes first. */
const LIVE_PLACES = 4;
const RESEND_AFTER_MS = 30_000;
/** Of that time, after this share the oldest one in flight goes again alone, to find out whether a collector is there (5 s). */
const PROBE_SHARE = 1 / 6;
/** A receipt for a record that went out so much later (2 s) says that one was lost on its way. */
const OVERTAKEN_SHARE = 1 / 15;
/** So many records are looked at in one turn for some that may go: reading them takes time. */
const LOOKED_AT_MAX = 100;
/** Records sealed just now; older ones are found in the backlog. */
const LIVE_RECORDS_MAX = WINDOW;
/** Faults that a sound record can catch on its way. */
const FAULTS_OF_THE_WAY: ReadonlySet<string> = new Set([
  'bad-part-hash',
  'bad-signature',
  'malformed-record',
]);
/** So often a record that is sound here goes again although it arrived spoilt. */
const SPOILT_MAX = 3;

/** What a publisher works with. */
export interface PublisherOptions {
  spool: Spool;
  site: string;
  agent: string;
  /** From the configuration; undefined pins the first collector that answers. */
  collectorKey: string | undefined;
  /** Publishes one record; a rejection means "unknown". */
  publish: (bytes: Uint8Array) => Promise<void>;
  connected: () => boolean;
  /** Messages that the broker takes before it has acknowledged them; no limit by default. */
  receiveMaximum?: () => number;
  /** The collector holds another record under a seq of ours: the spool has left that chain for a new one. */
  onFork: () => void;
  log: Log;
  /** Real ms after which an unreceipted record is published again; 30 s by default. */
  resendAfterMs?: number;
  /** Real time; that of the process by default. */
  timers?: Pick<Timers, 'nowMs'>;
}

interface InFlight {
  record: SpooledRecord;
  sentAtMs: number;
  /** The broker has answered, or the connection is over: only then it may go again. */
  isAnswered: boolean;
  /** How often it arrived spoilt. */
  spoilt: number;
}

/** Publishes sealed records within a window, and forgets one only when its receipt holds against our own hashes. */
export class Publisher {
  readonly #options: PublisherOptions;
  readonly #resendAfterMs: number;
  readonly #timers: Pick<Timers, 'nowMs'>;
  /** By row id of the spool. */
  readonly #inFlight = new Map<number, InFlight>();
  readonly #unacknowledged = new Set<Promise<void>>();
  #live: { epoch: string; seq: number }[] = [];
  readonly #requested: RequestedRecords;
  readonly #suspects: Suspects;
  readonly #overtaken: Overtaken;
  readonly #held: HeldReceipts;
  /** Epochs under a key that the collector does not trust any more. */
  readonly refused: RefusedEpochs;
  readonly #says: DeliveryLog;
  /** The last record that passed. */
  #witness: SpooledRecord | undefined;
  /** Backlog up to this row has been published or receipted since the connection came up. */
  #backlogId = 0;
  readonly #faults = new Map<ReceiptFault, number>();
  readonly #faultsLogged = new Set<ReceiptFault>();
  #probedAtMs = -Infinity;
  #isDraining = false;
  #published = 0;
  #resent = 0;
  #receipts = 0;

  constructor(options: PublisherOptions) {
    this.#options = options;
    this.#resendAfterMs = options.resendAfterMs ?? RESEND_AFTER_MS;
    this.#timers = options.timers ?? systemTimers;
    this.#requested = new RequestedRecords(options.spool);
    this.#suspects = new Suspects(() => this.#timers.nowMs());
    this.#overtaken = new Overtaken(() => this.#timers.nowMs());
    this.#held = new HeldReceipts(options.spool);
    this.refused = new RefusedEpochs(options.log, () => this.#timers.nowMs());
    this.#says = new DeliveryLog(options.log, () => this.#timers.nowMs());
  }

  /** Counts since the start. */
  counts(): {
    published: number;
    resent: number;
    inFlight: number;
    /** Records that the broker may not be able to take or to deliver, tried apart from the others. */
    apart: number;
    receipts: { obeyed: number } & Record<ReceiptFault, number>;
  } {
    const faults = Object.fromEntries(RECEIPT_FAULTS.map((fault) => [fault, this.#faults.get(fault) ?? 0]));
    return {
      published: this.#published,
      resent: this.#resent,
      inFlight: this.#inFlight.size,
      apart: this.#suspects.size + this.#overtaken.size,
      receipts: { obeyed: this.#receipts, ...(faults as Record<ReceiptFault, number>) },
    };
  }

  /** True for a record that was published and may be on its way to a collector, or is known to be there. */
  isInFlight(id: number): boolean {
    return this.#held.has(id) || (this.#options.connected() && this.#inFlight.has(id));
  }

  /** A record was sealed just now: it goes before the backlog. */
  addLive(epoch: string, seq: number): void {
    this.#live.push({ epoch, seq });
    if (this.#live.length > LIVE_RECORDS_MAX) this.#live.shift();
  }

  /** The connection came up: all that has no receipt is published anew, because what became of it is unknown. */
  restart(): void {
    for (const verdict of this.#suspects.lost()) this.#setAside(verdict);
    // Another broker, or another configuration of it, perhaps.
    this.#overtaken.release();
    this.#inFlight.clear();
    this.#backlogId = 0;
    this.pump();
  }

  /**
   * Publishes what the window allows, and again what waits too long for its receipt. A spool that cannot be read just now is
   * told of and tried again at the next beat; one that is damaged throws.
   */
  pump(): void {
    if (!this.#options.connected()) return;
    try {
      for (const id of this.#held.writeHeld()) this.#noteReceipted(id);
      this.#resendOverdue();
      this.#probe();
      this.#takeDue();
      this.#tryApart();
      while (this.#inFlight.size < this.#window && this.#room() > 0) {
        const next = this.#nextLive();
        if (next === undefined) break;
        this.#send(next);
      }
      this.#pumpBacklog();
      this.#bearWitness();
      this.#pumpRequested();
    } catch (error) {
      if (isCorruption(error)) throw error;
      this.#says.unreadable(error);
    }
  }

  /** The agent stops: publishes what the window allows once more, and resolves when the broker has it all or nothing can be sent. */
  async drain(): Promise<void> {
    this.#isDraining = true;
    this.pump();
    while (this.#options.connected() && this.#unacknowledged.size > 0) {
      await Promise.allSettled(this.#unacknowledged);
      this.pump();
    }
  }

  /** Takes a receipt in; one that does not hold changes nothing and is counted. */
  receive(bytes: Uint8Array): void {
    const { spool, site, agent, collectorKey, log } = this.#options;
    const pinned = collectorKey ?? spool.pinnedKey ?? undefined;
    const verdict = checkReceipt(bytes, {
      site,
      agent,
      collectorKey: pinned,
      hashes: (epoch, from, to) => spool.hashes(epoch, from, to),
    });
    if ('fault' in verdict) {
      this.#faults.set(verdict.fault, (this.#faults.get(verdict.fault) ?? 0) + 1);
      // Said once a kind: anyone who may write to the topic could fill the log.
      if (verdict.fault !== 'stale' && !this.#faultsLogged.has(verdict.fault)) {
        this.#faultsLogged.add(verdict.fault);
        const { fault, cure } = verdict;
        log.warn(
          { fault, ...(cure === undefined ? {} : { cure }) },
          `a receipt was ignored. ${verdict.reason}`,
        );
      }
      // What was asked for again is receipted again: the next may go.
      if (verdict.fault === 'stale') this.#pumpRequested();
      return;
    }
    // Only who has records of ours can be the collector: a receipt that accepts none pins nothing.
    if (pinned === undefined) {
      if (verdict.accepted.length === 0) return;
      spool.pinKey(verdict.receipt.key);
      log.info(
        { key: verdict.receipt.key },
        'this collector is pinned: the agent obeys no other from now on',
      );
    }
    this.#obey(verdict);
    this.pump();
  }

  #obey({ receipt, accepted, rejected, requested, mismatched }: ReceiptVerdict): void {
    const { spool, log, onFork } = this.#options;
    this.#receipts += 1;
    if (mismatched > 0) this.#faults.set('mismatched', (this.#faults.get('mismatched') ?? 0) + mismatched);
    // Before anything is let go: whoever accepts a record may ask for the one before it.
    for (const id of this.#requested.add(receipt.epoch, requested))
      this.#backlogId = Math.min(this.#backlogId, id - 1);
    if (receipt.keyRevoked === true)
      for (const id of this.refused.note(receipt.epoch, this.#inFlight)) this.#inFlight.delete(id);
    else if (accepted.length > 0) this.refused.lift(receipt.epoch);
    let newestMs = -Infinity;
    for (const id of this.#held.write(receipt.epoch, accepted, this.#publishedIn(receipt.epoch, accepted))) {
      newestMs = Math.max(newestMs, this.#inFlight.get(id)?.sentAtMs ?? -Infinity);
      this.#noteReceipted(id);
    }
    this.#resendOvertaken(newestMs - this.#resendAfterMs * OVERTAKEN_SHARE);
    const { epoch } = spool.head;
    for (const { seq, reason } of rejected) {
      if (FAULTS_OF_THE_WAY.has(reason) && this.#isSound(receipt.epoch, seq)) {
        log.warn({ seq, reason }, 'a record arrived spoilt; ours is sound and goes out again');
        continue;
      }
      const id = spool.markRejected(receipt.epoch, seq, reason);
      // One copy arrived well and another one spoilt: nothing was refused.
      if (id !== undefined || !FAULTS_OF_THE_WAY.has(reason)) this.#requested.noteRefused(receipt.epoch, seq);
      if (id === undefined) continue;
      this.#inFlight.delete(id);
      this.#overtaken.forget(id);
      log.error({ seq, reason }, 'the collector rejected a record; it is kept in the spool, set aside');
    }
    if (spool.head.epoch !== epoch) onFork();
  }

  #noteReceipted(id: number): void {
    this.#inFlight.delete(id);
    // It arrived, so it is nothing that the broker cannot take.
    this.#suspects.acknowledged(id);
    this.#overtaken.forget(id);
  }

  /** Ids of records in flight that lie in these ranges. */
  #publishedIn(epoch: string, ranges: readonly { from: number; to: number }[]): number[] {
    return [...this.#inFlight].flatMap(([id, { record }]) =>
      record.epoch === epoch && ranges.some(({ from, to }) => from <= record.seq && record.seq <= to)
        ? [id]
        : [],
    );
  }

  /** True while our copy of a record in flight holds by itself, and it has not arrived spoilt too often. */
  #isSound(epoch: string, seq: number): boolean {
    const own = this.#options.spool.record(epoch, seq);
    const flight = own === undefined ? undefined : this.#inFlight.get(own.id);
    if (own === undefined || flight === undefined) return false;
    flight.spoilt += 1;
    // It came to the collector, whatever the broker says of it.
    flight.isAnswered = true;
    this.#suspects.acknowledged(own.id);
    if (flight.spoilt > SPOILT_MAX) return false;
    try {
      verifyRecord(parseRecord(own.bytes));
      return true;
    } catch {
      return false;
    }
  }

  #nextLive(): SpooledRecord | undefined {
    for (let next = this.#live.shift(); next !== undefined; next = this.#live.shift()) {
      const record = this.#options.spool.record(next.epoch, next.seq);
      if (record !== undefined && !this.#inFlight.has(record.id) && !this.#isApart(record)) return record;
    }
    return undefined;
  }

  /** True for a record that does not go with the others now. */
  #isApart({ id, epoch }: SpooledRecord): boolean {
    const isWaiting = this.#overtaken.isWaiting(id) || this.refused.isWaiting(epoch);
    return isWaiting || this.#suspects.isApart(id) || this.#held.has(id);
  }

  /** Records that may be without receipt at one time: no more than the broker takes at once. */
  get #window(): number {
    return Math.max(1, Math.min(WINDOW, this.#options.receiveMaximum?.() ?? WINDOW));
  }

  /** Of the window, what the backlog may take. */
  get #backlogWindow(): number {
    return Math.max(1, this.#window - LIVE_PLACES);
  }

  #room(): number {
    return this.#suspects.room(this.#window);
  }

  #pumpBacklog(): void {
    const { spool } = this.#options;
    for (let looked = 0; looked < LOOKED_AT_MAX;) {
      const free = Math.min(this.#backlogWindow - this.#inFlight.size, this.#room());
      // Never more than may go are read at once, however many of them are to be passed over: records are large.
      const records = free > 0 ? spool.pendingAfter(this.#backlogId, free) : [];
      if (records.length === 0) return;
      for (const record of records) {
        if (this.#inFlight.size >= this.#backlogWindow || this.#room() <= 0) return;
        this.#backlogId = record.id;
        looked += 1;
        if (!this.#inFlight.has(record.id) && !this.#isApart(record)) this.#send(record);
      }
    }
  }

  /** What was held back for long enough is found in the backlog again. */
  #takeDue(): void {
    if (this.refused.takeDue()) this.#backlogId = 0;
    for (const apart of [this.#suspects, this.#overtaken])
      for (let id = apart.takeDue(); id !== undefined; id = apart.takeDue())
        this.#backlogId = Math.min(this.#backlogId, id - 1);
  }

  #pumpRequested(): void {
    const { publish, connected } = this.#options;
    // One of them may be what the broker cannot take: not while that is being found out.
    if (!connected() || this.#suspects.isAlone) return;
    // They are receipted already, and so outside the window: a few at every turn.
    for (const record of this.#requested.take(LIVE_PLACES)) {
      if (this.#inFlight.has(record.id) || this.#isApart(record)) continue;
      this.#resent += 1;
      publish(record.bytes).catch(() => {});
    }
  }

  /** Sends a record under suspicion, when nothing else is on its way. */
  #tryApart(): void {
    for (let id = this.#suspects.trial(); id !== undefined; id = this.#suspects.trial()) {
      const [record] = this.#options.spool.pendingAfter(id - 1, 1);
      if (record?.id === id) {
        this.#send(record);
        return;
      }
      // Receipted or dropped meanwhile.
      this.#suspects.forget(id);
    }
  }

  /** Where nothing else is to be sent, one that passed before goes once more, so that a trial tells something. */
  #bearWitness(): void {
    // At the end there is no time for trials, and a broker that refuses it would be asked until then.
    if (this.#isDraining || !this.#suspects.wantsWitness) return;
    const witness = [this.#witness, ...this.#options.spool.pendingAfter(0, 1)].find(
      (record) => record !== undefined && !this.#isApart(record),
    );
    if (witness === undefined) return;
    this.#resent += 1;
    this.#publish(witness);
  }

  /** The broker cannot take it: the stream goes on without. */
  #setAside(verdict: Verdict): void {
    const { spool } = this.#options;
    const { id, fate } = verdict;
    const [record] = spool.pendingAfter(id - 1, 1);
    if (record?.id !== id) return;
    this.#says.judged(record, verdict);
    if (fate === 'too-large') return;
    const { epoch, seq } = record;
    spool.markRejected(epoch, seq, 'undeliverable');
    // Should the collector ask for it before it hears that it will not come: it would end the connection again.
    this.#requested.noteSetAside(epoch, seq);
    spool.tellGone(epoch, 'undeliverable', { from: seq, to: seq }, parseRecord(record.bytes).header.samples);
  }

  #resendOverdue(): void {
    this.#resendBefore(this.#timers.nowMs() - this.#resendAfterMs);
  }

  /**
   * While nothing is receipted one record asks in the name of all: what went out while no collector listened is lost,
   * though a broker took it, and its receipts would be waited for in vain.
   */
  #probe(): void {
    const sent = [...this.#inFlight.values()].map(({ sentAtMs }) => sentAtMs);
    const probeBeforeMs = this.#timers.nowMs() - this.#resendAfterMs * PROBE_SHARE;
    const oldestMs = Math.min(...sent);
    if (oldestMs > probeBeforeMs || this.#probedAtMs > probeBeforeMs) return;
    this.#probedAtMs = this.#timers.nowMs();
    const oldest = [...this.#inFlight].find(([, { sentAtMs }]) => sentAtMs === oldestMs);
    if (oldest?.[1].isAnswered === true) this.#resend(...oldest);
  }

  /** What went out last at or before this time, real ms, and was answered, was lost behind the broker: others came later. */
  #resendOvertaken(sentMs: number): void {
    for (const [id, flight] of this.#inFlight) {
      if (flight.sentAtMs > sentMs || !flight.isAnswered || this.#room() <= 0) continue;
      if (!this.#overtaken.note(id)) {
        this.#resend(id, flight);
        continue;
      }
      this.#inFlight.delete(id);
      this.#says.overtaken(flight.record, this.#overtaken.times(id));
    }
  }

  /** Publishes again what went out last at or before this time, real ms. */
  #resendBefore(sentMs: number): void {
    for (const [id, flight] of this.#inFlight)
      if (flight.sentAtMs <= sentMs && flight.isAnswered) this.#resend(id, flight);
  }

  #resend(id: number, { record }: InFlight): void {
    if (this.#options.spool.record(record.epoch, record.seq) === undefined) {
      // A full spool dropped it: no receipt can free its place any more.
      this.#inFlight.delete(id);
      return;
    }
    // One at a time: it goes again when there is room.
    if (this.#room() <= 0) return;
    this.#resent += 1;
    this.#send(record);
  }

  #send(record: SpooledRecord): void {
    const { id } = record;
    const flight: InFlight = {
      record,
      sentAtMs: this.#timers.nowMs(),
      isAnswered: false,
      spoilt: this.#inFlight.get(id)?.spoilt ?? 0,
    };
    this.#inFlight.set(id, flight);
    this.#published += 1;
    this.#publish(record, () => {
      flight.isAnswered = true;
    });
  }

  #publish(record: SpooledRecord, onAnswer: () => void = () => {}): void {
    const { id, bytes } = record;
    this.#suspects.sent(id, bytes.length);
    let passed = false;
    // Unknown is not failed: the record stays in flight, and goes out again when its receipt is overdue.
    const acknowledged = this.#options
      .publish(bytes)
      .then(
        () => {
          passed = true;
          this.#suspects.acknowledged(id);
          this.#witness = record;
        },
        (error: unknown) => this.#takeRefusal(id, error),
      )
      .finally(() => {
        onAnswer();
        this.#unacknowledged.delete(acknowledged);
        // Whoever goes alone is waited for by the next. After a refusal that would go round and round: the beat goes on then.
        if (
          passed &&
          (this.#suspects.isAlone || this.#suspects.trial() !== undefined || this.#suspects.wantsWitness)
        )
          this.pump();
      });
    this.#unacknowledged.add(acknowledged);
  }

  #takeRefusal(id: number, error: unknown): void {
    const code = error instanceof MillwattError ? error.code : '';
    // Lost with its connection: `restart` asks why.
    if (code === 'unacknowledged') return;
    if (code === 'oversized-message') {
      this.#suspects.hold(id);
      this.#inFlight.delete(id);
    } else if (code === 'refused-message') this.#suspects.refused(id);
    else {
      this.#suspects.returned(id);
      return;
    }
    this.#says.refused(error);
  }
}
