import type { Clock } from '../protocols/clock.ts';
import type { Driver, Poll } from '../protocols/driver.ts';
import { describeError, MillwattError } from '../protocols/errors.ts';
import type { Log } from '../protocols/log.ts';
import { systemTimers, type Timers } from '../protocols/timers.ts';
import type { Pollable } from './slot-schedule.ts';
import { effectiveEveryMs } from './scheduler.ts';

const FIRST_PAUSE_MS = 250;
const PAUSE_MS_MAX = 30_000;

/** A source that came up or went down. */
export interface LinkChange {
  source: string;
  /** Monotonic ms of the clock. */
  atMs: number;
  up: boolean;
  /** One short word; for up it is empty, or `healed` where everything said since the link went down was told after all. */
  reason: string;
}

/** Where a poller reports what it gets. */
export interface PollerEvents {
  onPoll(poll: Poll, everyMs: number): void;
  onLink(change: LinkChange): void;
}

/** What is known of a source. */
export interface PollerState {
  /** Whether a poll has settled; before that a source is neither up nor down. */
  known: boolean;
  up: boolean;
  reason: string;
  polls: number;
  failures: number;
  /** Monotonic ms of the last poll that gave readings; null before the first. */
  lastReadingAtMs: number | null;
}

/**
 * Polls one driver and keeps its trouble to itself: a dead device is tried again after ever longer pauses, and at once
 * at its full cadence when it answers. Never throws.
 */
export class Poller implements Pollable {
  readonly driver: Driver;
  readonly #clock: Clock;
  readonly #events: PollerEvents;
  readonly #log: Log;
  readonly #timers: Pick<Timers, 'nowMs'>;
  #running: Promise<void> | undefined;
  #startedAtMs: number | undefined;
  #pausedUntilMs = 0;
  #failuresInRow = 0;
  /** undefined until the first poll has settled: both its outcomes are news. */
  #up: boolean | undefined;
  #wasEverUp = false;
  #reason = '';
  #polls = 0;
  #failures = 0;
  #lastReadingAtMs: number | null = null;

  constructor(
    driver: Driver,
    options: { clock: Clock; events: PollerEvents; log: Log; timers?: Pick<Timers, 'nowMs'> },
  ) {
    this.driver = driver;
    this.#clock = options.clock;
    this.#events = options.events;
    this.#log = options.log;
    this.#timers = options.timers ?? systemTimers;
  }

  everyMs(): number {
    return effectiveEveryMs(this.driver.description.everyMs, this.#clock);
  }

  /** Begins a poll unless the device is paused; false when the poll before is still running. */
  begin(): boolean {
    if (this.#running !== undefined) return false;
    // Pauses spare the real device and the real network: they run on real time. A driver that knows who else waits for
    // its line knows better how long.
    const pausedMs = this.driver.pausedMs?.() ?? this.#pausedUntilMs - this.#timers.nowMs();
    if (pausedMs <= 0) void this.poll();
    return true;
  }

  /** Polls once, paused or not; resolves when the poll has settled, be it one that was already running. */
  poll(): Promise<void> {
    this.#running ??= this.#pollOnce().finally(() => {
      this.#running = undefined;
      this.#startedAtMs = undefined;
    });
    return this.#running;
  }

  /** Resolves when no poll is running. */
  settle(): Promise<void> {
    return this.#running ?? Promise.resolve();
  }

  /** Monotonic ms before which the running poll can give no reading; undefined when none is running. */
  startedAtMs(): number | undefined {
    return this.#startedAtMs;
  }

  state(): PollerState {
    return {
      known: this.#up !== undefined,
      up: this.#up === true,
      reason: this.#reason,
      polls: this.#polls,
      failures: this.#failures,
      lastReadingAtMs: this.#lastReadingAtMs,
    };
  }

  async #pollOnce(): Promise<void> {
    const everyMs = this.everyMs();
    this.#startedAtMs = this.#clock.monotonicMs();
    this.#polls += 1;
    try {
      const poll = await this.driver.poll();
      this.#failuresInRow = 0;
      this.#lastReadingAtMs = poll.atMs;
      this.#report(true, '', poll.atMs, undefined, poll.healed === true);
      this.#events.onPoll(poll, everyMs);
    } catch (error) {
      this.#failures += 1;
      this.#failuresInRow += 1;
      const pauseMs = Math.min(PAUSE_MS_MAX, FIRST_PAUSE_MS * 2 ** Math.min(this.#failuresInRow - 1, 20));
      this.#pausedUntilMs = this.#timers.nowMs() + pauseMs;
      const reason = error instanceof MillwattError ? error.code : 'error';
      this.#report(false, reason, this.#clock.monotonicMs(), error);
    }
  }

  #report(up: boolean, reason: string, atMs: number, error?: unknown, healed = false): void {
    if (this.#up === up && this.#reason === reason) return;
    const source = this.driver.description.id;
    if (!up) this.#log.warn({ source, reason }, `source ${source} is down: ${describeError(error)}`);
    else if (this.#up === false)
      this.#log.info({ source }, `source ${source} is up${this.#wasEverUp ? ' again' : ''}`);
    this.#wasEverUp ||= up;
    this.#up = up;
    this.#reason = reason;
    this.#events.onLink({ source, atMs, up, reason: healed ? 'healed' : reason });
  }
}
