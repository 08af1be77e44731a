import type { WantedRegisters } from '../plan/read-plan.ts';

/** So often in a row must a request stay without an answer, in polls in which others are answered. */
const STRIKES = 3;

/**
 * Some devices say nothing, or hang up, where others refuse: a register they do not have then makes every poll fail. This
 * tells such requests from a device that is dead: only a poll in which the device answered something else counts.
 */
export class SilentRequests {
  /** By request, those that were not answered last time; the latest is the last. */
  readonly #strikes = new Map<string, number>();

  /** Those that were not answered last time come last, so that the others show whether the device lives. */
  inOrder<T extends WantedRegisters>(reads: readonly T[]): T[] {
    if (this.#strikes.size === 0) return [...reads];
    const places = [...this.#strikes.keys()];
    return reads.toSorted((a, b) => places.indexOf(keyOf(a)) - places.indexOf(keyOf(b)));
  }

  /**
   * A request was not answered; true when it is to be taken for refused.
   * @param isAlive whether the device answered anything else in this poll
   */
  strike(read: WantedRegisters, isAlive: boolean): boolean {
    const key = keyOf(read);
    const strikes = (this.#strikes.get(key) ?? 0) + (isAlive ? 1 : 0);
    this.#strikes.delete(key);
    this.#strikes.set(key, strikes);
    return strikes >= STRIKES;
  }

  /** These are asked instead of a silent one: one silence is enough for them. */
  suspect(reads: readonly WantedRegisters[]): void {
    for (const read of reads) this.#strikes.set(keyOf(read), STRIKES - 1);
  }

  /** Whether one more silence decides. */
  isSuspect(read: WantedRegisters): boolean {
    return (this.#strikes.get(keyOf(read)) ?? 0) >= STRIKES - 1;
  }

  answered(read: WantedRegisters): void {
    if (this.#strikes.size > 0) this.#strikes.delete(keyOf(read));
  }

  /** Taken for refused: what was found out is kept elsewhere. */
  forget(read: WantedRegisters): void {
    this.#strikes.delete(keyOf(read));
  }
}

function keyOf({ functionCode, address, count }: WantedRegisters): string {
  return `${functionCode} ${address} ${count}`;
}
