import type { CollectorStats } from './collector-stats.ts';
import { FIGURE_WORDS } from './figure-words.ts';

/** One metric in the terms of Prometheus. */
export interface CollectorMetric {
  /** With its unit last. */
  name: string;
  help: string;
  type: 'counter' | 'gauge';
  values: { labels?: Record<string, string>; value: number | null }[];
}

/** The collector's figures for /metrics. The counts hold: messages = admitted + duplicate + rejected + shed + failed + deciding. */
export function readCollectorMetrics(stats: CollectorStats): CollectorMetric[] {
  const { broker, admission, receipts, quarantine, ledger } = stats;
  const byLabel = (label: string, values: Record<string, number>) =>
    Object.entries(values).map(([name, value]) => ({ labels: { [label]: name }, value }));
  const gauge = (name: string, help: string, value: number): CollectorMetric => ({
    name,
    help,
    type: 'gauge',
    values: [{ value }],
  });
  return [
    gauge('millwatt_broker_connected', '1 while the broker is connected.', broker.connected ? 1 : 0),
    {
      name: 'millwatt_collector_messages_total',
      help: 'Messages from the broker; foreign ones belong to another site or to no topic of ours.',
      type: 'counter',
      values: byLabel('kind', { ours: broker.messages - broker.foreign, foreign: broker.foreign }),
    },
    {
      name: 'millwatt_admission_messages_total',
      help: 'Sealed records that came, by fate; rejected ones by reason are in millwatt_admission_rejected_total.',
      type: 'counter',
      values: byLabel('fate', {
        admitted: admission.admitted,
        duplicate: admission.duplicates,
        rejected: Object.values(admission.rejected).reduce((sum, count) => sum + count, 0),
        shed: admission.shed,
        failed: admission.failed,
        deciding: admission.deciding,
      }),
    },
    {
      name: 'millwatt_admission_rejected_total',
      help: 'Sealed records that can never be taken, by reason.',
      type: 'counter',
      values: byLabel('reason', admission.rejected),
    },
    {
      name: 'millwatt_admission_bytes_total',
      help: 'Bytes of sealed records that came.',
      type: 'counter',
      values: [{ value: admission.bytes }],
    },
    {
      name: 'millwatt_admission_samples_total',
      help: 'Readings that became durable.',
      type: 'counter',
      values: [{ value: admission.samples }],
    },
    {
      name: 'millwatt_receipts_total',
      help: 'Receipts by fate; a failed one is made up for when the agent sends again.',
      type: 'counter',
      values: byLabel('fate', { sent: receipts.sent, failed: receipts.failed }),
    },
    gauge('millwatt_quarantine_files', 'Messages kept for someone to look at.', quarantine.files),
    gauge('millwatt_quarantine_bytes', 'Size of the messages kept for someone to look at.', quarantine.bytes),
    gauge('millwatt_ledger_pending_records', 'Records that wait for a predecessor.', ledger.pending),
    gauge(
      'millwatt_ledger_missing_records',
      'Records that are missing below one that is here and may still come, over all chains.',
      ledger.missing,
    ),
    gauge('millwatt_ledger_appending_records', 'Records that are not durable yet.', ledger.appending),
    gauge(
      'millwatt_ledger_damaged_records',
      'Records read since the start that are not as they were admitted: nothing is derived from them.',
      ledger.damaged,
    ),
    ...roomOf(stats.room),
    gauge(
      'millwatt_findings',
      'Findings since the start: broken chains, other keys, channel conflicts, clocks that are off.',
      stats.findings,
    ),
    gauge(
      'millwatt_agent_other_keys',
      'Keys of agents that nobody has confirmed beside another.',
      stats.otherKeys,
    ),
    {
      name: 'millwatt_reader_lag_records',
      help: 'Records of the ledger that a reader has not taken in yet.',
      type: 'gauge',
      values: byLabel('reader', stats.lagRecords),
    },
    ...figuresOf('derivation', stats.derivation),
    ...stateOfInflux(stats.influx),
    ...figuresOf('influx', stats.influx),
    ...figuresOf('retention', stats.retention),
    ...figuresOf('evidence', stats.evidence),
  ];
}

/** The room on the ledger's disk: an alarm asks for `full`. */
function roomOf(room: CollectorStats['room']): CollectorMetric[] {
  if (room === undefined) return [];
  const { full, freeBytes, reserveBytes } = room;
  const one = (name: string, help: string, value: number | null): CollectorMetric => ({
    name,
    help,
    type: 'gauge',
    values: [{ value }],
  });
  return [
    one(
      'millwatt_ledger_disk_full',
      '1 while no record is taken for want of room; agents keep theirs.',
      full ? 1 : 0,
    ),
    one('millwatt_ledger_disk_free_bytes', 'Free on the disk of the ledger.', freeBytes),
    one('millwatt_ledger_disk_reserve_bytes', 'With less free no record is taken.', reserveBytes),
  ];
}

/** One value for each state, 1 for the one that is: an alarm asks for `halt`. */
function stateOfInflux(influx: object | undefined): CollectorMetric[] {
  if (influx === undefined) return [];
  const { state } = influx as { state?: unknown };
  return [
    {
      name: 'millwatt_influx_state',
      help: '1 for the state of the projection to InfluxDB: ok, retry (heals by itself), halt (somebody has to do something).',
      type: 'gauge',
      values: ['ok', 'retry', 'halt'].map((name) => ({
        labels: { state: name },
        value: name === state ? 1 : 0,
      })),
    },
  ];
}

/** Every plain figure that a part tells of itself, under its own name. */
function figuresOf(part: string, figures: object | undefined): CollectorMetric[] {
  return Object.entries(figures ?? {}).flatMap(([name, value]: [string, unknown]) => {
    if (typeof value !== 'number' && typeof value !== 'boolean') return [];
    const snake = name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    return [
      {
        name: `millwatt_${part}_${snake}`,
        help: FIGURE_WORDS[`${part} ${name}`] ?? `Figure ${name} of the ${part}.`,
        type: 'gauge' as const,
        values: [{ value: Number(value) }],
      },
    ];
  });
}
