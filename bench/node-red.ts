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
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { connectAsync } from 'mqtt';
import { findFreePort, startMosquitto } from '../test/support/mosquitto.ts';
import {
  measureProgram,
  prepareAgent,
  readKeptBytes,
  showFigures,
  type ProcessFigures,
} from './agent-polling-measure.ts';
import { startAsked } from './line-process.ts';
import { createUserFolder, EVERY_MS, PUBLISHED, type Publishing } from './node-red-flow.ts';
import { REFERENCE_POINTS } from './reference-points.ts';
import { CONTRIB_MODBUS, installNodeRed, MODBUS_SERIAL, NODE_RED } from './node-red-install.ts';

const SECONDS = Number(process.argv[2] ?? 12);
const TURNS = Number(process.argv[3] ?? 2);
const METERS = Number(process.argv[4] ?? 50);
const ASKED = (METERS * 1000) / EVERY_MS;
/** In which Node-RED must have published every value. */
const WITNESS_MS = 5000;

const root = mkdtempSync(join(tmpdir(), 'millwatt-node-red-'));
process.on('exit', () => rmSync(root, { recursive: true, force: true, maxRetries: 3 }));

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
  const isWhole = await Promise.race([whole.then(() => true), pause(WITNESS_MS, false)]);
  await client.endAsync(true);
  if (!isWhole) throw new Error(`Node-RED published readings of ${[...seen].join(', ') || 'nothing'} only`);
}

const mosquitto = await startMosquitto();
try {
  process.stderr.write(
    `installing node-red ${NODE_RED} and node-red-contrib-modbus ${CONTRIB_MODBUS}, its fork of modbus-serial overridden by modbus-serial ${MODBUS_SERIAL}\n`,
  );
  mkdirSync(join(root, 'program'));
  const program = await installNodeRed(join(root, 'program'));
  const meters = await startAsked('agent-polling-meters.ts', [String(METERS)]);
  const collector = await startAsked('agent-polling-collector.ts', [String(mosquitto.port)]);
  const ports = await meters.ask<number[]>('ports');
  const measured = { meters, askedPerSecond: ASKED, seconds: SECONDS };

  const turns: Record<'ours' | Publishing, ProcessFigures[]> = { ours: [], poll: [], reading: [] };
  let keptBytes = 0;
  for (let turn = 1; turn <= TURNS; turn++) {
    const folder = join(root, `ours-${turn}`);
    const agent = prepareAgent(folder, { ports, brokerPort: mosquitto.port, everyMs: EVERY_MS });
    turns.ours.push(await measureProgram(agent, measured));
    keptBytes = readKeptBytes(folder);
    for (const publishing of ['poll', 'reading'] as const) {
      const place = join(root, `${publishing}-${turn}`);
      const nodeRed = await prepareNodeRed(place, program, ports, mosquitto.port, publishing);
      const check = () => witness(mosquitto.port, publishing);
      turns[publishing].push(await measureProgram(nodeRed, { ...measured, check }));
    }
    process.stderr.write(`turn ${turn} of ${TURNS}\n`);
  }
  await collector.end();
  await meters.end();
  report(turns, keptBytes);
} finally {
  await mosquitto.stop();
}

function report(turns: Record<'ours' | Publishing, ProcessFigures[]>, keptBytes: number): void {
  process.stdout.write(
    `${METERS} meters x 12 values, ${ASKED} polls/s asked; median of ${TURNS} turns of ${SECONDS} s; load ${loadavg()[0]?.toFixed(1)}
node-red ${NODE_RED}, node-red-contrib-modbus ${CONTRIB_MODBUS} over modbus-serial ${MODBUS_SERIAL} (an override: its own fork is on no registry), no install scripts, Node ${process.versions.node}\n`,
  );
  const ours = showFigures('our agent, spool and receipts on', turns.ours, ASKED);
  const poll = showFigures('Node-RED, JSON object a poll', turns.poll, ASKED);
  const reading = showFigures('Node-RED, JSON object a reading', turns.reading, ASKED);
  const ratio = (other: ProcessFigures) => ({
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
