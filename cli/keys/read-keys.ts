import { join } from 'node:path';
import { AgentKeys, handoversOf, type AgentKey } from '../../collector/ingest/keys.ts';
import type { JournalReader } from '../../collector/journal/journal.ts';
import { followKeyActs } from '../../collector/journal/key-acts.ts';
import { readLedger } from '../../collector/ledger/read-ledger.ts';
import { silentLog } from '../../protocols/log.ts';

/** A key, and what the ledger holds under it. */
export interface KeyReport extends AgentKey {
  /** When the first record under it was taken in, wall ms; null where none was. */
  firstMs: number | null;
  /** Chains that were sealed under it, in the order in which they came: records up to `to`, of which so many are here. */
  chains: { epoch: string; to: number; records: number }[];
}

/**
 * Every key that the collector took records under, agents in order; the collector may run meanwhile. Throws an
 * error of class `refuse` (code `no-ledger`) where no collector has run.
 */
export function readKeys(dataFolder: string, journal: JournalReader): KeyReport[] {
  const ledger = readLedger({ folder: join(dataFolder, 'ledger'), log: silentLog });
  try {
    const chains = ledger.chains().sort((a, b) => a.firstOrdinal - b.firstOrdinal);
    const keys = new AgentKeys(
      chains,
      followKeyActs(journal, silentLog),
      handoversOf(ledger.configRecords()),
    );
    return keysUsed(chains, keys)
      .map((one): KeyReport => {
        const own = chains.filter(({ agent, key }) => agent === one.agent && key === one.key);
        const [first] = own.length === 0 ? [] : ledger.readAfter((own[0]?.firstOrdinal ?? 1) - 1, 1);
        return {
          ...one,
          firstMs: first?.receivedMs ?? null,
          chains: own.map(({ epoch, headSeq, records }) => ({ epoch, to: headSeq, records })),
        };
      })
      .sort((a, b) => (a.agent < b.agent ? -1 : a.agent > b.agent ? 1 : 0));
  } finally {
    ledger.close();
  }
}

/** The keys of chains, each once: also of an agent that used more than are remembered, for a person may confirm any of them. */
export function keysUsed(chains: readonly { agent: string; key: string }[], keys: AgentKeys): AgentKey[] {
  const used = new Map(chains.map(({ agent, key }) => [`${agent}/${key}`, keys.keyOf(agent, key)]));
  return [...used.values()];
}
