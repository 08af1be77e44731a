import type { Clock } from '../clock.ts';
import { AdapterLag } from './adapter-lag.ts';
import { AgentTime } from './agent-time.ts';
import type { AgentHeader, Observation } from './mtconnect-document.ts';
import type { Moment } from './moment.ts';
import type { TimeOf } from './observation-book.ts';

/** Adapters tell of things a little late, real ms. */
const LATENESS_MS = 1000;
/** The watermark of records is held back no longer than ten minutes: older words have no place any more, clock ms. */
const LATE_WORDS_MS_MAX = 570_000;

/** Up to when everything was told, and when what is told next happened. Monotonic ms of the injected clock. */
export class ToldTime {
  readonly #clock: Clock;
  readonly #agentTime: AgentTime;
  readonly #adapterLag = new AdapterLag();
  #toMs: number | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#agentTime = new AgentTime(() => clock.speed());
  }

  /** To be added to the agent's times, ms; 0 where the clocks agree. */
  get offsetMs(): number {
    return this.#agentTime.offsetMs;
  }

  /** How far the times of observations are behind the agent's own; negative where ahead, 0 where nothing is wrong. */
  get lagMs(): number {
    return this.#adapterLag.lagMs(this.#clock.speed());
  }

  /** Everything that happened before was told; undefined where nothing of the past is to come. */
  get toMs(): number | undefined {
    return this.#toMs;
  }

  /** Everything was told up to here; what was told already stays so. */
  reach(toMs: number): void {
    this.#toMs = Math.max(this.#toMs ?? 0, toMs);
  }

  /**
   * When a part of a stream was written: a network that stood still hands on old ones. At most `ageMsMax` real ms before it
   * came, because a stream that is silent for longer is given up.
   */
  writtenMs({ creationMs }: AgentHeader, { wallMs, monotonicMs }: Moment, ageMsMax: number): number {
    if (creationMs === undefined) return monotonicMs;
    const ageMs = wallMs - (creationMs + this.offsetMs);
    return monotonicMs - Math.max(0, Math.min(ageMs, ageMsMax * Math.max(1, this.#clock.speed())));
  }

  /** What happened since can never be told. */
  forget(): void {
    this.#toMs = undefined;
  }

  /** From when on words may still be told; undefined where none of the past may. */
  tellsFromMs(): number | undefined {
    const toMs = this.#toMs;
    if (toMs === undefined || this.isTooLate(toMs)) return undefined;
    return Math.max(0, toMs - this.#latenessMs());
  }

  /** Before this nothing is told any more. */
  floorMs(): number {
    const nowMs = this.#clock.monotonicMs();
    return Math.max(0, (this.#toMs ?? nowMs) - this.#latenessMs(), nowMs - LATE_WORDS_MS_MAX);
  }

  /** True where records no longer have a place for what happened then. */
  isTooLate(atMs: number): boolean {
    return this.#clock.monotonicMs() - atMs > LATE_WORDS_MS_MAX;
  }

  /** Learns how the agent's clock stands from an answer; `sent` is missing for a part of a stream. */
  noteHeader(header: AgentHeader, { sent, received }: { sent?: Moment; received: Moment }): void {
    const { creationMs, creationResolutionMs: resolutionMs } = header;
    if (creationMs === undefined) return;
    this.#agentTime.note({ creationMs, resolutionMs, sentMs: sent?.wallMs, receivedMs: received.wallMs });
  }

  /** Learns from what was told just now, not after an outage, how old the agent says it is. */
  noteNews(news: readonly Observation[], received: Moment): void {
    const newestMs = news.reduce(
      (newest, { timestampMs }) => Math.max(newest, timestampMs ?? -Infinity),
      -Infinity,
    );
    if (newestMs > -Infinity) this.#adapterLag.note(received.wallMs - (newestMs + this.offsetMs));
  }

  /** Times by our clock: not before the floor, and not after the answer came. */
  timeOf(floorMs: number, received: Moment): TimeOf {
    return ({ timestampMs }) => {
      if (timestampMs === undefined) return received.monotonicMs;
      const ageMs = received.wallMs - (timestampMs + this.offsetMs);
      return Math.max(floorMs, Math.min(received.monotonicMs, Math.round(received.monotonicMs - ageMs)));
    };
  }

  #latenessMs(): number {
    return LATENESS_MS * Math.max(1, this.#clock.speed());
  }
}
