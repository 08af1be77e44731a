import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { startDerivation } from '../../collector/derivation/deriver.ts';
import type { MachineHour } from '../../collector/energy/machine-hour.ts';
import { unconfiguredMachine } from '../../collector/energy/machine-model.ts';
import { startProjector } from '../../collector/influx/projector.ts';
import type { Ledger } from '../../collector/ledger/ledger.ts';
import { openViews } from '../../collector/ledger/sqlite-views.ts';
import type { MinuteRollup, Views } from '../../collector/ledger/views.ts';
import { silentLog } from '../../protocols/log.ts';
import { systemTimers } from '../../protocols/timers.ts';
import { watts } from '../../protocols/telemetry/unit.ts';
import { Chance } from './chance.ts';
import { MemoryStore } from './memory-store.ts';

/** Everything that is derived and projected from a ledger. */
export interface Readout {
  hours: MachineHour[];
  minutes: MinuteRollup[];
  points: ReadonlyMap<string, ReadonlyMap<string, string>>;
}

/** Derivation and projector of a collector, started anew for each look that they take at the ledger. */
export class Readers {
  readonly #parts: { folder: string; seed: number; machines: readonly string[]; wallMs: () => number };
  readonly #store: MemoryStore;
  #looks = 0;

  constructor(parts: { folder: string; seed: number; machines: readonly string[]; wallMs: () => number }) {
    this.#parts = parts;
    this.#store = new MemoryStore(new Chance(parts.seed, 'store'));
  }

  /** As a collector does at its start: views that know more than the ledger are computed again. */
  begin(ledger: Ledger): void {
    const views = this.#open();
    const isAhead = ['derive', 'influx-samples'].some(
      (reader) => views.cursor(reader) > ledger.lastOrdinal(),
    );
    views.close();
    if (isAhead) rmSync(this.#folder, { recursive: true });
  }

  /** Takes in what is new. */
  look(ledger: Ledger): Promise<Readout> {
    this.#looks++;
    return this.#read(ledger, this.#open(), this.#store);
  }

  /** What the ledger alone gives. */
  async readAnew(ledger: Ledger): Promise<Readout> {
    const folder = `${this.#folder}-anew`;
    return this.#read(ledger, openViews({ folder }), new MemoryStore());
  }

  async #read(ledger: Ledger, views: Views, store: MemoryStore): Promise<Readout> {
    const { machines, wallMs, seed } = this.#parts;
    const clock = { wallMs };
    const common = { ledger, views, site: 'plant', clock, log: silentLog };
    const derivation = startDerivation({
      ...common,
      machines: machines.map((machine) => ({ ...unconfiguredMachine(machine), ratedPowerW: watts(15_000) })),
    });
    await derivation.idle();
    await derivation.stop();
    const random = new Chance(seed, `projector ${this.#looks}`);
    const project = async (ends: boolean) => {
      const projector = startProjector({
        ...common,
        store,
        quarantine: {
          add: (refused) => {
            if (refused.length > 0) throw new Error(`refused: ${refused[0]?.reason}`);
          },
        },
        random: () => random.next(),
        // Back-off takes no time here: while the readers look, time stands.
        timers: {
          ...systemTimers,
          after: (_, act) => {
            const turn = setImmediate(act);
            return () => clearImmediate(turn);
          },
        },
      });
      store.onRetry = () => {
        if (ends) void projector.stop();
      };
      await projector.idle();
      await projector.stop();
    };
    // Now and then it ends while InfluxDB has not said that it has the points: the next one must not believe so.
    if (new Chance(seed, `end ${this.#looks}`).happens(0.5)) await project(true);
    await project(false);
    const all = [0, Number.MAX_SAFE_INTEGER] as const;
    const readout: Readout = {
      hours: machines.flatMap((machine) => views.hours(machine, ...all)),
      minutes: machines.flatMap((machine) =>
        views.channels(machine).flatMap((channel) => views.minutes(channel, ...all)),
      ),
      points: store.points,
    };
    views.close();
    return readout;
  }

  get #folder(): string {
    return join(this.#parts.folder, 'views');
  }

  #open(): Views {
    return openViews({ folder: this.#folder });
  }
}
