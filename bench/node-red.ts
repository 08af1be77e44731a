/**
 * CPU and memory of our agent beside Node-RED with node-red-contrib-modbus, both as users start them, polling the same 50
 * simulated meters ten times a second, 12 values each. Ours keeps every reading in its spool, signs, and is receipted;
 * Node-RED publishes JSON over MQTT at QoS 0, once with an object a poll and once with an object a reading.
 *
 *   node bench/node-red.ts [seconds a turn] [turns] [meters]
 *
 * Node-RED is no dependency of ours: this program installs it into a temporary folder, with an override for the fork of
 * modbus-serial that contrib-modbus names and no registry has. Polls are counted by the meters, CPU (all threads) and
 * memory by the kernel. Meters, broker and each arm are processes of their own, and the arms take turns.
 *
 * Takes two and a half minutes. Goals: at most 1/4 of Node-RED's CPU a poll and 1/2 of its memory.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { connectAsync } from 'mqtt';
import { findFreePort } from '../test/support/mosquitto.ts';
import { EVERY_MS, REFERENCE_POINTS } from './agent-polling-measure.ts';
import { readCpuMs, readRssMb, startAsked } from './line-process.ts';
import { createUserFolder, PUBLISHED, type Publishing } from './node-red-flow.ts';
import { CONTRIB_MODBUS, installNodeRed, MODBUS_SERIAL, NODE_RED } from './node-red-install.ts';

const SECONDS = Number(process.argv[2] ?? 12);
const TURNS = Number(process.argv[3] ?? 2);
const METERS = Number(process.argv[4] ?? 50);
const ASKED = (METERS * 1000) / EVERY_MS;
const START_DEADLINE_MS = 30_000;
const WARM_UP_MS = 5000;
const STOP_DEADLINE_MS = 5000;
const LAUNCHER = fileURLToPath(new URL('../bin/millwatt.js', import.meta.url));

interface Figures {
  /** CPU of all threads, us a poll that a meter answered. */
  cpuUsPerPoll: number;
  pollsPerSecond: number;
  /** Resident at the end of the turn. */
  rssMb: number;
}

const root = mkdtempSync(join(tmpdir(), 'millwatt-node-red-'));
const children = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(root, { recursive: true, force: true, maxRetries: 3 });
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

function start(args: string[], output: 'inherit' | 'ignore' | 'pipe'): ChildProcess {
  const child = spawn(process.execPath, args, { stdio: ['pipe', output, 'inherit'] });
  children.add(child);
  child.once('exit', () => children.delete(child));
  return child;
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  const late = setTimeout(() => child.kill('SIGKILL'), STOP_DEADLINE_MS);
  await gone;
  clearTimeout(late);
}

/** Where our agent keeps its data, and how it is started: the way a user does. */
function prepareOurs(folder: string, ports: readonly number[], broker: number): string[] {
  mkdirSync(folder);
  const file = join(folder, 'agent.yaml');
  const read = REFERENCE_POINTS.map(({ point }) => point).join(', ');
  const sources = ports.map(
    (port, meter) =>
      `  - { id: meter${meter}, protocol: modbus-tcp, host: 127.0.0.1, port: ${port}, profile: eastron/sdm630, machine: machine${meter}, every: ${EVERY_MS}ms, read: [${read}] }`,
  );
  writeFileSync(
    file,
    `site: bench\nagent: gw1\ndata: ./data\nbroker: { url: "mqtt://127.0.0.1:${broker}" }\nsources:\n${sources.join('\n')}\n`,
  );
  return [LAUNCHER, 'agent', '-c', file];
}

async function prepareNodeRed(
  folder: string,
  program: string,
  ports: readonly number[],
  broker: number,
  publishing: Publishing,
): Promise<string[]> {
  mkdirSync(folder);
  const files = createUserFolder({
    meterPorts: ports,
    brokerPort: broker,
    uiPort: await findFreePort(),
    publishing,
  });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return [program, '-u', folder, '-s', join(folder, 'settings.js')];
}

/** Sees that what Node-RED publishes holds readings: of one message, or a message for each of the points. */
async function witness(broker: number, publishing: Publishing): Promise<void> {
  const client = await connectAsync(`mqtt://127.0.0.1:${broker}`, {
    username: 'collector',
    clientId: 'witness',
  });
  const seen = new Set<string>();
  const whole = new Promise<void>((resolve) => {
    client.on('message', (_topic, payload) => {
      const message = JSON.parse(payload.toString('utf8')) as {
        values?: Record<string, unknown>;
        channel?: string;
        value?: unknown;
      };
      const values = publishing === 'poll' ? message.values : { [message.channel ?? '']: message.value };
      for (const [point, value] of Object.entries(values ?? {}))
        if (typeof value === 'number' && value !== 0) seen.add(point);
      if (REFERENCE_POINTS.every(({ point }) => seen.has(point))) resolve();
    });
  });
  await client.subscribeAsync(PUBLISHED);
  const isWhole = await Promise.race([whole.then(() => true), pause(WARM_UP_MS, false)]);
  await client.endAsync(true);
  if (!isWhole) throw new Error(`Node-RED published readings of ${[...seen].join(', ') || 'nothing'} only`);
}

function sizeOf(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true }).reduce(
    (sum, entry) => sum + (entry.isFile() ? statSync(join(entry.parentPath, entry.name)).size : 0),
    0,
  );
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length >> 1;
  const upper = sorted[half] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[half - 1] ?? Number.NaN)) / 2;
}

try {
  process.stderr.write(
    `installing node-red ${NODE_RED} and node-red-contrib-modbus ${CONTRIB_MODBUS}, its fork of modbus-serial overridden by modbus-serial ${MODBUS_SERIAL}\n`,
  );
  mkdirSync(join(root, 'program'));
  const program = await installNodeRed(join(root, 'program'));
  const meters = await startAsked('node-red-meters.ts', [String(METERS)]);
  const ports = await meters.ask<number[]>('ports');
  const brokerProcess = start([join(import.meta.dirname, 'agent-polling-broker.ts')], 'pipe');
  if (brokerProcess.stdout === null) throw new Error('the broker has no output');
  const [portLine] = (await once(createInterface({ input: brokerProcess.stdout }), 'line')) as [string];
  const broker = Number(portLine);

  const measure = async (args: string[], check: () => Promise<void>): Promise<Figures> => {
    const before = await meters.ask<number>('polls');
    const child = start(args, 'ignore');
    const pid = child.pid ?? -1;
    const deadlineMs = performance.now() + START_DEADLINE_MS;
    while ((await meters.ask<number>('polls')) - before < ASKED) {
      if (child.exitCode !== null || performance.now() > deadlineMs)
        throw new Error(`${args[0]} does not poll`);
      await pause(100);
    }
    await Promise.all([pause(WARM_UP_MS), check()]);
    const [firstPolls, firstCpuMs, startMs] = [
      await meters.ask<number>('polls'),
      readCpuMs(pid),
      performance.now(),
    ];
    await pause(SECONDS * 1000);
    const polls = (await meters.ask<number>('polls')) - firstPolls;
    const figures = {
      cpuUsPerPoll: ((readCpuMs(pid) - firstCpuMs) * 1000) / polls,
      pollsPerSecond: (polls * 1000) / (performance.now() - startMs),
      rssMb: readRssMb(pid) * 1.048576,
    };
    await stop(child);
    return figures;
  };

  const turns: Record<'ours' | Publishing, Figures[]> = { ours: [], poll: [], reading: [] };
  let keptBytes = 0;
  for (let turn = 1; turn <= TURNS; turn++) {
    const folder = join(root, `ours-${turn}`);
    turns.ours.push(await measure(prepareOurs(folder, ports, broker), async () => {}));
    keptBytes = sizeOf(join(folder, 'data'));
    if (keptBytes === 0) throw new Error('our agent kept nothing');
    for (const publishing of ['poll', 'reading'] as const) {
      const args = await prepareNodeRed(
        join(root, `${publishing}-${turn}`),
        program,
        ports,
        broker,
        publishing,
      );
      turns[publishing].push(await measure(args, () => witness(broker, publishing)));
    }
    process.stderr.write(`turn ${turn} of ${TURNS}\n`);
  }
  await stop(brokerProcess);
  await meters.end();
  report(turns, keptBytes);
} finally {
  await Promise.all([...children].map((child) => stop(child)));
}

function report(turns: Record<'ours' | Publishing, Figures[]>, keptBytes: number): void {
  process.stdout.write(
    `${METERS} meters x 12 values, ${ASKED} polls/s asked; median of ${TURNS} turns of ${SECONDS} s; load ${loadavg()[0]?.toFixed(1)}
node-red ${NODE_RED}, node-red-contrib-modbus ${CONTRIB_MODBUS} over modbus-serial ${MODBUS_SERIAL} (an override: its own fork is on no registry), no install scripts, Node ${process.versions.node}\n`,
  );
  const show = (name: string, figures: readonly Figures[]): Figures => {
    const middle = {
      cpuUsPerPoll: median(figures.map(({ cpuUsPerPoll }) => cpuUsPerPoll)),
      pollsPerSecond: median(figures.map(({ pollsPerSecond }) => pollsPerSecond)),
      rssMb: median(figures.map(({ rssMb }) => rssMb)),
    };
    process.stdout.write(
      `  ${name.padEnd(36)} ${middle.cpuUsPerPoll.toFixed(0).padStart(5)} us a poll  ${middle.rssMb.toFixed(0).padStart(4)} MB  ${middle.pollsPerSecond.toFixed(1)} of ${ASKED} polls/s\n`,
    );
    return middle;
  };
  const ours = show('our agent, spool and receipts on', turns.ours);
  const poll = show('Node-RED, JSON object a poll', turns.poll);
  const reading = show('Node-RED, JSON object a reading', turns.reading);
  const ratio = (other: Figures) => ({
    cpu: Number((ours.cpuUsPerPoll / other.cpuUsPerPoll).toFixed(3)),
    memory: Number((ours.rssMb / other.rssMb).toFixed(3)),
  });
  const ratios = { poll: ratio(poll), reading: ratio(reading) };
  for (const [name, { cpu, memory }] of Object.entries(ratios))
    process.stdout.write(
      `  ours is ${cpu} of its CPU a poll and ${memory} of its memory (an object a ${name})\n`,
    );
  process.stdout.write(`${JSON.stringify({ asked: ASKED, turns, ratios, keptBytes })}\n`);
}
