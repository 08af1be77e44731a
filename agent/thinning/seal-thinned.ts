import { foldPart, sealRecord, type FoldedPart, type SealedRecord } from '../../protocols/evidence/seal.ts';
import { countSamples, encodePart, type MachinePart } from '../../protocols/telemetry/part.ts';
import {
  PART_TEXT_BYTES_MAX,
  RECORD_BYTES_MAX,
  RECORD_TEXT_BYTES_MAX,
  type RecordHeader,
} from '../../protocols/telemetry/record.ts';
import { spanOf } from '../part-splitting.ts';
import type { RecordMaker } from '../record-packing.ts';
import type { ChainHead } from '../spool.ts';

/** What the headers of the first and the last of the originals say. */
export interface ThinnedSpan {
  first: Pick<RecordHeader, 'seq' | 'sealedTo'>;
  last: Pick<RecordHeader, 'seq' | 'sealedTo' | 'boot' | 'config' | 'clock'> & { hash: string };
}

/**
 * Seals what is kept of a run as the next record of the chain; undefined where it does not fit into one record.
 *
 * @param sealedToMs the moment up to which the chain had come, in monotonic time of the run's boot
 */
export function sealThinned(
  parts: readonly MachinePart[],
  { first, last }: ThinnedSpan,
  { site, agent, key }: RecordMaker,
  head: ChainHead,
  sealedToMs: number,
): SealedRecord | undefined {
  const told = parts.filter((part) => spanOf(part) !== undefined);
  const folded: FoldedPart[] = [];
  let [bytes, textBytes] = [0, 0];
  for (const part of told) {
    const text = encodePart(part);
    const partBytes = Buffer.byteLength(text);
    textBytes += partBytes;
    if (partBytes > PART_TEXT_BYTES_MAX || textBytes > RECORD_TEXT_BYTES_MAX) return undefined;
    const one = foldPart({ machine: part.machine, text });
    bytes += one.bytes.length;
    if (bytes > RECORD_BYTES_MAX) return undefined;
    folded.push(one);
  }
  const spans = told.flatMap((part) => spanOf(part) ?? []);
  const record = sealRecord(
    {
      kind: 'readings',
      site,
      agent,
      epoch: head.epoch,
      seq: head.seq + 1,
      boot: last.boot,
      first: Math.min(sealedToMs, ...spans.map(({ firstMs }) => firstMs)),
      last: spans.length === 0 ? sealedToMs : Math.max(...spans.map(({ lastMs }) => lastMs)),
      sealedTo: sealedToMs,
      samples: told.reduce((sum, part) => sum + countSamples(part), 0),
      config: last.config,
      clock: last.clock,
      prev: head.hash,
      thinnedFrom: first.seq,
      thinnedTo: last.seq,
      thinnedHash: last.hash,
      thinnedSince: first.sealedTo,
    },
    folded,
    key,
  );
  return record.bytes.length > RECORD_BYTES_MAX ? undefined : record;
}
