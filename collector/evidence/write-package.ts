import { sha256, type SigningKey } from '../../protocols/evidence/keys.ts';
import { unfoldPart } from '../../protocols/evidence/seal.ts';
import { MillwattError } from '../../protocols/errors.ts';
import { parseRecord, parseRecordHead } from '../../protocols/telemetry/record.ts';
import { ALGORITHM } from '../energy/close-hour.ts';
import type { MachineHour } from '../energy/machine-hour.ts';
import type { MachineModel } from '../energy/machine-model.ts';
import type { EmissionFactor } from '../footprint/factors/emission-factor.ts';
import { canonicalText } from '../footprint/record/canonical-text.ts';
import type { FootprintRecord } from '../footprint/record/footprint-record.ts';
import type { JournalEntry } from '../journal/journal.ts';
import type { Ledger, LedgerRecord } from '../ledger/ledger.ts';
import { packZip, type PackedFile } from './canonical-zip.ts';
import { ChainMarks } from './days/chain-marks.ts';
import { packDays, stampPath, type DaySource, type PackedDays } from './days/packed-days.ts';
import type { Manifest, PackedChain } from './manifest.ts';
import { packModel } from './packed-model.ts';
import { metersOf, type PackedCertificate } from './packed-meters.ts';
import { provenanceOf } from './provenance.ts';
import { encodeRaw, RAW_MAGIC } from './raw-frames.ts';
import { signStatement } from './statement.ts';

/** A file of records is ended when it has so much. */
const RAW_BYTES = 4 * 1024 * 1024;
const RECORDS_A_READ = 256;
/** All is read four times: whose records they are, what other files hold of them, their hashes, their bytes. */
const A_PASS = 1 / 4;

/** What a package is made of. */
export interface PackageSource {
  site: string;
  machine: string;
  /** Whole hours, wall ms: [fromMs, toMs). */
  fromMs: number;
  toMs: number;
  /** Now, by the collector's clock. */
  madeMs: number;
  software: { name: string; version: string };
  ledger: Pick<Ledger, 'readAfter'>;
  /** The last record that the hours were derived from: later ones are left out. */
  lastOrdinal: number;
  standingOf: (agent: string, key: string) => Pick<PackedChain, 'standing' | 'revokedMs'>;
  /** The collector's. */
  key: SigningKey;
  /** As configured, without what the journal says. */
  model: MachineModel;
  /** All amendments and revocations of the machine in the journal, in order. */
  amendments: readonly JournalEntry[];
  /** Those of the machine that begin in the time, in order. */
  hours: Iterable<MachineHour>;
  records: readonly FootprintRecord[];
  factors: readonly EmissionFactor[];
  certificates: readonly PackedCertificate[];
  /** The signed days of the ledger, where there are any. */
  days?: DaySource | undefined;
}

/** A file of a package; of records, how many. */
interface CountedFile extends PackedFile {
  count?: number;
}

/** Records of a chain, by their place in the ledger. */
interface Chain extends PackedChain {
  members: { seq: number; ordinal: number }[];
}

/**
 * One machine's evidence as a package (docs/evidence.md), piece by piece: a file of records is in memory at a time. Between pieces
 * come numbers, the share of the work that is done, 0..1: there others may have their turn. Deterministic for the same source. Throws an error of class `refuse`: `no-evidence` where the ledger holds nothing of
 * the machine, `readings-gone` where its readings were let go, `package-too-large`.
 */
export function* writePackage(source: PackageSource): Generator<Uint8Array | number> {
  const chains = yield* findChains(source);
  const { snapshots, roots } = yield* lookThrough(source, chains);
  const { site, machine, fromMs, toMs, madeMs, software, key } = source;
  const packed = chains.map((chain): PackedChain => {
    const { agent, epoch, key: agentKey, standing, revokedMs, lastSeq, lastHash } = chain;
    const revoked = revokedMs === undefined ? {} : { revokedMs };
    return { agent, epoch, key: agentKey, standing, ...revoked, lastSeq, lastHash };
  });
  const about = {
    format: 'millwatt-evidence' as const,
    v: 1 as const,
    site,
    machine,
    fromMs,
    toMs,
    madeMs,
    software,
    algorithm: ALGORITHM,
    collector: key.publicKey,
  };
  const meters = { certificates: source.certificates, meters: metersOf(snapshots, machine) };
  const before = [
    file('amendments.jsonl', jsonLines(source.amendments)),
    file('chains.json', canonicalText(packed)),
    file('factors.json', canonicalText(source.factors)),
    file('hours.jsonl', jsonLines(source.hours)),
  ];
  const between = [
    file('meters.json', canonicalText(meters)),
    file('model.json', canonicalText(packModel(source.model))),
    file('prov.jsonld', canonicalText(provenanceOf(about, packed))),
  ];
  const after = [
    ...source.records.map((record, index) =>
      file(`records/${numbered(index + 1, 4)}.json`, canonicalText(record)),
    ),
    file('roots.json', canonicalText(roots)),
    ...roots.days.flatMap(({ number }) => {
      const stamp = source.days?.stampOf(number);
      return stamp === undefined ? [] : [{ path: stampPath(number), bytes: stamp.bytes }];
    }),
  ];
  const listed: Manifest['files'] = [];
  const records = chains.reduce((sum, { members }) => sum + members.length, 0);
  let read = 0;
  let listedBytes = 0;
  for (const { path, bytes, count = 0 } of each(before, between, rawFiles(source, chains), after)) {
    listed.push({ path, bytes: bytes.length, sha256: sha256(bytes) });
    listedBytes += bytes.length;
    yield A_PASS * (2 + (read += count) / records);
  }
  const manifest: Manifest = { ...about, files: listed };
  const manifestFile = file('manifest.json', canonicalText(manifest));
  const statement = file('statement.dsse.json', signStatement(manifestFile.bytes, manifest, key));
  // Records are read a second time: all of them would not fit into memory.
  let written = 0;
  for (const piece of packZip(
    each(before, [manifestFile], between, rawFiles(source, chains), after, [statement]),
  )) {
    yield piece;
    yield Math.min(1, A_PASS * (3 + (written += piece.length) / listedBytes));
  }
}

function* each(...lists: Iterable<CountedFile>[]): Generator<CountedFile> {
  for (const list of lists) yield* list;
}

function* readAll({ ledger, lastOrdinal }: PackageSource): Generator<LedgerRecord> {
  for (let after = 0; after < lastOrdinal;) {
    const records = ledger.readAfter(after, RECORDS_A_READ).filter(({ ordinal }) => ordinal <= lastOrdinal);
    yield* records;
    if (records.length === 0) return;
    after = records.at(-1)?.ordinal ?? lastOrdinal;
  }
}

/** Every chain of every agent that ever served the machine, in order of agent and first record. */
function* findChains(source: PackageSource): Generator<number, Chain[]> {
  const { machine, standingOf, lastOrdinal } = source;
  const chains = new Map<string, Chain>();
  const serving = new Set<string>();
  let count = 0;
  for (const { header, hash, ordinal, headOnly } of readAll(source)) {
    if (++count % RECORDS_A_READ === 0) yield (A_PASS * ordinal) / lastOrdinal;
    const { agent, epoch, key, seq } = header;
    const isOwn = header.parts.some((part) => part.machine === machine);
    if (isOwn) serving.add(agent);
    if (isOwn && headOnly === true) throw readingsGone(machine);
    const name = `${agent}/${epoch}`;
    let chain = chains.get(name);
    if (chain === undefined) {
      chain = { agent, epoch, key, ...standingOf(agent, key), lastSeq: 0, lastHash: '', members: [] };
      chains.set(name, chain);
    }
    chain.members.push({ seq, ordinal });
    if (seq > chain.lastSeq) [chain.lastSeq, chain.lastHash] = [seq, hash];
  }
  if (serving.size === 0)
    throw new MillwattError('refuse', 'no-evidence', `The ledger holds no record of machine ${machine}.`, {
      cure: 'Give the id of a machine that was metered; millwatt hours lists them.',
    });
  const own = [...chains.values()].filter(({ agent }) => serving.has(agent));
  for (const { members } of own) members.sort((a, b) => a.seq - b.seq);
  return own.sort((a, b) => (a.agent < b.agent ? -1 : a.agent > b.agent ? 1 : 0));
}

/** What of all records goes into other files. */
function* lookThrough(
  source: PackageSource,
  chains: readonly Chain[],
): Generator<number, { snapshots: string[]; roots: PackedDays }> {
  const serving = new Set(chains.map(({ agent }) => agent));
  const snapshots = new Map<string, string>();
  const marks = new ChainMarks();
  let count = 0;
  for (const { header, hash, ordinal, receivedMs, bytes } of readAll(source)) {
    if (++count % RECORDS_A_READ === 0) yield A_PASS * (1 + ordinal / source.lastOrdinal);
    if (!serving.has(header.agent)) continue;
    marks.add({ ordinal, receivedMs, agent: header.agent, epoch: header.epoch, hash });
    const [part] = header.kind === 'config' ? parseRecord(bytes).parts : [];
    if (part !== undefined) {
      const text = unfoldPart(part);
      snapshots.set(sha256(text), text);
    }
  }
  const { days, site, key, lastOrdinal } = source;
  // Days of another key or site say nothing to whoever trusts this one.
  const isOwn = days?.collector === key.publicKey && days.site === site;
  const roots = isOwn ? packDays(days, marks, lastOrdinal) : { days: [], shares: [] };
  return { snapshots: [...snapshots.values()], roots };
}

function* rawFiles({ ledger, machine }: PackageSource, chains: readonly Chain[]): Generator<CountedFile> {
  let number = 0;
  let count = 0;
  let pieces: Uint8Array[] = [RAW_MAGIC];
  let bytes = RAW_MAGIC.length;
  const take = (): CountedFile => {
    const done = { path: `raw/${numbered(++number, 6)}.mwe`, bytes: Buffer.concat(pieces), count };
    [pieces, bytes, count] = [[RAW_MAGIC], RAW_MAGIC.length, 0];
    return done;
  };
  for (const { members } of chains)
    for (const { ordinal } of members) {
      const [record] = ledger.readAfter(ordinal - 1, 1);
      if (record?.ordinal !== ordinal)
        throw new RangeError(`record ${ordinal} of the ledger is not there any more`);
      // Of one that held nothing of this machine, nothing else would be taken.
      const frame =
        record.headOnly === true
          ? { ...parseRecordHead(record.bytes), parts: [] }
          : parseRecord(record.bytes);
      const raw = encodeRaw(frame, record, machine);
      pieces.push(raw);
      bytes += raw.length;
      count++;
      if (bytes >= RAW_BYTES) yield take();
    }
  if (pieces.length > 1) yield take();
}

function file(path: string, text: string): PackedFile {
  return { path, bytes: Buffer.from(text, 'utf8') };
}

function jsonLines(values: Iterable<unknown>): string {
  return [...values].map((value) => `${canonicalText(value)}\n`).join('');
}

function numbered(number: number, digits: number): string {
  return String(number).padStart(digits, '0');
}

function readingsGone(machine: string): MillwattError {
  return new MillwattError(
    'refuse',
    'readings-gone',
    `Readings of machine ${machine} were let go: its hours cannot be computed anew from its first reading on.`,
    { cure: 'Export packages before readings are let go, or keep them for longer (retention).' },
  );
}
