import { expect, test } from 'vitest';
import { packReadings, packText } from '../../../agent/record-packing.ts';
import { examineRecord } from '../../../collector/ingest/examine-record.ts';
import { generateSigningKey, sha256 } from '../../../protocols/evidence/keys.ts';
import type { MachinePart } from '../../../protocols/telemetry/part.ts';
import { snapshotText } from '../ledger/chain-feed.ts';

const maker = { site: 'plant', agent: 'gw-1', key: generateSigningKey() };
const snapshot = snapshotText('gw-1', ['mill', 'lathe']);
const anchor = {
  boot: 'boot00000001',
  config: sha256(snapshot),
  mono: 90_000,
  wall: 1_800_000_000_000,
  state: 'synced',
} as const;
const head = { epoch: 'epoch0000001', seq: 0, hash: null, config: null };

/** Readings, a status word and a link that went down after the last reading. */
function part(machine: string, rows: number): MachinePart {
  const timesMs = Array.from({ length: rows }, (_, row) => 1000 + row * 100);
  const end = 1000 + rows * 100;
  return {
    machine,
    sampled: [
      {
        source: 'meter',
        everyMs: 100,
        timesMs,
        columns: new Map([[`${machine}.supply.activePower`, timesMs.map((time) => Math.sin(time) * 1e4)]]),
        quality: new Map([[`${machine}.supply.activePower`, [[0, 1, 'uncertain']]]]),
      },
    ],
    events: [{ channel: `${machine}.control.execution`, source: 'cnc', timesMs: [500], values: ['ACTIVE'] }],
    links: [{ source: 'meter', timesMs: [end + 50], up: [false], reasons: ['timeout'] }],
  };
}

test('whatever the agent packs is sound: snapshots, readings, split and empty records', () => {
  const config = packText('config', snapshot, maker, head, anchor, 0);
  const after = { ...head, seq: 1, hash: config.hash, config: anchor.config };
  // Doubles without a short decimal do not compress: these do not fit into one record.
  const readings = packReadings([part('mill', 20_000), part('lathe', 3)], maker, after, anchor, 90_000);
  const last = readings.at(-1);
  const then = { ...after, seq: last?.header.seq ?? 0, hash: last?.hash ?? null };
  const empty = packReadings([], maker, then, anchor, 90_000);
  expect(readings.length).toBeGreaterThan(1);
  for (const record of [config, ...readings, ...empty])
    expect(examineRecord(record.bytes, { site: 'plant', agent: 'gw-1' })).toMatchObject({
      hash: record.hash,
    });
});
