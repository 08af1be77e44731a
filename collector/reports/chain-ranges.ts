import type { MachineHour } from '../energy/machine-hour.ts';

type RecordRange = MachineHour['basis']['records'][number];

/** The records that hours rest on, those of one chain as one range: what lies between them is of other machines. */
export class ChainRanges {
  readonly #chains = new Map<string, RecordRange>();

  /** Adds the records of an hour. */
  add({ basis }: Pick<MachineHour, 'basis'>): void {
    for (const range of basis.records) {
      const name = `${range.agent} ${range.epoch}`;
      const known = this.#chains.get(name);
      this.#chains.set(name, {
        ...range,
        from: Math.min(range.from, known?.from ?? Infinity),
        to: Math.max(range.to, known?.to ?? 0),
      });
    }
  }

  /** One range a chain, in the order in which the chains were met. */
  list(): RecordRange[] {
    return [...this.#chains.values()];
  }
}
