import { describeError } from '../../protocols/errors.ts';
import type { Log } from '../../protocols/log.ts';
import type { Cancel, Timers } from '../../protocols/timers.ts';

/** How often the disk is looked at, real ms. */
const LOOK_EVERY_MS = 500;
/** After a write that found no room, so long nothing is tried, real ms: a quota is seen by no look at the disk. */
const PAUSE_MS = 5000;

/** What is known of the room on the ledger's disk. */
export interface RoomState {
  /** No record is taken: agents keep theirs. */
  full: boolean;
  /** Free for us; null where nobody can say. */
  freeBytes: number | null;
  reserveBytes: number;
}

/** What a watch on the disk works with. */
export interface RoomWatchOptions {
  reserveBytes: number;
  /** Bytes that are free for us; throws where nobody can say. */
  freeBytes: () => number;
  timers: Pick<Timers, 'nowMs' | 'every'>;
  log: Log;
}

/** Watches the room on the ledger's disk: with less than the reserve no record is taken, until there is room again. */
export class RoomWatch {
  readonly #options: RoomWatchOptions;
  readonly #cancel: Cancel;
  #freeBytes: number | null = null;
  #full = false;
  #pausedToMs = -Infinity;

  constructor(options: RoomWatchOptions) {
    this.#options = options;
    this.#look();
    this.#cancel = options.timers.every(LOOK_EVERY_MS, () => this.#look());
  }

  state(): RoomState {
    return { full: this.#full, freeBytes: this.#freeBytes, reserveBytes: this.#options.reserveBytes };
  }

  isFull(): boolean {
    return this.#full;
  }

  /** A write found no room, whatever the disk says of itself. */
  noteFull(): void {
    this.#look();
    // The look found the reason; when that is gone, so is this.
    if (this.#full) return;
    this.#pausedToMs = this.#options.timers.nowMs() + PAUSE_MS;
    this.#look();
  }

  stop(): void {
    this.#cancel();
  }

  #look(): void {
    const { reserveBytes, freeBytes, timers, log } = this.#options;
    try {
      this.#freeBytes = freeBytes();
    } catch (error) {
      if (this.#freeBytes !== null)
        log.warn({ error: describeError(error) }, 'The room on the disk of the ledger cannot be told.');
      this.#freeBytes = null;
    }
    const full = (this.#freeBytes ?? Infinity) < reserveBytes || timers.nowMs() < this.#pausedToMs;
    if (full === this.#full) return;
    this.#full = full;
    const figures = { freeBytes: this.#freeBytes, reserveBytes };
    if (full)
      log.error(
        figures,
        `The disk of the ledger is full: no record is taken, agents keep theirs. ${roomCure(reserveBytes)}`,
      );
    else log.info(figures, 'There is room on the disk of the ledger again: records are taken.');
  }
}

/** What to do about a full disk. */
export function roomCure(reserveBytes: number): string {
  return `Make room on the disk of the ledger (more than ${Math.ceil(reserveBytes / 1e6)} MB, \`ledger.reserve\`), or let old readings go with \`ledger.keep\` or \`ledger.maxSize\`; it goes on by itself.`;
}
