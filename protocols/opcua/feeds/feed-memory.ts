import type { Clock } from '../../clock.ts';
import type { Log } from '../../log.ts';
import { saySpan } from '../../say-span.ts';
import { RefusedNodes } from './refused-nodes.ts';

/** Subscriptions are asked for again after so long where the server gave none; the longest pause. */
const ASK_MS_MIN = 30_000;
const ASK_MS_MAX = 3_600_000;
/** Overflows are logged no more often. */
const OVERFLOW_LOG_MS = 60_000;
const SKEW_MS_MAX = 2000;
const NAMED_MAX = 3;
/** Times a node may fall silent before its subscription is not relied on any more. */
const SILENT_TIMES_MAX = 2;
/** A node that was not silent for so long starts with a clean slate. */
const SILENCE_KEPT_MS = 86_400_000;
/** A clock is no longer said to be off when it is this near again: one at the limit would be told each minute. */
const SKEW_OVER_MS = 1500;

/** What a source remembers of its nodes from one connection to the next, and what its operator should know of it. */
export class FeedMemory {
  readonly refused: RefusedNodes;
  readonly #source: string;
  readonly #real: Pick<Clock, 'monotonicMs'>;
  readonly #log: Log;
  readonly #everyMs: number;
  #askMs = ASK_MS_MIN;
  #askAtMs = -Infinity;
  #unsubscribed: string | undefined;
  #overflows = 0;
  #overflowsLogged = 0;
  #overflowLogAtMs = -Infinity;
  #aheadMs = 0;
  #skewTold = false;
  #gaps = 0;
  #gapLogAtMs = -Infinity;
  /** All by key of the node: its point where the server does not take its deadband; how often the server looks, ms. */
  readonly #filterless = new Map<string, string>();
  readonly #slow = new Map<string, number>();
  /** Why the server would not watch it, though it can be read. */
  readonly #unwatched = new Map<string, string>();
  readonly #silent = new Map<string, { times: number; lastMs: number }>();

  constructor(options: { source: string; everyMs: number; real: Pick<Clock, 'monotonicMs'>; log: Log }) {
    this.#source = options.source;
    this.#everyMs = options.everyMs;
    this.#real = options.real;
    this.#log = options.log;
    this.refused = new RefusedNodes(options.real, (point, reason) => {
      const fields = { source: this.#source, point, ...(reason === undefined ? {} : { reason }) };
      if (reason === undefined) this.#log.info(fields, 'an OPC UA node can be read again');
      else this.#log.warn(fields, 'an OPC UA node cannot be read');
    });
  }

  /** Whether it is time to ask for a subscription. */
  mayAsk(): boolean {
    return this.#real.monotonicMs() >= this.#askAtMs;
  }

  /** The server gave no subscription, or ended it: nodes are read meanwhile. */
  noteUnsubscribed(reason: string): void {
    this.#askAtMs = this.#real.monotonicMs() + this.#askMs;
    this.#askMs = Math.min(ASK_MS_MAX, 2 * this.#askMs);
    if (this.#unsubscribed !== reason)
      this.#log.warn(
        { source: this.#source, reason },
        'the server gives no subscription: its nodes are read each time',
      );
    this.#unsubscribed = reason;
  }

  noteSubscribed(): void {
    if (this.#unsubscribed !== undefined)
      this.#log.info({ source: this.#source }, 'the server gives a subscription again');
    this.#unsubscribed = undefined;
    this.#askMs = ASK_MS_MIN;
  }

  /** A new connection: everything may be asked for at once. */
  startOver(): void {
    this.refused.askAllAgain();
    this.#askAtMs = -Infinity;
    this.#unwatched.clear();
    const nowMs = this.#real.monotonicMs();
    for (const [key, { lastMs }] of this.#silent)
      if (nowMs - lastMs > SILENCE_KEPT_MS) this.#silent.delete(key);
  }

  /** Forgets nodes that are not wired any more. */
  keepOnly(keys: ReadonlySet<string>): void {
    this.refused.keepOnly(keys);
    for (const notes of [this.#filterless, this.#slow, this.#unwatched, this.#silent])
      for (const key of notes.keys()) if (!keys.has(key)) notes.delete(key);
  }

  /** Reports of the subscription went missing. */
  noteGap(reports: number): void {
    this.#gaps += reports;
    const nowMs = this.#real.monotonicMs();
    if (nowMs < this.#gapLogAtMs) return;
    this.#gapLogAtMs = nowMs + OVERFLOW_LOG_MS;
    this.#log.warn(
      { source: this.#source, missing: this.#gaps },
      'reports of the server went missing: its nodes are read once',
    );
  }

  /** @param refused why the server would not watch a node that can be read; undefined where it is watched */
  noteWatched(key: string, refused: string | undefined): void {
    if (refused === undefined) this.#unwatched.delete(key);
    else this.#unwatched.set(key, refused);
  }

  /** The server's queue lost values of a node. */
  noteOverflow(): void {
    this.#overflows++;
    const nowMs = this.#real.monotonicMs();
    if (nowMs < this.#overflowLogAtMs) return;
    this.#overflowLogAtMs = nowMs + OVERFLOW_LOG_MS;
    this.#log.warn(
      { source: this.#source, overflows: this.#overflows, since: this.#overflows - this.#overflowsLogged },
      'the server lost values: its queue overflowed',
    );
    this.#overflowsLogged = this.#overflows;
  }

  get overflows(): number {
    return this.#overflows;
  }

  /** Whether the server took the deadband of a node, where it has one. */
  noteFilter(key: string, point: string, filterless: boolean): void {
    if (!filterless) this.#filterless.delete(key);
    if (!filterless || this.#filterless.has(key)) return;
    this.#filterless.set(key, point);
    this.#log.warn({ source: this.#source, point }, 'the server does not take the deadband of a node');
  }

  noteSampling(key: string, samplingMs: number): void {
    if (samplingMs > this.#everyMs * 1.01) this.#slow.set(key, samplingMs);
    else this.#slow.delete(key);
  }

  /** @param aheadMs how far the server's clock is ahead of ours */
  noteSkew(aheadMs: number | undefined): void {
    if (aheadMs === undefined) return;
    this.#aheadMs = aheadMs;
    const skewed = Math.abs(aheadMs) > (this.#skewTold ? SKEW_OVER_MS : SKEW_MS_MAX);
    if (skewed && !this.#skewTold)
      this.#log.warn({ source: this.#source, aheadMs }, "the server's clock is not ours");
    this.#skewTold = skewed;
  }

  /** A subscribed node fell silent: what to do about it this time. */
  noteSilent(key: string, point: string): 'watch anew' | 'connect anew' | 'read instead' {
    const nowMs = this.#real.monotonicMs();
    const before = this.#silent.get(key);
    const times = before === undefined || nowMs - before.lastMs > SILENCE_KEPT_MS ? 1 : before.times + 1;
    this.#silent.set(key, { times, lastMs: nowMs });
    const cure = times === 1 ? 'watch anew' : times <= SILENT_TIMES_MAX ? 'connect anew' : 'read instead';
    this.#log.warn({ source: this.#source, point, cure }, 'a subscribed node fell silent');
    return cure;
  }

  /** Whether the subscription of a node is not relied on any more. */
  isUnreliable(key: string): boolean {
    return (this.#silent.get(key)?.times ?? 0) > SILENT_TIMES_MAX;
  }

  /** One sentence each, no secrets. */
  remarks(): string[] {
    const remarks = this.refused.remarks();
    if (this.#unsubscribed !== undefined)
      remarks.push(`The server gives no subscription (${this.#unsubscribed}): its nodes are read each time.`);
    if (this.#slow.size > 0)
      remarks.push(
        `The server looks at ${countNodes(this.#slow.size)} only every ${Math.round(Math.max(...this.#slow.values()))} ms instead of every ${this.#everyMs} ms.`,
      );
    if (this.#overflows > 0)
      remarks.push(
        `The server's queue overflowed ${this.#overflows} times: a larger queue, or a longer every, keeps all changes.`,
      );
    if (this.#gaps > 0)
      remarks.push(
        `${this.#gaps} reports of the server went missing; what they told of was read once more each time.`,
      );
    if (this.#unwatched.size > 0)
      remarks.push(
        `The server does not watch ${countNodes(this.#unwatched.size)} (${[...new Set(this.#unwatched.values())].slice(0, NAMED_MAX).join(', ')}): read each time.`,
      );
    if (this.#filterless.size > 0)
      remarks.push(
        `The server does not take the deadband of ${[...this.#filterless.values()].slice(0, NAMED_MAX).join(', ')}.`,
      );
    const unreliable = [...this.#silent.values()].filter(({ times }) => times > SILENT_TIMES_MAX).length;
    if (unreliable > 0)
      remarks.push(`Subscriptions to ${countNodes(unreliable)} fell silent again and again: read each time.`);
    if (this.#skewTold)
      remarks.push(
        `The server's clock is ${saySpan(this.#aheadMs)} ${this.#aheadMs > 0 ? 'ahead of' : 'behind'} this computer's.`,
      );
    return remarks;
  }
}

function countNodes(count: number): string {
  return count === 1 ? '1 node' : `${count} nodes`;
}
