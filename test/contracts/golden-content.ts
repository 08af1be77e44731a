import { createPrivateKey } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { readSigningKey, sha256, type SigningKey } from '../../protocols/evidence/keys.ts';
import { rangeDigest, sealReceipt, sealRecord, type PartText } from '../../protocols/evidence/seal.ts';
import { encodeAgentLog, type AgentLogEntry } from '../../protocols/telemetry/agent-log.ts';
import { countSamples, encodePart, type MachinePart } from '../../protocols/telemetry/part.ts';
import type { RecordHeader } from '../../protocols/telemetry/record.ts';
import { encodeSnapshot } from '../../protocols/telemetry/snapshot-text.ts';
import type { ConfigSnapshot } from '../../protocols/telemetry/snapshot.ts';

/** The secret keys of RFC 8032, section 7.1: known to all the world, so never a key of a plant. */
const RFC8032_TEST_1 = '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60';
const RFC8032_TEST_2 = '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb';

export const agentKey = keyOfSeed(RFC8032_TEST_1);
export const collectorKey = keyOfSeed(RFC8032_TEST_2);

function keyOfSeed(seedHex: string): SigningKey {
  const der = Buffer.from(`302e020100300506032b657004220420${seedHex}`, 'hex');
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  return readSigningKey(key.export({ type: 'pkcs8', format: 'pem' }) as string);
}

export const snapshot: ConfigSnapshot = {
  v: 1,
  site: 'plant-1',
  agent: 'gateway-1',
  software: { name: 'millwatt', version: '0.1.0' },
  sources: [
    {
      id: 'mill-1-supply',
      protocol: 'modbus-tcp',
      address: '192.0.2.10:502 unit 1',
      everyMs: 1000,
      profile: { id: 'siemens/pac3200', version: '1', sha256: sha256('profile') },
      meter: { serial: 'LQN/0815', class: '0.5S' },
      ct: { primary: 100, secondary: 5 },
    },
    { id: 'lathe-2-control', protocol: 'opcua', address: 'opc.tcp://192.0.2.20:4840', everyMs: 1000 },
  ],
  channels: [
    {
      kind: 'measured',
      id: 'mill-1.supply.activePower',
      machine: 'mill-1',
      component: 'supply',
      quantity: 'activePower',
      phase: 'total',
      source: 'mill-1-supply',
      point: 'register 65',
      scale: ['1', '1'],
    },
    {
      kind: 'measured',
      id: 'mill-1.supply.voltage.l1',
      machine: 'mill-1',
      component: 'supply',
      quantity: 'voltage',
      phase: 'l1',
      source: 'mill-1-supply',
      point: 'register 1',
      scale: ['1', '10'],
    },
    {
      kind: 'measured',
      id: 'mill-1.supply.activeEnergyImport',
      machine: 'mill-1',
      component: 'supply',
      quantity: 'activeEnergyImport',
      phase: 'total',
      source: 'mill-1-supply',
      point: 'register 801',
      scale: ['1', '1'],
      counter: { modulus: '1000000000000', behaviour: 'monotone' },
    },
    {
      kind: 'status',
      id: 'lathe-2.control.execution',
      machine: 'lathe-2',
      component: 'control',
      status: 'execution',
      source: 'lathe-2-control',
      point: 'nsu=urn:example:machine;s=State',
      vocabulary: 'umati/ProductionState',
    },
    {
      kind: 'measured',
      id: 'lathe-2.supply.activeEnergyImport',
      machine: 'lathe-2',
      component: 'supply',
      quantity: 'activeEnergyImport',
      phase: 'total',
      source: 'lathe-2-control',
      point: 'nsu=urn:example:machine;s=Energy',
      scale: ['1', '1000'],
      counter: { behaviour: 'resettable', resolution: '0.001' },
    },
  ],
};

/** Every kind of column, group and flaw that a part can hold. */
export const parts: MachinePart[] = [
  {
    machine: 'mill-1',
    sampled: [
      {
        source: 'mill-1-supply',
        everyMs: 1000,
        timesMs: [61_002, 62_001, 63_004, 64_000],
        columns: new Map<string, (number | bigint | null)[]>([
          ['mill-1.supply.activePower', [1184.0348, 1184.2357, null, 0.00012207031]],
          ['mill-1.supply.voltage.l1', [2305, 2305, null, 2304]],
          [
            'mill-1.supply.activeEnergyImport',
            [1816.3374662399287, 1816.6667222976685, null, 1816.9949293136597],
          ],
        ]),
        quality: new Map([
          [
            'mill-1.supply.activePower',
            [
              [1, 1, 'uncertain'],
              [3, 1, 'bad'],
            ],
          ],
        ]),
      },
    ],
    events: [],
    links: [
      {
        source: 'mill-1-supply',
        timesMs: [62_600, 63_900],
        up: [false, true],
        reasons: ['timeout', ''],
      },
    ],
  },
  {
    machine: 'lathe-2',
    sampled: [
      {
        source: 'lathe-2-control',
        everyMs: 1000,
        timesMs: [61_500, 62_500, 63_500],
        columns: new Map<string, (number | bigint | null)[]>([
          ['lathe-2.supply.activeEnergyImport', [9007199254740993n, 9007199254740995n, 9007199254741010n]],
        ]),
        quality: new Map(),
      },
      {
        source: 'lathe-2-control',
        everyMs: 500,
        timesMs: [64_000, 64_500],
        columns: new Map([['lathe-2.supply.activeEnergyImport', [1e300, 1e-30]]]),
        quality: new Map(),
      },
    ],
    events: [
      {
        channel: 'lathe-2.control.execution',
        source: 'lathe-2-control',
        timesMs: [61_500, 61_500, 63_250, 64_100],
        values: ['Running', 2, null, true],
      },
    ],
    links: [],
  },
];

export const logEntries: AgentLogEntry[] = [
  {
    atMs: 64_900,
    event: 'clock-stepped',
    detail: { byMs: -2750, state: 'synced', reason: 'größer als 2 s' },
  },
];

/** The smallest record with a reading in it: the worked example of docs/record-format.md. */
export const tinyPart: MachinePart = {
  machine: 'mill-1',
  sampled: [
    {
      source: 'meter-1',
      everyMs: 1000,
      timesMs: [5000, 6001, 7000],
      columns: new Map([['mill-1.supply.activePower', [412.5, 412.7, 412.6]]]),
      quality: new Map(),
    },
  ],
  events: [],
  links: [],
};

const CHAIN = { site: 'plant-1', agent: 'gateway-1', epoch: 'k3x9mq02vnaz', boot: 'b7c1d9e2f3a4' } as const;
const WALL_MS = 1_763_700_000_000;

/** Every golden file by its name, sealed by the code of today. */
export function sealGolden(): Map<string, Uint8Array> {
  const configText = encodeSnapshot(snapshot);
  const logText = encodeAgentLog(logEntries);
  const config = sha256(configText);
  const hashes: string[] = [];
  const files = new Map<string, Uint8Array>();
  const seal = (
    name: string,
    texts: PartText[],
    header: Pick<RecordHeader, 'kind' | 'first' | 'last' | 'sealedTo' | 'samples' | 'clock'>,
  ) => {
    const sealed = sealRecord(
      { ...CHAIN, ...header, seq: hashes.length + 1, config, prev: hashes.at(-1) ?? null },
      texts,
      agentKey,
    );
    hashes.push(sealed.hash);
    files.set(name, sealed.bytes);
  };
  const clock = (mono: number, state: RecordHeader['clock']['state'] = 'synced') => ({
    mono,
    wall: WALL_MS + mono,
    state,
  });
  const quiet = (at: number) => ({ first: at, last: at, sealedTo: at, samples: 0 });
  seal('1-config.mwb', [{ machine: null, text: configText }], {
    kind: 'config',
    ...quiet(60_000),
    clock: clock(60_000),
  });
  seal(
    '2-readings.mwb',
    parts.map((part) => ({ machine: part.machine, text: encodePart(part) })),
    {
      kind: 'readings',
      first: 61_002,
      last: 64_500,
      sealedTo: 64_501,
      samples: parts.reduce((sum, part) => sum + countSamples(part), 0),
      clock: clock(64_600),
    },
  );
  seal('3-log.mwb', [{ machine: null, text: logText }], {
    kind: 'log',
    ...quiet(64_900),
    clock: clock(65_000, 'stepped'),
  });
  files.set(
    'receipt.mwr',
    sealReceipt(
      {
        site: CHAIN.site,
        collector: 'collector',
        agent: CHAIN.agent,
        epoch: CHAIN.epoch,
        at: WALL_MS + 66_000,
        accepted: [{ from: 1, to: 3, digest: rangeDigest(hashes) }],
        rejected: [{ seq: 7, hash: null, reason: 'malformed-part' }],
        requested: [{ from: 4, to: 6 }],
      },
      collectorKey,
    ),
  );
  files.set(
    'tiny.mwb',
    sealRecord(
      {
        ...CHAIN,
        kind: 'readings',
        seq: 1,
        first: 5000,
        last: 7000,
        sealedTo: 7001,
        samples: 3,
        config: sha256('example'),
        clock: clock(7100),
        prev: null,
      },
      [{ machine: tinyPart.machine, text: encodePart(tinyPart) }],
      agentKey,
    ).bytes,
  );
  files.set('config.json', Buffer.from(configText));
  files.set('log.json', Buffer.from(logText));
  for (const part of parts) files.set(`part-${part.machine}.json`, Buffer.from(encodePart(part)));
  files.set('zstd-version.txt', Buffer.from(`${process.versions['zstd']}\n`));
  return files;
}

// Run as a program, this writes the golden files: node test/contracts/golden-content.ts. Only when the format changes on
// purpose, which after a release means a new format version and new files beside these.
if (import.meta.main) {
  const folder = new URL('./golden/', import.meta.url);
  mkdirSync(folder, { recursive: true });
  for (const [name, bytes] of sealGolden()) writeFileSync(new URL(name, folder), bytes);
}
