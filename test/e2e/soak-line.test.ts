import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { tellLongRun } from '../long/tell.ts';
import { startInfluxd } from '../support/influxd.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { requireTool } from '../support/tools.ts';
import { checkEnergy, checkLedger, checkSpool } from './kill-checks.ts';
import { agentReady, collectorReady, deliverAll, readDerivedHours, setUpPlant } from './kill-plant.ts';
import type { MillwattProcess } from './millwatt-process.ts';
import { slopeAMinute } from './soak-slope.ts';

/*
 * T18, of the long run only: the whole line as it is installed, for half an hour. A minute would say nothing of memory: a heap
 * has not settled by then.
 */
const MINUTES = Number(process.env['MILLWATT_SOAK_MINUTES'] ?? 0);
const HOOK = fileURLToPath(new URL('./soak-line-hook.ts', import.meta.url));
/** The first third is for heaps to settle. */
const SETTLING_SHARE = 1 / 3;
const LOOK_MS = 5000;
/** Memory is the least of so many looks: what a collection takes back in between is no leak. */
const WINDOW_LOOKS = 12;
const tools = MINUTES > 0 && requireTool('mosquitto') !== undefined && requireTool('influxd') !== undefined;

interface Look {
  atMs: number;
  rssMb: number;
  handles: number;
}

describe.skipIf(!tools)(`the whole line for ${MINUTES} minutes`, () => {
  it(
    'neither grows nor leaks handles nor stalls',
    async () => {
      const folder = mkdtempSync(join(tmpdir(), 'millwatt-soak-'));
      const broker = await startMosquitto({
        write: ({ port }) => `listener ${port} 127.0.0.1\nallow_anonymous true`,
      });
      const influx = await startInfluxd();
      const plant = await setUpPlant(broker.url, influx.url);
      try {
        const simulator = plant.startSimulator();
        await simulator.waitFor(/The simulated plant runs/);
        process.env['MILLWATT_SOAK_FOLDER'] = folder;
        process.env['NODE_OPTIONS'] = `--import ${HOOK}`;
        const watched = { collector: plant.collector.start(), agent: plant.startAgent() };
        // What a process is late by that does nothing is the computer's.
        const idle = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)'], { stdio: 'ignore' });
        delete process.env['NODE_OPTIONS'];
        await Promise.all([collectorReady(watched.collector), agentReady(watched.agent)]);

        const looks = { collector: [] as Look[], agent: [] as Look[] };
        const endMs = performance.now() + MINUTES * 60_000;
        while (performance.now() < endMs) {
          await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
          for (const name of ['collector', 'agent'] as const) looks[name].push(lookAt(watched[name]));
        }
        idle.kill('SIGKILL');
        const idleLateMs99 = lateOf(readTold(folder, idle.pid ?? 0));
        const around = { looks, folder, processes: watched, idleLateMs99 };
        const figures = { idleLateMs99, ...judge('collector', around), ...judge('agent', around) };
        console.log(JSON.stringify(figures));
        tellLongRun({ done: MINUTES, ...figures });

        await deliverAll(plant, simulator, watched.agent);
        const hours = await readDerivedHours(plant.collector);
        expect(await watched.collector.stop()).toBe(0);
        const ledger = checkLedger(plant.collector.folder);
        checkSpool(plant.agentFolder, plant.collector.folder, ledger);
        checkEnergy(ledger, hours);
      } finally {
        delete process.env['NODE_OPTIONS'];
        await plant.end();
        await influx.stop();
        await broker.stop();
        rmSync(folder, { recursive: true, force: true });
      }
    },
    (MINUTES + 3) * 60_000,
  );
});

function lookAt({ pid }: MillwattProcess): Look {
  const rss = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return {
    atMs: performance.now(),
    rssMb: Number(rss) / 1024,
    handles: readdirSync(`/proc/${pid}/fd`).length,
  };
}

interface Told {
  lateMs99?: number;
  uncaught?: string;
}

function readTold(folder: string, pid: number): Told[] {
  const lines = readFileSync(join(folder, String(pid)), 'utf8')
    .trim()
    .split('\n');
  return lines.map((line) => JSON.parse(line) as Told);
}

/** How late an event loop was: 99 of 100 windows of five seconds were at most so late 99 of 100 times, ms. */
function lateOf(told: readonly Told[]): number {
  const late = told.flatMap(({ lateMs99 }) => lateMs99 ?? []).sort((a, b) => a - b);
  return late[Math.floor(late.length * 0.99)] ?? NaN;
}

/** Holds one process against its limits; gives its figures. */
function judge<Name extends 'agent' | 'collector'>(
  name: Name,
  around: {
    looks: Record<Name, Look[]>;
    folder: string;
    processes: Record<Name, MillwattProcess>;
    idleLateMs99: number;
  },
): Record<string, number> {
  const { looks, folder, processes, idleLateMs99 } = around;
  const settled = looks[name].slice(Math.floor(looks[name].length * SETTLING_SHARE));
  const lows: Look[] = [];
  for (let first = 0; first + WINDOW_LOOKS <= settled.length; first += WINDOW_LOOKS) {
    const window = settled.slice(first, first + WINDOW_LOOKS);
    lows.push(window.reduce((low, look) => (look.rssMb < low.rssMb ? look : low)));
  }
  const atMs = lows.map((look) => look.atMs);
  const rssMb = lows.map((look) => look.rssMb);
  const slopeMbHour = 60 * slopeAMinute(atMs, rssMb);
  const handles = settled.map((look) => look.handles);
  const half = Math.floor(handles.length / 2);
  const grownHandles = Math.max(...handles.slice(half)) - Math.max(...handles.slice(0, half));
  const told = readTold(folder, processes[name].pid);
  const lateMs99 = lateOf(told);
  const figures = {
    [`${name}RssMbMax`]: Math.max(...settled.map((look) => look.rssMb)),
    [`${name}GrowthMbHourMax`]: slopeMbHour,
    [`${name}Handles99`]: Math.max(...handles),
    [`${name}LateMs99`]: lateMs99,
  };
  expect(told.flatMap(({ uncaught }) => uncaught ?? [])).toEqual([]);
  expect(grownHandles, `handles of ${name}`).toBeLessThanOrEqual(2);
  expect(lateMs99 - idleLateMs99, `${name}, ms that its event loop was late`).toBeLessThan(50);
  // What the lows scatter by cannot be told from growth.
  const scatter = scatterMbHour(atMs, rssMb, slopeMbHour);
  expect(slopeMbHour - 2 * scatter, `${name}: ${JSON.stringify(figures)}`).toBeLessThan(1);
  return { ...figures, [`${name}GrowthScatterMbHourMax`]: scatter };
}

/** The standard error of a slope, MB an hour. */
function scatterMbHour(atMs: readonly number[], rssMb: readonly number[], slopeMbHour: number): number {
  const mean = (list: readonly number[]) => list.reduce((sum, one) => sum + one, 0) / list.length;
  const [meanAt, meanRss] = [mean(atMs), mean(rssMb)];
  const hours = atMs.map((at) => (at - meanAt) / 3_600_000);
  const rest = rssMb.reduce((sum, rss, i) => sum + (rss - meanRss - slopeMbHour * (hours[i] ?? 0)) ** 2, 0);
  const spread = hours.reduce((sum, hour) => sum + hour ** 2, 0);
  return Math.sqrt(rest / Math.max(1, atMs.length - 2) / spread);
}
