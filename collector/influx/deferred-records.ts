/** More are not remembered, but only from which ordinal on there are more: from there the ledger is read again. */
const ORDINALS_MAX = 100_000;

/**
 * Records that wait for what they are read by: the wiring, because live data overtakes backlog on the wire, or the clock
 * of their boot. Bounded: what is beyond is read from the ledger again when there is room.
 */
export class DeferredRecords {
  readonly #byCause = new Map<string, Set<number>>();
  readonly #ordinalsMax: number;
  #count = 0;
  /** The smallest ordinal that waits and is not remembered; 0 for none. */
  #beyond = 0;

  /** @param ordinalsMax how many are remembered */
  constructor(ordinalsMax = ORDINALS_MAX) {
    this.#ordinalsMax = ordinalsMax;
  }

  get count(): number {
    return this.#count;
  }

  /** Keeps an ordinal until what it waits for has come. */
  add(cause: string, ordinal: number): void {
    const ordinals = this.#byCause.get(cause) ?? new Set();
    if (ordinals.has(ordinal)) return;
    if (this.#count >= this.#ordinalsMax) {
      this.#beyond = this.#beyond === 0 ? ordinal : Math.min(this.#beyond, ordinal);
      return;
    }
    ordinals.add(ordinal);
    this.#byCause.set(cause, ordinals);
    this.#count++;
  }

  /** All that is waited for. */
  causes(): string[] {
    return [...this.#byCause.keys()];
  }

  /** The ordinals that wait for this, ascending; they are kept until `settle`. */
  waitingFor(cause: string): readonly number[] {
    return [...(this.#byCause.get(cause) ?? [])].sort((a, b) => a - b);
  }

  /** Forgets an ordinal that waited for this: it is written, or waits for something else. */
  settle(cause: string, ordinal: number): void {
    const ordinals = this.#byCause.get(cause);
    if (ordinals?.delete(ordinal) !== true) return;
    this.#count--;
    if (ordinals.size === 0) this.#byCause.delete(cause);
  }

  /** The smallest ordinal that waits, or 0. */
  first(): number {
    let first = this.#beyond;
    for (const ordinals of this.#byCause.values())
      for (const ordinal of ordinals) if (first === 0 || ordinal < first) first = ordinal;
    return first;
  }

  /** The ordinal from which the ledger has to be read again, now that there is room; 0 when it need not be. */
  takeBeyond(): number {
    if (this.#beyond === 0 || this.#count > this.#ordinalsMax / 2) return 0;
    const beyond = this.#beyond;
    this.#beyond = 0;
    return beyond;
  }
}
