import { generateSigningKey } from '../../../protocols/evidence/keys.ts';
import { sealRecord, type SealedRecord } from '../../../protocols/evidence/seal.ts';
import { sha256 } from '../../../protocols/evidence/keys.ts';
import { encodePart, countSamples, type MachinePart } from '../../../protocols/telemetry/part.ts';
import type { RecordHeader } from '../../../protocols/telemetry/record.ts';
import type { Channel } from '../../../protocols/telemetry/channel.ts';
import { encodeSnapshot } from '../../../protocols/telemetry/snapshot-text.ts';
import type { ConfigSnapshot } from '../../../protocols/telemetry/snapshot.ts';
import type { LedgerRecord } from '../../../collector/ledger/ledger.ts';

export const START_MS = Date.UTC(2026, 0, 15, 6);

/** A wiring: power (with a scale of 10), voltage and a counter of 100 Wh of one mill, and the words of its control. */
export const CHANNELS: Channel[] = [
  measured('activePower', 'total', ['10', '1']),
  measured('voltage', 'l1', ['1', '1']),
  measured('activeEnergyImport', 'total', ['100', '1']),
  status('execution'),
  status('partCount'),
];

function measured(
  quantity: 'activePower' | 'voltage' | 'activeEnergyImport',
  phase: 'total' | 'l1',
  scale: [string, string],
): Channel {
  const id = `mill.supply.${quantity}${phase === 'total' ? '' : `.${phase}`}`;
  return {
    kind: 'measured',
    id,
    machine: 'mill',
    component: 'supply',
    quantity,
    phase,
    source: 'meter',
    point: quantity,
    scale,
  };
}

function status(name: 'execution' | 'partCount'): Channel {
  return {
    kind: 'status',
    id: `mill.control.${name}`,
    machine: 'mill',
    component: 'control',
    status: name,
    source: 'cnc',
    point: name,
    vocabulary: 'raw',
  };
}

/** `rows` polls of the mill, one a second from `fromMs` (monotonic), with a part every ten seconds. */
export function millPart(fromMs: number, rows: number): MachinePart {
  const timesMs = Array.from({ length: rows }, (_, row) => fromMs + row * 1000);
  return {
    machine: 'mill',
    sampled: [
      {
        source: 'meter',
        everyMs: 1000,
        timesMs,
        columns: new Map([
          ['mill.supply.activePower', timesMs.map((time) => 100 + ((time / 1000) % 50))],
          [
            'mill.supply.voltage.l1',
            timesMs.map((time, row) => (row === 1 ? null : 230 + ((time / 1000) % 10) / 10)),
          ],
          ['mill.supply.activeEnergyImport', timesMs.map((time) => 5000 + Math.floor(time / 1000))],
        ]),
        quality: new Map(),
      },
    ],
    events: [
      { channel: 'mill.control.execution', source: 'cnc', timesMs: [fromMs], values: ['ACTIVE'] },
      {
        channel: 'mill.control.partCount',
        source: 'cnc',
        timesMs: [fromMs],
        values: [Math.floor(fromMs / 10_000)],
      },
    ],
    links: [],
  };
}

/** Seals records of one agent in one chain, as a ledger would keep them. */
export function createPlant(site = 'plant', agent = 'gateway') {
  const key = generateSigningKey();
  const snapshot: ConfigSnapshot = {
    v: 1,
    site,
    agent,
    software: { name: 'millwatt', version: '0' },
    sources: [
      { id: 'meter', protocol: 'modbus-tcp', address: '127.0.0.1:502 unit 1', everyMs: 1000 },
      { id: 'cnc', protocol: 'opcua', address: 'opc.tcp://127.0.0.1:4840', everyMs: 1000 },
    ],
    channels: CHANNELS,
  };
  const snapshotText = encodeSnapshot(snapshot);
  const config = sha256(snapshotText);
  let previous: SealedRecord | undefined;
  const seal = (
    kind: 'readings' | 'config',
    machine: string | null,
    text: string,
    samples: number,
    timesMs: number[],
    clocked: { boot?: string; clock?: RecordHeader['clock'] } = {},
  ) => {
    const last = timesMs.at(-1) ?? 0;
    previous = sealRecord(
      {
        kind,
        site,
        agent,
        epoch: 'epoch0000001',
        seq: (previous?.header.seq ?? 0) + 1,
        boot: 'boot00000001',
        first: timesMs[0] ?? 0,
        last,
        sealedTo: last,
        samples,
        config,
        clock: { mono: 0, wall: START_MS, state: 'synced' },
        prev: previous?.hash ?? null,
        ...clocked,
      },
      [{ machine, text }],
      key,
    );
    return previous;
  };
  return {
    sealConfig: () => seal('config', null, snapshotText, 0, []),
    /** @param clocked another boot or clock than the one that is set */
    sealPart: (part: MachinePart, clocked: { boot?: string; clock?: RecordHeader['clock'] } = {}) =>
      seal(
        'readings',
        part.machine,
        encodePart(part),
        countSamples(part),
        part.sampled[0]?.timesMs ?? [],
        clocked,
      ),
  };
}

/** A sealed record as the ledger gives it. */
export function asLedgerRecord(sealed: SealedRecord, ordinal: number): LedgerRecord {
  return { ordinal, receivedMs: START_MS + ordinal, ...sealed };
}
