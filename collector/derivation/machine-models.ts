import type { Amendment } from '../energy/amendment.ts';
import { unconfiguredMachine, type MachineModel } from '../energy/machine-model.ts';

/** What people decided about readings, as far as it is in force now. */
export interface AmendmentBook {
  /** Of one machine, in the order in which they were entered; revoked ones are not among them. */
  of(machine: string): readonly Amendment[];
  /** Another number says that there may be something new. */
  version(): number;
}

/** Machines as they are configured, with what people decided about their readings. */
export class MachineModels {
  readonly #configured: Map<string, MachineModel>;
  readonly #book: AmendmentBook | undefined;
  #models = new Map<string, MachineModel>();
  #version: number | undefined;

  constructor(machines: readonly MachineModel[], book: AmendmentBook | undefined) {
    this.#configured = new Map(machines.map((model) => [model.machine, model]));
    this.#book = book;
  }

  /** True when somebody may have decided something since `refresh`. */
  get isStale(): boolean {
    return this.#version !== this.#readVersion();
  }

  /** Reads what is in force now: models stay as they are until the next call. */
  refresh(): void {
    this.#version = this.#readVersion();
    this.#models = new Map();
  }

  of(machine: string): MachineModel {
    let model = this.#models.get(machine);
    if (model === undefined) {
      const configured = this.#configured.get(machine) ?? unconfiguredMachine(machine);
      const entered = this.#book?.of(machine) ?? [];
      model = { ...configured, amendments: [...configured.amendments, ...entered] };
      this.#models.set(machine, model);
    }
    return model;
  }

  #readVersion(): number {
    return this.#book?.version() ?? 0;
  }
}
