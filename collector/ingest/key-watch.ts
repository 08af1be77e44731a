import { describeError } from '../../protocols/errors.ts';
import { fingerprint } from '../../protocols/evidence/keys.ts';
import type { Log } from '../../protocols/log.ts';
import type { Findings } from './findings.ts';
import type { KeyHandover } from './key-handovers.ts';
import type { AgentKey, AgentKeys, KeyStanding } from './keys.ts';
import { QuietLog } from './quiet-log.ts';

/** So long the first record of a chain is waited for, which may say whose place its key took, real ms. */
const FIRST_RECORD_MS = 600_000;
/** A refused key that was not used for so long is no alarm any more, real ms. */
const RECENT_MS = 600_000;
/** Keys whose first record is waited for: nobody may fill our memory with names. */
const AWAITED_MAX = 10_000;

/** A key that an agent uses, and that a person has to see to. */
export interface KeyTrouble {
  agent: string;
  fingerprint: string;
  standing: Extract<KeyStanding, 'other' | 'revoked'>;
}

/** Tells of keys that nobody vouched for, or that were revoked, until somebody has decided about them. */
export class KeyWatch {
  readonly #keys: AgentKeys;
  readonly #findings: Pick<Findings, 'report' | 'withdraw'>;
  readonly #wallMs: () => number;
  readonly #realMs: () => number;
  readonly #log: Log;
  readonly #quiet: QuietLog;
  /** Under which key a record of an agent was taken the last time, and when, real ms. */
  readonly #taken = new Map<string, { key: string; atMs: number }>();
  /** When one was refused for its key the last time, real ms, by agent and key. */
  readonly #refusedMs = new Map<string, number>();
  /** Since when the first record of a chain is waited for, real ms, by agent and key. */
  readonly #awaitedMs = new Map<string, number>();

  constructor(options: {
    keys: AgentKeys;
    findings: Pick<Findings, 'report' | 'withdraw'>;
    wallMs: () => number;
    /** Real monotonic time, ms. */
    realMs: () => number;
    log: Log;
  }) {
    this.#keys = options.keys;
    this.#findings = options.findings;
    this.#wallMs = options.wallMs;
    this.#realMs = options.realMs;
    this.#log = options.log;
    this.#quiet = new QuietLog(options.realMs);
  }

  /** Takes in what was decided meanwhile; a journal that cannot be read just now is told of, and what was known holds. */
  refresh(): void {
    try {
      if (!this.#keys.refresh()) return;
    } catch (error) {
      this.#quiet.say('journal', (swallowed) =>
        this.#log.error(
          { swallowed, error: describeError(error) },
          'What was decided about keys cannot be read; what was known before holds.',
        ),
      );
      return;
    }
    this.#withdraw();
  }

  /** A key handed over to another one. Call it before the record is noted as taken. */
  noteHandover(handover: KeyHandover): void {
    this.#keys.learn(handover);
    this.#withdraw();
  }

  /** A record under this key is here, and the first one of its chain is not. */
  awaitFirst(agent: string, key: string): void {
    const name = `${agent}/${key}`;
    if (this.#awaitedMs.has(name)) return;
    // The one that was waited for longest is told of a little early.
    const [oldest] = this.#awaitedMs.size >= AWAITED_MAX ? this.#awaitedMs.keys() : [];
    if (oldest !== undefined) this.#awaitedMs.delete(oldest);
    this.#awaitedMs.set(name, this.#realMs());
  }

  /**
   * A record under this key became durable.
   * @param isFirstHere whether the first one of its chain is here, which may say whose place the key took
   */
  noteTaken(agent: string, key: string, isFirstHere: boolean): void {
    this.#taken.set(agent, { key, atMs: this.#realMs() });
    const standing = this.#keys.meet(agent, key);
    if (standing !== 'other' || isFirstHere) this.#awaitedMs.delete(`${agent}/${key}`);
    else this.awaitFirst(agent, key);
    if (standing === 'other' && !this.#isAwaited(agent, key))
      this.#findings.report('other-key', agent, sayOther(agent, key), this.#wallMs());
  }

  /** A record was refused because its key is revoked. */
  noteRefused(agent: string, key: string): void {
    this.#keys.meet(agent, key);
    this.#refusedMs.set(`${agent}/${key}`, this.#realMs());
    this.#findings.report('revoked-key', agent, sayRevoked(agent, key), this.#wallMs());
  }

  /** What a person has to see to just now. */
  troubles(): KeyTrouble[] {
    const sinceMs = this.#realMs() - RECENT_MS;
    const isStuck = ({ agent, key }: AgentKey) => {
      const taken = this.#taken.get(agent);
      // One that goes on under another key only keeps what it sealed before.
      const goesOn = taken !== undefined && taken.key !== key && taken.atMs >= sinceMs;
      return (this.#refusedMs.get(`${agent}/${key}`) ?? -Infinity) >= sinceMs && !goesOn;
    };
    return this.#keys.list().flatMap((one): KeyTrouble[] => {
      const { agent, key, standing, fingerprint: mark } = one;
      if ((standing === 'other' && !this.#isAwaited(agent, key)) || (standing === 'revoked' && isStuck(one)))
        return [{ agent, fingerprint: mark, standing }];
      return [];
    });
  }

  #isAwaited(agent: string, key: string): boolean {
    const sinceMs = this.#awaitedMs.get(`${agent}/${key}`);
    return sinceMs !== undefined && this.#realMs() - sinceMs < FIRST_RECORD_MS;
  }

  /** What does not hold any more is no finding. */
  #withdraw(): void {
    for (const { agent, key, standing } of this.#keys.list()) {
      if (standing !== 'other') this.#findings.withdraw('other-key', agent, sayOther(agent, key));
      if (standing !== 'revoked') this.#findings.withdraw('revoked-key', agent, sayRevoked(agent, key));
    }
  }
}

function sayOther(agent: string, key: string): string {
  const mark = fingerprint(key);
  return `Agent ${agent} signs with key ${mark}, not with the one it used before; its records are kept and are no evidence until the key is confirmed. Compare it with \`millwatt keys show\` on the gateway, then: millwatt keys confirm ${agent} ${mark}`;
}

function sayRevoked(agent: string, key: string): string {
  return `Agent ${agent} sends records under key ${fingerprint(key)}, which was revoked; they are refused and wait in its spool.`;
}
