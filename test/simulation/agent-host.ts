import { runAgent, type RunningAgent } from '../../agent/agent.ts';
import { Spool } from '../../agent/spool.ts';
import { gatherWiring } from '../../agent/wiring.ts';
import { agentConfig, type AgentConfig } from '../../config/agent-config.ts';
import { MillwattError } from '../../protocols/errors.ts';
import { sha256, type SigningKey } from '../../protocols/evidence/keys.ts';
import { drawToken } from '../../protocols/telemetry/ids.ts';
import type { Log } from '../../protocols/log.ts';
import type { Chance } from './chance.ts';
import { keyOf } from './fixed-keys.ts';
import type { GatewayClock } from './gateway-clock.ts';
import { meterDriver, type GivenBook, type Plant } from './meter.ts';
import type { Host, Network } from './network.ts';
import { SpoolDisk } from './spool-disk.ts';
import type { VirtualTime } from './virtual-time.ts';

/** A supervisor starts what has ended after this. */
const RESTART_MS = 2000;

/** What all hosts share. */
export interface World {
  time: VirtualTime;
  network: Network;
  plant: Plant;
  log: (host: string) => Log;
  /** What the product let out, and must not. */
  onUncaught: (host: string, error: unknown) => void;
  onEvent: (kind: string, detail: string) => void;
}

/** How an agent is set up. */
export interface AgentSetup {
  name: string;
  /** Another gateway that runs under the same name and key has another host name. */
  host: string;
  machine: string;
  everyMs: number;
  batchAgeMs: number;
  /** What the spool may hold beyond its empty tables. */
  spoolRoomBytes: number;
  keepMs: number;
  isAway: (trueMs: number) => boolean;
}

/** One process run of an agent, and the readings that its meters gave it. */
export interface Run {
  boot: string;
  startedMs: number;
  /** In the order given; keys of the book. */
  given: string[];
  /** Of the spool when the run began. */
  sampledBefore: number;
  /** Known when it has ended: how many of them reached the disk. */
  durable?: number;
}

/** An agent process. */
interface AgentProcess {
  host: Host;
  agent: RunningAgent | undefined;
  spool: Spool | undefined;
  kill: () => void;
}

/** A gateway: its disk, its clocks, and the agent process that runs on it or not. */
export class AgentHost {
  readonly setup: AgentSetup;
  readonly disk: SpoolDisk;
  readonly clock: GatewayClock;
  readonly given: GivenBook = new Map();
  runs: Run[] = [];
  /** Header hash -> signature of everything that was ever signed with the agent's key. */
  readonly signed: Map<string, Uint8Array>;
  readonly #world: World;
  readonly #chance: Chance;
  readonly #key: SigningKey;
  readonly #config: AgentConfig;
  #process: AgentProcess | undefined;
  #isWanted = false;

  constructor(
    world: World,
    setup: AgentSetup,
    parts: { clock: GatewayClock; chance: Chance; disk?: SpoolDisk; signed?: Map<string, Uint8Array> },
  ) {
    this.setup = setup;
    this.#world = world;
    this.clock = parts.clock;
    this.#chance = parts.chance;
    this.disk = parts.disk ?? new SpoolDisk();
    this.signed = parts.signed ?? new Map();
    const key = keyOf(setup.name);
    this.#key = {
      ...key,
      sign: (bytes) => {
        const signature = key.sign(bytes);
        this.signed.set(sha256(bytes), signature);
        return signature;
      },
    };
    this.#config = agentConfig.parse({
      site: 'plant',
      agent: setup.name,
      broker: { url: 'mqtt://127.0.0.1:1' },
      collectorKey: keyOf('collector').publicKey,
      spool: { batchSamples: 10, batchAge: `${setup.batchAgeMs / 1000}s` },
      sources: [
        { protocol: 'modbus-tcp', id: 'm', machine: 'm', host: '127.0.0.1', profile: 'siemens/pac3200' },
      ],
    });
  }

  get isUp(): boolean {
    return this.#process !== undefined;
  }

  get agent(): RunningAgent | undefined {
    return this.#process?.agent;
  }

  get spool(): Spool | undefined {
    return this.#process?.spool;
  }

  /** Starts the process, and again whenever it cannot. */
  start(): void {
    this.#isWanted = true;
    if (this.#process === undefined) this.#boot();
  }

  /** kill -9, or the power: nothing more is done. */
  kill(): void {
    this.#isWanted = false;
    this.#process?.kill();
  }

  /** Dies and is started again by whoever watches over it. */
  crash(): void {
    this.kill();
    this.#world.time.after(RESTART_MS, () => this.start());
  }

  #boot(): void {
    const { time, network, plant } = this.#world;
    const { setup, disk } = this;
    let alive = true;
    const isAlive = () => alive;
    const guard = (act: () => void) => {
      try {
        act();
      } catch (error) {
        if (alive) this.#die(error);
      }
    };
    const host: Host = { name: setup.host, isAlive, guard };
    const timers = time.timers(isAlive, guard);
    const process: AgentProcess = {
      host,
      agent: undefined,
      spool: undefined,
      kill: () => {
        if (!alive) return;
        this.#endRun();
        alive = false;
        this.#process = undefined;
        this.#world.onEvent('agent-ended', setup.host);
        network.forget(host);
        // Its own stop only clears what Node measures for it; nothing it does reaches anything any more.
        process.agent?.stop().catch(() => {});
      },
    };
    this.#process = process;
    const random = (count: number) => this.#chance.bytes(count);
    const run: Run = { boot: drawToken(random), startedMs: time.nowMs, given: [], sampledBefore: 0 };
    try {
      const clock = this.clock.boot();
      const spool = new Spool({
        folder: '',
        // A tenth is left for the pages that SQLite fills by half.
        maxBytes: (disk.emptyBytes + setup.spoolRoomBytes) / 0.9,
        keepMs: setup.keepMs,
        randomBytes: random,
        log: this.#world.log(setup.host),
        open: () => disk.open({ isAlive, kill: () => this.#cut() }),
      });
      process.spool = spool;
      run.sampledBefore = spool.accounts().samples.sampled;
      this.runs.push(run);
      const driver = meterDriver({
        plant,
        machine: setup.machine,
        everyMs: setup.everyMs,
        clock,
        trueMs: () => time.nowMs,
        wait: (ms) => time.wait(ms),
        isAway: setup.isAway,
        roundTripMs: () =>
          this.#chance.happens(0.02) ? this.#chance.whole(200, 3000) : this.#chance.whole(2, 40),
        onGiven: (channel, atMs, given) => {
          if (!alive) return;
          const name = `${run.boot}/${channel}/${atMs}`;
          run.given.push(name);
          this.given.set(name, given);
        },
      });
      const agent = runAgent({
        config: this.#config,
        dataFolder: '',
        drivers: [driver],
        declared: gatherWiring('plant', setup.name, '0.1.0', [driver]),
        connect: (options) => network.connect(host, options),
        clock,
        timers,
        host: {
          read: async () => ({ cpuLoad: 0, memoryUsedShare: 0, diskFreeBytes: 0, cpuTemperatureDegC: null }),
        },
        log: this.#world.log(setup.host),
        random,
        version: '0.1.0',
        key: this.#key,
        spool,
        unlock: () => {},
        boot: run.boot,
      });
      if (!alive) void agent.stop().catch(() => {});
      else process.agent = agent;
      this.#world.onEvent('agent-started', `${setup.host} boot ${run.boot}`);
    } catch (error) {
      if (alive) this.#die(error, true);
    }
  }

  /** What the product threw where nobody catches: the process ends, and is started again. */
  #die(error: unknown, starting = false): void {
    const refused = starting || (error instanceof MillwattError && error.remedy !== 'quarantine');
    this.#world.onEvent('agent-died', `${this.setup.host} ${String(error)}`);
    if (!refused) this.#world.onUncaught(this.setup.host, error);
    this.#process?.kill();
    this.#world.time.after(RESTART_MS, () => {
      if (this.#isWanted) this.start();
    });
  }

  /** The power went in the middle of a commit. */
  #cut(): void {
    this.#process?.kill();
    this.#world.time.after(RESTART_MS, () => {
      if (this.#isWanted) this.start();
    });
  }

  /** Only what the disk has counts from now on. */
  #endRun(): void {
    const run = this.runs.at(-1);
    if (run === undefined || run.durable !== undefined) return;
    run.durable = this.sampledOnDisk() - run.sampledBefore;
  }

  sampledOnDisk(): number {
    return Number(this.disk.all("SELECT value FROM counters WHERE name = 'sampled'")[0]?.['value'] ?? 0);
  }
}
