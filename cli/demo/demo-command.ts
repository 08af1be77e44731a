import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { startAgent } from '../../agent/agent.ts';
import { loadAgentConfig } from '../../config/load.ts';
import { simulatedClock, type Clock, type SimulatedTime } from '../../protocols/clock.ts';
import { MillwattError } from '../../protocols/errors.ts';
import type { Log } from '../../protocols/log.ts';
import { connectLink } from '../../protocols/mqtt/mqtt-link.ts';
import { startSimulation, type Simulation } from '../../protocols/simulator/plant.ts';
import type { BuiltCollector } from '../build-collector.ts';
import { buildDrivers } from '../build-drivers.ts';
import { startDemoCollector } from './demo-collector.ts';
import { DEMO_MACHINES, demoAgentYaml, demoDevices } from './demo-plant.ts';
import { readDemoOriginMs, rememberDemoTime } from './demo-time.ts';
import { drawDemo, readDemo } from './demo-view.ts';
import { createFileLogger } from '../logger.ts';
import { createScreen, style } from '../screen.ts';
import { listenForStop, untilAborted } from '../signals.ts';
import { VERSION } from '../version.ts';

const SEED = 'millwatt-demo';
const REFRESH_MS = 1000;

interface DemoOptions {
  speed: string;
  port: string;
  data: string;
  json?: true;
}

/** `millwatt demo`: a simulated plant, and millwatt on it, in one process. */
export async function runDemo(options: DemoOptions): Promise<void> {
  const speed = parseNumber(options.speed, '--speed', 1, 100_000);
  const port = parseNumber(options.port, '--port', 1, 65_535);
  const folder = resolve(options.data);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const log = createFileLogger('demo', join(folder, 'demo.log'));
  const time: SimulatedTime = {
    originMs: readDemoOriginMs(folder, Date.now()),
    startMs: Infinity,
    speed,
    untilNow: true,
  };
  const clock = simulatedClock(time);
  const stop = listenForStop();

  if (!options.json)
    process.stdout.write(`${style('millwatt demo', 'bold')}: starting a simulated plant ...\n`);
  const demo = await startDemo({
    folder,
    port,
    clock,
    log,
    // At this speed an hour goes by while certificates are made: time runs when there is someone to read the meters.
    onReady: () => {
      time.startMs = Date.now();
    },
    onPage: (url) => {
      if (!options.json) process.stdout.write(`${introduction(url, folder).join('\n')}\n\n`);
    },
  });
  const screen = createScreen();
  let isLive = false;
  while (!stop.aborted) {
    rememberDemoTime(folder, clock);
    if (!isLive && clock.speed() === 1) {
      // What was read at the end of the fast past would be sealed only a real minute from now.
      demo.sealNow();
      isLive = true;
    }
    const view = await readDemo(demo.collector.url, clock);
    if (options.json) process.stdout.write(`${JSON.stringify(view)}\n`);
    else screen.draw(drawDemo(view, screen.width()));
    // A page of lines a second would flood a file; a person at a terminal wants to see it move.
    await untilAborted(stop, process.stdout.isTTY || options.json ? REFRESH_MS : 10 * REFRESH_MS);
  }
  screen.end();
  if (!options.json) process.stdout.write('Stopping ...\n');
  await demo.stop();
  rememberDemoTime(folder, clock);
  if (!options.json) process.stdout.write('Stopped; the next start goes on from here.\n');
  process.exit(0);
}

function introduction(url: string, folder: string): string[] {
  return [
    `Page:  ${style(url, 'cyan')}`,
    `Data:  ${folder}`,
    `       (ledger, demo.log, and configuration files to copy from)`,
    `${style('The plant is simulated', 'yellow')}; sockets, records, ledger and arithmetic are real.`,
    'Ctrl-C stops.',
  ];
}

interface RunningDemo {
  collector: BuiltCollector;
  sealNow(): void;
  stop(): Promise<void>;
}

/** Starts collector, plant and agent, each as its own command would, from configuration files that stay to be read. */
async function startDemo(around: {
  folder: string;
  port: number;
  clock: Clock;
  log: Log;
  /** Called as soon as the page answers: certificates of a first start may take some seconds more. */
  onPage: (url: string) => void;
  /** Called when the plant answers and the agent is about to read it. */
  onReady: () => void;
}): Promise<RunningDemo> {
  const { folder, clock, log } = around;
  const { collector, brokerPort } = await startDemoCollector(around);
  around.onPage(collector.url);
  let plant: Simulation | undefined;
  try {
    const simulation = await startSimulation({
      seed: SEED,
      clock,
      zoneOffsetMs: -new Date().getTimezoneOffset() * 60_000,
      machines: DEMO_MACHINES,
      devices: demoDevices(),
      dataFolder: join(folder, 'plant'),
      log,
    });
    plant = simulation;
    const agentFile = join(folder, 'agent.yaml');
    writeFileSync(agentFile, demoAgentYaml(simulation.endpoints, `mqtt://127.0.0.1:${brokerPort}`));
    const { config } = loadAgentConfig(agentFile);
    const dataFolder = resolve(folder, config.data);
    const drivers = await buildDrivers(config, { folder, dataFolder, clock, log });
    around.onReady();
    const agent = await startAgent({
      config,
      dataFolder,
      drivers,
      connect: connectLink,
      clock,
      log,
      version: VERSION,
      simulated: true,
    });
    return {
      collector,
      sealNow: () => agent.sealNow(),
      stop: async () => {
        await agent.stop();
        await simulation.close();
        await collector.stop();
      },
    };
  } catch (error) {
    await plant?.close();
    await collector.stop();
    throw error;
  }
}

function parseNumber(text: string, option: string, min: number, max: number): number {
  const value = Number(text);
  if (Number.isFinite(value) && value >= min && value <= max) return value;
  throw new MillwattError(
    'refuse',
    'bad-option',
    `${option} ${JSON.stringify(text)} is not a number from ${min} to ${max}.`,
    {
      cure: `For example: ${option} ${option === '--speed' ? 600 : 8484}.`,
    },
  );
}
