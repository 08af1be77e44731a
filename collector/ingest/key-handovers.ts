/** A statement that holds: a key of an agent handed over to another one. */
export interface KeyHandover {
  agent: string;
  from: string;
  to: string;
  /** When it was taken in, wall ms. */
  receivedMs: number;
}

/** What people decided about a key, as far as it matters for what it hands over. */
export interface KeyDecisions {
  /** When a person compared it for the first time, wall ms; Infinity where nobody did. */
  confirmedMs: number;
  /** Since when it is revoked, wall ms; Infinity where it is not. */
  revokedMs: number;
}

/** Rotations of one agent that are remembered: nobody may fill our memory with statements. One a week for four years. */
const HANDOVERS_MAX = 200;

/** Which keys of one agent handed over to which. */
export class KeyHandovers {
  /** By the key that handed over: whoever finds it afterwards can give it to nobody. */
  readonly #byFrom = new Map<string, KeyHandover>();

  /** True where it is new and counts: a key hands over once. */
  keep(handover: KeyHandover): boolean {
    if (this.#byFrom.has(handover.from) || this.#byFrom.size >= HANDOVERS_MAX) return false;
    this.#byFrom.set(handover.from, handover);
    return true;
  }

  /**
   * The standings of all keys that a decision, the first key or a statement says anything of; each is looked at once.
   *
   * @param first the first key that was seen; undefined where none was
   * @param decided what people decided about each key
   */
  judge(
    first: string | undefined,
    decided: ReadonlyMap<string, KeyDecisions>,
  ): Map<string, 'seen' | 'confirmed' | 'rotated'> {
    const judged = new Map<string, 'seen' | 'confirmed' | 'rotated'>();
    for (const key of this.#upTo(first, decided)) judged.set(key, 'seen');
    for (const [key, { confirmedMs }] of decided) if (confirmedMs < Infinity) judged.set(key, 'confirmed');
    // A map gives what is added to it meanwhile as well: heirs have heirs.
    for (const key of judged.keys()) {
      const handover = this.#byFrom.get(key);
      if (handover === undefined || judged.has(handover.to)) continue;
      if (handover.receivedMs < (decided.get(key)?.revokedMs ?? Infinity)) judged.set(handover.to, 'rotated');
    }
    return judged;
  }

  /**
   * The first key that we saw, and those that came to it by their own statements: of a lost ledger the newest key comes first. The
   * keys on the way only vouch for one while nobody revoked them, and where none of them was compared without it: whoever has one of
   * them can draw a key and let it say so.
   */
  #upTo(first: string | undefined, decided: ReadonlyMap<string, KeyDecisions>): Set<string> {
    if (first === undefined) return new Set();
    const before = Map.groupBy(this.#byFrom.values(), ({ to }) => to);
    /** Until when statements of keys before each one count. */
    const untilMs = new Map([[first, Infinity]]);
    for (const [key, ms] of untilMs) {
      const { revokedMs, confirmedMs } = decided.get(key) ?? { revokedMs: Infinity, confirmedMs: Infinity };
      if (revokedMs < Infinity) continue;
      const ownMs = Math.min(ms, confirmedMs);
      for (const { from, receivedMs } of before.get(key) ?? [])
        if (receivedMs < ownMs && !untilMs.has(from)) untilMs.set(from, ownMs);
    }
    return new Set(untilMs.keys());
  }
}
