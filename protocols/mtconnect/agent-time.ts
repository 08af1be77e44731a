/** Clocks that agree within this are taken to be set alike, ms. */
const AGREED_MS = 2000;
/** Answers that the offset is drawn from. */
const ANSWERS_MAX = 32;
/** A part of a stream is taken to arrive within this, real ms. */
const DELIVERY_MS = 1000;
/** A part of a stream that is later than this, real ms, is not used. */
const STREAM_SLACK_MS = 5000;
/** Where parts are late for so long, it is the clock and not the network, real ms. */
const STALL_MS = 30_000;

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
  /** Our wall time of the first of the parts that came too late. */
  #lateSinceMs: number | undefined;

  /** @param speed clock ms in a real one, at least 1 where time is simulated faster */
  constructor(speed: () => number = () => 1) {
    this.#speed = speed;
  }

  /** To be added to the agent's times, ms; 0 where the clocks agree. */
  get offsetMs(): number {
    return this.#offsetMs;
  }

  note({ creationMs, resolutionMs, sentMs, receivedMs }: TimedAnswer): void {
    const speed = Math.max(1, this.#speed());
    const highMs = receivedMs - creationMs;
    // A time told in whole seconds may be a second late already.
    const lowMs =
      (sentMs === undefined ? highMs - DELIVERY_MS * speed : Math.min(sentMs - creationMs, highMs)) -
      (resolutionMs - 1);
    const known = this.#estimate();
    if (known !== undefined && sentMs === undefined && lowMs > known.highMs + STREAM_SLACK_MS * speed) {
      // A network that stood still hands on old parts, just as if the agent's clock had been set back.
      this.#lateSinceMs ??= receivedMs;
      if (receivedMs - this.#lateSinceMs < STALL_MS * speed) return;
      this.#bounds = [];
    } else if (known !== undefined && sentMs !== undefined && lowMs > known.highMs) this.#bounds = [];
    // Nothing is told before it happens: the clock was set forward.
    if (known !== undefined && highMs < known.lowMs) this.#bounds = [];
    this.#lateSinceMs = undefined;
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
