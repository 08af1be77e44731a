/** Clocks that agree within this are taken to be set alike, ms. */
const AGREED_MS = 2000;
/** Answers that the offset is drawn from. */
const ANSWERS_MAX = 32;
/** A part of a stream is taken to arrive within this, real ms. */
const DELIVERY_MS = 1000;
/** A part of a stream that contradicts earlier answers by more is believed: the clock was set. */
const STREAM_SLACK_MS = 5000;

/** When an answer was written, by the agent's clock and by ours. */
export interface TimedAnswer {
  /** The agent's clock, ms since the Unix epoch. */
  creationMs: number;
  /** How finely it tells, ms. */
  resolutionMs: number;
  /** Our wall clock when we asked; undefined for a part of a stream, which comes by itself. */
  sentMs: number | undefined;
  /** Our wall clock when it came. */
  receivedMs: number;
}

interface Bounds {
  lowMs: number;
  highMs: number;
}

/**
 * How far the agent's clock is behind ours. An answer was written after we asked and before it came, so each bounds the
 * offset; the narrowest bounds of the last answers hold. Clocks that agree within 2 s are left alone: both are kept by
 * somebody, and a shift by half a round trip would only blur.
 */
export class AgentTime {
  readonly #speed: () => number;
  #bounds: Bounds[] = [];
  #offsetMs = 0;

  /** @param speed clock ms in a real one, at least 1 where time is simulated faster */
  constructor(speed: () => number = () => 1) {
    this.#speed = speed;
  }

  /** To be added to the agent's times, ms; 0 where the clocks agree. */
  get offsetMs(): number {
    return this.#offsetMs;
  }

  note({ creationMs, resolutionMs, sentMs, receivedMs }: TimedAnswer): void {
    const highMs = receivedMs - creationMs;
    // A time told in whole seconds may be a second late already.
    const lowMs =
      (sentMs === undefined
        ? highMs - DELIVERY_MS * Math.max(1, this.#speed())
        : Math.min(sentMs - creationMs, highMs)) -
      (resolutionMs - 1);
    const slackMs = sentMs === undefined ? STREAM_SLACK_MS * Math.max(1, this.#speed()) : 0;
    const known = this.#estimate();
    // Drift is followed answer by answer; a clock that was set makes all earlier answers wrong.
    if (known !== undefined && (lowMs > known.highMs + slackMs || highMs < known.lowMs)) this.#bounds = [];
    this.#bounds.push({ lowMs, highMs });
    if (this.#bounds.length > ANSWERS_MAX) this.#bounds.shift();
    this.#settle();
  }

  #settle(): void {
    const bounds = this.#estimate();
    if (bounds === undefined) return;
    const { lowMs, highMs } = bounds;
    const reachMs = this.#offsetMs === 0 ? AGREED_MS : AGREED_MS / 2;
    if (lowMs <= reachMs && highMs >= -reachMs) this.#offsetMs = 0;
    // As long as the answers allow the offset in use it stays, so that times do not tremble.
    else if (this.#offsetMs === 0 || this.#offsetMs < lowMs || this.#offsetMs > highMs)
      this.#offsetMs = Math.round((lowMs + highMs) / 2);
  }

  #estimate(): Bounds | undefined {
    if (this.#bounds.length === 0) return undefined;
    const highMs = Math.min(...this.#bounds.map((bound) => bound.highMs));
    const lows = this.#bounds.flatMap(({ lowMs }) => (lowMs <= highMs ? lowMs : []));
    return { lowMs: lows.length === 0 ? highMs : Math.max(...lows), highMs };
  }
}
