import { onTestFinished } from 'vitest';
import { startDerivation, type Derivation } from '../../../collector/derivation/deriver.ts';
import type { Amendment } from '../../../collector/energy/amendment.ts';
import type { HourBase } from '../../../collector/energy/hour-base.ts';
import type { MachineHour } from '../../../collector/energy/machine-hour.ts';
import { unconfiguredMachine, type MachineModel } from '../../../collector/energy/machine-model.ts';
import type { StateSpan } from '../../../collector/energy/state-span.ts';
import { frozenPath, readFrozen } from '../../../collector/ledger/frozen-store.ts';
import { openLedger, type AdmissionLedger } from '../../../collector/ledger/sqlite-ledger.ts';
import { openViews } from '../../../collector/ledger/sqlite-views.ts';
import type { MinuteRollup, StoredWord, Views } from '../../../collector/ledger/views.ts';
import { startRetention, type RetentionStats } from '../../../collector/retention/retention.ts';
import { SteppedClock } from '../../../protocols/clock.ts';
import type { SealedRecord } from '../../../protocols/evidence/seal.ts';
import { silentLog } from '../../../protocols/log.ts';
import { watts } from '../../../protocols/telemetry/unit.ts';
import { makeTempFolder } from '../ledger/temp-folder.ts';
import { MACHINE, START_MS } from './plant-feed.ts';

const HOUR_MS = 3_600_000;

/** A book of amendments that a test writes. */
export class FakeBook {
  #entered: Amendment[] = [];
  #version = 1;

  enter(amendment: Amendment): void {
    this.#entered.push(amendment);
    this.#version++;
  }

  revoke(id: string): void {
    this.#entered = this.#entered.filter((amendment) => amendment.id !== id);
    this.#version++;
  }

  of(machine: string): readonly Amendment[] {
    return this.#entered.filter((amendment) => amendment.machine === machine);
  }

  version(): number {
    return this.#version;
  }
}

/** Everything that is derived of the machine, but for when it was written. */
export interface Derived {
  hours: MachineHour[];
  bases: HourBase[];
  minutes: MinuteRollup[];
  spans: StateSpan[];
  words: StoredWord[];
}

/** A collector's ledger, views and derivation, on real files. */
export class Bench {
  readonly clock = new SteppedClock(START_MS + 40 * HOUR_MS);
  readonly folder = makeTempFolder();
  #ledger!: AdmissionLedger;
  #views!: Views;
  #derivation!: Derivation;
  model: MachineModel = { ...unconfiguredMachine(MACHINE), ratedPowerW: watts(15_000) };
  readonly book = new FakeBook();
  /** What the derivation told of itself. */
  readonly told: string[] = [];

  static async open(): Promise<Bench> {
    const bench = new Bench();
    bench.#ledger = await openLedger({
      folder: `${bench.folder}/ledger`,
      log: silentLog,
      clock: bench.clock,
    });
    bench.#views = openViews({ folder: bench.folder });
    bench.start();
    onTestFinished(() => bench.close());
    return bench;
  }

  start(): void {
    this.#derivation = startDerivation({
      ledger: this.#ledger,
      views: this.#views,
      machines: [this.model],
      amendments: this.book,
      frozen: readFrozen(this.folder),
      site: 'plant',
      clock: this.clock,
      log: { ...silentLog, info: (_, message) => void this.told.push(message) },
    });
  }

  get views(): Views {
    return this.#views;
  }

  get derivation(): Derivation {
    return this.#derivation;
  }

  get ledger(): AdmissionLedger {
    return this.#ledger;
  }

  /** Lets readings go of months that ended so long ago. */
  async letGo(keepMs = 0): Promise<RetentionStats> {
    const retention = startRetention({
      ledger: this.#ledger,
      derivation: this.#derivation,
      cursors: () => [this.#views.cursor('derive')],
      frozenPath: frozenPath(this.folder),
      viewsPath: `${this.folder}/views.db`,
      keepMs,
      wallMs: () => this.clock.wallMs(),
      log: silentLog,
    });
    await retention.run();
    await retention.stop();
    return retention.stats();
  }

  async restart(): Promise<void> {
    await this.#derivation.stop();
    this.start();
  }

  /** Starts again without views: everything is computed from the ledger. */
  async startOver(): Promise<void> {
    await this.#derivation.stop();
    this.#views.close();
    this.#views = openViews({ folder: this.folder, reset: true });
    this.start();
  }

  async close(): Promise<void> {
    await this.#derivation.stop();
    this.#views.close();
    await this.#ledger.close();
  }

  async append(...records: SealedRecord[]): Promise<void> {
    await Promise.all(
      records.map((record) => this.#ledger.append({ ...record, receivedMs: this.clock.wallMs() })),
    );
  }

  async derive(): Promise<MachineHour[]> {
    await this.#derivation.idle();
    return this.#views.hours(MACHINE, 0, Number.MAX_SAFE_INTEGER);
  }

  /** All that is derived, where it is known: hours of which nothing is known any more are none. */
  async derived(): Promise<Derived> {
    const hours = await this.derive();
    const known = new Set(hours.filter((hour) => !isVoid(hour)).map(({ hourMs }) => hourMs));
    const views = this.#views;
    const all = [MACHINE, 0, Number.MAX_SAFE_INTEGER] as const;
    return {
      hours: figures(hours.filter(({ hourMs }) => known.has(hourMs))),
      bases: [...views.bases(...all)].filter(({ hourMs }) => known.has(hourMs)),
      minutes: views
        .channels(MACHINE)
        .flatMap((channel) => views.minutes(channel, 0, Number.MAX_SAFE_INTEGER)),
      spans: views.states(...all, 1_000_000),
      words: views.words(...all),
    };
  }
}

/** True for an hour of which nothing is known. */
export function isVoid(hour: MachineHour): boolean {
  return hour.spanMs === 0 && Object.keys(hour.energy.componentMwh).length === 0;
}

/** Without what tells when an hour was written. */
export function figures(hours: MachineHour[]): MachineHour[] {
  return hours.map((hour) => ({ ...hour, status: 'provisional', finalBy: null, revision: 0 }));
}
