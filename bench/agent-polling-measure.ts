import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { readCpuMs, readRssMb, type Asked } from './line-process.ts';
import { PROFILE, REFERENCE_POINTS } from './reference-points.ts';

const LAUNCHER = fileURLToPath(new URL('../bin/millwatt.js', import.meta.url));
const START_DEADLINE_MS = 30_000;
const WARM_UP_MS = 5000;
const STOP_DEADLINE_MS = 5000;

/** What a measured process costs, seen from outside. */
export interface ProcessFigures {
  /** CPU of all threads, us a poll that a meter answered. */
  cpuUsPerPoll: number;
  pollsPerSecond: number;
  /** Resident at the end of the turn. */
  rssMb: number;
}

const children = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

/**
 * Starts a program of Node, lets it warm up, measures it and ends it. Polls are counted by the meters, CPU and memory by
 * the kernel. Throws an error when it does not poll.
 * @param check runs during the warm-up
 */
export async function measureProgram(
  args: readonly string[],
  options: { meters: Asked; askedPerSecond: number; seconds: number; check?: () => Promise<void> },
): Promise<ProcessFigures> {
  const { meters, askedPerSecond, seconds, check = async () => {} } = options;
  const before = await meters.ask<number>('polls');
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  children.add(child);
  child.once('exit', () => children.delete(child));
  const pid = child.pid ?? -1;
  const deadlineMs = performance.now() + START_DEADLINE_MS;
  while ((await meters.ask<number>('polls')) - before < askedPerSecond) {
    if (child.exitCode !== null || performance.now() > deadlineMs)
      throw new Error(`${args[0]} does not poll`);
    await pause(100);
  }
  await Promise.all([pause(WARM_UP_MS), check()]);
  const firstPolls = await meters.ask<number>('polls');
  const firstCpuMs = readCpuMs(pid);
  const startMs = performance.now();
  await pause(seconds * 1000);
  const polls = (await meters.ask<number>('polls')) - firstPolls;
  const figures = {
    cpuUsPerPoll: ((readCpuMs(pid) - firstCpuMs) * 1000) / polls,
    pollsPerSecond: (polls * 1000) / (performance.now() - startMs),
    rssMb: readRssMb(pid) * 1.048576,
  };
  await stop(child);
  return figures;
}

/** Writes an agent's file into a new folder, its data beside it; gives what starts the agent the way a user does. */
export function prepareAgent(
  folder: string,
  options: { ports: readonly number[]; brokerPort: number; everyMs: number },
): string[] {
  const { ports, brokerPort, everyMs } = options;
  mkdirSync(folder);
  const file = join(folder, 'agent.yaml');
  const read = REFERENCE_POINTS.map(({ point }) => point).join(', ');
  const sources = ports.map(
    (port, meter) =>
      `  - { id: meter${meter}, protocol: modbus-tcp, host: 127.0.0.1, port: ${port}, profile: "${PROFILE}", machine: machine${meter}, every: ${everyMs}ms, read: [${read}] }`,
  );
  writeFileSync(
    file,
    `site: bench\nagent: gw1\ndata: ./data\nbroker: { url: "mqtt://127.0.0.1:${brokerPort}" }\nsources:\n${sources.join('\n')}\n`,
  );
  return [LAUNCHER, 'agent', '-c', file];
}

/** What an agent that was prepared in this folder has on disk, bytes; throws an error when that is nothing. */
export function readKeptBytes(folder: string): number {
  const kept = readdirSync(join(folder, 'data'), { recursive: true, withFileTypes: true }).reduce(
    (sum, entry) => sum + (entry.isFile() ? statSync(join(entry.parentPath, entry.name)).size : 0),
    0,
  );
  if (kept === 0) throw new Error('our agent kept nothing');
  return kept;
}

/** The middle one; between the middle two of an even number. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length >> 1;
  const upper = sorted[half] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[half - 1] ?? Number.NaN)) / 2;
}

/** Prints the medians of an arm as a line of a table, and gives them back. */
export function showFigures(
  name: string,
  figures: readonly ProcessFigures[],
  askedPerSecond: number,
): ProcessFigures {
  const middle = {
    cpuUsPerPoll: median(figures.map(({ cpuUsPerPoll }) => cpuUsPerPoll)),
    pollsPerSecond: median(figures.map(({ pollsPerSecond }) => pollsPerSecond)),
    rssMb: median(figures.map(({ rssMb }) => rssMb)),
  };
  process.stdout.write(
    `  ${name.padEnd(36)} ${middle.cpuUsPerPoll.toFixed(0).padStart(5)} us a poll  ${middle.rssMb.toFixed(0).padStart(4)} MB  ${middle.pollsPerSecond.toFixed(1)} of ${askedPerSecond} polls/s\n`,
  );
  return middle;
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  const late = setTimeout(() => child.kill('SIGKILL'), STOP_DEADLINE_MS);
  await gone;
  clearTimeout(late);
}
