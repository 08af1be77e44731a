import type { Clock } from '../../clock.ts';
import { MillwattError } from '../../errors.ts';
import { connectionError, timeoutError } from '../opcua-error.ts';
import type { OpcuaSourceOptions } from '../opcua-options.ts';
import { withDeadline } from './deadline.ts';
import { openLink, type LinkSurroundings, type OpcuaLink } from './opcua-link.ts';

/** Waits between attempts to connect, ms of real time; the last one stays. Clients made anew cost both sides memory. */
const BACK_OFF_MS = [1000, 2000, 5000, 10_000, 30_000] as const;
/** A link that was healthy for so long has made up for earlier failures. */
const HEALTHY_MS = 30_000;
/** A server that says nothing costs a new client no more often than this. */
const GIVE_UP_MS_MIN = 30_000;

/** Keeps one link to one server: makes it when it is time to, and gives it up when it failed. */
export class LinkKeeper {
  readonly #options: OpcuaSourceOptions;
  readonly #around: LinkSurroundings;
  readonly #real: Pick<Clock, 'monotonicMs'>;
  #link: OpcuaLink | undefined;
  #opening: { cancel(): Promise<void> } | undefined;
  #linkedAtMs = 0;
  #failures = 0;
  #notBeforeMs = -Infinity;
  #lastError: MillwattError | undefined;
  #closed = false;

  constructor(options: OpcuaSourceOptions, around: LinkSurroundings, real: Pick<Clock, 'monotonicMs'>) {
    this.#options = options;
    this.#around = around;
    this.#real = real;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** The link, made when there is none and it is time to try again; rejects with a MillwattError otherwise. */
  async linked(deadlineMs: number): Promise<OpcuaLink> {
    if (this.#closed) throw this.failure('closed', 'is closed');
    const link = this.#link ?? (await this.#connect(deadlineMs));
    if (link.broken !== undefined) throw this.failure('closed', link.broken);
    return link;
  }

  /** Waits for some work on the link, no longer than until the deadline (real monotonic ms). */
  within<T>(deadlineMs: number, work: Promise<T>): Promise<T> {
    const { endpoint, timeout } = this.#options;
    return withDeadline(deadlineMs - this.#real.monotonicMs(), work, () => timeoutError(endpoint, timeout));
  }

  /** What was asked came: earlier failures may be forgotten when the link is old enough. */
  noteHealth(): void {
    if (this.#real.monotonicMs() - this.#linkedAtMs > HEALTHY_MS) this.#failures = 0;
  }

  /**
   * Gives the link up for what went wrong; the next attempt waits its time. `again` says whether to try at once: a link
   * that was good for long and broke between two polls (a restart, a session that ran out) should cost no reading.
   */
  drop(cause: unknown): { error: MillwattError; again: boolean } {
    const error = connectionError(this.#options.endpoint, cause, this.#around.config);
    if (error === this.#lastError) return { error, again: false }; // only told again while waiting
    const link = this.#link;
    const nowMs = this.#real.monotonicMs();
    this.#link = undefined;
    this.#lastError = error;
    const again = link !== undefined && nowMs - this.#linkedAtMs >= HEALTHY_MS && !this.#closed;
    const backOffMs = BACK_OFF_MS[Math.min(this.#failures, BACK_OFF_MS.length - 1)] ?? HEALTHY_MS;
    this.#failures++;
    if (again) this.#notBeforeMs = -Infinity;
    else if (link?.givenUp === true)
      this.#notBeforeMs = Math.max(nowMs + backOffMs, this.#linkedAtMs + GIVE_UP_MS_MIN);
    else this.#notBeforeMs = nowMs + backOffMs;
    void link?.close();
    return { error, again };
  }

  failure(code: string, what: string): MillwattError {
    return new MillwattError('retry', code, `${this.#options.endpoint} ${what}.`);
  }

  async close(): Promise<void> {
    this.#closed = true;
    const link = this.#link;
    this.#link = undefined;
    await Promise.all([this.#opening?.cancel(), link?.close()]);
  }

  async #connect(deadlineMs: number): Promise<OpcuaLink> {
    if (this.#real.monotonicMs() < this.#notBeforeMs)
      throw this.#lastError ?? this.failure('closed', 'is waiting to connect again');
    const opening = openLink(this.#options, this.#around);
    this.#opening = opening;
    let link: OpcuaLink;
    try {
      link = await this.within(deadlineMs, opening.link);
    } catch (error) {
      void opening.cancel();
      throw error;
    } finally {
      this.#opening = undefined;
    }
    if (this.#closed) {
      void link.close();
      throw this.failure('closed', 'is closed');
    }
    this.#link = link;
    this.#linkedAtMs = this.#real.monotonicMs();
    return link;
  }
}
