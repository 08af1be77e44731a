import type { Wiring } from './wiring.ts';

/**
 * The wiring that readings are sealed under. Sources that tell what they offer only when they are connected change it; a
 * change is in force when the disk has taken its snapshot, and until then nothing of those sources may be sealed.
 */
export class WiringInForce {
  readonly #gather: (found: ReadonlySet<string>) => Wiring;
  readonly #seal: (wiring: Wiring) => boolean;
  /** Sources that told what they offer. */
  readonly #found = new Set<string>();
  /** Those of them whose news is not in force. */
  readonly #waiting = new Set<string>();
  #current: Wiring;

  /**
   * @param declared the wiring before any source told what it offers
   * @param gather the wiring of all drivers as they are now
   * @param seal makes a wiring the one that holds; false while the disk refuses
   */
  constructor(
    declared: Wiring,
    gather: (found: ReadonlySet<string>) => Wiring,
    seal: (wiring: Wiring) => boolean,
  ) {
    this.#gather = gather;
    this.#seal = seal;
    this.#current = declared;
  }

  get current(): Wiring {
    return this.#current;
  }

  /** True while what the source reads rests on a wiring that is not in force. */
  isWaiting(source: string): boolean {
    return this.#waiting.has(source);
  }

  /** The source offers something else from now on. True when that is in force. */
  change(source: string): boolean {
    this.#found.add(source);
    this.#waiting.add(source);
    return this.#bringIntoForce();
  }

  /** Tries again what the disk has refused. True when something came into force. */
  retry(): boolean {
    return this.#waiting.size > 0 && this.#bringIntoForce();
  }

  #bringIntoForce(): boolean {
    const wiring = this.#gather(this.#found);
    if (!this.#seal(wiring)) return false;
    this.#current = wiring;
    this.#waiting.clear();
    return true;
  }
}
