import { encodePart, type MachinePart } from '../../../protocols/telemetry/part.ts';
import { encodeSnapshot } from '../../../protocols/telemetry/snapshot-text.ts';
import type { RecordKind } from '../../../protocols/telemetry/record.ts';
import { generateSigningKey, sha256, type SigningKey } from '../../../protocols/evidence/keys.ts';
import { sealRecord, type SealedRecord } from '../../../protocols/evidence/seal.ts';

/** Where the feeds' clocks start: 2026-11-30T23:00:00Z. */
export const FEED_START_MS = Date.UTC(2026, 10, 30, 23);

/** The snapshot of an agent that reads the supply power of some machines. */
export function snapshotText(agent: string, machines: readonly string[], site = 'plant'): string {
  return encodeSnapshot({
    v: 1,
    site,
    agent,
    software: { name: 'millwatt', version: '0.1.0' },
    sources: [{ id: 'meter', protocol: 'modbus-tcp', address: '127.0.0.1:502 unit 1', everyMs: 1000 }],
    channels: machines.map((machine) => ({
      kind: 'measured',
      id: `${machine}.supply.activePower`,
      machine,
      component: 'supply',
      quantity: 'activePower',
      phase: 'total',
      source: 'meter',
      point: 'register 25',
      scale: ['1', '1'],
    })),
  });
}

/** An agent's chain, sealed record by sealed record: ten readings of one power channel, one second apart. */
export class ChainFeed {
  readonly key: SigningKey;
  readonly agent: string;
  readonly epoch: string;
  readonly site: string;
  #seq = 0;
  #prev: string | null = null;

  constructor(options: { agent?: string; epoch?: string; key?: SigningKey; site?: string } = {}) {
    this.key = options.key ?? generateSigningKey();
    this.agent = options.agent ?? 'gw-1';
    this.epoch = options.epoch ?? 'epoch0000001';
    this.site = options.site ?? 'plant';
  }

  /** The next record of the chain. */
  next(
    options: {
      kind?: RecordKind;
      machine?: string;
      text?: string;
      prev?: string;
      config?: string;
      wallMs?: number;
      /** Where its readings begin, monotonic ms; ten seconds a record otherwise. */
      firstMs?: number;
      /** Records that this one was thinned from. */
      thinned?: { from: number; to: number; hash: string };
      /** The key before its own, and what that one signed. */
      rotated?: { from: string; by: string };
    } = {},
  ): SealedRecord {
    const kind = options.kind ?? 'readings';
    const seq = ++this.#seq;
    const first = options.firstMs ?? (seq - 1) * 10_000;
    const machine = kind === 'readings' ? (options.machine ?? 'mill') : null;
    const text =
      options.text ??
      (machine === null ? snapshotText(this.agent, ['mill'], this.site) : encodePart(partOf(machine, first)));
    const record = sealRecord(
      {
        kind,
        site: this.site,
        agent: this.agent,
        epoch: this.epoch,
        seq,
        boot: 'boot00000001',
        first,
        last: first + 9000,
        sealedTo: first + 10_000,
        samples: kind === 'readings' ? 10 : 0,
        config:
          options.config ?? sha256(kind === 'config' ? text : snapshotText(this.agent, ['mill'], this.site)),
        clock: { mono: 0, wall: options.wallMs ?? FEED_START_MS, state: 'synced' },
        prev: options.prev ?? this.#prev,
        ...(options.thinned === undefined
          ? {}
          : {
              thinnedFrom: options.thinned.from,
              thinnedTo: options.thinned.to,
              thinnedHash: options.thinned.hash,
              thinnedSince: 0,
            }),
        ...(options.rotated === undefined
          ? {}
          : { rotatedFrom: options.rotated.from, rotatedBy: options.rotated.by }),
      },
      [{ machine, text }],
      this.key,
    );
    this.#prev = record.hash;
    return record;
  }

  /** The next `count` records. */
  take(count: number): SealedRecord[] {
    return Array.from({ length: count }, () => this.next());
  }
}

function partOf(machine: string, firstMs: number): MachinePart {
  const rows = Array.from({ length: 10 }, (_, row) => row);
  return {
    machine,
    sampled: [
      {
        source: 'meter',
        everyMs: 1000,
        timesMs: rows.map((row) => firstMs + row * 1000),
        columns: new Map([[`${machine}.supply.activePower`, rows.map((row) => 100 + row + firstMs / 1000)]]),
        quality: new Map(),
      },
    ],
    events: [],
    links: [],
  };
}
