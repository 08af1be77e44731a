import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog, type Log } from '../../protocols/log.ts';
import { checkEnergy, checkMinutes, checkReadout } from './check-readout.ts';
import { Readers } from './readers.ts';
import { AgentHost, type World } from './agent-host.ts';
import { Chance } from './chance.ts';
import { CollectorHost } from './collector-host.ts';
import { playFault, type Stage } from './faults.ts';
import { GatewayClock } from './gateway-clock.ts';
import { Plant } from './meter.ts';
import { rememberSignatures } from './known-signatures.ts';
import { Network } from './network.ts';
import {
  BrokenPromise,
  checkConservation,
  checkForks,
  checkLedger,
  checkNothingForgotten,
  checkReceipt,
  type ReadingSet,
} from './oracle.ts';
import { planOf, type FaultKind, type Plan } from './plan.ts';
import { nameOf } from './row-writer.ts';
import { Trace } from './trace.ts';
import { VirtualTime } from './virtual-time.ts';

rememberSignatures();

/** After the last fault: the first new receipt, and everything delivered, ms. */
const SERVING_MS = 180_000;
const DRAINED_MS = 120_000;
/** A ledger that was restored waits a minute before it asks for what it lost. */
const RESTORED_MS = 240_000;
const LOOK_EVERY_MS = 1000;
const CHECK_EVERY_MS = 5000;
/** Every so manyth seed has a derivation and a projector, which look so often at the ledger. */
const READ_SEEDS = 10;
const READ_EVERY_MS = 20_000;
/** What somebody has to say where one reading stands in two records. */
const COPIES_TOLD = 'two gateways run on copies of one disk';

/** What became of a seed. */
export interface Outcome {
  plan: Plan;
  /** The promise that was broken; undefined when all were kept. */
  failure: string | undefined;
  /** Of everything that happened: the same for the same seed. */
  trace: string;
  events: number;
  records: number;
  /** What the agents' books say became of samples, by fate. */
  fates: ReadonlyMap<string, number>;
  /** After the last fault until everything was delivered, simulated ms. */
  drainedMs: number;
  simulatedMs: number;
  /** What happened, a line an event; empty unless asked for. */
  story: readonly string[];
}

/** How a seed is run. */
export interface SimulationOptions {
  without?: ReadonlySet<FaultKind>;
  /** Keeps the story, line by line. */
  tell?: boolean;
}

/** Runs one seed to its end. Never throws for what the product does wrong: that is `failure`. */
export async function simulate(seed: number, options: SimulationOptions = {}): Promise<Outcome> {
  const plan = planOf(seed, options.without);
  const trace = new Trace(options.tell === true);
  const time = new VirtualTime();
  const folder = mkdtempSync(join(ramDisk(), 'millwatt-sim-'));
  const outcome = { failure: undefined as string | undefined, drainedMs: 0 };
  const note = (kind: string, detail: string) => trace.note(time.nowMs, kind, detail);
  const fail = (error: unknown) => {
    if (outcome.failure !== undefined) return;
    outcome.failure =
      error instanceof BrokenPromise ? error.message : String((error as Error).stack ?? error);
    note('failure', outcome.failure);
  };
  const failed = () => outcome.failure !== undefined;
  time.onThrow = fail;
  const plant = new Plant(seed);
  const network = new Network({
    time,
    chance: new Chance(seed, 'network'),
    weather: plan.weather,
    witness: {
      onEvent: note,
      onPublish: (host, { topic, payload }) => {
        if (topic.endsWith('/receipt')) {
          try {
            checkReceipt(payload, stage.collector.disk.durable);
          } catch (error) {
            fail(error);
          }
        }
        trace.message(time.nowMs, host, topic, payload);
      },
    },
  });
  /** Agents of which somebody said that their disk was copied. */
  const copiesTold = new Set<string>();
  const world: World = {
    time,
    network,
    plant,
    log: (host) =>
      hearing(options.tell === true ? telling((line) => note(`log ${host}`, line)) : silentLog, (fields) => {
        if (JSON.stringify(fields).includes(COPIES_TOLD))
          copiesTold.add(fields.agent ?? host.replace(/-twin$/, ''));
      }),
    onUncaught: (host, error) =>
      fail(new Error(`${host} let an error out: ${String((error as Error).stack)}`)),
    onEvent: note,
  };
  const stage: Stage = {
    plan,
    world,
    collector: new CollectorHost(world, {
      folder,
      chance: new Chance(seed, 'collector'),
      originMs: plan.originMs,
      embedsBroker: plan.kinds.has('embedded-broker'),
    }),
    agents: [],
    twins: [],
    restoredAtMs: new Map(),
  };
  for (let index = 0; index < plan.agents; index++) stage.agents.push(agentOf(stage, index));
  const hosts = () => [...stage.agents, ...stage.twins];

  const readers =
    seed % READ_SEEDS === 0
      ? new Readers({
          folder,
          seed,
          machines: stage.agents.map(({ setup }) => setup.machine),
          // Beyond every hour that a wrong clock could name.
          wallMs: () => Math.floor(plan.originMs + time.nowMs),
        })
      : undefined;
  if (readers !== undefined) {
    stage.collector.onOpen = (ledger) => readers.begin(ledger);
    const look = () => {
      const { ledger } = stage.collector;
      if (ledger !== undefined) time.hold(readers.look(ledger).catch(fail));
      if (!failed()) time.after(READ_EVERY_MS, look);
    };
    time.after(READ_EVERY_MS, look);
  }
  stage.collector.start();
  for (const agent of stage.agents) agent.start();
  for (const fault of plan.faults) time.after(fault.atMs, () => playFault(stage, fault));
  const attempt = (check: () => void) => {
    try {
      check();
    } catch (error) {
      fail(error);
    }
  };
  const watch = () => {
    attempt(() => hosts().forEach(checkConservation));
    if (!failed()) time.after(CHECK_EVERY_MS, watch);
  };
  time.after(CHECK_EVERY_MS, watch);
  await time.run(plan.faultsMs, failed);

  // All is well from here on: links are up, disks take, what should run runs.
  calm(stage);
  note('calm', '');
  const marks = new Map(stage.agents.map((agent) => [agent, lastRecordId(agent)]));
  let lookedMs = time.nowMs;
  const limitMs = plan.kinds.has('ledger-restores') ? RESTORED_MS : DRAINED_MS;
  let drained = false;
  const isDrained = () => {
    if (failed()) return true;
    if (time.nowMs < lookedMs + LOOK_EVERY_MS) return false;
    lookedMs = time.nowMs;
    drained =
      stage.collector.ledger !== undefined &&
      stage.agents.every((agent) => hasDelivered(stage, agent, marks.get(agent) ?? 0));
    return drained;
  };
  await time.run(plan.faultsMs + Math.max(limitMs, SERVING_MS), isDrained);
  outcome.drainedMs = time.nowMs - plan.faultsMs;
  let readings: ReadingSet | undefined;
  attempt(() => {
    hosts().forEach(checkForks);
    if (!drained || outcome.drainedMs > limitMs)
      throw new BrokenPromise(whyNotDrained(stage, marks, outcome.drainedMs));
    hosts().forEach(checkConservation);
    const { ledger } = stage.collector;
    if (ledger === undefined) throw new BrokenPromise('the collector does not run at the end');
    readings = checkLedger(
      ledger.readAfter(0, 1_000_000),
      hosts(),
      plant,
      (agent) => mayBranch(stage, agent),
      {
        areAlive: (agent) => stage.twins.some(({ setup }) => setup.name === agent),
        isTold: (agent) => copiesTold.has(agent),
      },
    );
    // What a ledger lost with its disk can only come back from who still has it.
    const canReturn = (host: AgentHost) =>
      !plan.kinds.has('ledger-restores') || (!stage.twins.includes(host) && !plan.kinds.has('small-spools'));
    for (const host of hosts())
      checkNothingForgotten(host, readings, plant, hosts(), (run) => {
        const restoredMs = stage.restoredAtMs.get(host.setup.host);
        return !canReturn(host) || (restoredMs !== undefined && run.startedMs < restoredMs);
      });
  });
  const { ledger } = stage.collector;
  const clocksWereRight = !plan.kinds.has('clock-steps') && !plan.kinds.has('no-clock');
  if (readers !== undefined && ledger !== undefined && readings !== undefined && !failed()) {
    try {
      const [live, anew] = [await readers.look(ledger), await readers.readAnew(ledger)];
      // What a lost disk had told, the database has been told.
      checkReadout(live, anew, { mayHoldMore: plan.kinds.has('ledger-restores') });
      // Across a restart only labels tell how long a counter ran: where they are wrong, a rise may be more than fits, and is left out.
      for (const { setup } of stage.agents) {
        checkEnergy(anew, readings, setup.machine, { isExact: clocksWereRight });
        checkMinutes(anew, readings, setup.machine, { isExact: clocksWereRight });
      }
    } catch (error) {
      fail(error);
    }
  }
  for (const host of hosts()) host.kill();
  const records = stage.collector.disk.durable.size;
  const fates = new Map<string, number>();
  for (const { disk } of hosts())
    for (const row of disk.all('SELECT name, value FROM counters')) {
      const name = String(row['name']);
      fates.set(name, (fates.get(name) ?? 0) + Number(row['value']));
    }
  await stage.collector.end();
  rmSync(folder, { recursive: true, force: true });
  return {
    plan,
    ...outcome,
    trace: trace.hash(),
    events: time.events,
    records,
    fates,
    simulatedMs: time.nowMs,
    story: trace.lines,
  };
}

/** One gateway of a plan. */
export function agentOf(stage: Stage, index: number): AgentHost {
  const { plan, world } = stage;
  const name = `gw-${index + 1}`;
  const outages = plan.faults.filter(({ kind, agent }) => kind === 'meter-outages' && agent === index);
  return new AgentHost(
    world,
    {
      name,
      host: name,
      machine: `mill-${index + 1}`,
      everyMs: plan.everyMs,
      batchAgeMs: plan.batchAgeMs,
      spoolRoomBytes: plan.spoolRoomBytes,
      keepMs: 72 * 3_600_000,
      isAway: (trueMs) => outages.some(({ atMs, lasts }) => trueMs >= atMs && trueMs < atMs + lasts),
    },
    {
      clock: new GatewayClock({
        trueMs: () => world.time.nowMs,
        originMs: plan.originMs,
        driftPpm: plan.driftPpm[index] ?? 0,
      }),
      chance: new Chance(plan.seed, name),
    },
  );
}

function calm(stage: Stage): void {
  const { world, collector, agents, twins } = stage;
  Object.assign(world.network.weather, { stallShare: 0, duplicateShare: 0, spoilShare: 0 });
  for (const twin of twins) twin.kill();
  for (const host of ['collector', ...agents.map(({ setup }) => setup.host)]) world.network.heal(host);
  collector.disk.failing = undefined;
  collector.disk.cutIn = undefined;
  for (const { disk } of agents) Object.assign(disk, { failing: undefined, failNext: 0, cutIn: undefined });
  if (!stage.plan.kinds.has('embedded-broker')) world.network.startBroker();
  collector.start();
  for (const agent of agents) agent.start();
}

function lastRecordId({ disk }: AgentHost): number {
  return Number(disk.all('SELECT max(id) AS id FROM records')[0]?.['id'] ?? 0);
}

/** Nothing sealed before the calm waits, and what was receipted is in the ledger, even if it lost it once. */
function hasDelivered(stage: Stage, agent: AgentHost, mark: number): boolean {
  const waiting = agent.disk.all("SELECT 1 FROM records WHERE state = 'sealed' AND id <= ? LIMIT 1", mark);
  return (
    agent.isUp &&
    waiting.length === 0 &&
    notInLedger(stage, agent) === undefined &&
    holeOf(stage, agent) === undefined
  );
}

/** A hole in the chain that an agent is at, which nobody has explained: all that was sealed is here, or told to be gone. */
function holeOf(stage: Stage, { setup, spool }: AgentHost): string | undefined {
  // Of chains with two branches, nobody knows what was sealed.
  if (spool === undefined || mayBranch(stage, setup.name)) return undefined;
  const [hole] = stage.collector.ledger?.missing(setup.name, spool.head.epoch, 1) ?? [];
  return hole === undefined ? undefined : `${setup.name}/${spool.head.epoch}/${hole.from}..${hole.to}`;
}

function mayBranch(stage: Stage, agent: string): boolean {
  return stage.restoredAtMs.has(agent) || stage.twins.some(({ setup }) => setup.name === agent);
}

/** A record that the agent holds as receipted and the ledger does not have. */
function notInLedger(stage: Stage, { disk, setup }: AgentHost): string | undefined {
  const { durable } = stage.collector.disk;
  for (const row of disk.all("SELECT epoch, seq, hash FROM records WHERE state = 'receipted'")) {
    const name = nameOf({ agent: setup.name, epoch: String(row['epoch']), seq: Number(row['seq']) });
    if (durable.get(name) !== row['hash']) return name;
  }
  return undefined;
}

function whyNotDrained(stage: Stage, marks: ReadonlyMap<AgentHost, number>, afterMs: number): string {
  const waiting = stage.agents.map((agent) => {
    const rows = agent.disk.all(
      "SELECT epoch, seq FROM records WHERE state = 'sealed' AND id <= ?",
      marks.get(agent) ?? 0,
    );
    const lost = notInLedger(stage, agent);
    const first = rows[0] === undefined ? '' : `, from ${String(rows[0]['epoch'])}/${String(rows[0]['seq'])}`;
    const hole = holeOf(stage, agent);
    const missing = hole === undefined ? '' : `, ${hole} is missing in the ledger and nobody said why`;
    return `${agent.setup.host} is ${agent.isUp ? 'up' : 'down'}, ${rows.length} records wait${first}${lost === undefined ? '' : `, ${lost} was receipted and is not in the ledger`}${missing}`;
  });
  return `not drained ${Math.round(afterMs / 1000)} s after the last fault: ${waiting.join('; ')}`;
}

function ramDisk(): string {
  return statSync('/dev/shm', { throwIfNoEntry: false })?.isDirectory() === true ? '/dev/shm' : tmpdir();
}

/** A log that is listened to: all that is worth a warning. */
function hearing(log: Log, hear: (said: { agent?: string; message: string }) => void): Log {
  const of = (level: 'warn' | 'error') => (fields: object, message: string) => {
    hear({ ...fields, message });
    log[level](fields, message);
  };
  return { ...log, warn: of('warn'), error: of('error') };
}

function telling(tell: (line: string) => void): Log {
  const say = (level: string) => (fields: object, message: string) =>
    tell(`${level}: ${message} ${JSON.stringify(fields)}`);
  return { debug: () => {}, info: say('info'), warn: say('warn'), error: say('error') };
}
