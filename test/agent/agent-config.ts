import { agentConfig, type AgentConfig } from '../../config/agent-config.ts';

/** A configuration as the file would give it; the sources are there because one is needed, the tests bring drivers. */
export function testConfig(
  options: { url?: string; spool?: Record<string, unknown>; collectorKey?: string } = {},
): AgentConfig {
  return agentConfig.parse({
    site: 'pune',
    agent: 'gw1',
    broker: { url: options.url ?? 'mqtt://127.0.0.1:1' },
    ...(options.collectorKey === undefined ? {} : { collectorKey: options.collectorKey }),
    spool: options.spool ?? {},
    sources: [
      { protocol: 'modbus-tcp', id: 'meter', machine: 'mill', host: '127.0.0.1', profile: 'siemens/pac3200' },
    ],
  });
}
