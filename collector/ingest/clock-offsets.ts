/** So many of the latest messages are compared: the fastest of them tells how far a clock is off. */
const SAMPLES = 8;
/** A clock that is off by more is a finding, ms; it is forgotten below a little less. */
const FOUND_MS = 5000;
const RIGHT_MS = 4000;

interface AgentClock {
  /** Agent wall time when it spoke minus ours when we heard it, ms. */
  samples: number[];
  isFound: boolean;
  /** By its own word, in its health; undefined before that has come. */
  isSet: boolean | undefined;
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
    const clock = this.#clockOf(agent);
    clock.samples.push(sentMs - heardMs);
    if (clock.samples.length > SAMPLES) clock.samples.shift();
  }

  /** By how much an agent's clock is ahead of ours, ms, but for the time on the way; undefined before it has spoken. */
  of(agent: string): number | undefined {
    const { samples = [] } = this.#byAgent.get(agent) ?? {};
    return samples.length === 0 ? undefined : Math.max(...samples);
  }

  /** Takes note of whether an agent says that its clock was set since its boot. */
  noteSet(agent: string, isSet: boolean): void {
    const clock = this.#clockOf(agent);
    // What an unset clock told is no offset of one that is set.
    if (clock.isSet === false && isSet) clock.samples = [];
    clock.isSet = isSet;
  }

  /** Agents whose clocks are set and have come to be off by more than 5 s since the last call. */
  takeFound(): { agent: string; offsetMs: number }[] {
    const found: { agent: string; offsetMs: number }[] = [];
    for (const [agent, clock] of this.#byAgent) {
      // Of a clock that is not set no hour is told yet: its readings wait.
      if (clock.isSet !== true || clock.samples.length === 0) continue;
      const offsetMs = Math.max(...clock.samples);
      if (!clock.isFound && Math.abs(offsetMs) > FOUND_MS) {
        clock.isFound = true;
        found.push({ agent, offsetMs });
      } else if (Math.abs(offsetMs) < RIGHT_MS) clock.isFound = false;
    }
    return found;
  }

  #clockOf(agent: string): AgentClock {
    let clock = this.#byAgent.get(agent);
    if (clock === undefined)
      this.#byAgent.set(agent, (clock = { samples: [], isFound: false, isSet: undefined }));
    return clock;
  }
}

/** A finding about a clock, with its cure. */
export function sayOffset(agent: string, offsetMs: number): string {
  const seconds = Math.abs(offsetMs) / 1000;
  return `The clock of agent ${agent} is ${sayLength(seconds)} ${offsetMs > 0 ? 'ahead of' : 'behind'} the collector's: its hours are shifted by that, its energy is right. Let both computers set their clocks by NTP (timedatectl set-ntp true; timedatectl timesync-status shows it).`;
}

function sayLength(seconds: number): string {
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 2 * 3600) return `${Math.round(seconds / 60)} min`;
  if (seconds < 2 * 86_400) return `${Math.round(seconds / 3600)} h`;
  return seconds < 1000 * 86_400 ? `${Math.round(seconds / 86_400)} d` : 'more than 1000 d';
}
