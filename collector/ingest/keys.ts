import { rotatedFrom } from '../../protocols/evidence/key-rotation.ts';
import { fingerprint } from '../../protocols/evidence/keys.ts';
import type { KeyAct, KeyActSource } from '../journal/key-acts.ts';
import type { LedgerRecord } from '../ledger/ledger.ts';
import { KeyHandovers, type KeyDecisions, type KeyHandover } from './key-handovers.ts';

/**
 * How far an agent's key is trusted: `seen` is the first one an agent used here, `confirmed` was compared by a person,
 * `rotated` is one that a key of these three handed over to, by a statement that it signed; `other` is any different one: its records are kept, and are no evidence until someone confirms the key. `revoked` is one that a
 * person does not trust any more: nothing is taken under it from then on.
 */
export type KeyStanding = 'seen' | 'confirmed' | 'rotated' | 'other' | 'revoked';

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

/** Keys that are remembered, of all agents and of one; what more say is judged by decisions and statements alone. */
const KEYS_MAX = 10_000;
const KEYS_OF_AGENT_MAX = 200;
/** What is known of the keys of one agent. */
interface OneAgent {
  /** Those that it used, in the order in which they were first seen. */
  keys: Map<string, AgentKey>;
  handovers: KeyHandovers;
  /** Of all keys that anything is known of, used or not. */
  judged: ReadonlyMap<string, AgentKey['before']>;
}

/** What people decided about one key. */
type DecidedKey = KeyDecisions & { act: KeyAct };

/** Which keys agents use, and what people decided about them. */
export class AgentKeys {
  readonly #source: KeyActSource | undefined;
  readonly #agents = new Map<string, OneAgent>();
  /** By agent and key. */
  #decided: ReadonlyMap<string, ReadonlyMap<string, DecidedKey>> = new Map();
  #version = -1;
  #count = 0;

  /**
   * @param chains what the ledger holds, so that the first key seen stays the first over a restart
   * @param acts what people decided; without it nobody did. Throws as the source does.
   * @param handovers what the ledger holds of them, in the order in which they came
   */
  constructor(
    chains: readonly { agent: string; key: string; firstOrdinal: number }[],
    acts?: KeyActSource,
    handovers: Iterable<KeyHandover> = [],
  ) {
    this.#source = acts;
    for (const handover of handovers) this.#of(handover.agent).handovers.keep(handover);
    this.refresh();
    for (const { agent, key } of [...chains].sort((a, b) => a.firstOrdinal - b.firstOrdinal))
      this.meet(agent, key);
  }

  /** Takes in what was decided since; true where there was anything. Throws as the source does. */
  refresh(): boolean {
    const version = this.#source?.version() ?? 0;
    if (version === this.#version) return false;
    this.#decided = decisionsOf(this.#source?.acts() ?? []);
    this.#version = version;
    for (const [agent, one] of this.#agents) this.#judgeAll(agent, one);
    return true;
  }

  /** Takes in that a key handed over to another; call it before the new one is met. */
  learn(handover: KeyHandover): void {
    const one = this.#of(handover.agent);
    if (one.handovers.keep(handover)) this.#judgeAll(handover.agent, one);
  }

  /** The standing of a key that an agent just used; the first one of an agent becomes `seen`. */
  meet(agent: string, key: string): KeyStanding {
    const known = this.#agents.get(agent)?.keys.get(key);
    if (known !== undefined) return known.standing;
    const one = this.#of(agent);
    // The first key of an agent is always remembered, however many the others have used.
    const isFull = this.#count >= KEYS_MAX && one.keys.size > 0;
    if (isFull || one.keys.size >= KEYS_OF_AGENT_MAX) return this.keyOf(agent, key).standing;
    this.#count++;
    one.keys.set(key, this.keyOf(agent, key));
    if (one.keys.size === 1) this.#judgeAll(agent, one);
    return this.keyOf(agent, key).standing;
  }

  /** True for a key under which nothing is taken any more. */
  isRevoked(agent: string, key: string): boolean {
    return (this.#decided.get(agent)?.get(key)?.revokedMs ?? Infinity) < Infinity;
  }

  /** What a package says of a key: its standing without its revocation, and that. */
  evidenceOf(agent: string, key: string): { standing: AgentKey['before']; revokedMs?: number } {
    const { before, revokedMs } = this.keyOf(agent, key);
    return { standing: before, ...(revokedMs === null ? {} : { revokedMs }) };
  }

  /** What is known of a key, whether it was used and remembered or not. */
  keyOf(agent: string, key: string): AgentKey {
    const known = this.#agents.get(agent);
    const met = known?.keys.get(key);
    if (met !== undefined) return met;
    const decided = this.#decided.get(agent)?.get(key);
    const isConfirmed = decided !== undefined && decided.confirmedMs < Infinity;
    const before = isConfirmed ? 'confirmed' : (known?.judged.get(key) ?? 'other');
    const isRevoked = decided !== undefined && decided.revokedMs < Infinity;
    return {
      agent,
      key,
      fingerprint: fingerprint(key),
      standing: isRevoked ? 'revoked' : before,
      before,
      revokedMs: isRevoked ? decided.revokedMs : null,
      act: decided?.act ?? null,
    };
  }

  /** Every key that was remembered, those of an agent in the order in which they came. */
  list(): AgentKey[] {
    return [...this.#agents.values()].flatMap(({ keys }) => [...keys.values()]);
  }

  #of(agent: string): OneAgent {
    const known = this.#agents.get(agent);
    if (known !== undefined) return known;
    const one = { keys: new Map(), handovers: new KeyHandovers(), judged: new Map() };
    this.#agents.set(agent, one);
    return one;
  }

  /** All keys of an agent at once: its first one, a decision or a statement may change what others are. */
  #judgeAll(agent: string, one: OneAgent): void {
    const [first] = one.keys.keys();
    one.judged = one.handovers.judge(first, this.#decided.get(agent) ?? new Map());
    const keys = [...one.keys.keys()];
    one.keys.clear();
    for (const key of keys) one.keys.set(key, this.keyOf(agent, key));
  }
}

/** The last decision about each key counts; that a person compared it once stays. */
function decisionsOf(acts: readonly KeyAct[]): Map<string, Map<string, DecidedKey>> {
  const decided = new Map<string, Map<string, DecidedKey>>();
  for (const act of acts) {
    const ofAgent = decided.get(act.agent) ?? new Map<string, DecidedKey>();
    decided.set(act.agent, ofAgent);
    const before = ofAgent.get(act.key)?.confirmedMs ?? Infinity;
    ofAgent.set(act.key, {
      act,
      confirmedMs: act.act === 'confirm' ? Math.min(before, act.atMs) : before,
      revokedMs: act.act === 'revoke' ? act.sinceMs : Infinity,
    });
  }
  return decided;
}

/** The handovers that the records of a ledger tell, in their order. */
export function* handoversOf(
  configRecords: Iterable<Pick<LedgerRecord, 'header' | 'receivedMs'>>,
): Generator<KeyHandover> {
  for (const { header, receivedMs } of configRecords) {
    const from = rotatedFrom(header);
    if (from !== undefined) yield { agent: header.agent, from, to: header.key, receivedMs };
  }
}
