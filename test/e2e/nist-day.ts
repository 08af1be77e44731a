import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { startAgent } from '../../agent/agent.ts';
import { buildCollector } from '../../cli/build-collector.ts';
import { buildDrivers } from '../../cli/build-drivers.ts';
import type { MachineHour } from '../../collector/energy/machine-hour.ts';
import type { StateSpan } from '../../collector/energy/state-span.ts';
import { openLedger } from '../../collector/ledger/sqlite-ledger.ts';
import { readViews } from '../../collector/ledger/sqlite-views.ts';
import { loadAgentConfig, loadCollectorConfig } from '../../config/load.ts';
import { SteppedClock } from '../../protocols/clock.ts';
import { unfoldPart } from '../../protocols/evidence/seal.ts';
import { silentLog } from '../../protocols/log.ts';
import { connectLink } from '../../protocols/mqtt/mqtt-link.ts';
import { startMtconnectAgent, type MtconnectAgent } from '../../protocols/simulator/mtconnect-agent.ts';
import { replayLog } from '../../protocols/simulator/mtconnect-content.ts';
import { readDevices } from '../../protocols/simulator/mtconnect-devices.ts';
import {
  beginningOf,
  moveLog,
  readRecordedLog,
  type RecordedTold,
} from '../../protocols/simulator/mtconnect-log.ts';
import type { StatusChannel } from '../../protocols/telemetry/channel.ts';
import { decodePart } from '../../protocols/telemetry/part.ts';
import { parseRecord, wallTimeMs } from '../../protocols/telemetry/record.ts';
import { decodeSnapshot } from '../../protocols/telemetry/snapshot-text.ts';
import { findFreePort } from '../support/mosquitto.ts';
import { eventually } from './millwatt-process.ts';

/** A word as the ledger keeps it. */
export interface LedgerWord {
  /** Wall ms. */
  atMs: number;
  value: string | number | boolean | null;
}

/** A link event as the ledger keeps it. */
export interface LedgerLink {
  atMs: number;
  up: boolean;
  reason: string;
}

/** What became of a recorded day. */
export interface RecordedDay {
  name: string;
  /** What the log told, in its order. */
  told: RecordedTold[];
  /** Wall time of the first poll and of the last, ms. */
  fromMs: number;
  toMs: number;
  /** Words by data item id, in the order of the ledger, with the channel that they fed. */
  words: Map<string, { channel: StatusChannel; words: LedgerWord[] }>;
  links: LedgerLink[];
  spans: StateSpan[];
  hours: MachineHour[];
  polls: number;
}

/** How a recorded day is read. */
export interface DayOptions {
  /** The log, plain or gzipped; its name begins with the device's. */
  file: string;
  devicesFile: string;
  mode: 'poll' | 'stream';
  bufferSize?: number;
  /** Called when the clock has moved, before the poll. */
  onStep?: (agent: MtconnectAgent, clock: SteppedClock) => void;
}

const HOUR_MS = 3_600_000;
/** Ten years: clocks that show a time before 2020 are taken for never set. */
const LATER_S = 315_532_800;
const STEP_MS = 60_000;
/** A line so much older than one above it is out of order. */
const LATE_MS = 1000;
/** Where the log is silent the clock goes faster, and yet slow enough that the agent is heard of. */
const QUIET_STEP_MS = 240_000;
const DEVICE = /^[^-.]+/u;

/** How long the control may be silent between two counted words and still have gone on, ms. */
export const BRIDGE_MS = 120_000;

/**
 * Serves a recorded day as an MTConnect agent and lets everything that is in a plant read it: driver, agent, broker,
 * ledger, derivation. The clock is stepped; words carry the times of the log.
 */
export async function readRecordedDay(options: DayOptions): Promise<RecordedDay> {
  const name = basename(options.file);
  const device = DEVICE.exec(name)?.[0] ?? '';
  const machine = device.toLowerCase();
  const model = readDevices(readFileSync(options.devicesFile, 'utf8'));
  const bytes = readFileSync(options.file);
  const log = moveLog(
    readRecordedLog((name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8'), model, device),
    LATER_S,
  );
  const { told } = log;
  const dueMs = dueTimes(told);
  const endMs = dueMs.at(-1) ?? 0;
  const fromMs = beginningOf(log);

  const folder = mkdtempSync(join(tmpdir(), 'millwatt-day-'));
  const clock = new SteppedClock(fromMs);
  const source = await startMtconnectAgent({
    content: replayLog(model, log),
    clock,
    port: 0,
    bufferSize: options.bufferSize,
  });
  const brokerPort = await findFreePort();
  const collectorFile = join(folder, 'collector.yaml');
  writeFileSync(collectorFile, collectorYaml(machine, brokerPort, await findFreePort()));
  const agentFile = join(folder, 'agent.yaml');
  writeFileSync(agentFile, agentYaml(machine, device, source.url, brokerPort, options.mode));
  const collector = await buildCollector(loadCollectorConfig(collectorFile).config, {
    folder,
    clock,
    log: silentLog,
    simulated: false,
  });
  const { config } = loadAgentConfig(agentFile);
  const dataFolder = join(folder, 'agent');
  const agent = await startAgent({
    config,
    dataFolder,
    drivers: await buildDrivers(config, { folder, dataFolder, clock, log: silentLog }),
    connect: connectLink,
    clock,
    log: silentLog,
    version: 'test',
  });
  let stopped = false;
  const stop = async () => {
    if (stopped) return;
    stopped = true;
    await agent.stop();
    await collector.stop();
    await source.close();
  };
  try {
    let polls = 0;
    let sealedMs = fromMs;
    for (const atMs of stepTimes(told, dueMs, fromMs, endMs)) {
      clock.stepTo(atMs);
      options.onStep?.(source, clock);
      await agent.pollAll();
      // Records are sealed by real time as well, and a night passes in a moment: an agent is heard of once a minute or so.
      if (atMs - sealedMs >= QUIET_STEP_MS) {
        agent.sealNow();
        sealedMs = atMs;
      }
      polls++;
    }
    agent.sealNow();
    await eventually(() => {
      const { samples } = agent.stats();
      return samples.pending === 0 && samples.sampled === samples.receipted;
    }, 'every sample is receipted');
    await collector.idle();
    await stop();
    const range = [Math.floor(fromMs / HOUR_MS) * HOUR_MS, clock.wallMs() + HOUR_MS] as const;
    const views = readViews({ folder: join(folder, 'collector') });
    try {
      return {
        name,
        told,
        fromMs,
        toMs: clock.wallMs(),
        ...(await readLedger(join(folder, 'collector', 'ledger'))),
        spans: views.states(machine, ...range, 1_000_000),
        hours: views.hours(machine, ...range),
        polls,
      };
    } finally {
      views.close();
    }
  } finally {
    await stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * When the clock stops: at a line, a step after the stop before, or as often as silence needs; and right before a line
 * that is out of order, because whoever reads all the time has heard by then of what is told before it.
 */
function* stepTimes(
  told: readonly RecordedTold[],
  dueMs: readonly number[],
  fromMs: number,
  endMs: number,
): Generator<number> {
  const late = new Set(dueMs.filter((atMs, row) => atMs - told[row]!.timeMs > LATE_MS));
  const lateMs = [...late].filter((atMs) => atMs - 1 > fromMs);
  let atMs = fromMs;
  let next = 0;
  for (;;) {
    yield atMs;
    if (atMs >= endMs) return;
    while ((dueMs[next] ?? Infinity) <= atMs) next++;
    while ((lateMs[0] ?? Infinity) - 1 <= atMs) lateMs.shift();
    const lineMs = Math.max(atMs + STEP_MS, dueMs[next] ?? Infinity);
    atMs = Math.min(atMs + QUIET_STEP_MS, lineMs, (lateMs[0] ?? Infinity) - 1, endMs);
  }
}

/** When the agent tells of each: a line that is older than one above it comes right after that one. */
export function dueTimes(told: readonly Pick<RecordedTold, 'timeMs'>[]): number[] {
  let dueMs = -Infinity;
  return told.map(({ timeMs }) => (dueMs = Math.max(dueMs, timeMs)));
}

async function readLedger(folder: string): Promise<Pick<RecordedDay, 'words' | 'links'>> {
  const ledger = await openLedger({ folder, log: silentLog });
  const channels = new Map<string, StatusChannel>();
  const words: RecordedDay['words'] = new Map();
  const links: LedgerLink[] = [];
  try {
    for (const record of ledger.readAfter(0, 1_000_000)) {
      const { header } = record;
      for (const bytes of parseRecord(record.bytes).parts) {
        if (header.kind === 'config')
          for (const channel of decodeSnapshot(unfoldPart(bytes)).channels)
            if (channel.kind === 'status') channels.set(channel.id, channel);
        if (header.kind !== 'readings') continue;
        const part = decodePart(unfoldPart(bytes));
        for (const group of part.links)
          group.timesMs.forEach((timeMs, row) =>
            links.push({
              atMs: wallTimeMs(header, timeMs),
              up: group.up[row] ?? false,
              reason: group.reasons[row] ?? '',
            }),
          );
        for (const group of part.events) {
          const channel = channels.get(group.channel);
          if (channel === undefined) throw new Error(`${group.channel} is in no config snapshot before it`);
          const known = words.get(channel.point) ?? { channel, words: [] };
          words.set(channel.point, known);
          group.timesMs.forEach((timeMs, row) =>
            known.words.push({ atMs: wallTimeMs(header, timeMs), value: group.values[row] ?? null }),
          );
        }
      }
    }
    return { words, links };
  } finally {
    await ledger.close();
  }
}

function agentYaml(machine: string, device: string, url: string, brokerPort: number, mode: string): string {
  return `site: shop
agent: gateway-1
data: ./agent
broker: { url: "mqtt://127.0.0.1:${brokerPort}" }
sources:
  - { id: control, protocol: mtconnect, url: "${url}", device: ${device}, machine: ${machine}, mode: ${mode}, every: 60s, heartbeat: 1s, timeout: 20s }
`;
}

/** INTERRUPTED and FEED_HOLD are counted as the control's own timer counts them. */
function collectorYaml(machine: string, brokerPort: number, httpPort: number): string {
  return `site: shop
data: ./collector
broker: { embedded: { port: ${brokerPort} } }
http: { port: ${httpPort} }
machines:
  - id: ${machine}
    ratedPower: 40kW
    bridge: ${BRIDGE_MS / 1000}s
    stateMap:
      mtconnect/Execution=INTERRUPTED: processing
      mtconnect/Execution=FEED_HOLD: processing
`;
}
