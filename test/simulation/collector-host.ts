import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { startIngest, type Ingest } from '../../collector/ingest/ingest.ts';
import { LiveState } from '../../collector/ingest/live-state.ts';
import { openLedger, type AdmissionLedger } from '../../collector/ledger/sqlite-ledger.ts';
import type { World } from './agent-host.ts';
import type { Chance } from './chance.ts';
import { keyOf } from './fixed-keys.ts';
import type { Host } from './network.ts';
import { VirtualRowWriter, type LedgerDisk } from './row-writer.ts';

const RESTART_MS = 2000;

/** A backup of a ledger: its folder, and what was durable in it. */
export interface LedgerBackup {
  folder: string;
  durable: Map<string, string>;
}

/** A collector process. */
interface CollectorProcess {
  kill: () => Promise<void>;
  ingest?: Ingest;
  ledger?: AdmissionLedger;
}

/** The collector's computer: the ledger's folder on a RAM disk, and the process that runs on it or not. */
export class CollectorHost {
  readonly folder: string;
  readonly disk: LedgerDisk = { failing: undefined, cutIn: undefined, cutAt: 'before', durable: new Map() };
  /** Called with a ledger that was opened. */
  onOpen: (ledger: AdmissionLedger) => void = () => {};
  readonly #world: World;
  readonly #chance: Chance;
  readonly #originMs: number;
  readonly #embedsBroker: boolean;
  #process: CollectorProcess | undefined;
  #closing: Promise<void> = Promise.resolve();
  #backups = 0;
  #isWanted = false;

  /** @param options.embedsBroker the broker lives and dies with this process */
  constructor(
    world: World,
    options: { folder: string; chance: Chance; originMs: number; embedsBroker: boolean },
  ) {
    this.#world = world;
    this.folder = join(options.folder, 'collector');
    this.#chance = options.chance;
    this.#originMs = options.originMs;
    this.#embedsBroker = options.embedsBroker;
  }

  get ledger(): AdmissionLedger | undefined {
    return this.#process?.ledger;
  }

  get ingest(): Ingest | undefined {
    return this.#process?.ingest;
  }

  start(): void {
    this.#isWanted = true;
    if (this.#process !== undefined) return;
    if (this.#embedsBroker) this.#world.network.startBroker();
    this.#world.time.hold(this.#boot());
  }

  /** kill -9, or the power. */
  kill(): void {
    this.#isWanted = false;
    this.#die();
  }

  crash(): void {
    this.kill();
    this.#world.time.after(RESTART_MS, () => this.start());
  }

  /** A copy of the ledger as it is on the disk now. */
  backUp(): LedgerBackup {
    const folder = `${this.folder}-backup-${++this.#backups}`;
    cpSync(join(this.folder, 'ledger'), folder, { recursive: true });
    this.#world.onEvent('ledger-backed-up', `${this.disk.durable.size} records`);
    return { folder, durable: new Map(this.disk.durable) };
  }

  /** The disk is replaced, and the ledger is what it was at the backup; the process must be down. */
  restore(backup: LedgerBackup): void {
    this.#world.time.hold(
      this.#closing.then(() => {
        rmSync(join(this.folder, 'ledger'), { recursive: true, force: true });
        cpSync(backup.folder, join(this.folder, 'ledger'), { recursive: true });
        this.disk.durable = new Map(backup.durable);
        this.#world.onEvent('ledger-restored', `${backup.durable.size} records`);
      }),
    );
  }

  /** Resolves when nothing of the process is left. */
  async end(): Promise<void> {
    const { ingest } = this;
    this.kill();
    await this.#closing;
    await ingest?.quarantine.settle();
  }

  async #boot(): Promise<void> {
    const { time, network } = this.#world;
    let alive = true;
    const isAlive = () => alive;
    const guard = (act: () => void) => {
      try {
        act();
      } catch (error) {
        if (alive) this.#throw(error);
      }
    };
    const host: Host = { name: 'collector', isAlive, guard };
    const timers = time.timers(isAlive, guard);
    let writer: VirtualRowWriter | undefined;
    const process: CollectorProcess = {
      kill: async () => {
        alive = false;
        writer?.kill();
        network.forget(host);
        await process.ledger?.close();
      },
    };
    this.#process = process;
    await this.#closing;
    if (!alive) return;
    const wallMs = () => Math.floor(this.#originMs + time.nowMs);
    mkdirSync(this.folder, { recursive: true });
    const log = this.#world.log('collector');
    const ledger = await openLedger({
      folder: join(this.folder, 'ledger'),
      log,
      clock: { wallMs, monotonicMs: () => Math.floor(time.nowMs), speed: () => 1 },
      startWriter: (data) => {
        writer = new VirtualRowWriter(data, {
          time,
          disk: this.disk,
          commitMs: () => this.#chance.whole(1, 30),
          onCut: () => this.#restartSoon(),
        });
        return writer;
      },
    });
    process.ledger = ledger;
    this.onOpen(ledger);
    process.ingest = startIngest({
      site: 'plant',
      collector: 'collector',
      folder: this.folder,
      key: keyOf('collector'),
      ledger,
      live: new LiveState(wallMs),
      connect: (link) => network.connect(host, link),
      wallMs,
      realMs: () => time.nowMs,
      timers,
      log,
      onAdmitted: () => {},
      onCrash: (error) => {
        if (alive) this.#throw(error);
      },
    });
    this.#world.onEvent('collector-started', `${ledger.lastOrdinal()} records`);
  }

  #throw(error: unknown): void {
    this.#world.onUncaught('collector', error);
    this.#restartSoon();
  }

  #restartSoon(): void {
    this.#die();
    this.#world.time.after(RESTART_MS, () => {
      if (this.#isWanted) this.start();
    });
  }

  #die(): void {
    const process = this.#process;
    if (process === undefined) return;
    this.#process = undefined;
    this.#world.onEvent('collector-ended', '');
    if (this.#embedsBroker) this.#world.network.killBroker();
    this.#closing = process.kill();
    this.#world.time.hold(this.#closing);
  }
}
