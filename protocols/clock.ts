/**
 * Time is injected. Readings carry monotonic milliseconds within a boot; wall-clock time only labels them, so that
 * a clock that steps can never become energy.
 *
 * Simulated time is one map for every process of a simulation: polls, seals and load profiles run on it, sockets,
 * keep-alives and back-off on real time.
 */
export interface Clock {
  /** Wall-clock time, integer ms since the Unix epoch (simulated where the process simulates). */
  wallMs(): number;
  /** Integer ms since some fixed moment of this boot; never steps back. */
  monotonicMs(): number;
  /** Clock ms that pass in one real ms just now; 1 for real time, 0 for a stepped clock. */
  speed(): number;
  /** Set where time is made, not measured: its wall time is right by definition, in any year. */
  readonly simulated?: true;
}

/** The machine's own clocks. */
export const systemClock: Clock = {
  wallMs: () => Date.now(),
  monotonicMs: () => Math.floor(performance.now()),
  speed: () => 1,
};

/** The map from real to simulated time that all processes of one simulation share. */
export interface SimulatedTime {
  /** Simulated wall time at `startMs`, ms since the Unix epoch. */
  originMs: number;
  /** Real wall time at which simulated time begins to run, ms since the Unix epoch; it stands at the origin before. */
  startMs: number;
  /** Simulated ms per real ms, > 0. */
  speed: number;
  /** With `true`, simulated time stops running fast when it has caught up with real time, and is real time from then on. */
  untilNow: boolean;
}

/**
 * Simulated wall time, ms since the Unix epoch: origin + speed x (real - start), at most `real` with `untilNow`; the
 * origin until `start`.
 */
export function simulatedWallMs(time: SimulatedTime, realWallMs: number): number {
  const fast = time.originMs + time.speed * Math.max(0, realWallMs - time.startMs);
  return Math.floor(time.untilNow ? Math.min(fast, Math.max(realWallMs, time.originMs)) : fast);
}

/**
 * A clock that runs on simulated time. Its monotonic time counts from the simulation's origin. The map may be given its
 * `startMs` later: until then the clock stands.
 */
export function simulatedClock(time: SimulatedTime, real: Clock = systemClock): Clock {
  // Real wall time may step; the simulated clock follows the monotonic one from the moment it was made.
  const anchorWallMs = real.wallMs();
  const anchorMonotonicMs = real.monotonicMs();
  const realNowMs = () => anchorWallMs + (real.monotonicMs() - anchorMonotonicMs);
  const wallMs = () => simulatedWallMs(time, realNowMs());
  return {
    wallMs,
    monotonicMs: () => wallMs() - time.originMs,
    speed: () => (time.untilNow && wallMs() >= realNowMs() ? 1 : time.speed),
    simulated: true,
  };
}

/** A clock that stands still until it is told to move: replays and tests step it. */
export class SteppedClock implements Clock {
  readonly simulated = true;
  readonly #originMs: number;
  #nowMs: number;

  /** @param startWallMs wall time to start at, ms since the Unix epoch */
  constructor(startWallMs: number) {
    this.#originMs = startWallMs;
    this.#nowMs = startWallMs;
  }

  wallMs(): number {
    return this.#nowMs;
  }

  monotonicMs(): number {
    return this.#nowMs - this.#originMs;
  }

  speed(): number {
    return 0;
  }

  /** Moves the clock forward to a wall time. Throws a RangeError on a step back. */
  stepTo(wallMs: number): void {
    if (wallMs < this.#nowMs)
      throw new RangeError(`a stepped clock cannot go back from ${this.#nowMs} to ${wallMs}`);
    this.#nowMs = wallMs;
  }
}
