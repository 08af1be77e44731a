import type { Log } from '../../protocols/log.ts';

/** What someone should look at. Nothing is lost or refused because of it. */
export const FINDING_KINDS = [
  'broken-chain',
  'other-key',
  'revoked-key',
  'channel-conflict',
  'clock-offset',
  'late-for-frozen',
  'repeated-readings',
] as const;
export type FindingKind = (typeof FINDING_KINDS)[number];

/** One thing that was found, however often. */
export interface Finding {
  kind: FindingKind;
  agent: string;
  /** A sentence with the details, and what to do. */
  message: string;
  /** Collector wall time, ms since the Unix epoch. */
  firstMs: number;
  lastMs: number;
  count: number;
}

const FINDINGS_MAX = 1000;
/** Of one kind and agent; one that swings its clock must not hide what is found of others. */
const FINDINGS_OF_ONE_MAX = 20;

/** Findings since the start; an equal one is counted, not listed again. */
export class Findings {
  readonly #log: Log;
  readonly #byText = new Map<string, Finding>();

  constructor(log: Log) {
    this.#log = log;
  }

  report(kind: FindingKind, agent: string, message: string, atMs: number): void {
    const name = `${kind}/${agent}/${message}`;
    const known = this.#byText.get(name);
    if (known !== undefined) {
      known.count++;
      known.lastMs = atMs;
      return;
    }
    const ofOne = this.list().filter((one) => one.kind === kind && one.agent === agent).length;
    if (this.#byText.size >= FINDINGS_MAX || ofOne >= FINDINGS_OF_ONE_MAX) return;
    this.#byText.set(name, { kind, agent, message, firstMs: atMs, lastMs: atMs, count: 1 });
    this.#log.warn({ agent, finding: kind }, message);
  }

  /** It does not hold any more: somebody has seen to it. */
  withdraw(kind: FindingKind, agent: string, message: string): void {
    this.#byText.delete(`${kind}/${agent}/${message}`);
  }

  list(): Finding[] {
    return [...this.#byText.values()];
  }
}
