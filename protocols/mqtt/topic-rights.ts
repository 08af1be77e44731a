import { parseTopic } from '../telemetry/topics.ts';

/** What an agent may write to its own leaves; the receipt is the collector's alone. */
const AGENT_WRITES: ReadonlySet<string> = new Set(['batch', 'config', 'status', 'health', 'live']);

/** True when the agent (its MQTT user name) may publish to the topic. */
export function mayAgentPublish(agent: string, topic: string): boolean {
  const parsed = parseTopic(topic);
  return parsed !== undefined && parsed.agent === agent && AGENT_WRITES.has(parsed.leaf);
}

/** True when the agent may subscribe to the filter: its own receipts, of one site or of any. */
export function mayAgentSubscribe(agent: string, filter: string): boolean {
  const parsed = parseTopic(filter.replace(/^millwatt\/1\/\+\//, 'millwatt/1/any/'));
  return parsed !== undefined && parsed.agent === agent && parsed.leaf === 'receipt';
}

/** True when the collector may publish to the topic: receipts and nothing else. */
export function mayCollectorPublish(topic: string): boolean {
  return parseTopic(topic)?.leaf === 'receipt';
}

/** True when the collector may subscribe to the filter: all that is ours. */
export function mayCollectorSubscribe(filter: string): boolean {
  return filter.startsWith('millwatt/1/');
}
