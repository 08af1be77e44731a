import { wallTimeMs, type RecordHeader } from '../../protocols/telemetry/record.ts';
import type { ChainSummary, Ledger } from '../ledger/ledger.ts';
import { heardTimesMs } from './thinned-records.ts';

/** Marks of one agent closer than this are one stretch of watching. */
const JOIN_MS = 120_000;
/** How often a stretch is told to a fold that goes over it again. */
const TELL_EVERY_MS = 60_000;
/**
 * So many stretches are remembered of an agent, the newest: years of one that is off every night. What is forgotten is
 * missed where that past is computed again: words of an agent that nobody heard do not hold.
 */
const STRETCHES_MAX = 5000;
/** An agent that is so far behind the others of a machine is not waited for. */
const WAIT_FOR_AGENT_MS = 180_000;

/** Ended epochs that are remembered of an agent. */
const ENDED_MAX = 100;

/** Where an agent ended an epoch, by its own log: the last record of it, and when, wall ms. */
export interface EpochEnd {
  epoch: string;
  seq: number;
  atMs: number;
}

/** What is known of one agent: plain data, kept with the cursor. */
interface AgentState {
  /** Stretches in which it was watching, wall ms, ascending. */
  watched: [fromMs: number, toMs: number][];
  /** For each machine: up to when its readings are here, as far as records came in order, wall ms. */
  machines: Record<string, number>;
  /** For each machine: since when something is here of it, wall ms. */
  firsts: Record<string, number>;
  /** Epochs that the agent said it has ended. */
  ended?: EpochEnd[];
}

/** Which agents serve which machines, and when each was watching, whether or not it had anything to say. */
export class AgentWatch {
  readonly #agents: Map<string, AgentState>;

  constructor(json?: string) {
    this.#agents = new Map(
      json === undefined ? [] : Object.entries(JSON.parse(json) as Record<string, AgentState>),
    );
  }

  /** The state as JSON text. */
  save(): string {
    return JSON.stringify(Object.fromEntries(this.#agents));
  }

  /** Takes note of a record of any kind. Returns the machines its agent serves. */
  note(header: RecordHeader): string[] {
    const agent = this.#agentOf(header.agent);
    const sealedMs = wallTimeMs(header, header.sealedTo);
    for (const atMs of heardTimesMs(header)) watch(agent.watched, atMs);
    if (header.kind === 'readings') {
      const firstMs = wallTimeMs(header, header.first);
      for (const { machine } of header.parts) {
        if (machine === null) continue;
        agent.machines[machine] ??= 0;
        agent.firsts[machine] = Math.min(agent.firsts[machine] ?? firstMs, firstMs);
      }
    }
    for (const [machine, toMs] of Object.entries(agent.machines)) {
      // A machine is sealed in one piece: after its part has gone, nothing older of it is open on the agent.
      const own = header.parts.some((part) => part.machine === machine)
        ? wallTimeMs(header, header.last) + 1
        : 0;
      agent.machines[machine] = Math.max(toMs, sealedMs, own);
    }
    return Object.keys(agent.machines);
  }

  /** Takes note of how long an epoch is that its agent has ended: what is left of it may come after the next one began. */
  noteEnd(agent: string, end: EpochEnd): void {
    const state = this.#agentOf(agent);
    const others = (state.ended ?? []).filter(({ epoch }) => epoch !== end.epoch);
    state.ended = [...others, end].slice(-ENDED_MAX);
  }

  /** Forgets what an agent was noted for at a time that was not it, [fromMs, toMs] wall ms. */
  forget(agent: string, fromMs: number, toMs: number): void {
    const state = this.#agentOf(agent);
    state.watched = state.watched.flatMap(([from, to]) => {
      if (to < fromMs || from > toMs) return [[from, to]];
      const kept: [number, number][] = [];
      if (from < fromMs) kept.push([from, fromMs]);
      if (to > toMs) kept.push([toMs, to]);
      return kept;
    });
  }

  /** When each agent of a machine was watching, from a time on: marks to be told to a fold that begins there. */
  marks(machine: string, fromMs: number, toMs: number): { agent: string; atMs: number }[] {
    const marks: { agent: string; atMs: number }[] = [];
    for (const [agent, { watched, machines }] of this.#agents) {
      if (!Object.hasOwn(machines, machine)) continue;
      for (const [from, to] of watched) {
        if (to < fromMs || from > toMs) continue;
        for (let atMs = Math.max(from, fromMs); atMs < to && atMs <= toMs; atMs += TELL_EVERY_MS)
          marks.push({ agent, atMs });
        if (to <= toMs) marks.push({ agent, atMs: to });
      }
    }
    return marks;
  }

  /** Up to when all readings of a machine are here, by the agents that are not far behind; null when none serves it. */
  horizonMs(machine: string): number | null {
    const times = [...this.#agents.values()].flatMap(({ machines }) => machines[machine] ?? []);
    const latestMs = Math.max(...times);
    if (times.length === 0) return null;
    return Math.min(...times.filter((toMs) => toMs >= latestMs - WAIT_FOR_AGENT_MS));
  }

  /** The end of everything that is here of a machine, wall ms; 0 when nothing is. */
  endMs(machine: string): number {
    return Math.max(0, ...[...this.#agents.values()].map(({ machines }) => machines[machine] ?? 0));
  }

  /** Nothing that is here of a machine is of before this, wall ms, be it no reading yet; Infinity when nothing is. */
  firstMs(machine: string): number {
    return Math.min(...[...this.#agents.values()].map(({ firsts }) => firsts[machine] ?? Infinity));
  }

  /**
   * Up to when every agent of a machine has delivered its chains, by the ledger; -Infinity when one has not. What is
   * missing of a time before `waitFromMs` (wall ms) is not waited for.
   */
  deliveredToMs(
    machine: string,
    chains: readonly ChainSummary[],
    ledger: Pick<Ledger, 'delivered'>,
    waitFromMs = -Infinity,
  ): number {
    let deliveredMs = Infinity;
    for (const [agent, { machines, ended }] of this.#agents) {
      if (!Object.hasOwn(machines, machine)) continue;
      const own = chains.filter((chain) => chain.agent === agent);
      const newest = own.reduce<ChainSummary | undefined>(
        (late, chain) => (late === undefined || chain.firstOrdinal > late.firstOrdinal ? chain : late),
        undefined,
      );
      for (const chain of own) {
        const { toMs, isWhole } = ledger.delivered(agent, chain.epoch, waitFromMs);
        const end = ended?.find(({ epoch }) => epoch === chain.epoch);
        const isOver =
          end === undefined ? isWhole : end.atMs <= waitFromMs || (isWhole && chain.headSeq >= end.seq);
        // An epoch that has ended holds nothing back once it is whole.
        if (chain === newest || !isOver) deliveredMs = Math.min(deliveredMs, toMs ?? -Infinity);
      }
    }
    return deliveredMs === Infinity ? -Infinity : deliveredMs;
  }

  #agentOf(name: string): AgentState {
    let agent = this.#agents.get(name);
    if (agent === undefined) this.#agents.set(name, (agent = { watched: [], machines: {}, firsts: {} }));
    return agent;
  }
}

function watch(watched: [fromMs: number, toMs: number][], atMs: number): void {
  let index = watched.length;
  while (index > 0 && (watched[index - 1]?.[0] ?? 0) > atMs) index--;
  const before = watched[index - 1];
  const after = watched[index];
  if (before !== undefined && atMs - before[1] <= JOIN_MS) before[1] = Math.max(before[1], atMs);
  else watched.splice(index, 0, [atMs, atMs]);
  const grown = watched.findIndex(([from, to]) => from <= atMs && atMs <= to);
  const joined = watched[grown];
  if (joined !== undefined && after !== undefined && after !== joined && after[0] - joined[1] <= JOIN_MS) {
    joined[1] = Math.max(joined[1], after[1]);
    watched.splice(grown + 1, 1);
  }
  if (watched.length > STRETCHES_MAX) watched.shift();
}
