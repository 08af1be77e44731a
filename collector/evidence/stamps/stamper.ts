import { randomBytes } from 'node:crypto';
import { describeError, MillwattError } from '../../../protocols/errors.ts';
import type { Log } from '../../../protocols/log.ts';
import { BackOff } from '../../../protocols/mqtt/back-off.ts';
import { systemTimers, type Cancel, type Timers } from '../../../protocols/timers.ts';
import type { DayStamper } from '../days/daily-roots.ts';
import { signedDayText, type DayEntry } from '../days/day-entry.ts';
import type { DayStamp, DayStore } from '../days/day-store.ts';
import { askAuthority, type TimeStampAuthority } from './ask-authority.ts';

/** Ceilings of the waits between two tries, ms. */
const BASE_MS = 30_000;
const CAP_MS = 3_600_000;
/** What asking again does not help is asked again so late, ms: somebody may have seen to it. */
const REFUSED_MS = 6 * 3_600_000;
/** Days end at one moment everywhere; authorities are asked over some minutes. */
const SPREAD_MS = 300_000;
/** What heals by itself has healed after so many tries: some hours. */
const FAILURES_TOLD = 10;

/**
 * Asks the authority for a stamp of a day and keeps it beside it, once it was verified. Rejects as `askAuthority` and `verifyStamp`, and
 * with an error of class `refuse` (code `untrusted-stamp`) where its certificate is not issued by `ca`.
 */
export async function stampDay(
  store: Pick<DayStore, 'site' | 'collector' | 'addStamp'>,
  entry: DayEntry,
  authority: TimeStampAuthority,
  options: { answerMs?: number; signal?: AbortSignal } = {},
): Promise<DayStamp> {
  // Only where stamps are asked for: it brings a parser of ASN.1.
  const { encodeRequest, verifyStamp } = await import('./time-stamp.ts');
  const { readCertificates } = await import('./certificate-path.ts');
  const { ca, certReq, policy } = authority;
  const text = signedDayText(store, entry);
  const nonce = randomBytes(8);
  const request = encodeRequest({ text, nonce, certReq, ...(policy === undefined ? {} : { policy }) });
  const bytes = await askAuthority(authority, request, options);
  const trusted = ca === undefined ? [] : readCertificates(ca, 'evidence.timeStamp.ca');
  const { atMs, authority: name, doubt } = verifyStamp(bytes, { text, nonce, trusted });
  if (ca !== undefined && doubt !== undefined)
    throw new MillwattError('refuse', 'untrusted-stamp', `The stamp is not kept: its certificate ${doubt}.`, {
      cure: 'Give in evidence.timeStamp.ca the authority that issues the certificates of the stamps, and see that the clocks are right.',
    });
  const stamp = { atMs, authority: name, bytes };
  store.addStamp(entry.number, stamp);
  return stamp;
}

/** Asks for a stamp whenever a day was signed; the last one only, because it names all before it. */
export function startStamper(parts: {
  authority: TimeStampAuthority;
  log: Log;
  timers?: Timers;
  /** Even in [0, 1). */
  random?: () => number;
  answerMs?: number;
}): DayStamper {
  return new LastDayStamper(parts);
}

class LastDayStamper implements DayStamper {
  readonly #parts: Parameters<typeof startStamper>[0];
  readonly #timers: Timers;
  readonly #random: () => number;
  readonly #backOff: BackOff;
  readonly #ending = new AbortController();
  #store: DayStore | undefined;
  #cancel: Cancel | undefined;
  #running: Promise<void> | undefined;
  #stampedDay = 0;
  #failures = 0;
  #failuresInARow = 0;
  #stuck: { why: string; cure: string } | undefined;

  constructor(parts: Parameters<typeof startStamper>[0]) {
    this.#parts = parts;
    this.#timers = parts.timers ?? systemTimers;
    this.#random = parts.random ?? Math.random;
    this.#backOff = new BackOff({ baseMs: BASE_MS, capMs: CAP_MS, random: this.#random });
  }

  wake(store: DayStore): void {
    this.#store = store;
    if (this.#cancel === undefined && this.#running === undefined)
      this.#after(Math.floor(this.#random() * SPREAD_MS));
  }

  stats(): ReturnType<DayStamper['stats']> {
    const isTold = this.#failuresInARow >= FAILURES_TOLD;
    return {
      stampedDay: this.#stampedDay,
      stampFailures: this.#failures,
      stampStuck: this.#stuck?.why ?? '',
      stampCure: isTold ? (this.#stuck?.cure ?? '') : '',
    };
  }

  async stop(): Promise<void> {
    this.#ending.abort();
    this.#cancel?.();
    await this.#running;
  }

  #after(ms: number): void {
    if (this.#ending.signal.aborted) return;
    this.#cancel = this.#timers.after(ms, () => {
      this.#cancel = undefined;
      this.#running = this.#try().finally(() => (this.#running = undefined));
    });
  }

  async #try(): Promise<void> {
    const { authority, log, answerMs } = this.#parts;
    const { signal } = this.#ending;
    try {
      const store = this.#store;
      const last = store?.last();
      if (store === undefined || last === undefined) return;
      if (store.stampOf(last.number) === undefined) {
        const stamp = await stampDay(store, last, authority, {
          signal,
          ...(answerMs === undefined ? {} : { answerMs }),
        });
        const { number, day } = last;
        const at = new Date(stamp.atMs).toISOString();
        log.info(
          { number, day, at, authority: stamp.authority },
          'A day was stamped by the time-stamping authority.',
        );
      }
      this.#stampedDay = last.number;
      this.#stuck = undefined;
      this.#failuresInARow = 0;
      this.#backOff.reset();
      // Another may have been signed meanwhile.
      if ((store.last()?.number ?? 0) > last.number) this.#after(0);
    } catch (error) {
      if (!signal.aborted) this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    this.#failures++;
    const isLasting = error instanceof MillwattError && error.remedy === 'refuse';
    this.#failuresInARow = isLasting ? FAILURES_TOLD : this.#failuresInARow + 1;
    const why = describeError(error).replace(/\.$/, '');
    const cure = (error instanceof MillwattError ? error.cure : undefined) ?? 'Check evidence.timeStamp.';
    if (this.#stuck?.why !== why)
      this.#parts.log.warn({ reason: why, cure }, 'A day could not be stamped; it is tried again.');
    this.#stuck = { why, cure };
    this.#after(isLasting ? REFUSED_MS : Math.max(1000, this.#backOff.next()));
  }
}
