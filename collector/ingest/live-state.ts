import type { HealthMessage, LiveMessage, StatusMessage } from '../../protocols/telemetry/live.ts';
import type { ParsedTopic } from '../../protocols/telemetry/topics.ts';
import { ClockOffsets } from './clock-offsets.ts';
import { readHealth, readLive, readStatus } from './live-messages.ts';

/** More agents, or more machines of all agents, are not followed live. */
const AGENTS_MAX = 1000;
const MACHINES_MAX = 2000;
/** Nor are more bytes of what is kept, of one agent and of all: a machine with 100 channels has about 10 kB. */
const AGENT_BYTES_MAX = 4 * 1024 * 1024;
const BYTES_MAX = 64 * 1024 * 1024;
/** By the agent's clock. */
const RETAINED_LIVE_MS_MAX = 60_000;

/** What an agent last said of itself. */
export interface AgentState {
  agent: string;
  status: StatusMessage | undefined;
  health: HealthMessage | undefined;
  /** Collector wall time of the latest message, ms since the Unix epoch. */
  heardMs: number;
}

/** What an agent last said of a machine. */
export interface MachineLive {
  agent: string;
  /** Collector wall time of arrival, ms since the Unix epoch. */
  receivedMs: number;
  message: LiveMessage;
}

/** One message that was taken in. */
export type LiveEvent =
  | { kind: 'live'; agent: string; live: MachineLive }
  | { kind: 'status'; agent: string; status: StatusMessage }
  | { kind: 'health'; agent: string; health: HealthMessage };

/** The latest of everything that is not evidence: held in memory, lost on a restart, there again within seconds. */
export class LiveState {
  /** How far the clock of each agent is off. */
  readonly clocks = new ClockOffsets();
  readonly #wallMs: () => number;
  readonly #agents = new Map<string, AgentState>();
  readonly #machines = new Map<string, MachineLive>();
  readonly #kept = new Map<string, number>();
  readonly #agentBytes = new Map<string, number>();
  #bytes = 0;
  readonly #listeners = new Set<(event: LiveEvent) => void>();

  /** @param wallMs collector wall time, ms since the Unix epoch */
  constructor(wallMs: () => number) {
    this.#wallMs = wallMs;
  }

  /**
   * Takes in a status, health or live message; anything else, or a malformed one, is left out. So is a live message that
   * the broker had retained for longer than a minute: it is not live.
   */
  take(topic: ParsedTopic, payload: Uint8Array, retained = false): void {
    const { agent, leaf } = topic;
    if (leaf === 'status') {
      const status = readStatus(payload);
      if (status === undefined || !this.#hear(agent, { status })) return;
      this.#tell({ kind: 'status', agent, status });
    } else if (leaf === 'health') {
      const health = readHealth(payload);
      if (health === undefined || !this.#fits(agent, 'health', payload.length)) return;
      if (!this.#hear(agent, { health })) return;
      this.#keep(agent, 'health', payload.length);
      this.clocks.noteSet(agent, health.clock.state !== 'unsynced');
      if (!retained) this.clocks.note(agent, health.at, this.#wallMs());
      this.#tell({ kind: 'health', agent, health });
    } else if (leaf === 'live') {
      const message = readLive(payload);
      if (message === undefined || message.machine !== topic.machine || !this.#hear(agent, {})) return;
      if (!retained) this.clocks.note(agent, message.at, this.#wallMs());
      if (retained && this.#wallMs() - message.at > RETAINED_LIVE_MS_MAX) return;
      const name = `${message.machine}/${agent}`;
      if (!this.#machines.has(name) && this.#machines.size >= MACHINES_MAX) return;
      if (!this.#fits(agent, name, payload.length)) return;
      this.#keep(agent, name, payload.length);
      const live = { agent, receivedMs: this.#wallMs(), message };
      this.#machines.set(name, live);
      this.#tell({ kind: 'live', agent, live });
    }
  }

  agents(): AgentState[] {
    return [...this.#agents.values()];
  }

  /** The latest of every machine; one entry an agent where two serve it. */
  machines(): MachineLive[] {
    return [...this.#machines.values()];
  }

  /** Calls the listener for every message from now on; what it returns ends that. A listener must not throw. */
  onLive(listener: (event: LiveEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #fits(agent: string, name: string, bytes: number): boolean {
    const more = bytes - (this.#kept.get(`${agent} ${name}`) ?? 0);
    const ofAgent = this.#agentBytes.get(agent) ?? 0;
    return more <= 0 || (ofAgent + more <= AGENT_BYTES_MAX && this.#bytes + more <= BYTES_MAX);
  }

  #keep(agent: string, name: string, bytes: number): void {
    const more = bytes - (this.#kept.get(`${agent} ${name}`) ?? 0);
    this.#kept.set(`${agent} ${name}`, bytes);
    this.#agentBytes.set(agent, (this.#agentBytes.get(agent) ?? 0) + more);
    this.#bytes += more;
  }

  #hear(agent: string, news: Partial<Pick<AgentState, 'status' | 'health'>>): boolean {
    const known = this.#agents.get(agent);
    if (known === undefined && this.#agents.size >= AGENTS_MAX) return false;
    const heardMs = this.#wallMs();
    this.#agents.set(agent, { agent, status: known?.status, health: known?.health, ...news, heardMs });
    return true;
  }

  #tell(event: LiveEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}
