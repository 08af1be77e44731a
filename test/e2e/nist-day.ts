import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { RunningAgent } from '../../agent/agent.ts';
import type { MachineHour } from '../../collector/energy/machine-hour.ts';
import type { StateSpan } from '../../collector/energy/state-span.ts';
import { openLedger } from '../../collector/ledger/sqlite-ledger.ts';
import { readViews } from '../../collector/ledger/sqlite-views.ts';
import { SteppedClock, type Clock } from '../../protocols/clock.ts';
import { unfoldPart } from '../../protocols/evidence/seal.ts';
import { silentLog } from '../../protocols/log.ts';
import { startMtconnectAgent, type MtconnectAgent } from '../../protocols/simulator/mtconnect-agent.ts';
import { replayLog } from '../../protocols/simulator/mtconnect-content.ts';
import { readDevices, type DeviceModel } from '../../protocols/simulator/mtconnect-devices.ts';
import {
  beginningOf,
  moveLog,
  readRecordedLog,
  type RecordedLog,
  type RecordedTold,
} from '../../protocols/simulator/mtconnect-log.ts';
import type { StatusChannel } from '../../protocols/telemetry/channel.ts';
import { decodePart } from '../../protocols/telemetry/part.ts';
import { parseRecord, wallTimeMs } from '../../protocols/telemetry/record.ts';
import { decodeSnapshot } from '../../protocols/telemetry/snapshot-text.ts';
import { findFreePort } from '../support/mosquitto.ts';
import { startWholeLine } from './whole-line.ts';

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
}

/** Which recorded log is read. */
export interface RecordedFile {
  /** The log, plain or gzipped; its name begins with the device's. */
  file: string;
  devicesFile: string;
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
export async function readRecordedDay(of: RecordedFile): Promise<RecordedDay> {
  const recorded = openRecorded(of);
  const { told } = recorded.log;
  const dueMs = dueTimes(told);
  const fromMs = beginningOf(recorded.log);
  const clock = new SteppedClock(fromMs);
  return runLine(
    { ...recorded, clock, fromMs, source: 'mode: poll, every: 60s, timeout: 20s' },
    async ({ agent }) => {
      let sealedMs = fromMs;
      for (const atMs of stepTimes(told, dueMs, fromMs, dueMs.at(-1) ?? fromMs)) {
        clock.stepTo(atMs);
        await agent.pollAll();
        // Records are sealed by real time as well, and a night passes in a moment: an agent is heard of once a minute or so.
        if (atMs - sealedMs >= QUIET_STEP_MS) {
          agent.sealNow();
          sealedMs = atMs;
        }
      }
    },
  );
}

/** A recorded log with what it is of, and what its name says. */
export interface Recorded {
  name: string;
  device: string;
  model: DeviceModel;
  log: RecordedLog;
}

/** Reads a log and moves it to a time that clocks may show. */
export function openRecorded({ file, devicesFile }: RecordedFile): Recorded {
  const name = basename(file);
  const device = DEVICE.exec(name)?.[0] ?? '';
  const model = readDevices(readFileSync(devicesFile, 'utf8'));
  const bytes = readFileSync(file);
  const text = (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
  return { name, device, model, log: moveLog(readRecordedLog(text, model, device), LATER_S) };
}

/** What runs while a recorded day is read. */
export interface RunningLine {
  source: MtconnectAgent;
  agent: RunningAgent;
}

/**
 * Starts everything from the simulated MTConnect agent to the derivation, lets `drive` move the time, and reads back what
 * came out of it.
 *
 * @param around.source how the control is read, as keys of its configuration
 */
export async function runLine(
  around: Recorded & { clock: Clock; fromMs: number; source: string; bufferSize?: number },
  drive: (line: RunningLine) => Promise<void>,
): Promise<RecordedDay> {
  const { name, device, model, log, clock, fromMs } = around;
  const machine = device.toLowerCase();
  const folder = mkdtempSync(join(tmpdir(), 'millwatt-day-'));
  const content = replayLog(model, log);
  const source = await startMtconnectAgent({ content, clock, port: 0, bufferSize: around.bufferSize });
  const brokerPort = await findFreePort();
  const collectorFile = join(folder, 'collector.yaml');
  writeFileSync(collectorFile, collectorYaml(machine, brokerPort, await findFreePort()));
  const agentFile = join(folder, 'agent.yaml');
  writeFileSync(agentFile, agentYaml({ machine, device, url: source.url, brokerPort, keys: around.source }));
  const line = await startWholeLine({ folder, clock, collectorFile, agentFile, simulated: true });
  const { agent } = line;
  let stopped = false;
  const stop = async () => {
    if (stopped) return;
    stopped = true;
    await line.stop();
    await source.close();
  };
  try {
    await drive({ source, agent });
    const toMs = clock.wallMs();
    await line.deliver();
    await stop();
    const range = [Math.floor(fromMs / HOUR_MS) * HOUR_MS, clock.wallMs() + HOUR_MS] as const;
    const views = readViews({ folder: join(folder, 'collector') });
    try {
      return {
        name,
        told: log.told,
        fromMs,
        toMs,
        ...(await readLedger(join(folder, 'collector', 'ledger'))),
        spans: views.states(machine, ...range, 1_000_000),
        hours: views.hours(machine, ...range),
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
    // They arrive as they may; one agent in one epoch numbered them.
    const records = ledger.readAfter(0, 1_000_000).sort((a, b) => a.header.seq - b.header.seq);
    for (const record of records) {
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

function agentYaml(of: {
  machine: string;
  device: string;
  url: string;
  brokerPort: number;
  keys: string;
}): string {
  return `site: shop
agent: gateway-1
data: ./agent
broker: { url: "mqtt://127.0.0.1:${of.brokerPort}" }
sources:
  - { id: control, protocol: mtconnect, url: "${of.url}", device: ${of.device}, machine: ${of.machine}, ${of.keys} }
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
