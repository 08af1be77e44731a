import type { Observation } from './mtconnect-document.ts';

/** Alarms of one item at a time that are told apart by their code. */
const ACTIVE_MAX = 100;
const WORD_LENGTH_MAX = 160;
const RANK = { Warning: 1, Fault: 2 } as const;

interface Active {
  level: 'Warning' | 'Fault';
  text: string;
}

/**
 * What a condition item says when all that is active is taken together: alarms are raised one by one and cleared by their
 * code, or all at once by a Normal without a code.
 */
export class ConditionBoard {
  readonly #active = new Map<string, Active>();
  /** The worst of those that were too many: how they end cannot be told, so they hold until all is cleared. */
  #beyond: Active | undefined;
  #isKnown = false;

  /** Takes one report; the word that holds from now on. */
  take({ value, condition }: Observation): string | null {
    if (condition === undefined) return null;
    const { level, code } = condition;
    this.#isKnown = level !== 'Unavailable';
    if (level === 'Unavailable' || (level === 'Normal' && code === '')) this.#clearActive();
    else {
      // Raised anew, it is the latest.
      this.#active.delete(code);
      if (level !== 'Normal') {
        const parts = [condition.severity, condition.qualifier, value].filter(
          (part) => part !== undefined && part !== null && part !== '',
        );
        const head = code === '' ? level : `${level} ${code}`;
        const text = parts.length === 0 ? head : `${head}: ${parts.join(' ')}`;
        const active = { level, text: text.slice(0, WORD_LENGTH_MAX).toWellFormed() };
        if (this.#active.size < ACTIVE_MAX) this.#active.set(code, active);
        else this.#beyond = worseOf(this.#beyond, active);
      }
    }
    return this.word();
  }

  /** `Normal`, or the worst of what is active, the latest of several; null where the agent does not know. */
  word(): string | null {
    if (!this.#isKnown) return null;
    let worst: Active | undefined;
    for (const active of this.#active.values()) worst = worseOf(worst, active);
    if (this.#beyond !== undefined) worst = worseOf(this.#beyond, worst ?? this.#beyond);
    if (worst === undefined) return 'Normal';
    const others = this.#active.size + (this.#beyond === undefined ? 0 : 1) - 1;
    return worst.text + (others === 0 ? '' : ` (+${others})`);
  }

  /** Nothing is known any more. */
  clear(): void {
    this.#clearActive();
    this.#isKnown = false;
  }

  #clearActive(): void {
    this.#active.clear();
    this.#beyond = undefined;
  }
}

/** The later one where both are as bad. */
function worseOf(earlier: Active | undefined, later: Active): Active {
  return earlier === undefined || RANK[later.level] >= RANK[earlier.level] ? later : earlier;
}
