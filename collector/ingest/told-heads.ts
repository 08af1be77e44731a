import { isToken } from '../../protocols/telemetry/ids.ts';
import type { ChainSummary } from '../ledger/ledger.ts';
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
 * is no evidence; all it does is to ask.
 */
export function withToldHeads(
  chains: readonly Pick<ChainSummary, 'agent' | 'epoch' | 'contiguousSeq' | 'headSeq'>[],
  agents: readonly Pick<AgentState, 'agent' | 'status' | 'health'>[],
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
    return {
      agent,
      epoch,
      contiguousSeq,
      headSeq: Math.max(headSeq, seq),
      told: seq > headSeq ? [{ from: headSeq + 1, to: seq }] : [],
      ...(pending === undefined ? {} : { pending }),
    };
  });
  const unknown = [...told].map(([name, seq]) => {
    const [agent = '', epoch = ''] = name.split('/');
    return { agent, epoch, contiguousSeq: 0, headSeq: seq, told: [{ from: 1, to: seq }] };
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
