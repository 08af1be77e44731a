import { readFileSync } from 'node:fs';
import { checkFactorTable } from '../../../config/library/factor-table.ts';
import { emissionFactorsOf } from '../../../collector/footprint/factors/factor-rows.ts';
import { openDays } from '../../../collector/evidence/days/day-store.ts';
import { makeDays, type MarkedLedger } from '../../../collector/evidence/days/make-days.ts';
import type { DaySource } from '../../../collector/evidence/days/packed-days.ts';
import { writePackage, type PackageSource } from '../../../collector/evidence/write-package.ts';
import { packZip, unpackZip, type PackageBytes } from '../../../collector/evidence/canonical-zip.ts';
import type { Manifest } from '../../../collector/evidence/manifest.ts';
import { signStatement } from '../../../collector/evidence/statement.ts';
import { canonicalText } from '../../../collector/footprint/record/canonical-text.ts';
import { openJournal } from '../../../collector/journal/sqlite-journal.ts';
import { followAmendments } from '../../../collector/journal/amendment-source.ts';
import { openViews } from '../../../collector/ledger/sqlite-views.ts';
import { startDerivation } from '../../../collector/derivation/deriver.ts';
import { verifyPackage, type PackageVerdict } from '../../../collector/evidence/verify-package.ts';
import { generateSigningKey, sha256, type SigningKey } from '../../../protocols/evidence/keys.ts';
import { parseRecord } from '../../../protocols/telemetry/record.ts';
import { goneOf } from '../../../collector/ledger/gone-ranges.ts';
import { sealRecord, unfoldPart, type SealedRecord } from '../../../protocols/evidence/seal.ts';
import { silentLog } from '../../../protocols/log.ts';
import { countSamples, encodePart, type MachinePart } from '../../../protocols/telemetry/part.ts';
import { encodeSnapshot } from '../../../protocols/telemetry/snapshot-text.ts';
import { Bench } from '../derivation/derivation-bench.ts';
import { CHANNELS, MACHINE, powerAtW, snapshotOf, START_MS } from '../derivation/plant-feed.ts';
import { ChainFeed } from '../ledger/chain-feed.ts';
import { makeTempFolder } from '../ledger/temp-folder.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const RECORD_MS = 300_000;
const STEP_MS = 10_000;
/** The machine that is none of the verifier's business. */
export const OTHER = 'lathe-2';
const AGENT = 'gw-1';
const EPOCH = 'aaaaaaaaaaaa';

/** Two machines of one agent share its records: a snapshot, readings for some hours, a log that tells of dropped records in the middle. */
export function sealShift(key: SigningKey, hours: number): SealedRecord[] {
  const channels = [
    ...CHANNELS,
    ...CHANNELS.map((one) => ({ ...one, id: one.id.replace(MACHINE, OTHER), machine: OTHER })),
  ];
  const snapshot = encodeSnapshot(snapshotOf(AGENT, channels, { meter: { serial: 'S-1', class: '0.5S' } }));
  const bootMs = START_MS - 100_000;
  const sealed: SealedRecord[] = [];
  let seq = 0;
  let prev: string | null = null;
  const seal = (
    kind: 'config' | 'log' | 'readings',
    parts: { machine: string | null; text: string }[],
    times: number[],
    samples: number,
    sealedTo: number,
  ) => {
    const record = sealRecord(
      {
        kind,
        site: 'plant',
        agent: AGENT,
        epoch: EPOCH,
        seq: ++seq,
        boot: 'bbbbbbbbbbbb',
        first: times.length === 0 ? sealedTo : Math.min(...times),
        last: times.length === 0 ? sealedTo : Math.max(...times),
        sealedTo,
        samples,
        config: sha256(snapshot),
        clock: { mono: 0, wall: bootMs, state: 'synced' },
        prev,
      },
      parts,
      key,
    );
    prev = record.hash;
    return record;
  };
  sealed.push(seal('config', [{ machine: null, text: snapshot }], [], 0, 1000));
  let mwh = 1_000_000;
  const partOf = (machine: string, fromMs: number, factor: number): MachinePart => {
    const timesMs = Array.from({ length: RECORD_MS / STEP_MS }, (_, at) => fromMs + at * STEP_MS);
    const power = timesMs.map((atMs) => powerAtW(atMs) * factor);
    const counter = power.map((watts) => {
      const now = Math.round(mwh);
      mwh += (watts * STEP_MS) / 3600;
      return now;
    });
    const columns = new Map([
      [`${machine}.supply.activePower`, power],
      [`${machine}.supply.activeEnergyImport`, counter],
      [`${machine}.spindle.activePower`, power.map((watts) => watts / 4)],
    ]);
    return {
      machine,
      sampled: [
        {
          source: 'meter',
          everyMs: STEP_MS,
          timesMs: timesMs.map((t) => t - bootMs),
          columns,
          quality: new Map(),
        },
      ],
      events: [
        {
          channel: `${machine}.control.execution`,
          source: 'cnc',
          timesMs: [fromMs - bootMs],
          values: [powerAtW(fromMs) > 5000 ? 'ACTIVE' : 'READY'],
        },
      ],
      links: [],
    };
  };
  for (let at = START_MS; at < START_MS + hours * HOUR_MS; at += RECORD_MS) {
    const own = partOf(MACHINE, at, 1);
    const beforeOther = mwh;
    const other = partOf(OTHER, at, 0.5);
    mwh = beforeOther;
    const times = own.sampled.flatMap((group) => group.timesMs);
    sealed.push(
      seal(
        'readings',
        [own, other].map((part) => ({ machine: part.machine, text: encodePart(part) })),
        times,
        countSamples(own) + countSamples(other),
        at + RECORD_MS - bootMs,
      ),
    );
    if (sealed.length === 20) {
      // Two records are dropped, and the agent says so.
      const dropped = [1, 2].map(() => seal('readings', [], [], 0, at + RECORD_MS - bootMs));
      const [from, to] = [seq - dropped.length + 1, seq];
      const text = JSON.stringify({
        v: 1,
        entries: [
          { at: at - bootMs, event: 'records-dropped', detail: { reason: 'full', from, to, samples: 0 } },
        ],
      });
      sealed.push(seal('log', [{ machine: null, text }], [], 0, at + RECORD_MS - bootMs));
    }
  }
  return sealed;
}

/** What a package of a real ledger, journal and derivation is made of. The journal corrects the transformer of one component. */
export async function makeSource(
  hours = 5,
  seal: (records: SealedRecord[]) => SealedRecord[] = (records) => records,
): Promise<PackageSource & { agentKey: SigningKey }> {
  const bench = await Bench.open();
  const agentKey = generateSigningKey();
  const sealed = seal(sealShift(agentKey, hours));
  const key = generateSigningKey();
  const now = bench.clock.wallMs();
  const other = new ChainFeed({ agent: 'gw-9', epoch: 'ffffffffffff' });
  // Two days that have ended, of two agents each, and one that has not.
  const dayMs = (index: number) => now + Math.floor((index / sealed.length) * 2.5) * DAY_MS;
  await Promise.all(
    sealed.flatMap((record, index) => {
      const receivedMs = dayMs(index);
      const [part] = record.header.kind === 'log' ? parseRecord(record.bytes).parts : [];
      const gone = goneOf(record.header, part === undefined ? undefined : unfoldPart(part));
      const own = bench.ledger.append({ ...record, receivedMs, gone });
      return index % 10 === 0 ? [own, bench.ledger.append({ ...other.next(), receivedMs })] : [own];
    }),
  );
  const journal = openJournal({ folder: bench.folder, key, log: silentLog });
  journal.append({
    atMs: START_MS,
    kind: 'amendment',
    machine: MACHINE,
    by: 'A. Engineer',
    body: {
      kind: 'scale',
      component: 'spindle',
      fromMs: START_MS,
      toMs: null,
      num: '2',
      den: '1',
      reason: 'CT 200/5',
    },
  });
  const views = openViews({ folder: makeTempFolder() });
  const derivation = startDerivation({
    ledger: bench.ledger,
    views,
    machines: [bench.model],
    amendments: followAmendments(journal, silentLog),
    site: 'plant',
    clock: bench.clock,
    log: silentLog,
  });
  await derivation.idle();
  await derivation.stop();
  const lastOrdinal = views.cursor('derive');
  const fromMs = START_MS - (START_MS % HOUR_MS) + HOUR_MS;
  const toMs = fromMs + (hours - 1) * HOUR_MS;
  const records = bench.ledger.readAfter(0, lastOrdinal);
  const days = daysOf(bench.ledger, lastOrdinal, key, now + 2 * DAY_MS);
  const source = {
    site: 'plant',
    machine: MACHINE,
    fromMs,
    toMs,
    madeMs: now + 2 * DAY_MS + HOUR_MS,
    software: { name: 'millwatt', version: '0.1.0' },
    ledger: {
      readAfter: (after: number, limit: number) =>
        records.filter(({ ordinal }) => ordinal > after).slice(0, limit),
    },
    lastOrdinal,
    standingOf: () => ({ standing: 'confirmed' as const }),
    key,
    model: bench.model,
    amendments: journal.entries('amendment', MACHINE),
    hours: views.hours(MACHINE, fromMs, toMs),
    records: [],
    factors: emissionFactorsOf(
      checkFactorTable(readFileSync('config/factors/vn-dcc.csv', 'utf8'), 'vn-dcc', 'vn-dcc.csv').rows ?? [],
    ),
    certificates: [{ meter: 'S-1', sha256: sha256('certificate') }],
    agentKey,
    days,
  };
  views.close();
  journal.close();
  await bench.close();
  return source;
}

/** The signed days of a ledger, as of a moment. */
export function daysOf(ledger: MarkedLedger, lastOrdinal: number, key: SigningKey, nowMs: number): DaySource {
  const store = openDays({ folder: makeTempFolder(), site: 'plant', collector: key.publicKey });
  const steps = makeDays({ days: store, ledger, key, afterOrdinal: 0, lastOrdinal, wallMs: () => nowMs });
  while (steps.next().done !== true);
  const entries = store.entries();
  const chains = new Map(entries.map(({ number }) => [number, store.chainsOf(number)]));
  store.close();
  return {
    site: 'plant',
    collector: key.publicKey,
    entries: () => entries,
    chainsOf: (number) => chains.get(number) ?? [],
    stampOf: () => undefined,
  };
}

/** A package as one piece of memory. */
export function packed(source: PackageSource): Buffer {
  return Buffer.concat([...writePackage(source)].filter((piece) => typeof piece !== 'number'));
}

/** A piece of memory as where a package is read from. */
export function bytesOf(bytes: Buffer): PackageBytes {
  return { size: bytes.length, read: (offset, length) => bytes.subarray(offset, offset + length) };
}

/** The package with other files, with the right checksums; its manifest stays as it was. */
export function repacked(whole: Buffer, change: (files: Map<string, Buffer>) => void): Buffer {
  const files = new Map(
    [...unpackZip(bytesOf(whole))].map(({ path, bytes }): [string, Buffer] => [path, Buffer.from(bytes)]),
  );
  change(files);
  const sorted = [...files].sort(([a], [b]) => (a < b ? -1 : 1));
  return Buffer.concat([...packZip(sorted.map(([path, bytes]) => ({ path, bytes })))]);
}

/** The same with a manifest that names the other files, signed with a key: what a dishonest collector could hand out. */
export function resigned(
  whole: Buffer,
  key: SigningKey,
  change: (files: Map<string, Buffer>) => void,
): Buffer {
  return repacked(whole, (files) => {
    change(files);
    const manifest = JSON.parse(String(files.get('manifest.json'))) as Manifest;
    manifest.collector = key.publicKey;
    manifest.files = [...files]
      .filter(([path]) => path !== 'manifest.json' && path !== 'statement.dsse.json')
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([path, bytes]) => ({ path, bytes: bytes.length, sha256: sha256(bytes) }));
    const text = Buffer.from(canonicalText(manifest));
    files.set('manifest.json', text);
    files.set('statement.dsse.json', Buffer.from(signStatement(text, manifest, key)));
  });
}

/** What a stranger finds. */
export function verify(
  bytes: Buffer,
  trusted: readonly string[],
  more: { timeStampTrust?: string } = {},
): Promise<PackageVerdict> {
  return verifyPackage(bytesOf(bytes), { trusted, ...more });
}
