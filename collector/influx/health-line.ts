import type { HealthMessage } from '../../protocols/telemetry/live.ts';
import { encodePoint, type Field } from './line-protocol.ts';

/** An agent's health as a point of measurement `agent` at the agent's own time. */
export function lineOfHealth(site: string, agent: string, health: HealthMessage): string {
  const { host, spool, sources } = health;
  const fields: [string, Field][] = [
    ['uptime_s', health.uptimeS],
    ['rss_bytes', health.process.rssBytes],
    ['event_loop_delay_ms', health.process.eventLoopDelayMs],
    ['records_pending', BigInt(spool.records.pending)],
    ['samples_sampled', BigInt(spool.samples.sampled)],
    ['samples_receipted', BigInt(spool.samples.receipted)],
    ['samples_pending', BigInt(spool.samples.pending)],
    ['samples_dropped', BigInt(spool.samples.dropped)],
    ...(spool.samples.rejected === undefined
      ? []
      : [['samples_rejected', BigInt(spool.samples.rejected)] satisfies [string, Field]]),
    ...(spool.samples.thinned === undefined
      ? []
      : [['samples_thinned', BigInt(spool.samples.thinned)] satisfies [string, Field]]),
    ['spool_bytes', BigInt(spool.bytes)],
    ['sources_up', BigInt(sources.filter((source) => source.up).length)],
    ['sources_down', BigInt(sources.filter((source) => !source.up).length)],
  ];
  const known: [string, number | null][] = [
    ['cpu_load', host.cpuLoad],
    ['memory_used_share', host.memoryUsedShare],
    ['disk_free_bytes', host.diskFreeBytes],
    ['cpu_temperature_degc', host.cpuTemperatureDegC],
  ];
  for (const [name, value] of known) if (value !== null) fields.push([name, value]);
  return encodePoint({
    measurement: 'agent',
    tags: [
      ['site', site],
      ['agent', agent],
    ],
    fields,
    timeMs: health.at,
  });
}
