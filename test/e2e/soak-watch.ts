import type { HealthMessage } from '../../protocols/telemetry/live.ts';
import type { SoakMeter } from './soak-plan.ts';

/** Before that a source may not have been polled to an end. */
const SETTLED_MS = 15_000;

/** Finds sources that are said to be up and were not read lately: polling that has stopped without a word. */
export class SoakWatch {
  readonly broken = new Set<string>();
  /** Oldest reading of a source that was up, in its own cycles. */
  oldestCycles = 0;
  readonly #meters: ReadonlyMap<string, SoakMeter>;
  readonly #startedMs: number;

  constructor(meters: readonly SoakMeter[], startedMs: number) {
    this.#meters = new Map(meters.map((meter) => [meter.source.id, meter]));
    this.#startedMs = startedMs;
  }

  /** @param heldUpMs how late this look is */
  look(sources: HealthMessage['sources'], nowMs: number, heldUpMs: number): void {
    for (const { id, up, polls, failures, lastReadingAgeMs } of sources) {
      const meter = this.#meters.get(id);
      if (meter === undefined) continue;
      if (!up && failures === 0 && nowMs - this.#startedMs > SETTLED_MS)
        this.broken.add(`${id} never settled a poll of ${polls}`);
      if (!up || lastReadingAgeMs === null) continue;
      this.oldestCycles = Math.max(this.oldestCycles, lastReadingAgeMs / meter.source.every);
      if (lastReadingAgeMs > meter.ageMsMax + heldUpMs)
        this.broken.add(`${id} is up, but was last read ${Math.round(lastReadingAgeMs / 1000)} s ago`);
    }
  }
}
