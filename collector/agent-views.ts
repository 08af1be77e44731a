import { fingerprint } from '../protocols/evidence/keys.ts';
import type { HealthMessage } from '../protocols/telemetry/live.ts';
import type { ClockOffsets } from './ingest/clock-offsets.ts';
import type { AgentKey, KeyStanding } from './ingest/keys.ts';
import type { AgentState } from './ingest/live-state.ts';
import type { ChainSummary } from './ledger/ledger.ts';

/** An agent as the collector sees it: what it last said of itself, and what the ledger holds of it. */
export interface AgentView {
  id: string;
  /** By its status and its will. */
  online: boolean;
  version: string;
  /** Collector wall time of its last message, ms since the Unix epoch; null when none came since our start. */
  lastSeenMs: number | null;
  health: HealthMessage | null;
  /** By how much its clock is ahead of ours, ms; absent before it has spoken since our start. */
  clockOffsetMs?: number;
  /** Its newest chain; null when there is none. */
  chain: Pick<ChainSummary, 'epoch' | 'headSeq' | 'contiguousSeq' | 'records' | 'samples'> | null;
  /** The key of that chain. */
  key?: { fingerprint: string; confirmed: boolean; standing: KeyStanding };
}

/** Every agent that was heard or that the ledger knows, by id. */
export function viewAgents(
  heard: readonly AgentState[],
  chains: readonly ChainSummary[],
  keys: readonly AgentKey[],
  clocks: Pick<ClockOffsets, 'of'>,
): AgentView[] {
  const states = new Map(heard.map((state) => [state.agent, state]));
  const newest = new Map<string, ChainSummary>();
  for (const chain of chains)
    if (chain.firstOrdinal > (newest.get(chain.agent)?.firstOrdinal ?? 0)) newest.set(chain.agent, chain);
  const ids = [...new Set([...states.keys(), ...newest.keys()])].sort();
  return ids.map((id) => {
    const state = states.get(id);
    const chain = newest.get(id);
    const clockOffsetMs = clocks.of(id);
    const view: AgentView = {
      id,
      online: state?.status?.online ?? false,
      version: state?.status?.version ?? state?.health?.version ?? '',
      lastSeenMs: state?.heardMs ?? null,
      health: state?.health ?? null,
      ...(clockOffsetMs === undefined ? {} : { clockOffsetMs }),
      chain: null,
    };
    if (chain === undefined) return view;
    const { epoch, headSeq, contiguousSeq, records, samples, key } = chain;
    const known = keys.find((one) => one.agent === id && one.key === key);
    const standing = known?.standing ?? 'other';
    return {
      ...view,
      chain: { epoch, headSeq, contiguousSeq, records, samples },
      key: { fingerprint: fingerprint(key), confirmed: standing === 'confirmed', standing },
    };
  });
}
