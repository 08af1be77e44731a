import { generateSigningKey, sha256, type SigningKey } from '../../../protocols/evidence/keys.ts';
import {
  sealReceipt,
  sealRecord,
  type PartText,
  type SealedRecord,
} from '../../../protocols/evidence/seal.ts';
import { encodePart } from '../../../protocols/telemetry/part.ts';
import type { RecordHeader } from '../../../protocols/telemetry/record.ts';

export const key: SigningKey = generateSigningKey();

export const HEADER: Omit<RecordHeader, 'v' | 'key' | 'parts'> = {
  kind: 'readings',
  site: 'plant-1',
  agent: 'gateway-1',
  epoch: 'k3x9mq02vnaz',
  seq: 2,
  boot: 'b7c1d9e2f3a4',
  first: 5000,
  last: 6000,
  sealedTo: 6001,
  samples: 2,
  config: sha256('config'),
  clock: { mono: 6100, wall: 1_763_700_000_000, state: 'synced' },
  prev: sha256('previous'),
};

/** The text of a part with two readings. */
export function textOf(machine: string): PartText {
  const columns = new Map([[`${machine}.supply.activePower`, [412.5, 413]]]);
  const sampled = [
    { source: 'meter-1', everyMs: 1000, timesMs: [5000, 6000], columns, quality: new Map<string, never>() },
  ];
  return { machine, text: encodePart({ machine, sampled, events: [], links: [] }) };
}

/** A record of two machines, or with the changes and parts given. */
export function sealExample(
  change: Partial<typeof HEADER> = {},
  parts: PartText[] = [textOf('mill-1'), textOf('mill-2')],
): SealedRecord {
  return sealRecord({ ...HEADER, ...change }, parts, key);
}

/** A receipt with one entry of every kind. */
export function receiptExample(): Uint8Array {
  return sealReceipt(
    {
      site: 'plant-1',
      collector: 'collector',
      agent: 'gateway-1',
      epoch: 'k3x9mq02vnaz',
      at: 1_763_700_066_000,
      accepted: [{ from: 1, to: 3, digest: sha256('digest') }],
      rejected: [{ seq: 4, hash: sha256('hash'), reason: 'fork' }],
      requested: [{ from: 5, to: 6 }],
    },
    key,
  );
}
