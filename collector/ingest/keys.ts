import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeDurably } from '../../protocols/durable-file.ts';
import { MillwattError } from '../../protocols/errors.ts';
import { fingerprint } from '../../protocols/evidence/keys.ts';

/**
 * How far an agent's key is trusted: `seen` is the first one an agent used here, `confirmed` was confirmed by a person,
 * `other` is any different one: its records are kept, and are no evidence until someone confirms the key.
 */
export type KeyStanding = 'seen' | 'confirmed' | 'other';

/** A key that an agent signs with. */
export interface AgentKey {
  agent: string;
  /** 32 raw bytes, base64url. */
  key: string;
  fingerprint: string;
  standing: KeyStanding;
}

/** Agents and keys that are remembered; more are kept in the ledger and called `other`. */
const KEYS_MAX = 10_000;

/** Which keys agents use, and which of them a person confirmed (`confirmed-keys.json` in the folder). */
export class AgentKeys {
  readonly #path: string;
  readonly #byAgent = new Map<string, Map<string, 'seen' | 'confirmed' | 'other'>>();
  #count = 0;

  /** @param chains what the ledger holds, so that the first key seen stays the first over a restart */
  constructor(folder: string, chains: readonly { agent: string; key: string; firstOrdinal: number }[]) {
    this.#path = join(folder, 'confirmed-keys.json');
    for (const { agent, key } of readConfirmed(this.#path)) this.#set(agent, key, 'confirmed');
    for (const { agent, key } of [...chains].sort((a, b) => a.firstOrdinal - b.firstOrdinal))
      this.meet(agent, key);
  }

  /** The standing of a key that an agent just used; the first one of an agent becomes `seen`. */
  meet(agent: string, key: string): KeyStanding {
    const keys = this.#byAgent.get(agent);
    const known = keys?.get(key);
    if (known !== undefined) return known;
    const standing = keys === undefined ? 'seen' : 'other';
    if (this.#count >= KEYS_MAX) return 'other';
    this.#set(agent, key, standing);
    return standing;
  }

  /** A person vouches for a key: durable when it returns. */
  confirm(agent: string, key: string): void {
    this.#set(agent, key, 'confirmed');
    const confirmed = this.list()
      .filter(({ standing }) => standing === 'confirmed')
      .map((one) => ({ agent: one.agent, key: one.key }));
    writeDurably(this.#path, `${JSON.stringify({ v: 1, confirmed }, null, 2)}\n`);
  }

  list(): AgentKey[] {
    return [...this.#byAgent].flatMap(([agent, keys]) =>
      [...keys].map(([key, standing]) => ({ agent, key, fingerprint: fingerprint(key), standing })),
    );
  }

  #set(agent: string, key: string, standing: KeyStanding): void {
    const keys = this.#byAgent.get(agent) ?? new Map<string, KeyStanding>();
    if (!keys.has(key)) this.#count++;
    keys.set(key, standing);
    this.#byAgent.set(agent, keys);
  }
}

function readConfirmed(path: string): { agent: string; key: string }[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as { code?: string }).code === 'ENOENT') return [];
    throw error;
  }
  try {
    const { confirmed } = JSON.parse(text) as { confirmed: { agent: unknown; key: unknown }[] };
    return confirmed.map(({ agent, key }) => ({ agent: String(agent), key: String(key) }));
  } catch (cause) {
    throw new MillwattError('refuse', 'bad-confirmed-keys', `The confirmed keys in ${path} cannot be read.`, {
      cure: 'Restore the file from a backup, or delete it and confirm the keys again.',
      cause,
    });
  }
}
