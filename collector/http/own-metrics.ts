import type { HttpParts } from './http-parts.ts';
import { STATE_NUMBERS } from './live-board.ts';
import type { MetricFamily } from './metric-families.ts';

/** What /metrics says of the plant, the agents and the ledger. The counts hold: sampled = receipted + pending + rejected + thinned + dropped. */
export function collectOwnMetrics(parts: HttpParts): MetricFamily[] {
  const { clock, live, site, version } = parts;
  const agents = parts.agents();
  const machines = live.latest();
  const ledger = parts.ledger();
  const byAgent = (read: (agent: (typeof agents)[number]) => number | null) =>
    agents.map((agent) => ({ labels: { agent: agent.id }, value: read(agent) }));
  const byMachine = (read: (machine: (typeof machines)[number]) => number | null) =>
    machines.map((machine) => ({ labels: { machine: machine.machine }, value: read(machine) }));

  return [
    {
      name: 'millwatt_info',
      help: 'Site and version.',
      type: 'gauge',
      values: [{ labels: { site, version }, value: 1 }],
    },
    {
      name: 'millwatt_machine_power_watts',
      help: 'Active power of the whole machine just now.',
      type: 'gauge',
      values: byMachine(({ powerW }) => powerW),
    },
    {
      name: 'millwatt_machine_state',
      help: `Operating state just now: ${Object.entries(STATE_NUMBERS)
        .map(([state, number]) => `${number} ${state}`)
        .join(', ')}.`,
      type: 'gauge',
      values: byMachine(({ state }) => STATE_NUMBERS[state]),
    },
    {
      name: 'millwatt_agent_online',
      help: '1 while the broker holds the connection of the agent.',
      type: 'gauge',
      values: byAgent(({ online }) => (online ? 1 : 0)),
    },
    {
      name: 'millwatt_agent_last_seen_seconds',
      help: 'Time since the last message of the agent.',
      type: 'gauge',
      values: byAgent(({ lastSeenMs }) =>
        lastSeenMs === null ? null : Math.max(0, (clock.wallMs() - lastSeenMs) / 1000),
      ),
    },
    {
      name: 'millwatt_agent_clock_offset_seconds',
      help: 'By how much the clock of the agent is ahead of the collector, as its fastest message of late tells.',
      type: 'gauge',
      values: byAgent(({ clockOffsetMs }) => (clockOffsetMs === undefined ? null : clockOffsetMs / 1000)),
    },
    {
      name: 'millwatt_agent_samples_total',
      help: 'Readings by fate, as the agent counts them: sampled = receipted + pending + rejected + thinned + dropped.',
      type: 'counter',
      values: agents.flatMap(({ id, health }) =>
        Object.entries(health?.spool.samples ?? {}).map(([fate, value]) => ({
          labels: { agent: id, fate },
          value,
        })),
      ),
    },
    {
      name: 'millwatt_agent_receipts_total',
      help: 'Receipts that reached the agent since its start: obeyed, or ignored for the fault named.',
      type: 'counter',
      values: agents.flatMap(({ id, health }) =>
        Object.entries(health?.receipts ?? {}).map(([fate, value]) => ({
          labels: { agent: id, fate },
          value,
        })),
      ),
    },
    {
      name: 'millwatt_agent_records_pending',
      help: 'Records in the spool of the agent that the ledger has not receipted.',
      type: 'gauge',
      values: byAgent(({ health }) => health?.spool.records.pending ?? null),
    },
    {
      name: 'millwatt_agent_spool_bytes',
      help: 'Size of the spool of the agent.',
      type: 'gauge',
      values: byAgent(({ health }) => health?.spool.bytes ?? null),
    },
    {
      name: 'millwatt_agent_spool_failing',
      help: '1 while the disk of the agent does not take what is read, and it is held in memory.',
      type: 'gauge',
      values: byAgent(({ health }) =>
        health === null ? null : typeof health.spool.failing === 'string' ? 1 : 0,
      ),
    },
    {
      name: 'millwatt_agent_spool_full',
      help: '1 while the spool of the agent is too small for what waits: its oldest readings are thinned, then dropped.',
      type: 'gauge',
      values: byAgent(({ health }) => (health === null ? null : health.spool.full?.over === false ? 1 : 0)),
    },
    {
      name: 'millwatt_agent_source_up',
      help: '1 while the source answers.',
      type: 'gauge',
      values: agents.flatMap(({ id, health }) =>
        (health?.sources ?? []).map((source) => ({
          labels: { agent: id, source: source.id },
          value: source.up ? 1 : 0,
        })),
      ),
    },
    {
      name: 'millwatt_agent_source_insecure',
      help: '1 where the source is read without security that its protocol could give.',
      type: 'gauge',
      values: agents.flatMap(({ id, health }) =>
        (health?.sources ?? []).map((source) => ({
          labels: { agent: id, source: source.id },
          value: source.insecure === true ? 1 : 0,
        })),
      ),
    },
    {
      name: 'millwatt_chain_missing_records',
      help: 'Sequence numbers of the newest chain of the agent behind the last that joins it, those that are here already included; what is missing and may still come, over all chains, is millwatt_ledger_missing_records.',
      type: 'gauge',
      values: byAgent(({ chain }) => (chain === null ? null : chain.headSeq - chain.contiguousSeq)),
    },
    {
      name: 'millwatt_ledger_records',
      help: 'Records in the ledger.',
      type: 'gauge',
      values: [{ value: ledger.records }],
    },
    {
      name: 'millwatt_ledger_samples',
      help: 'Readings in the ledger.',
      type: 'gauge',
      values: [{ value: ledger.samples }],
    },
    {
      name: 'millwatt_ledger_bytes',
      help: 'Size of the ledger on disk.',
      type: 'gauge',
      values: [{ value: ledger.sizeBytes }],
    },
  ];
}
