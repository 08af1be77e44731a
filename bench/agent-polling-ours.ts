import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startAgent } from '../agent/agent.ts';
import { agentConfig } from '../config/agent-config.ts';
import { loadProfile } from '../config/profile-library.ts';
import { systemClock } from '../protocols/clock.ts';
import { silentLog } from '../protocols/log.ts';
import { createModbusDriver } from '../protocols/modbus/modbus-driver.ts';
import { connectLink } from '../protocols/mqtt/mqtt-link.ts';
import { EVERY_MS, measureProcess, readArguments, REFERENCE_POINTS } from './agent-polling-measure.ts';

/** Our agent in a process of its own, everything on: spool, seals, live values, receipts. */
const { ports, broker } = readArguments();
const { profile, sha256 } = loadProfile('eastron/sdm630');
const folder = mkdtempSync(join(tmpdir(), 'millwatt-bench-'));
const config = agentConfig.parse({
  site: 'bench',
  agent: 'gw1',
  broker: { url: `mqtt://127.0.0.1:${broker}` },
  sources: ports.map((port, meter) => ({
    protocol: 'modbus-tcp',
    id: `meter${meter}`,
    machine: `machine${meter}`,
    host: '127.0.0.1',
    port,
    profile: 'eastron/sdm630',
    every: `${EVERY_MS}ms`,
    read: REFERENCE_POINTS.map(({ point }) => point),
  })),
});
const agent = await startAgent({
  config,
  dataFolder: folder,
  drivers: config.sources.flatMap((source) => {
    if (source.protocol !== 'modbus-tcp') return [];
    const endpoint = { transport: 'tcp' as const, host: source.host, port: source.port ?? 502 };
    return [
      createModbusDriver({
        source: { ...source, endpoint },
        profile,
        profileSha256: sha256,
        clock: systemClock,
      }),
    ];
  }),
  connect: connectLink,
  clock: systemClock,
  log: silentLog,
  version: 'bench',
});
await measureProcess(() => {
  const { sources } = agent.stats();
  if (sources.some(({ failures }) => failures > 0)) throw new Error('a poll failed');
  return sources.reduce((sum, { polls }) => sum + polls, 0);
});
const { samples, bytes, polls } = agent.stats();
process.stderr.write(`ours: ${JSON.stringify({ samples, bytes, polls })}\n`);
await agent.stop();
rmSync(folder, { recursive: true, force: true });
process.exit();
