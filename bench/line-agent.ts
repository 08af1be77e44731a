import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startAgent, type RunningAgent } from '../agent/agent.ts';
import { buildDrivers } from '../cli/build-drivers.ts';
import { loadAgentConfig } from '../config/load.ts';
import { systemClock } from '../protocols/clock.ts';
import type { Driver } from '../protocols/driver.ts';
import { silentLog } from '../protocols/log.ts';
import { connectLink } from '../protocols/mqtt/mqtt-link.ts';
import { PROFILE, REFERENCE_POINTS } from './reference-points.ts';
import { answerQuestions } from './line-process.ts';
import { createSocketlessDriver } from './line-socketless.ts';

/** What our agents of bench/line.ts say of themselves, in sum. */
export interface AgentSays {
  sealedRecords: number;
  pendingRecords: number;
  failures: number;
}

/** The wiring of one agent is one sealed record, which holds about 1,200 channels: more meters need more agents. */
const METERS_AN_AGENT = 100;

/** Our agent: broker's port, ports of the meters as JSON or a number of meters without sockets, ms between two polls. */
const [brokerPort = '', meters = '[]', everyMs = '100'] = process.argv.slice(2);
const given = JSON.parse(meters) as number[] | number;
const count = typeof given === 'number' ? given : given.length;
const folder = mkdtempSync(join(tmpdir(), 'millwatt-bench-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

let sent = 0;
const agents: RunningAgent[] = [];
for (let first = 0; first < count; first += METERS_AN_AGENT)
  agents.push(await start(agents.length + 1, first, Math.min(count, first + METERS_AN_AGENT)));

async function start(number: number, first: number, end: number): Promise<RunningAgent> {
  const own = Array.from({ length: end - first }, (_, index) => first + index);
  const dataFolder = join(folder, `agent-${number}`);
  const file = join(folder, `agent-${number}.yaml`);
  const sources = own.map(
    (meter) =>
      `  - { id: meter${meter}, protocol: modbus-tcp, host: 127.0.0.1, port: ${typeof given === 'number' ? 502 : given[meter]}, profile: "${PROFILE}",
      machine: machine${meter}, every: ${everyMs}ms, read: [${REFERENCE_POINTS.map(({ point }) => point).join(', ')}] }`,
  );
  writeFileSync(
    file,
    `site: bench
agent: gw${number}
data: ${dataFolder}
broker: { url: "mqtt://127.0.0.1:${brokerPort}" }
sources:
${sources.join('\n')}
`,
  );
  const { config } = loadAgentConfig(file);
  const drivers =
    typeof given === 'number'
      ? own.map((meter) => createSocketlessDriver(meter, Number(everyMs), systemClock))
      : await buildDrivers(config, { folder, dataFolder, clock: systemClock, log: silentLog });
  return startAgent({
    config,
    dataFolder,
    drivers: drivers.map((driver) => countPolls(driver)),
    connect: connectLink,
    clock: systemClock,
    log: silentLog,
    version: 'bench',
  });
}

function countPolls(driver: Driver): Driver {
  return {
    description: driver.description,
    channels: driver.channels,
    poll: async () => {
      const poll = await driver.poll();
      sent += poll.readings.length;
      return poll;
    },
    onStatus: (report) => driver.onStatus(report),
    close: () => driver.close(),
  };
}

answerQuestions({
  sent: () => sent,
  stats: (): AgentSays => {
    const says = { sealedRecords: 0, pendingRecords: 0, failures: 0 };
    for (const agent of agents) {
      const { records, sources } = agent.stats();
      says.sealedRecords += records.sealed;
      says.pendingRecords += records.pending;
      says.failures += sources.reduce((sum, { failures }) => sum + failures, 0);
    }
    return says;
  },
  stop: async () => {
    const polls = agents.map((agent) => agent.stats().polls);
    await Promise.all(agents.map((agent) => agent.stop()));
    return { sent, skippedPolls: polls.reduce((sum, { skipped }) => sum + skipped, 0) };
  },
});
