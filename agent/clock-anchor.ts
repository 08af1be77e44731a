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

/** Reads both clocks together and notices when the wall clock was set between two seals. */
export class ClockAnchor {
  readonly #clock: Clock;
  #offsetMs: number | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Both clocks now; `stepped` when the wall clock moved by more than 2 s since the last `settle`. */
  read(): ClockReading {
    const mono = this.#clock.monotonicMs();
    const wall = this.#clock.wallMs();
    if (wall < EARLIEST_WALL_MS && this.#clock.simulated !== true)
      return { mono, wall: Math.max(0, wall), state: 'unsynced' };
    const movedMs = this.#offsetMs === undefined ? 0 : Math.abs(wall - mono - this.#offsetMs);
    return { mono, wall, state: movedMs > STEP_MS ? 'stepped' : 'synced' };
  }

  /** A record with this reading was sealed: steps are counted from here. */
  settle(reading: ClockReading): void {
    this.#offsetMs = reading.wall - reading.mono;
  }
}
