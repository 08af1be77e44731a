/** Answers with news that must agree. */
const ANSWERS = 8;
/** Less than this, real ms, may be how late adapters are; a wrong time zone is at least a quarter of an hour. */
const LAG_MS = 300_000;

/**
 * How far the clock that stamps observations is behind that of the agent, which is often another computer's. What is told
 * at once cannot always be old, and never be of the future: where the newest of every answer is, its clock is wrong.
 */
export class AdapterLag {
  #agesMs: number[] = [];

  /** Takes the age of the newest observation of an answer, by the agent's clock. */
  note(ageMs: number): void {
    this.#agesMs.push(ageMs);
    if (this.#agesMs.length > ANSWERS) this.#agesMs.shift();
  }

  /** ms; negative where that clock is ahead, 0 where nothing is known to be wrong. @param speed clock ms in a real one */
  lagMs(speed: number): number {
    if (this.#agesMs.length < ANSWERS) return 0;
    const limitMs = LAG_MS * Math.max(1, speed);
    const leastMs = Math.min(...this.#agesMs);
    const mostMs = Math.max(...this.#agesMs);
    if (leastMs > limitMs) return leastMs;
    return mostMs < -limitMs ? mostMs : 0;
  }
}
