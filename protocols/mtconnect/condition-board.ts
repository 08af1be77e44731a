import type { Observation } from './mtconnect-document.ts';

/** Alarms of one item at a time; a control that raises more tells of the worst ones all the same. */
const ACTIVE_MAX = 16;
const WORD_LENGTH_MAX = 160;
const RANK = { Normal: 0, Unavailable: 0, Warning: 1, Fault: 2 } as const;

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
  #isKnown = false;

  /** Takes one report; the word that holds from now on. */
  take({ value, condition }: Observation): string | null {
    if (condition === undefined) return null;
    const { level, code } = condition;
    this.#isKnown = level !== 'Unavailable';
    if (level === 'Unavailable' || (level === 'Normal' && code === '')) this.#active.clear();
    else {
      // Raised anew, it is the latest.
      this.#active.delete(code);
      if (level !== 'Normal') {
        const [oldest] = this.#active.keys();
        if (this.#active.size >= ACTIVE_MAX && oldest !== undefined) this.#active.delete(oldest);
        const parts = [condition.severity, condition.qualifier, value].filter(
          (part) => part !== undefined && part !== null && part !== '',
        );
        const head = code === '' ? level : `${level} ${code}`;
        this.#active.set(code, {
          level,
          text: parts.length === 0 ? head : `${head}: ${parts.join(' ')}`,
        });
      }
    }
    return this.word();
  }

  /** `Normal`, or the worst of what is active, the latest of several; null where the agent does not know. */
  word(): string | null {
    if (!this.#isKnown) return null;
    let worst: Active | undefined;
    for (const active of this.#active.values())
      if (worst === undefined || RANK[active.level] >= RANK[worst.level]) worst = active;
    if (worst === undefined) return 'Normal';
    const others = this.#active.size - 1;
    return worst.text.slice(0, WORD_LENGTH_MAX) + (others === 0 ? '' : ` (+${others})`);
  }

  /** Nothing is known any more. */
  clear(): void {
    this.#active.clear();
    this.#isKnown = false;
  }
}
