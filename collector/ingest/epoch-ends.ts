import { decodeAgentLog } from '../../protocols/telemetry/agent-log.ts';
import { unfoldPart } from '../../protocols/evidence/seal.ts';
import { isCount, isToken } from '../../protocols/telemetry/ids.ts';
import { parseRecord } from '../../protocols/telemetry/record.ts';
import type { Ledger } from '../ledger/ledger.ts';

/** An end is waited for so long before it is asked for, and asked for ever more seldom, real ms. */
const PATIENCE_MS = 60_000;
const PATIENCE_MS_MAX = 86_400_000;
/** Of a long end its beginning is asked for; the rest follows when that has come. */
const RANGE_RECORDS_MAX = 1000;

/** The last record that an agent sealed in an epoch before it opened another. */
export interface EpochEnd {
  epoch: string;
  seq: number;
}

/** An epoch's log of where it comes from is its second record, and among the first of it that arrive. */
const FIRST_RECORDS = 8;

/** Which epoch a log record says it follows, or undefined when it says nothing of the kind. */
export function epochEndOf(text: string): EpochEnd | undefined {
  for (const { event, detail } of decodeAgentLog(text)) {
    const { before, beforeSeq } = detail;
    if (event === 'epoch-opened' && isToken(before) && isCount(beforeSeq) && beforeSeq > 0)
      return { epoch: before, seq: beforeSeq };
  }
  return undefined;
}

/**
 * Asks for the ends of epochs that are over. No record comes after them that would show a gap: a ledger that was restored
 * from a backup learns only from the next epoch that it lost them.
 */
export class EpochEnds {
  readonly #realMs: () => number;
  readonly #ends = new Map<
    string,
    { agent: string; end: EpochEnd; headSeq: number; askMs: number; waitMs: number }
  >();

  /** @param realMs real monotonic time, ms */
  constructor(realMs: () => number) {
    this.#realMs = realMs;
  }

  /** An agent's own word; the largest end that it names holds. */
  learn(agent: string, end: EpochEnd): void {
    const name = `${agent}/${end.epoch}`;
    if ((this.#ends.get(name)?.end.seq ?? 0) >= end.seq) return;
    this.#ends.set(name, {
      agent,
      end,
      headSeq: -1,
      askMs: this.#realMs() + PATIENCE_MS,
      waitMs: PATIENCE_MS,
    });
  }

  /** The ends to ask for now. @param headOf the largest seq that is here; 0 of an epoch of which nothing is */
  due(
    headOf: (agent: string, epoch: string) => number,
  ): { agent: string; epoch: string; from: number; to: number }[] {
    const nowMs = this.#realMs();
    const due: { agent: string; epoch: string; from: number; to: number }[] = [];
    for (const [name, known] of this.#ends) {
      const { agent, end } = known;
      const headSeq = headOf(agent, end.epoch);
      if (headSeq >= end.seq) {
        this.#ends.delete(name);
        continue;
      }
      if (nowMs < known.askMs) continue;
      // An agent that has them answers at once; one that has dropped them is not asked for ever.
      known.waitMs = headSeq > known.headSeq ? PATIENCE_MS : Math.min(PATIENCE_MS_MAX, known.waitMs * 2);
      known.askMs = nowMs + known.waitMs;
      known.headSeq = headSeq;
      const to = Math.min(end.seq, headSeq + RANGE_RECORDS_MAX);
      due.push({ agent, epoch: end.epoch, from: headSeq + 1, to });
    }
    return due;
  }
}

/** Takes up what the ledger holds of ends, so that a restart between learning of one and asking for it forgets nothing. */
export function learnEnds(ends: EpochEnds, ledger: Pick<Ledger, 'chains' | 'readAfter'>): void {
  for (const { agent, epoch, firstOrdinal } of ledger.chains()) {
    for (const { header, bytes } of ledger.readAfter(firstOrdinal - 1, FIRST_RECORDS)) {
      if (header.kind !== 'log' || header.agent !== agent || header.epoch !== epoch) continue;
      const [part] = parseRecord(bytes).parts;
      const end = part === undefined ? undefined : epochEndOf(unfoldPart(part));
      if (end !== undefined) ends.learn(agent, end);
    }
  }
}
