import { expect } from 'vitest';
import { headerHash, verifyRecord } from '../../protocols/evidence/seal.ts';
import { countSamples } from '../../protocols/telemetry/part.ts';
import { parseRecord, type RecordHeader } from '../../protocols/telemetry/record.ts';
import { partsOf } from './receipting-collector.ts';

/**
 * Holds records of one epoch, in order, against the contract: each verifies, follows the one before, counts its samples
 * rightly, gives no source's time twice, and breaks no promise of an earlier watermark.
 */
export function checkChain(records: readonly Uint8Array[]): RecordHeader[] {
  let previous: { header: RecordHeader; hash: string } | undefined;
  const lastBySource = new Map<string, number>();
  const watermarks = new Map<string, number>();
  const headers: RecordHeader[] = [];
  for (const bytes of records) {
    const frame = parseRecord(bytes);
    verifyRecord(frame);
    const { header } = frame;
    expect(header.seq).toBe((previous?.header.seq ?? 0) + 1);
    expect(header.prev).toBe(previous?.hash ?? null);
    expect(header.epoch).toBe(previous?.header.epoch ?? header.epoch);
    const parts = partsOf({ frame });
    expect(header.samples).toBe(parts.reduce((sum, part) => sum + countSamples(part), 0));
    const watermark = watermarks.get(header.boot) ?? 0;
    expect(header.sealedTo).toBeGreaterThanOrEqual(watermark);
    for (const part of parts) {
      for (const group of part.sampled) {
        const key = `${header.boot} ${part.machine} ${group.source}`;
        expect(group.timesMs[0]).toBeGreaterThan(lastBySource.get(key) ?? -1);
        lastBySource.set(key, group.timesMs.at(-1) ?? 0);
      }
      for (const { timesMs } of [...part.sampled, ...part.events, ...part.links]) {
        expect(timesMs[0]).toBeGreaterThanOrEqual(Math.max(watermark, header.first));
        expect(timesMs.at(-1)).toBeLessThanOrEqual(header.last);
      }
    }
    watermarks.set(header.boot, header.sealedTo);
    previous = { header, hash: headerHash(frame) };
    headers.push(header);
  }
  return headers;
}
