import type { Clock } from '../protocols/clock.ts';
import type { ClockState } from '../protocols/telemetry/record.ts';

/** Before this moment (2024-01-01) no wall clock can be right: it was never set since the machine started. */
const EARLIEST_WALL_MS = 1_704_067_200_000;
/** A wall clock that moves by more than this against the monotonic one has stepped. */
const STEP_MS = 2000;

/** Both clocks, read at one moment. */
export interface ClockReading {
  mono: number;
  wall: number;
  state: ClockState;
}

/** Reads both clocks together and notices when the wall clock was set between two readings of it. */
export class ClockAnchor {
  readonly #clock: Clock;
  /** Wall minus monotonic time as it was sealed last, or read first, ms. */
  #offsetMs: number | undefined;
  /** The last reading before a step. */
  #before: ClockReading | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Both clocks now; `stepped` when the wall clock moved by more than 2 s since the last `settle`. */
  read(): ClockReading {
    const mono = this.#clock.monotonicMs();
    const wall = this.#clock.wallMs();
    // Where time is made, both clocks are one, and fast: read one after the other they differ by what passed between.
    if (this.#clock.simulated === true) return { mono, wall, state: 'synced' };
    if (wall < EARLIEST_WALL_MS) return { mono, wall: Math.max(0, wall), state: 'unsynced' };
    this.#offsetMs ??= wall - mono;
    if (Math.abs(wall - mono - this.#offsetMs) > STEP_MS) return { mono, wall, state: 'stepped' };
    this.#before = { mono, wall, state: 'synced' };
    return this.#before;
  }

  /** The last reading before a step that was not settled yet, and by how much the wall clock was set, ms. */
  step(): { before: ClockReading; byMs: number } | undefined {
    const { mono, wall, state } = this.read();
    if (state !== 'stepped' || this.#before === undefined) return undefined;
    return { before: this.#before, byMs: wall - mono - (this.#before.wall - this.#before.mono) };
  }

  /** A record with this reading was sealed: steps are counted from here. */
  settle(reading: ClockReading): void {
    this.#offsetMs = reading.wall - reading.mono;
    if (reading.state === 'stepped') this.#before = undefined;
  }
}
