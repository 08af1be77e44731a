import type { AgentHeader, Observation } from './mtconnect-document.ts';

/** What an answer is, seen from what we had read before. */
export type SequenceVerdict =
  /** Goes on where we were. `caughtUp`: the agent had nothing more when it answered. */
  | { kind: 'news'; observations: Observation[]; caughtUp: boolean }
  /** The agent began anew, or its device model did. */
  | { kind: 'restarted' }
  /** It dropped what we had not read; how many, where it says so. */
  | { kind: 'overrun'; missing: number | undefined };

/**
 * Where we are in the agent's numbered observations. Its sequence is the truth: what was read is never taken again, what
 * was not is asked for next, and what cannot be read any more is said. Knows nothing of time and of the network.
 */
export class SequenceCursor {
  #position: { instanceId: string; modelChange: string | undefined; next: number } | undefined;

  /** Sequence to ask for next; undefined where all values must be asked for first. */
  get next(): number | undefined {
    return this.#position?.next;
  }

  /** All values of now were read: go on behind them. */
  begin(header: AgentHeader, observations: readonly Observation[]): void {
    const behind = observations.reduce((last, { sequence }) => Math.max(last, sequence + 1), 0);
    this.#position = {
      instanceId: header.instanceId,
      modelChange: header.modelChange,
      next: header.nextSequence ?? behind,
    };
  }

  /** Takes an answer to what was asked from `next` on, at most `count` observations. */
  take(header: AgentHeader, observations: readonly Observation[], count: number): SequenceVerdict {
    const position = this.#position;
    if (position === undefined) return { kind: 'overrun', missing: undefined };
    const { next } = position;
    // Some agents are given a fixed instance id; then numbers that begin again tell a restart.
    if (isAnotherRun(position, header) || (header.nextSequence ?? next) < next) {
      this.forget();
      return { kind: 'restarted' };
    }
    const news = inSequence(observations, next);
    const { firstSequence, lastSequence, nextSequence } = header;
    if (firstSequence !== undefined && firstSequence > next && news[0]?.sequence !== next) {
      this.forget();
      return { kind: 'overrun', missing: firstSequence - next };
    }
    const behind = (news.at(-1)?.sequence ?? next - 1) + 1;
    // An answer that is full may have been cut, whatever its header says.
    const isFull = observations.length >= count;
    position.next = isFull ? behind : Math.max(behind, nextSequence ?? behind);
    return {
      kind: 'news',
      observations: news,
      // Where other devices said the last, an agent may go no further for ours: what does not go on has nothing more.
      caughtUp:
        position.next === next || (lastSequence === undefined ? !isFull : position.next > lastSequence),
    };
  }

  /**
   * The agent refuses what was asked for; `header` is that of its values of now, which say why. Some agents refuse as well
   * where they have nothing new yet.
   */
  refuse(header: AgentHeader): SequenceVerdict {
    const next = this.next ?? 0;
    const verdict = this.take(header, [], 1);
    if (verdict.kind !== 'news' || this.#position === undefined) return verdict;
    // Nothing was read: it is asked for again.
    this.#position.next = next;
    return { ...verdict, caughtUp: next >= (header.nextSequence ?? next) };
  }

  /** Begin with all values the next time. */
  forget(): void {
    this.#position = undefined;
  }
}

function isAnotherRun(
  known: { instanceId: string; modelChange: string | undefined },
  { instanceId, modelChange }: AgentHeader,
): boolean {
  if (instanceId !== known.instanceId) return true;
  return known.modelChange !== undefined && modelChange !== undefined && modelChange !== known.modelChange;
}

/** Those from `next` on, each once, in the order of their numbers. */
function inSequence(observations: readonly Observation[], next: number): Observation[] {
  const sorted = observations
    .filter(({ sequence }) => sequence >= next)
    .sort((a, b) => a.sequence - b.sequence);
  return sorted.filter(({ sequence }, index) => sorted[index - 1]?.sequence !== sequence);
}
