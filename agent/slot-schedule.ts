/**
 * Polls begin on slots of this length, ms: one timer serves every source, and what is read in one go costs a fifth to a
 * quarter less CPU than in slots of 10 ms. Half the shortest cadence there is; a poll begins at most this much after it
 * is due, and says when it was.
 */
export const SLOT_MS = 50;

/** Something that is polled at a cadence. */
export interface Pollable {
  /** Cadence just now, clock ms; a simulated clock stretches it. */
  everyMs(): number;
  /** Begins a poll; false when the one before is still running. */
  begin(): boolean;
}

/**
 * Decides what is polled when; holds no timer. Sources of one cadence are spread evenly over it, missed turns are
 * skipped and counted, never queued.
 */
export class SlotSchedule {
  /** `share` is a source's place in its cadence, from 0 to 1. */
  readonly #entries: { source: Pollable; everyMs: number; share: number; dueMs: number }[];
  #late = 0;
  #skipped = 0;

  /** @param startMs clock ms at which the first source is due */
  constructor(sources: readonly Pollable[], startMs: number) {
    const turns = new Map<number, number>();
    const sizes = new Map<number, number>();
    for (const source of sources) sizes.set(source.everyMs(), (sizes.get(source.everyMs()) ?? 0) + 1);
    this.#entries = sources.map((source) => {
      const everyMs = source.everyMs();
      const turn = turns.get(everyMs) ?? 0;
      turns.set(everyMs, turn + 1);
      const share = turn / (sizes.get(everyMs) ?? 1);
      return { source, everyMs, share, dueMs: startMs + Math.floor(share * everyMs) };
    });
  }

  /** Polls that began more than two slots late, and turns that were skipped. */
  counts(): { late: number; skipped: number } {
    return { late: this.#late, skipped: this.#skipped };
  }

  /** Begins every poll that is due, and says how long to wait for the next, clock ms; Infinity without sources. */
  run(nowMs: number): number {
    let waitMs = Number.POSITIVE_INFINITY;
    for (const entry of this.#entries) {
      const everyMs = entry.source.everyMs();
      if (everyMs !== entry.everyMs) {
        // Simulated time changed its speed: a turn planned at the old cadence may be far away at the new one.
        entry.everyMs = everyMs;
        entry.dueMs = nowMs + Math.floor(entry.share * everyMs);
      }
      const behindMs = nowMs - entry.dueMs;
      if (behindMs >= 0) {
        if (behindMs > Math.max(2 * SLOT_MS, everyMs / 2)) this.#late += 1;
        // Turns that passed unseen are gone; the next one is on the same grid.
        const missed = Math.floor(behindMs / everyMs);
        this.#skipped += missed;
        entry.dueMs += (missed + 1) * everyMs;
        if (!entry.source.begin()) this.#skipped += 1;
      }
      waitMs = Math.min(waitMs, entry.dueMs - nowMs);
    }
    return waitMs;
  }
}
