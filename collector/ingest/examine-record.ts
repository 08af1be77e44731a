import { MillwattError } from '../../protocols/errors.ts';
import { sha256 } from '../../protocols/evidence/keys.ts';
import { headerHash, unfoldPart, verifyRecord } from '../../protocols/evidence/seal.ts';
import { isToken } from '../../protocols/telemetry/ids.ts';
import { countSamples, decodePart, type MachinePart } from '../../protocols/telemetry/part.ts';
import {
  parseRecord,
  RECORD_BYTES_MAX,
  wallTimeMs,
  type RecordFrame,
  type RecordHeader,
} from '../../protocols/telemetry/record.ts';
import type { ConfigSnapshot } from '../../protocols/telemetry/snapshot.ts';
import { decodeSnapshot } from '../../protocols/telemetry/snapshot-text.ts';
import { goneOf } from '../ledger/gone-ranges.ts';
import { epochEndOf, type EpochEnd } from '../ledger/epoch-end.ts';
import type { ToldGone } from '../ledger/ledger.ts';

/** A record that holds by itself: signature, parts and contents. Whether its chain holds is asked later. */
export interface SoundRecord {
  header: RecordHeader;
  hash: string;
  bytes: Uint8Array;
  /** What it says will never come, of its own chain or an earlier one of its agent. */
  gone: readonly ToldGone[];
  /** Of a `config` record. */
  snapshot?: ConfigSnapshot;
  /** Of a `log` record that begins an epoch: the end of the one before. */
  ended?: EpochEnd;
}

/** A message that can never be taken, and as much of it as could be read. */
export interface UnsoundRecord {
  /** One short word: `bad-signature`, `malformed-part`, `wrong-topic`, ... */
  reason: string;
  message: string;
  epoch: string | undefined;
  seq: number | undefined;
  hash: string | null;
}

/** No agent thins so many records into one: one that says so would hide that they are missing. */
const THINNED_RECORDS_MAX = 100_000;
/** Year 9999: what a date can show. */
const WALL_MS_MAX = 253_402_300_799_999;

/** Takes a message apart and checks everything that needs no ledger. Pure; never throws for bad input. */
export function examineRecord(
  bytes: Uint8Array,
  topic: { site: string; agent: string },
): SoundRecord | UnsoundRecord {
  let frame: RecordFrame | undefined;
  try {
    if (bytes.length > RECORD_BYTES_MAX)
      throw unsound(
        'oversized-record',
        `A record is ${bytes.length} bytes long, more than ${RECORD_BYTES_MAX}.`,
      );
    frame = parseRecord(bytes);
    const { header } = frame;
    if (header.site !== topic.site || header.agent !== topic.agent)
      throw unsound(
        'wrong-topic',
        `Agent ${topic.agent} of site ${topic.site} published a record of ${header.agent} of ${header.site}.`,
      );
    verifyRecord(frame);
    checkTimes(header);
    checkThinned(header);
    // What they unfold to together was bounded by verifyRecord.
    const texts = frame.parts.map(unfoldPart);
    const gone = goneOf(header, header.kind === 'log' ? texts[0] : undefined);
    const record: SoundRecord = { header, hash: headerHash(frame), bytes, gone };
    const ended = header.kind === 'log' ? epochEndOf(texts[0] ?? '') : undefined;
    if (ended !== undefined) record.ended = ended;
    const snapshot = readContents(header, texts);
    return snapshot === undefined ? record : { ...record, snapshot };
  } catch (error) {
    if (!(error instanceof MillwattError)) throw error;
    const peeked =
      frame === undefined
        ? peekRecord(bytes)
        : { epoch: frame.header.epoch, seq: frame.header.seq, hash: headerHash(frame) };
    return { reason: error.code, message: error.message, ...peeked };
  }
}

function readContents(header: RecordHeader, texts: readonly string[]): ConfigSnapshot | undefined {
  const [text = ''] = texts;
  if (header.kind === 'config') return readSnapshot(header, text);
  // A log was read for what it says is gone.
  if (header.kind === 'readings') checkReadings(header, texts);
  return undefined;
}

function checkTimes(header: RecordHeader): void {
  for (const monotonicMs of [header.first, header.last, header.sealedTo]) {
    const wallMs = wallTimeMs(header, monotonicMs);
    if (wallMs < 0 || wallMs > WALL_MS_MAX)
      throw unsound('impossible-time', `A record has readings at ${wallMs} ms of wall time.`);
  }
}

function checkThinned({ thinnedFrom = 0, thinnedTo = 0 }: RecordHeader): void {
  const records = thinnedTo - thinnedFrom + 1;
  if (records > THINNED_RECORDS_MAX)
    throw unsound(
      'impossible-range',
      `A record says that it was thinned from ${records} others, more than ${THINNED_RECORDS_MAX}.`,
    );
}

function checkReadings(header: RecordHeader, texts: readonly string[]): void {
  let samples = 0;
  texts.forEach((text, index) => {
    const part = decodePart(text);
    const machine = header.parts[index]?.machine;
    if (part.machine !== machine)
      throw unsound('malformed-part', `A part speaks of ${part.machine} where its header says ${machine}.`);
    checkTimesOf(part, header);
    samples += countSamples(part);
  });
  if (samples !== header.samples)
    throw unsound(
      'malformed-part',
      `A record holds ${samples} readings where its header counts ${header.samples}.`,
    );
}

/** Readings outside the header's span would not be found by time. */
function checkTimesOf(part: MachinePart, header: RecordHeader): void {
  for (const { timesMs } of [...part.sampled, ...part.events]) {
    const [first, last] = [timesMs[0], timesMs.at(-1)];
    if (first !== undefined && last !== undefined && (first < header.first || last > header.last))
      throw unsound(
        'malformed-part',
        `A part has readings from ${first} to ${last} ms where its header says ${header.first} to ${header.last}.`,
      );
  }
}

function readSnapshot(header: RecordHeader, text: string): ConfigSnapshot {
  if (sha256(text) !== header.config)
    throw unsound('malformed-snapshot', 'A config record does not hold the snapshot that its header names.');
  const snapshot = decodeSnapshot(text);
  if (snapshot.site !== header.site || snapshot.agent !== header.agent)
    throw unsound('malformed-snapshot', `Agent ${header.agent} sealed the snapshot of ${snapshot.agent}.`);
  return snapshot;
}

/** Which record a broken message would have been, where its header can still be read. Nothing of it is believed but the answer's address. */
function peekRecord(bytes: Uint8Array): Pick<UnsoundRecord, 'epoch' | 'seq' | 'hash'> {
  const nothing = { epoch: undefined, seq: undefined, hash: null };
  if (bytes.length < 8) return nothing;
  const end = 8 + new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(4);
  if (end > bytes.length) return nothing;
  try {
    const json = JSON.parse(Buffer.from(bytes.subarray(8, end)).toString('utf8')) as {
      epoch?: unknown;
      seq?: unknown;
    } | null;
    if (isToken(json?.epoch) && Number.isSafeInteger(json.seq) && (json.seq as number) > 0)
      return { epoch: json.epoch, seq: json.seq as number, hash: sha256(bytes.subarray(0, end)) };
  } catch {
    // Not JSON: nothing can be read.
  }
  return nothing;
}

function unsound(code: string, message: string): MillwattError {
  return new MillwattError('quarantine', code, message);
}
