import { fingerprint } from '../../protocols/evidence/keys.ts';
import type { KeyAct, KeyActSource } from '../journal/key-acts.ts';

/**
 * How far an agent's key is trusted: `seen` is the first one an agent used here, `confirmed` was compared by a person,
 * `other` is any different one: its records are kept, and are no evidence until someone confirms the key. `revoked` is one that a
 * person does not trust any more: nothing is taken under it from then on.
 */
export type KeyStanding = 'seen' | 'confirmed' | 'other' | 'revoked';

/** A key that an agent signs with. */
export interface AgentKey {
  agent: string;
  /** 32 raw bytes, base64url. */
  key: string;
  fingerprint: string;
  standing: KeyStanding;
  /** What it was before it was revoked: that holds for what was taken in before. The standing itself where it is not revoked. */
  before: Exclude<KeyStanding, 'revoked'>;
  /** Since when it is revoked, wall ms; null where it is not. */
  revokedMs: number | null;
  /** The decision that counts; null where nobody decided. */
  act: KeyAct | null;
}

/** Agents and keys that are remembered; more are kept in the ledger and called `other`. */
const KEYS_MAX = 10_000;

/** Which keys agents use, and what people decided about them. */
export class AgentKeys {
  readonly #source: KeyActSource | undefined;
  /** Keys of an agent in the order in which they were first seen. */
  readonly #byAgent = new Map<string, Map<string, AgentKey>>();
  #acts: readonly KeyAct[] = [];
  #version = -1;
  #count = 0;

  /**
   * @param chains what the ledger holds, so that the first key seen stays the first over a restart
   * @param acts what people decided; without it nobody did. Throws as the source does.
   */
  constructor(chains: readonly { agent: string; key: string; firstOrdinal: number }[], acts?: KeyActSource) {
    this.#source = acts;
    this.refresh();
    for (const { agent, key } of [...chains].sort((a, b) => a.firstOrdinal - b.firstOrdinal))
      this.meet(agent, key);
  }

  /** Takes in what was decided since; true where there was anything. Throws as the source does. */
  refresh(): boolean {
    const version = this.#source?.version() ?? 0;
    if (version === this.#version) return false;
    this.#acts = this.#source?.acts() ?? [];
    this.#version = version;
    for (const [agent, keys] of this.#byAgent)
      for (const [index, key] of [...keys.keys()].entries()) keys.set(key, this.#judge(agent, key, index));
    return true;
  }

  /** The standing of a key that an agent just used; the first one of an agent becomes `seen`. */
  meet(agent: string, key: string): KeyStanding {
    const keys = this.#byAgent.get(agent) ?? new Map<string, AgentKey>();
    const known = keys.get(key);
    if (known !== undefined) return known.standing;
    const judged = this.#judge(agent, key, keys.size);
    if (this.#count >= KEYS_MAX) return judged.standing === 'revoked' ? 'revoked' : 'other';
    this.#count++;
    this.#byAgent.set(agent, keys.set(key, judged));
    return judged.standing;
  }

  /** True for a key under which nothing is taken any more. */
  isRevoked(agent: string, key: string): boolean {
    return (this.#byAgent.get(agent)?.get(key) ?? this.#judge(agent, key, 1)).standing === 'revoked';
  }

  /** What a package says of a key: its standing without its revocation, and that. */
  evidenceOf(agent: string, key: string): { standing: AgentKey['before']; revokedMs?: number } {
    const { before, revokedMs } = this.#byAgent.get(agent)?.get(key) ?? this.#judge(agent, key, 1);
    return { standing: before, ...(revokedMs === null ? {} : { revokedMs }) };
  }

  /** Every key that was seen, those of an agent in the order in which they came. */
  list(): AgentKey[] {
    return [...this.#byAgent.values()].flatMap((keys) => [...keys.values()]);
  }

  #judge(agent: string, key: string, place: number): AgentKey {
    const acts = this.#acts.filter((act) => act.agent === agent && act.key === key);
    const act = acts.at(-1) ?? null;
    const unasked = place === 0 ? 'seen' : 'other';
    const before = acts.some((one) => one.act === 'confirm') ? 'confirmed' : unasked;
    const revokedMs = act?.act === 'revoke' ? act.sinceMs : null;
    const standing = revokedMs === null ? before : 'revoked';
    return { agent, key, fingerprint: fingerprint(key), standing, before, revokedMs, act };
  }
}
