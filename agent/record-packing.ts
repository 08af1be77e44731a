import { MillwattError } from '../protocols/errors.ts';
import {
  foldPart,
  sealRecord,
  type FoldedPart,
  type PartText,
  type SealedRecord,
} from '../protocols/evidence/seal.ts';
import type { SigningKey } from '../protocols/evidence/keys.ts';
import { countSamples, encodePart, type MachinePart } from '../protocols/telemetry/part.ts';
import {
  PART_TEXT_BYTES_MAX,
  RECORD_BYTES_MAX,
  RECORD_TEXT_BYTES_MAX,
  type RecordKind,
} from '../protocols/telemetry/record.ts';
import { spanOf, splitPart } from './part-splitting.ts';
import type { BootAnchor } from './spool-open-rows.ts';
import type { ChainHead } from './spool.ts';

/** More parts than this would press on the limits of a record's header. */
const PARTS_MAX = 256;

/** A part as it goes into a record; its halves are made anew where it is too large. */
interface Folded extends FoldedPart {
  /** Of its text in UTF-8. */
  textBytes: number;
}

/** What every record of one agent says of its maker. */
export interface RecordMaker {
  site: string;
  agent: string;
  key: SigningKey;
  /** The key before this one, and its signature over the statement that this one takes its place: told as each chain begins. */
  rotation?: { from: string; by: string } | undefined;
}

/**
 * Seals machines' parts into as few records as the size limits allow, each following the one before in the chain.
 * Without parts it seals one empty record, which only moves the watermark.
 *
 * @param head where the chain stands before
 * @param anchor run and clocks of the readings
 * @param sealedToMs monotonic ms before which nothing is open elsewhere
 */
export function packReadings(
  parts: readonly MachinePart[],
  maker: RecordMaker,
  head: ChainHead,
  anchor: BootAnchor,
  sealedToMs: number,
): SealedRecord[] {
  const records: SealedRecord[] = [];
  // A group that is too large is tried again by halves: what costs most, the compressing, is done once a part.
  const known = new Map<MachinePart, Folded | undefined>();
  const foldOnce = (part: MachinePart): Folded | undefined => {
    if (!known.has(part)) known.set(part, fold(part));
    return known.get(part);
  };
  const stack: (readonly MachinePart[])[] = [parts];
  let { seq, hash } = head;
  for (let group = stack.pop(); group !== undefined; group = stack.pop()) {
    // What goes into the records after this one is still open when this one is sealed.
    const openMs = Math.min(sealedToMs, ...stack.flat().map((part) => spanOf(part)?.firstMs ?? sealedToMs));
    const record = trySeal(group, foldOnce, maker, { ...head, seq, hash }, anchor, openMs);
    if (record === undefined) {
      const [left, right] = split(group);
      stack.push(right, left);
      continue;
    }
    records.push(record);
    ({ seq } = record.header);
    ({ hash } = record);
  }
  return records;
}

/** Seals one text (a config snapshot, a log) as the next record of the chain. */
export function packText(
  kind: Exclude<RecordKind, 'readings'>,
  text: string,
  maker: RecordMaker,
  head: ChainHead,
  anchor: BootAnchor,
  sealedToMs: number,
): SealedRecord {
  const textBytes = Buffer.byteLength(text);
  if (textBytes > PART_TEXT_BYTES_MAX) throw oversized(textBytes);
  const record = seal(kind, [{ machine: null, text }], maker, head, anchor, {
    firstMs: sealedToMs,
    lastMs: sealedToMs,
    sealedToMs,
    samples: 0,
  });
  if (record.bytes.length > RECORD_BYTES_MAX) throw oversized(textBytes);
  return record;
}

function oversized(textBytes: number): MillwattError {
  return new MillwattError(
    'refuse',
    'oversized-config',
    `The wiring of this agent (${textBytes} bytes) does not fit into one record.`,
    { cure: 'Read fewer points, or divide the sources between two agents.' },
  );
}

/** Undefined when its text is larger than a part may be. */
function fold(part: MachinePart): Folded | undefined {
  const text = encodePart(part);
  const textBytes = Buffer.byteLength(text);
  if (textBytes > PART_TEXT_BYTES_MAX) return undefined;
  return { ...foldPart({ machine: part.machine, text }), textBytes };
}

function trySeal(
  group: readonly MachinePart[],
  foldOnce: (part: MachinePart) => Folded | undefined,
  maker: RecordMaker,
  head: ChainHead,
  anchor: BootAnchor,
  sealedToMs: number,
): SealedRecord | undefined {
  if (group.length > PARTS_MAX) return undefined;
  const folded: Folded[] = [];
  let [bytes, textBytes] = [0, 0];
  for (const part of group) {
    const one = foldOnce(part);
    if (one === undefined) return undefined;
    folded.push(one);
    bytes += one.bytes.length;
    textBytes += one.textBytes;
    if (bytes > RECORD_BYTES_MAX || textBytes > RECORD_TEXT_BYTES_MAX) return undefined;
  }
  const spans = group.flatMap((part) => spanOf(part) ?? []);
  const record = seal('readings', folded, maker, head, anchor, {
    firstMs: spans.length === 0 ? sealedToMs : Math.min(...spans.map(({ firstMs }) => firstMs)),
    lastMs: spans.length === 0 ? sealedToMs : Math.max(...spans.map(({ lastMs }) => lastMs)),
    sealedToMs,
    samples: group.reduce((sum, part) => sum + countSamples(part), 0),
  });
  return record.bytes.length > RECORD_BYTES_MAX ? undefined : record;
}

function seal(
  kind: RecordKind,
  parts: readonly (PartText | FoldedPart)[],
  { site, agent, key, rotation }: RecordMaker,
  head: ChainHead,
  anchor: BootAnchor,
  span: { firstMs: number; lastMs: number; sealedToMs: number; samples: number },
): SealedRecord {
  return sealRecord(
    {
      kind,
      site,
      agent,
      epoch: head.epoch,
      seq: head.seq + 1,
      boot: anchor.boot,
      first: span.firstMs,
      last: span.lastMs,
      sealedTo: span.sealedToMs,
      samples: span.samples,
      config: anchor.config,
      clock: { mono: anchor.mono, wall: anchor.wall, state: anchor.state },
      prev: head.hash,
      ...(rotation === undefined || head.seq > 0 || kind !== 'config'
        ? {}
        : { rotatedFrom: rotation.from, rotatedBy: rotation.by }),
    },
    parts,
    key,
  );
}

function split(group: readonly MachinePart[]): [readonly MachinePart[], readonly MachinePart[]] {
  const [only] = group;
  if (only !== undefined && group.length === 1) {
    const halves = splitPart(only);
    if (halves !== undefined) return [[halves[0]], [halves[1]]];
    throw new MillwattError(
      'crash',
      'indivisible-part',
      `One reading of machine ${only.machine} does not fit into a record.`,
    );
  }
  const middle = Math.ceil(group.length / 2);
  return [group.slice(0, middle), group.slice(middle)];
}
