import { rotatedFrom } from '../../protocols/evidence/key-rotation.ts';
import { fingerprint } from '../../protocols/evidence/keys.ts';
import type { KeyAct, KeyActSource } from '../journal/key-acts.ts';
import type { LedgerRecord } from '../ledger/ledger.ts';

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

/** A statement that holds: a key of an agent handed over to another one. */
export interface KeyHandover {
  agent: string;
  from: string;
  to: string;
  /** When it was taken in, wall ms. */
  receivedMs: number;
}

/** Agents and keys that are remembered; more are kept in the ledger and called `other`. */
const KEYS_MAX = 10_000;
/** Of one agent: nobody may fill our memory with statements. */
const HANDOVERS_MAX = 1000;

/** Which keys agents use, and what people decided about them. */
export class AgentKeys {
  readonly #source: KeyActSource | undefined;
  /** Keys of an agent in the order in which they were first seen. */
  readonly #byAgent = new Map<string, Map<string, AgentKey>>();
  /** Of an agent, in the order in which they were taken in. */
  readonly #handovers = new Map<string, KeyHandover[]>();
  #acts: readonly KeyAct[] = [];
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
    for (const handover of handovers) this.#keep(handover);
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
    for (const agent of this.#byAgent.keys()) this.#judgeAll(agent);
    return true;
  }

  /** Takes in that a key handed over to another; call it before the new one is met. */
  learn(handover: KeyHandover): void {
    if (this.#keep(handover)) this.#judgeAll(handover.agent);
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

  #keep(handover: KeyHandover): boolean {
    const { agent, from, to } = handover;
    const known = this.#handovers.get(agent) ?? [];
    const isKnown = known.some((one) => one.from === from && one.to === to);
    if (isKnown || known.length >= HANDOVERS_MAX) return false;
    this.#handovers.set(agent, [...known, handover]);
    return true;
  }

  #judgeAll(agent: string): void {
    const keys = this.#byAgent.get(agent) ?? new Map<string, AgentKey>();
    for (const [index, key] of [...keys.keys()].entries()) keys.set(key, this.#judge(agent, key, index));
  }

  #judge(agent: string, key: string, place: number): AgentKey {
    const acts = this.#actsOn(agent, key);
    const act = acts.at(-1) ?? null;
    const revokedMs = act?.act === 'revoke' ? act.sinceMs : null;
    const before = this.#beforeOf(agent, key, place);
    const standing = revokedMs === null ? before : 'revoked';
    return { agent, key, fingerprint: fingerprint(key), standing, before, revokedMs, act };
  }

  /** What a key is, its revocation apart. */
  #beforeOf(agent: string, key: string, place: number, above: readonly string[] = []): AgentKey['before'] {
    if (this.#actsOn(agent, key).some(({ act }) => act === 'confirm')) return 'confirmed';
    if (place === 0 || this.#isBeforeFirst(agent, key)) return 'seen';
    const isGiven = (this.#handovers.get(agent) ?? []).some(
      ({ from, to, receivedMs }) =>
        to === key &&
        !above.includes(from) &&
        this.#heirOf(agent, from) === key &&
        receivedMs < this.#revokedMs(agent, from) &&
        this.#beforeOf(agent, from, this.#placeOf(agent, from), [...above, key]) !== 'other',
    );
    return isGiven ? 'rotated' : 'other';
  }

  /** A key hands over once: whoever finds it afterwards can give it to nobody. */
  #heirOf(agent: string, key: string): string | undefined {
    return this.#handovers.get(agent)?.find(({ from }) => from === key)?.to;
  }

  /**
   * True for a key that came to the first one we saw by its own statement: of a lost ledger the newest key comes first. The keys on
   * the way only vouch for it while nobody revoked them, and where none of them was compared without it: whoever has one of them can
   * draw a key and let it say so.
   */
  #isBeforeFirst(agent: string, key: string): boolean {
    const [first] = this.#byAgent.get(agent)?.keys() ?? [];
    const passed = new Set<string>();
    const way: KeyHandover[] = [];
    let at = key;
    while (at !== first) {
      const next = this.#handovers.get(agent)?.find(({ from }) => from === at);
      if (next === undefined || passed.has(at)) return false;
      passed.add(at);
      way.push(next);
      at = next.to;
    }
    let untilMs = Infinity;
    return way.reverse().every(({ to, receivedMs }) => {
      untilMs = Math.min(untilMs, this.#confirmedMs(agent, to));
      return this.#revokedMs(agent, to) === Infinity && receivedMs < untilMs;
    });
  }

  /** When a person compared it for the first time. */
  #confirmedMs(agent: string, key: string): number {
    return this.#actsOn(agent, key).find(({ act }) => act === 'confirm')?.atMs ?? Infinity;
  }

  #placeOf(agent: string, key: string): number {
    return [...(this.#byAgent.get(agent)?.keys() ?? [])].indexOf(key);
  }

  #revokedMs(agent: string, key: string): number {
    const act = this.#actsOn(agent, key).at(-1);
    return act?.act === 'revoke' ? act.sinceMs : Infinity;
  }

  #actsOn(agent: string, key: string): KeyAct[] {
    return this.#acts.filter((act) => act.agent === agent && act.key === key);
  }
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
