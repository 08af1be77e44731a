import type { RecordHeader } from '../../protocols/telemetry/record.ts';

/** More are not remembered; a projector that begins anew reads on from the first that waited, and so them too. */
const ORDINALS_MAX = 100_000;

/** Records that wait for their wiring, because live data overtakes backlog on the wire. */
export class DeferredRecords {
  readonly #byConfig = new Map<string, number[]>();
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** Keeps an ordinal until the wiring comes. */
  add(header: Pick<RecordHeader, 'agent' | 'config'>, ordinal: number): void {
    if (this.#count >= ORDINALS_MAX) return;
    const key = keyOf(header);
    const ordinals = this.#byConfig.get(key) ?? [];
    ordinals.push(ordinal);
    this.#byConfig.set(key, ordinals);
    this.#count++;
  }

  /** The ordinals that waited for this wiring, ascending; they are kept until `settle`. */
  waitingFor(header: Pick<RecordHeader, 'agent' | 'config'>): readonly number[] {
    return this.#byConfig.get(keyOf(header)) ?? [];
  }

  /** Forgets the ordinals that waited for this wiring: they are written. */
  settle(header: Pick<RecordHeader, 'agent' | 'config'>): void {
    this.#count -= this.waitingFor(header).length;
    this.#byConfig.delete(keyOf(header));
  }

  /** The smallest ordinal that waits, or 0. */
  first(): number {
    let first = 0;
    for (const [ordinal = 0] of this.#byConfig.values()) if (first === 0 || ordinal < first) first = ordinal;
    return first;
  }
}

function keyOf({ agent, config }: Pick<RecordHeader, 'agent' | 'config'>): string {
  return `${agent} ${config}`;
}
