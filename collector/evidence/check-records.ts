import { rotatedFrom } from '../../protocols/evidence/key-rotation.ts';
import { sha256 } from '../../protocols/evidence/keys.ts';
import { unfoldPart, verifyHead } from '../../protocols/evidence/seal.ts';
import { announcedTextBytes } from '../../protocols/evidence/zstd-frame.ts';
import { decodePart } from '../../protocols/telemetry/part.ts';
import { PART_TEXT_BYTES_MAX, RECORD_TEXT_BYTES_MAX } from '../../protocols/telemetry/record.ts';
import { describeError } from '../../protocols/errors.ts';
import { epochEndOf } from '../ledger/epoch-end.ts';
import { holesOf } from '../ledger/gone-ranges.ts';
import type { CheckLines } from './check-line.ts';
import { isPackedChain, type Manifest, type PackedChain } from './manifest.ts';
import { PackageLedger } from './package-ledger.ts';
import { isRaw, type PackageFiles } from './package-files.ts';
import { decodeRaw, decodeRecord, type RawRecord } from './raw-frames.ts';
import { ChainMarks } from './days/chain-marks.ts';

/** What the records of a package come to. */
export interface CheckedRecords {
  ledger: PackageLedger;
  chains: PackedChain[];
  /** Of each chain whose key was revoked, the first record that was taken in afterwards. */
  afterRevocation: string[];
  /** Keys that handed over to others, by statements that hold. */
  handovers: { agent: string; from: string; to: string; receivedMs: number }[];
  records: number;
  /** Where each record stands in the ledger. */
  marks: ChainMarks;
}

/** Whoever has them keeps them: nothing can be said of what they hold. */
const REFUSED = 'Its key was revoked: what had not come before is not taken.';

/**
 * What waits goes oldest first, behind what is new. An agent that went on delivering for longer than this, ms, had delivered what
 * lacked before: whoever writes chains.json chooses the time of the revocation, so that is no measure.
 */
const BACKLOG_MS = 86_400_000;

/** Where a chain is followed. */
interface Walk {
  chain: PackedChain;
  seq: number;
  hash: string | null;
  /** With when the record behind it was taken in. */
  holes: { from: number; to: number; behindMs: number }[];
  /** Its first record that was taken in after its key was revoked. */
  afterRevocation?: string;
}

/**
 * Checks every record of a package by itself and in its chain, and that the chains are whole. Yields the share that is done,
 * 0..1, after each file; faults go to `lines`. Throws an error of class `refuse` on a file that is none.
 */
export function* checkRecords(
  files: PackageFiles,
  manifest: Manifest,
  lines: CheckLines,
): Generator<number, CheckedRecords> {
  const { machine } = manifest;
  const chains = readChains(files, manifest, lines);
  const ledger = new PackageLedger(machine);
  const marks = new ChainMarks();
  const walks: Walk[] = chains.map((chain) => ({ chain, seq: 0, hash: null, holes: [] }));
  const ends: {
    agent: string;
    epoch: string;
    seq: number;
    hash?: string;
    place: string;
    receivedMs: number;
  }[] = [];
  const lastMs = new Map<string, number>();
  const ordinals = new Set<number>();
  const handovers: CheckedRecords['handovers'] = [];
  const wanted = new Map<string, { agent: string; config: string; place: string }>();
  let at = 0;
  let records = 0;
  const raw = files.list.filter(({ path }) => isRaw(path));
  for (const [index, { path, bytes }] of raw.entries()) {
    for (const record of decodeRaw(path, files.raw(path, 0, bytes), machine)) {
      const { header, offset, length } = record;
      const place = `${path}, byte ${offset}: record ${header.seq} of ${header.agent}, epoch ${header.epoch}`;
      records++;
      if (ordinals.has(record.ordinal))
        lines.fail('chain', place, 'It has the place in the ledger of another one.');
      ordinals.add(record.ordinal);
      while (at < walks.length && !isOf(record, walks[at]?.chain)) at++;
      const walk = walks[at];
      if (walk === undefined) {
        lines.fail('chain', place, 'It is of no chain that chains.json names, or out of order.');
        return { ledger, chains, records, marks, handovers, afterRevocation: [] };
      }
      if (header.site !== manifest.site) lines.fail('chain', place, `It is of site ${header.site}.`);
      follow(walk, record, place, lines);
      if (!isSound(record, place, machine, lines)) continue;
      const { ordinal, receivedMs, signedBytes } = record;
      const from = rotatedFrom(header);
      if (from !== undefined) handovers.push({ agent: header.agent, from, to: header.key, receivedMs });
      const { agent, epoch } = header;
      lastMs.set(agent, Math.max(receivedMs, lastMs.get(agent) ?? 0));
      marks.add({ ordinal, receivedMs, agent, epoch, hash: sha256(signedBytes) });
      const read = () => {
        const piece = files.raw(path, offset, length);
        return decodeRecord(path, Buffer.from(piece.buffer, piece.byteOffset, piece.length), machine);
      };
      try {
        ledger.add(record, read);
        const [part] = record.parts;
        const end = header.kind === 'log' && part !== undefined ? epochEndOf(unfoldPart(part)) : undefined;
        if (end !== undefined) ends.push({ agent, ...end, place, receivedMs });
      } catch (error) {
        lines.fail('parts', place, `What it holds cannot be read: ${describeError(error)}.`);
      }
      if (header.kind === 'readings' && header.parts.some((part) => part.machine === machine))
        wanted.set(`${header.agent} ${header.config}`, { agent: header.agent, config: header.config, place });
    }
    yield (index + 1) / raw.length;
  }
  for (const walk of walks) checkWhole(walk, lastMs.get(walk.chain.agent) ?? 0, ledger, lines);
  for (const { agent, epoch, seq, hash, place, receivedMs } of ends) {
    const walk = walks.find(({ chain }) => chain.agent === agent && chain.epoch === epoch);
    const isHere =
      walk !== undefined && walk.seq >= seq && (walk.seq > seq || hash === undefined || walk.hash === hash);
    if (isHere || holesOf({ from: (walk?.seq ?? 0) + 1, to: seq }, ledger.gone(agent, epoch)).length === 0)
      continue;
    const what = `It ends epoch ${epoch} with record ${seq}, which is not here.`;
    const isLate = (lastMs.get(agent) ?? 0) - receivedMs > BACKLOG_MS;
    if (walk?.chain.revokedMs === undefined || walk.seq >= seq || isLate)
      lines.fail('completeness', place, what);
    else lines.unproven('completeness', place, `${what} ${REFUSED}`);
  }
  for (const { agent, config, place } of wanted.values())
    if (!ledger.hasConfig(agent, config))
      lines.fail('configs', place, `The config snapshot ${config} that it rests on is not here.`);
  const afterRevocation = walks.flatMap((walk) => walk.afterRevocation ?? []);
  return { ledger, chains, records, marks, handovers, afterRevocation };
}

function readChains(files: PackageFiles, { madeMs }: Manifest, lines: CheckLines): PackedChain[] {
  const value = files.json('chains.json');
  if (Array.isArray(value) && value.every(isPackedChain)) {
    const names = value.map(({ agent, epoch }) => `${agent}/${epoch}`);
    if (new Set(names).size !== names.length) lines.fail('chain', 'chains.json', 'It names a chain twice.');
    const known = new Map<string, PackedChain>();
    for (const chain of value) {
      const { agent, epoch, key, standing, revokedMs } = chain;
      const place = `chains.json, ${agent}, epoch ${epoch}`;
      if (revokedMs !== undefined && revokedMs > madeMs)
        lines.fail('chain', place, 'Its key was revoked after the package was made.');
      const other = known.get(`${agent} ${key}`);
      if (other !== undefined && (other.standing !== standing || other.revokedMs !== revokedMs))
        lines.fail('chain', place, 'Its key stands otherwise in another epoch: one key has one standing.');
      known.set(`${agent} ${key}`, chain);
    }
    return value;
  }
  lines.fail('chain', 'chains.json', 'It is no list of chains.');
  return [];
}

function isOf({ header }: RawRecord, chain: PackedChain | undefined): boolean {
  return chain !== undefined && chain.agent === header.agent && chain.epoch === header.epoch;
}

function follow(
  walk: Walk,
  { header, signedBytes, receivedMs }: RawRecord,
  place: string,
  lines: CheckLines,
): void {
  if (header.key !== walk.chain.key)
    lines.fail('signatures', place, 'It is signed with another key than chains.json names for its chain.');
  if (header.seq <= walk.seq) lines.fail('chain', place, `It comes after record ${walk.seq}.`);
  else if (header.seq > walk.seq + 1)
    walk.holes.push({ from: walk.seq + 1, to: header.seq - 1, behindMs: receivedMs });
  else if (header.prev !== walk.hash) lines.fail('chain', place, 'It does not follow the record before it.');
  if (receivedMs >= (walk.chain.revokedMs ?? Infinity)) walk.afterRevocation ??= place;
  walk.seq = Math.max(walk.seq, header.seq);
  walk.hash = sha256(signedBytes);
}

/** Signature, hashes, lengths and whose readings they are. */
function isSound(record: RawRecord, place: string, machine: string, lines: CheckLines): boolean {
  try {
    verifyHead(record);
  } catch {
    lines.fail('signatures', place, 'It is not signed by the key that it names.');
    return false;
  }
  let textBytes = 0;
  for (const [index, part] of record.header.parts.entries()) {
    const bytes = record.parts[index];
    if (bytes === undefined) continue;
    if (sha256(bytes) !== part.sha256) {
      lines.fail('parts', place, `Part ${index + 1} does not have the hash that was signed.`);
      return false;
    }
    const announced = announcedTextBytes(bytes);
    textBytes += announced ?? Infinity;
    if (announced === undefined || announced > PART_TEXT_BYTES_MAX || textBytes > RECORD_TEXT_BYTES_MAX) {
      lines.fail('parts', place, `Part ${index + 1} is no compressed text of a length that may be.`);
      return false;
    }
    if (part.machine !== machine) continue;
    try {
      if (decodePart(unfoldPart(bytes)).machine === machine) continue;
      lines.fail('one-machine', place, `Part ${index + 1} speaks of another machine than its header says.`);
    } catch (error) {
      lines.fail('parts', place, `Part ${index + 1} cannot be read: ${describeError(error)}.`);
    }
    return false;
  }
  return true;
}

/**
 * What of a chain is not here has to be gone by the agent's own word, and its end has to be the one that the collector signed.
 *
 * @param lastMs when the last record of the agent was taken in, wall ms
 */
function checkWhole(
  { chain, seq, hash, holes }: Walk,
  lastMs: number,
  ledger: PackageLedger,
  lines: CheckLines,
): void {
  const { agent, epoch, lastSeq, lastHash } = chain;
  const place = `chain of ${agent}, epoch ${epoch}`;
  const gone = ledger.gone(agent, epoch);
  for (const hole of holes)
    for (const { from, to } of holesOf(hole, gone)) {
      const what = `Records ${from} to ${to} are not here, and the agent did not say that they are gone.`;
      if (chain.revokedMs === undefined || lastMs - hole.behindMs > BACKLOG_MS)
        lines.fail('completeness', place, what);
      else lines.unproven('completeness', place, `${what} ${REFUSED}`);
    }
  if (seq !== lastSeq || hash !== lastHash)
    lines.fail(
      'completeness',
      place,
      `It ends with record ${seq}, and has to end with record ${lastSeq} (${lastHash}).`,
    );
}
