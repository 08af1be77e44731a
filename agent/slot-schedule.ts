/** Polls begin on slots of this length, so that one timer serves every source, ms. */
export const SLOT_MS = 10;

/** Without a source to poll we look again after this long, ms. */
const IDLE_MS = 1000;

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
  readonly #entries: { source: Pollable; dueMs: number }[];
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
      return { source, dueMs: startMs + Math.floor((turn * everyMs) / (sizes.get(everyMs) ?? 1)) };
    });
  }

  /** Polls that began more than two slots late, and turns that were skipped. */
  counts(): { late: number; skipped: number } {
    return { late: this.#late, skipped: this.#skipped };
  }

  /** Begins every poll that is due, and says how long to wait for the next, clock ms. */
  run(nowMs: number): number {
    let waitMs = IDLE_MS;
    for (const entry of this.#entries) {
      const behindMs = nowMs - entry.dueMs;
      if (behindMs >= 0) {
        const everyMs = entry.source.everyMs();
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
