import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startAgent } from '../agent/agent.ts';
import { buildDrivers } from '../cli/build-drivers.ts';
import { loadAgentConfig } from '../config/load.ts';
import { systemClock } from '../protocols/clock.ts';
import type { Driver } from '../protocols/driver.ts';
import { silentLog } from '../protocols/log.ts';
import { connectLink } from '../protocols/mqtt/mqtt-link.ts';
import { REFERENCE_POINTS } from './agent-polling-measure.ts';
import { answerQuestions } from './line-process.ts';
import { createSocketlessDriver } from './line-socketless.ts';

/** Our agent for bench/line.ts: broker's port, ports of the meters as JSON or a number of meters without sockets, ms. */
const [brokerPort = '', meters = '[]', everyMs = '100'] = process.argv.slice(2);
const given = JSON.parse(meters) as number[] | number;
const ports = typeof given === 'number' ? [502] : given;
const folder = mkdtempSync(join(tmpdir(), 'millwatt-bench-'));
const file = join(folder, 'agent.yaml');
const sources = ports.map(
  (port, meter) =>
    `  - { id: meter${meter}, protocol: modbus-tcp, host: 127.0.0.1, port: ${port}, profile: eastron/sdm630,
      machine: machine${meter}, every: ${everyMs}ms, read: [${REFERENCE_POINTS.map(({ point }) => point).join(', ')}] }`,
);
writeFileSync(
  file,
  `site: bench
agent: gw1
data: ./agent
broker: { url: "mqtt://127.0.0.1:${brokerPort}" }
sources:
${sources.join('\n')}
`,
);
const { config } = loadAgentConfig(file);
const dataFolder = join(folder, 'agent');
const drivers =
  typeof given === 'number'
    ? Array.from({ length: given }, (_, meter) => createSocketlessDriver(meter, Number(everyMs), systemClock))
    : await buildDrivers(config, { folder, dataFolder, clock: systemClock, log: silentLog });

let sent = 0;
const counted = drivers.map((driver): Driver => ({
  description: driver.description,
  channels: driver.channels,
  poll: async () => {
    const poll = await driver.poll();
    sent += poll.readings.length;
    return poll;
  },
  onStatus: (report) => driver.onStatus(report),
  close: () => driver.close(),
}));
const agent = await startAgent({
  config,
  dataFolder,
  drivers: counted,
  connect: connectLink,
  clock: systemClock,
  log: silentLog,
  version: 'bench',
});
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

answerQuestions({
  sent: () => sent,
  stats: () => {
    const { samples, records, polls, sources: states, bytes } = agent.stats();
    const failures = states.reduce((sum, state) => sum + state.failures, 0);
    return { samples, records, polls, bytes, failures };
  },
  stop: async () => {
    const stats = agent.stats();
    await agent.stop();
    return { sent: sent, repeated: stats.polls.repeated, skipped: stats.polls.skipped };
  },
});
