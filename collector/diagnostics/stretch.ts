import { MINUTE_MS } from '../energy/hour-account.ts';
import {
  CURES,
  PLAUSIBILITY,
  type PlausibilityCode,
  type PlausibilityFinding,
} from './plausibility-finding.ts';

/** Stretches of one kind with less time between them are one finding. */
const BREAK_MS = 3_600_000;

/** Something implausible in one minute; of a stretch, the weightiest is told. */
export interface Suspicion {
  /** Larger is worse, within one code. */
  weight: number;
  /** The sentence with its figures; called only for what is told. */
  say: () => string;
  /** Since when, where this minute only proves what began earlier; wall ms. */
  sinceMs?: number;
}

/** What a rule says of a minute; `unknown` where it cannot be judged. */
export type Verdict = Suspicion | 'fine' | 'unknown';

interface Run {
  fromMs: number;
  toMs: number;
  count: number;
  worst: Suspicion;
}

/** Joins suspicious minutes of one kind to findings: so many in a row at least, then one finding over short breaks. */
export class Stretch {
  readonly #machine: string;
  readonly #component: string;
  readonly #code: PlausibilityCode;
  readonly #countMin: number;
  readonly #unitMs: number;
  #run: Run | null = null;
  #kept: Run | null = null;
  #findings: PlausibilityFinding[] = [];

  /** @param countMin suspicious minutes in a row that make a finding; fine ones end a row, unknown ones only a gap of 15 */
  constructor(
    machine: string,
    component: string,
    code: PlausibilityCode,
    countMin: number,
    unitMs: number = MINUTE_MS,
  ) {
    this.#machine = machine;
    this.#component = component;
    this.#code = code;
    this.#countMin = countMin;
    this.#unitMs = unitMs;
  }

  take(atMs: number, verdict: Verdict): void {
    if (this.#run !== null && atMs - this.#run.toMs > 15 * this.#unitMs) this.#endRun();
    if (verdict === 'unknown') return;
    if (verdict === 'fine') return this.#endRun();
    const run = this.#run;
    if (run === null)
      this.#run = {
        fromMs: verdict.sinceMs ?? atMs,
        toMs: atMs + this.#unitMs,
        count: 1,
        worst: verdict,
      };
    else {
      run.toMs = atMs + this.#unitMs;
      run.count++;
      if (verdict.weight > run.worst.weight) run.worst = verdict;
    }
  }

  /** All findings, the running one as far as it has come. */
  end(): PlausibilityFinding[] {
    this.#endRun();
    this.#tell();
    return this.#findings;
  }

  #endRun(): void {
    const run = this.#run;
    this.#run = null;
    if (run === null || run.count < this.#countMin) return;
    const kept = this.#kept;
    if (kept !== null && run.fromMs - kept.toMs <= BREAK_MS) {
      kept.toMs = run.toMs;
      kept.count += run.count;
      if (run.worst.weight > kept.worst.weight) kept.worst = run.worst;
      return;
    }
    this.#tell();
    this.#kept = run;
  }

  #tell(): void {
    if (this.#kept === null) return;
    const { fromMs, toMs, count, worst } = this.#kept;
    this.#kept = null;
    this.#findings.push({
      code: this.#code,
      severity: PLAUSIBILITY[this.#code],
      machine: this.#machine,
      component: this.#component,
      fromMs,
      toMs,
      count,
      saying: worst.say(),
      cure: CURES[this.#code],
    });
  }
}
