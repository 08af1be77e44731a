/**
 * CPU and memory of an agent that polls 50 meters ten times a second, 12 values each: our agent with spool, signatures and
 * receipts on, and the reference, a polling loop on modbus-serial that publishes a JSON object a reading over MQTT and
 * keeps nothing. Meters, broker and each agent are processes of their own; only the agent's is measured.
 *
 *   node bench/agent-polling.ts [seconds a turn] [turns] [meters]
 *
 * Goals: at most 1/4 of Node-RED's CPU a poll and 1/2 of its memory. Node-RED itself is no dependency of ours; the
 * reference does what its Modbus and MQTT nodes do, without the flow engine, and so is the harder one to beat.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { ProcessFigures } from './agent-polling-measure.ts';

const SECONDS = Number(process.argv[2] ?? 20);
const TURNS = Number(process.argv[3] ?? 3);
const METERS = Number(process.argv[4] ?? 50);

function start(script: string, args: string[]): ChildProcess {
  return spawn(process.execPath, [join(import.meta.dirname, script), ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
}

/** The first line a process prints, read as JSON. */
async function firstLine<Value>(child: ChildProcess): Promise<Value> {
  if (child.stdout === null) throw new Error('the process has no output');
  const lines = createInterface({ input: child.stdout });
  const [line] = (await Promise.race([
    once(lines, 'line'),
    once(child, 'exit').then(() => {
      throw new Error('the process ended without a figure');
    }),
  ])) as [string];
  return JSON.parse(line) as Value;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

const meters = start('agent-polling-meters.ts', [String(METERS)]);
const broker = start('agent-polling-broker.ts', []);
try {
  const ports = await firstLine<number[]>(meters);
  const brokerPort = await firstLine<number>(broker);
  const measure = async (script: string): Promise<ProcessFigures> => {
    const child = start(script, [JSON.stringify(ports), String(brokerPort), String(SECONDS)]);
    const figures = await firstLine<ProcessFigures>(child);
    if (child.exitCode === null) await once(child, 'exit');
    return figures;
  };
  const ours: ProcessFigures[] = [];
  const reference: ProcessFigures[] = [];
  for (let turn = 1; turn <= TURNS; turn++) {
    ours.push(await measure('agent-polling-ours.ts'));
    reference.push(await measure('agent-polling-reference.ts'));
    process.stderr.write(`turn ${turn} of ${TURNS}\n`);
  }
  const show = (name: string, turns: readonly ProcessFigures[]) => {
    const cpu = median(turns.map(({ cpuUsPerPoll }) => cpuUsPerPoll));
    const memory = median(turns.map(({ rssMb }) => rssMb));
    const rate = median(turns.map(({ pollsPerSecond }) => pollsPerSecond));
    process.stdout.write(
      `  ${name.padEnd(36)} ${cpu.toFixed(0).padStart(5)} us a poll  ${memory.toFixed(0).padStart(4)} MB  ${rate.toFixed(0)} polls/s\n`,
    );
    return { cpu, memory };
  };
  process.stdout.write(`${METERS} meters x 12 values x 10 Hz, median of ${TURNS} turns of ${SECONDS} s\n`);
  const own = show('our agent, spool and receipts on', ours);
  const other = show('modbus-serial, JSON a reading, MQTT', reference);
  process.stdout.write(
    `  ours is ${(own.cpu / other.cpu).toFixed(2)} of its CPU a poll and ${(own.memory / other.memory).toFixed(2)} of its memory\n`,
  );
} finally {
  meters.stdin?.end();
  broker.stdin?.end();
}
