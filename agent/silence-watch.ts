import type { Log } from '../protocols/log.ts';

/** So long nothing needs to be receipted by a collector that is busy, real ms. */
const SILENCE_MS = 120_000;

/** How the delivery stands. */
export interface Delivery {
  connected: boolean;
  /** Records that were published and wait for their receipt. */
  inFlight: number;
  /** Receipts of our collector since the start, those included that told nothing new. */
  answers: number;
}

/** Notices that a broker takes our records and nobody behind it answers, as where agent and collector name different sites. */
export class SilenceWatch {
  readonly #site: string;
  readonly #log: Log;
  readonly #nowMs: () => number;
  #sinceMs: number | undefined;
  #answers = 0;
  #warned = false;

  /** @param options.nowMs real monotonic ms */
  constructor(options: { site: string; log: Log; nowMs: () => number }) {
    this.#site = options.site;
    this.#log = options.log;
    this.#nowMs = options.nowMs;
  }

  /** Looks at the delivery; to be called every second or so. Warns once a silence, and says when it ends. */
  look({ connected, inFlight, answers }: Delivery): void {
    if (answers !== this.#answers) {
      this.#answers = answers;
      this.#sinceMs = undefined;
      if (this.#warned) this.#log.info({}, 'a collector answers');
      this.#warned = false;
    }
    if (!connected || inFlight === 0) {
      this.#sinceMs = undefined;
      return;
    }
    this.#sinceMs ??= this.#nowMs();
    if (this.#warned || this.#nowMs() - this.#sinceMs < SILENCE_MS) return;
    this.#warned = true;
    this.#log.warn(
      {
        site: this.#site,
        cure: 'Start the collector, and write the same site in both files; millwatt check -c agent.yaml collector.yaml compares them.',
      },
      `connected to the broker, but no collector has answered for 2 minutes: is it running, and is its site also "${this.#site}"?`,
    );
  }
}
