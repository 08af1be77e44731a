import type { ConfigSnapshot } from '../../protocols/telemetry/snapshot.ts';

/** Which agent feeds which channel by its newest snapshot. A channel id is unique in a site. */
export class ChannelClaims {
  readonly #byAgent = new Map<string, { ordinal: number; channels: Set<string> }>();

  /** Takes in a snapshot; gives the channels that another agent claims too, by that agent. */
  claim(agent: string, ordinal: number, snapshot: ConfigSnapshot): Map<string, string[]> {
    const known = this.#byAgent.get(agent);
    // Backlog may bring an older snapshot after a newer one of the same agent.
    if (known !== undefined && known.ordinal > ordinal) return new Map();
    const channels = new Set(snapshot.channels.map(({ id }) => id));
    this.#byAgent.set(agent, { ordinal, channels });
    const conflicts = new Map<string, string[]>();
    for (const [other, claim] of this.#byAgent) {
      const both = other === agent ? [] : [...channels].filter((channel) => claim.channels.has(channel));
      if (both.length > 0) conflicts.set(other, both);
    }
    return conflicts;
  }
}
