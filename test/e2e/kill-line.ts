import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { readViews } from '../../collector/ledger/sqlite-views.ts';
import { seedRandom, type SeededRandom } from '../../protocols/simulator/seeded-random.ts';
import { startMosquitto, type Mosquitto } from '../support/mosquitto.ts';
import { checkAccounts, checkEnergy, checkLedger, checkMinutes, checkSpool } from './kill-checks.ts';
import { KillChild, warmUp } from './kill-child.ts';
import { KILL_AGENT, KILL_MACHINES, KILL_SITE } from './kill-names.ts';
import { readSpool } from './kill-plant.ts';
import { KillWitness } from './kill-witness.ts';
import { checkTold } from './kill-told.ts';
import { eventually } from './millwatt-process.ts';

const AGENT_SCRIPT = fileURLToPath(new URL('./kill-agent-process.ts', import.meta.url));
const COLLECTOR_SCRIPT = fileURLToPath(new URL('./kill-collector-process.ts', import.meta.url));
const VICTIMS = ['agent', 'collector', 'broker'] as const;
type Victim = (typeof VICTIMS)[number];

/** What a line went through, and what it held in the end. */
export interface KillFigures {
  kills: number;
  records: number;
  samples: number;
  /** Records of which the witness saw a receipt. */
  receipted: number;
  energyMwh: number;
  /** Of agent and collector: from the start of the process to its being at work, ms. */
  upMs: number[];
  /** The same in time of the processor, ms. */
  upCpuMs: number[];
  /** Readings lost at a kill because they were not durable yet, ms before it; the most. */
  undurableMs: number;
}

/** Compiles what the lines are made of, once for all starts. */
export function warmUpKillLines(): void {
  warmUp(AGENT_SCRIPT, ['', '', '', 'warm']);
  warmUp(COLLECTOR_SCRIPT, ['', '', 'warm']);
}

/**
 * Kills agent, collector and broker of one line in turn at moments the seed draws, each in 5..500 ms, or all at once with
 * `together`; then lets everything arrive, and holds ledger, spool, receipts, hours and minutes against what the meters said.
 */
export async function killLine(options: {
  seed: string;
  kills: number;
  together?: boolean;
}): Promise<KillFigures> {
  const line = await KillLine.open();
  try {
    await line.killAgain(seedRandom(options.seed), options.kills, options.together === true);
    await line.deliverAll();
    return await line.check(options.kills);
  } finally {
    await line.end();
  }
}

class KillLine {
  readonly #folder = mkdtempSync(join(tmpdir(), 'millwatt-kill-'));
  readonly #agentFolder = join(this.#folder, 'agent');
  readonly #collectorFolder = join(this.#folder, 'collector');
  readonly #originMs = Date.now() - 1000;
  /** What the meters said, in one list a run of the agent: `MACHINE MWH`. */
  readonly #told: string[][] = [];
  readonly #agent = new KillChild(AGENT_SCRIPT, (text) => this.#told.at(-1)?.push(text));
  readonly #collector = new KillChild(COLLECTOR_SCRIPT);
  readonly #broker: Mosquitto;
  readonly #witness: KillWitness;
  #sampled = 0;

  static async open(): Promise<KillLine> {
    // What mosquitto does when nobody configures more: no persistence, a thousand queued messages a client.
    const broker = await startMosquitto({
      write: ({ port }) => `listener ${port} 127.0.0.1\nallow_anonymous true`,
    });
    return new KillLine(broker);
  }

  private constructor(broker: Mosquitto) {
    this.#broker = broker;
    this.#witness = new KillWitness({ url: broker.url, site: KILL_SITE, agent: KILL_AGENT });
  }

  async killAgain(random: SeededRandom, kills: number, together: boolean): Promise<void> {
    this.#startAgent('read');
    this.#startCollector();
    let turn = 0;
    for (let kill = 0; kill < kills; kill++) {
      // Most are killed at work, some while they or the others start; now and then one is killed again at once.
      if (random.chance(0.75)) await Promise.all([this.#agent.up(), this.#collector.up()]);
      if (random.chance(0.85)) turn++;
      await pause(random.between(5, 500));
      if (together) {
        await Promise.all(VICTIMS.map((victim) => this.#kill(victim)));
        await Promise.all(VICTIMS.map((victim) => this.#restart(victim)));
      } else {
        const victim = VICTIMS[turn % VICTIMS.length] ?? 'agent';
        await this.#kill(victim);
        await this.#restart(victim);
      }
    }
    await Promise.all([this.#agent.up(), this.#collector.up()]);
  }

  /** Ends the agent in order, and starts it once more without meters: it only delivers. Then ends the collector. */
  async deliverAll(): Promise<void> {
    await this.#agent.stop();
    this.#startAgent('deliver');
    await this.#agent.up();
    // Records, not samples: an agent also seals that it began.
    const pending = () => readSpool(this.#agentFolder).records.pending;
    await eventually(() => pending() === 0, 'every record is receipted').catch((error: unknown) => {
      const { records, samples } = readSpool(this.#agentFolder);
      throw new Error(
        `${JSON.stringify({ records, samples })}; the broker: ${this.#broker.output().slice(-600)}`,
        {
          cause: error,
        },
      );
    });
    await this.#agent.stop();
    await this.#collector.stop();
  }

  async check(kills: number): Promise<KillFigures> {
    const ledger = checkLedger(this.#collectorFolder);
    checkSpool(this.#agentFolder, this.#collectorFolder, ledger);
    const receipted = this.#witness.check(ledger.hashes);
    const undurableMwh = checkTold(this.#told, ledger.readings);
    const hours = this.#readHours();
    const energyMwh = checkEnergy(ledger, hours);
    checkMinutes(ledger, this.#collectorFolder);

    // Hours are a function of the ledger: computed anew, they are the same.
    for (const ending of ['', '-wal', '-shm'])
      rmSync(join(this.#collectorFolder, `views.db${ending}`), { force: true });
    this.#startCollector();
    await this.#collector.stop();
    expect(this.#readHours()).toEqual(hours);
    checkMinutes(ledger, this.#collectorFolder);
    return {
      kills,
      records: ledger.records,
      samples: ledger.samples,
      receipted,
      energyMwh,
      upMs: [...this.#agent.upMs, ...this.#collector.upMs],
      upCpuMs: [...this.#agent.upCpuMs, ...this.#collector.upCpuMs],
      undurableMs: Math.round((undurableMwh * 3600) / 10_000),
    };
  }

  async end(): Promise<void> {
    await Promise.all([this.#agent.end(), this.#collector.end(), this.#witness.close()]);
    await this.#broker.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #startAgent(mode: 'read' | 'deliver'): void {
    this.#told.push([]);
    this.#agent.start([this.#agentFolder, this.#broker.url, String(this.#originMs), mode]);
  }

  #startCollector(): void {
    this.#collector.start([this.#collectorFolder, this.#broker.url]);
  }

  async #kill(victim: Victim): Promise<void> {
    if (victim === 'broker') return this.#broker.kill9();
    if (victim === 'collector') return this.#collector.kill9();
    await this.#agent.kill9();
    // Killed at its first start, it may have no spool yet.
    if (this.#agent.upMs.length === 0) return;
    checkAccounts(this.#agentFolder);
    const { sampled } = readSpool(this.#agentFolder).samples;
    expect(sampled).toBeGreaterThanOrEqual(this.#sampled);
    this.#sampled = sampled;
  }

  async #restart(victim: Victim): Promise<void> {
    if (victim === 'broker') await this.#broker.restart();
    else if (victim === 'collector') this.#startCollector();
    else this.#startAgent('read');
  }

  #readHours() {
    const views = readViews({ folder: this.#collectorFolder });
    try {
      const all = KILL_MACHINES.map(
        (machine) => [machine, views.hours(machine, 0, Number.MAX_SAFE_INTEGER)] as const,
      );
      return Object.fromEntries(all);
    } finally {
      views.close();
    }
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
