/** So many of the latest messages are compared: the fastest of them tells how far a clock is off. */
const SAMPLES = 8;
/** A clock that is off by more is a finding, ms; it is forgotten below a little less. */
const FOUND_MS = 5000;
const RIGHT_MS = 4000;

interface AgentClock {
  /** Agent wall time when it spoke minus ours when we heard it, ms. */
  samples: number[];
  isFound: boolean;
}

/**
 * How far the clock of each agent is ahead of ours. Every message says what time it was where it was sent; what it took on
 * the way only makes it look older, so of a few the one that looks newest is next to the truth.
 */
export class ClockOffsets {
  readonly #byAgent = new Map<string, AgentClock>();

  /**
   * @param sentMs agent wall time of sending, ms since the Unix epoch
   * @param heardMs our wall time of arrival
   */
  note(agent: string, sentMs: number, heardMs: number): void {
    let clock = this.#byAgent.get(agent);
    if (clock === undefined) this.#byAgent.set(agent, (clock = { samples: [], isFound: false }));
    clock.samples.push(sentMs - heardMs);
    if (clock.samples.length > SAMPLES) clock.samples.shift();
  }

  /** By how much an agent's clock is ahead of ours, ms, but for the time on the way; undefined before it has spoken. */
  of(agent: string): number | undefined {
    const { samples = [] } = this.#byAgent.get(agent) ?? {};
    return samples.length === 0 ? undefined : Math.max(...samples);
  }

  /** Agents whose clocks have come to be off by more than 5 s since the last call. */
  takeFound(): { agent: string; offsetMs: number }[] {
    const found: { agent: string; offsetMs: number }[] = [];
    for (const [agent, clock] of this.#byAgent) {
      const offsetMs = Math.max(...clock.samples);
      if (!clock.isFound && Math.abs(offsetMs) > FOUND_MS) {
        clock.isFound = true;
        found.push({ agent, offsetMs });
      } else if (Math.abs(offsetMs) < RIGHT_MS) clock.isFound = false;
    }
    return found;
  }
}

/** A finding about a clock, with its cure. */
export function sayOffset(agent: string, offsetMs: number): string {
  const seconds = Math.abs(offsetMs) / 1000;
  const by = seconds < 120 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`;
  return `The clock of agent ${agent} is ${by} ${offsetMs > 0 ? 'ahead of' : 'behind'} the collector's: its hours are shifted by that, its energy is right. Let both computers set their clocks by NTP (timedatectl set-ntp true; timedatectl timesync-status shows it).`;
}
