import { isToken } from '../../protocols/telemetry/ids.ts';
import { holesOf } from '../ledger/gone-ranges.ts';
import type { ChainSummary, GoneRange } from '../ledger/ledger.ts';
import type { AgentState } from './live-state.ts';

/** A chain as far as its agent says it goes. */
export interface ToldChain extends Pick<ChainSummary, 'agent' | 'epoch' | 'contiguousSeq' | 'headSeq'> {
  /** What is missing at its end by the word of its agent. */
  told: { from: number; to: number }[];
  /** Records that the agent said it has still to deliver; absent where it said nothing of that. */
  pending?: number;
}

/**
 * Chains as far as their agents say that they go: a ledger that was restored from a backup does not know of records that it
 * once receipted, and an idle agent sends nothing that would show them. What an agent told on connecting and tells every 30 s
 * is no evidence; all it does is to ask. What an agent said will never come (`gone`) is not missing.
 */
export function withToldHeads(
  chains: readonly Pick<ChainSummary, 'agent' | 'epoch' | 'contiguousSeq' | 'headSeq'>[],
  agents: readonly Pick<AgentState, 'agent' | 'status' | 'health'>[],
  gone: (agent: string, epoch: string) => readonly GoneRange[],
): ToldChain[] {
  const told = new Map<string, number>(agents.flatMap((state) => headsOf(state)));
  const pendingOf = new Map<string, number>(
    agents.flatMap(({ agent, health }) =>
      health === undefined ? [] : [[`${agent}/${health.spool.epoch}`, health.spool.records.pending] as const],
    ),
  );
  const known = chains.map(({ agent, epoch, contiguousSeq, headSeq }) => {
    const name = `${agent}/${epoch}`;
    const seq = told.get(name) ?? 0;
    told.delete(name);
    const pending = pendingOf.get(name);
    const awaited = seq > headSeq ? holesOf({ from: headSeq + 1, to: seq }, gone(agent, epoch)) : [];
    const toSeq = Math.max(headSeq, seq);
    const isWhole = contiguousSeq === headSeq && awaited.length === 0;
    return {
      agent,
      epoch,
      contiguousSeq: isWhole ? toSeq : contiguousSeq,
      headSeq: toSeq,
      told: awaited,
      ...(pending === undefined ? {} : { pending }),
    };
  });
  const unknown = [...told].map(([name, seq]) => {
    const [agent = '', epoch = ''] = name.split('/');
    const awaited = holesOf({ from: 1, to: seq }, gone(agent, epoch));
    return { agent, epoch, contiguousSeq: awaited.length === 0 ? seq : 0, headSeq: seq, told: awaited };
  });
  return [...known, ...unknown];
}

function headsOf({
  agent,
  status,
  health,
}: Pick<AgentState, 'agent' | 'status' | 'health'>): [string, number][] {
  const heads: [string, number][] = [];
  const add = (epoch: string, seq: number) => {
    // What is no epoch can be in no receipt.
    if (isToken(epoch) && Number.isSafeInteger(seq) && seq > 0) heads.push([`${agent}/${epoch}`, seq]);
  };
  if (status?.online === true) add(status.epoch, status.seq);
  // The later word of one epoch wins.
  if (health !== undefined && status?.online !== false) add(health.spool.epoch, health.spool.headSeq);
  return heads;
}
