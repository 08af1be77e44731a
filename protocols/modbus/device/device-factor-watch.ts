import type { Log } from '../../log.ts';
import type { FactorChange } from './device-values.ts';

/** A register that moves with every poll is no factor, and is not worth a word each time, ms. */
const TELL_AGAIN_MS = 3_600_000;

/** Warns of factors that somebody changed in the device: the first change at once, those of the next hour together. */
export class FactorWatch {
  readonly #source: string;
  readonly #log: Log;
  #untold = 0;
  #silentUntilMs = Number.NEGATIVE_INFINITY;

  constructor(source: string, log: Log) {
    this.#source = source;
    this.#log = log;
  }

  /** Takes note of what changed in one poll. `nowMs` is monotonic. */
  look(changes: readonly FactorChange[], nowMs: number): void {
    const [first] = changes;
    if (first === undefined) return;
    this.#untold += 1;
    if (nowMs < this.#silentUntilMs) return;
    const times = this.#untold;
    this.#untold = 0;
    this.#silentUntilMs = nowMs + TELL_AGAIN_MS;
    const source = this.#source;
    this.#log.warn(
      { source, times, changes: changes.map(({ channel, from, to }) => `${channel}: ${from} -> ${to}`) },
      `a setting of the device of source ${source} changed: a factor of ${first.channel} went from ${first.from} to ${first.to}. Readings of this poll are uncertain; check who changed the transformer ratio or the unit in the device${times > 1 ? `. It was changed ${times} times since it was last told: does the profile fit the device, and its addressOffset?` : ''}`,
    );
  }
}
