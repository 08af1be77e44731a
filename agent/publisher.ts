import { verifyRecord } from '../protocols/evidence/seal.ts';
import type { Log } from '../protocols/log.ts';
import { systemTimers, type Timers } from '../protocols/timers.ts';
import { parseRecord } from '../protocols/telemetry/record.ts';
import { checkReceipt, RECEIPT_FAULTS, type ReceiptFault, type ReceiptVerdict } from './receipt-check.ts';
import type { Spool, SpooledRecord } from './spool.ts';

/** Records published and not receipted at one time. */
const WINDOW = 20;
/** Of the window, so many places are never taken by the backlog: live data goes first. */
const LIVE_PLACES = 4;
const RESEND_AFTER_MS = 30_000;
/** Of that time, after this share the oldest one in flight goes again alone, to find out whether a collector is there (5 s). */
const PROBE_SHARE = 1 / 6;
/** A receipt for a record that went out so much later (2 s) says that one was lost on its way. */
const OVERTAKEN_SHARE = 1 / 15;
/** Records sealed just now; older ones are found in the backlog. */
const LIVE_RECORDS_MAX = WINDOW;
/** A collector that asks for records again is served so many at a time. */
const REQUESTED_MAX = 1000;
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
  /** The collector holds another record under a seq of ours: this chain cannot go on. */
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
  #requested: { epoch: string; seq: number }[] = [];
  /** Backlog up to this row has been published or receipted since the connection came up. */
  #backlogId = 0;
  readonly #faults = new Map<ReceiptFault, number>();
  readonly #faultsLogged = new Set<ReceiptFault>();
  #probedAtMs = -Infinity;
  #published = 0;
  #resent = 0;
  #receipts = 0;

  constructor(options: PublisherOptions) {
    this.#options = options;
    this.#resendAfterMs = options.resendAfterMs ?? RESEND_AFTER_MS;
    this.#timers = options.timers ?? systemTimers;
  }

  /** Counts since the start. */
  counts(): {
    published: number;
    resent: number;
    inFlight: number;
    receipts: { obeyed: number } & Record<ReceiptFault, number>;
  } {
    const faults = Object.fromEntries(RECEIPT_FAULTS.map((fault) => [fault, this.#faults.get(fault) ?? 0]));
    return {
      published: this.#published,
      resent: this.#resent,
      inFlight: this.#inFlight.size,
      receipts: { obeyed: this.#receipts, ...(faults as Record<ReceiptFault, number>) },
    };
  }

  /** A record was sealed just now: it goes before the backlog. */
  addLive(epoch: string, seq: number): void {
    this.#live.push({ epoch, seq });
    if (this.#live.length > LIVE_RECORDS_MAX) this.#live.shift();
  }

  /** The connection came up: all that has no receipt is published anew, because what became of it is unknown. */
  restart(): void {
    this.#inFlight.clear();
    this.#backlogId = 0;
    this.pump();
  }

  /** Publishes what the window allows, and again what waits too long for its receipt. */
  pump(): void {
    if (!this.#options.connected()) return;
    this.#resendOverdue();
    this.#probe();
    while (this.#inFlight.size < WINDOW) {
      const next = this.#nextLive();
      if (next === undefined) break;
      this.#send(next);
    }
    this.#pumpBacklog();
    this.#pumpRequested();
  }

  /** Publishes what the window allows once more, and resolves when the broker has it all or nothing can be sent. */
  async drain(): Promise<void> {
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
    let newestMs = -Infinity;
    for (const id of spool.markReceipted(receipt.epoch, accepted)) {
      newestMs = Math.max(newestMs, this.#inFlight.get(id)?.sentAtMs ?? -Infinity);
      this.#inFlight.delete(id);
    }
    this.#resendBefore(newestMs - this.#resendAfterMs * OVERTAKEN_SHARE);
    let forked = false;
    for (const { seq, reason } of rejected) {
      if (FAULTS_OF_THE_WAY.has(reason) && this.#isSound(receipt.epoch, seq)) {
        log.warn({ seq, reason }, 'a record arrived spoilt; ours is sound and goes out again');
        continue;
      }
      const id = spool.markRejected(receipt.epoch, seq, reason);
      if (id === undefined) continue;
      this.#inFlight.delete(id);
      log.error({ seq, reason }, 'the collector rejected a record; it is kept in the spool, set aside');
      forked ||= reason === 'fork' && receipt.epoch === spool.head.epoch;
    }
    for (const { from, to } of requested)
      for (let seq = from; seq <= to && this.#requested.length < REQUESTED_MAX; seq++)
        if (!this.#requested.some((one) => one.seq === seq && one.epoch === receipt.epoch))
          this.#requested.push({ epoch: receipt.epoch, seq });
    if (forked) onFork();
  }

  /** True while our copy of a record in flight holds by itself, and it has not arrived spoilt too often. */
  #isSound(epoch: string, seq: number): boolean {
    const own = this.#options.spool.record(epoch, seq);
    const flight = own === undefined ? undefined : this.#inFlight.get(own.id);
    if (own === undefined || flight === undefined) return false;
    flight.spoilt += 1;
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
      if (record !== undefined && !this.#inFlight.has(record.id)) return record;
    }
    return undefined;
  }

  #pumpBacklog(): void {
    const free = WINDOW - LIVE_PLACES - this.#inFlight.size;
    if (free <= 0) return;
    const { spool } = this.#options;
    // Records in flight are skipped, so more are looked at than are sent.
    for (const record of spool.pendingAfter(this.#backlogId, free + this.#inFlight.size)) {
      if (this.#inFlight.size >= WINDOW - LIVE_PLACES) return;
      this.#backlogId = record.id;
      if (!this.#inFlight.has(record.id)) this.#send(record);
    }
  }

  #pumpRequested(): void {
    const { spool, publish, connected } = this.#options;
    if (!connected()) return;
    // They are receipted already, and so outside the window: a few at every turn.
    for (const { epoch, seq } of this.#requested.splice(0, LIVE_PLACES)) {
      const record = spool.record(epoch, seq);
      if (record === undefined || this.#inFlight.has(record.id)) continue;
      this.#resent += 1;
      publish(record.bytes).catch(() => {});
    }
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
    if (oldest !== undefined) this.#resend(...oldest);
  }

  /** Publishes again what went out last at or before this time, real ms. */
  #resendBefore(sentMs: number): void {
    for (const [id, flight] of this.#inFlight) if (flight.sentAtMs <= sentMs) this.#resend(id, flight);
  }

  #resend(id: number, { record }: InFlight): void {
    if (this.#options.spool.record(record.epoch, record.seq) === undefined) {
      // A full spool dropped it: no receipt can free its place any more.
      this.#inFlight.delete(id);
      return;
    }
    this.#resent += 1;
    this.#send(record);
  }

  #send(record: SpooledRecord): void {
    const spoilt = this.#inFlight.get(record.id)?.spoilt ?? 0;
    this.#inFlight.set(record.id, { record, sentAtMs: this.#timers.nowMs(), spoilt });
    this.#published += 1;
    // Unknown is not failed: the record stays in flight, and goes out again when its receipt is overdue.
    const acknowledged = this.#options
      .publish(record.bytes)
      .catch(() => {})
      .finally(() => this.#unacknowledged.delete(acknowledged));
    this.#unacknowledged.add(acknowledged);
  }
}
