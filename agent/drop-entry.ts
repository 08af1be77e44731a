import type { AgentLogEntry } from '../protocols/telemetry/agent-log.ts';
import type { Drop } from './spool-drops.ts';

/**
 * How a drop is told in the chain. Records of another epoch than the log's own go by another word: a reader that does not know it
 * must not take them for its own.
 */
export function describeDrop(
  { epoch, reason, from, to, samples }: Drop,
  current: string,
): Omit<AgentLogEntry, 'atMs'> {
  if (from === null || to === null) return { event: 'samples-dropped', detail: { reason, samples } };
  return epoch === current
    ? { event: 'records-dropped', detail: { reason, from, to, samples } }
    : { event: 'earlier-records-dropped', detail: { epoch, reason, from, to, samples } };
}
