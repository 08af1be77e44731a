import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import type { Spool } from '../../agent/spool.ts';
import { SteppedClock } from '../../protocols/clock.ts';
import { headerHash, verifyRecord } from '../../protocols/evidence/seal.ts';
import { parseRecord, type RecordHeader } from '../../protocols/telemetry/record.ts';
import { holds, openSealer, openSpool } from './spool-rig.ts';

const GOLDEN = fileURLToPath(new URL('../contracts/golden/spool-1', import.meta.url));
const folders: string[] = [];
afterEach(() => {
  for (const path of folders.splice(0)) rmSync(path, { recursive: true, force: true });
});

/** A folder with a copy of a spool that release 0.1.0 wrote. */
function copyOf(name: string): string {
  const path = mkdtempSync(join(tmpdir(), 'millwatt-spool-'));
  folders.push(path);
  cpSync(join(GOLDEN, name), join(path, 'spool.sqlite'));
  return path;
}

/** Publishes all that waits, verified, and receipts it. */
function drain(spool: Spool): RecordHeader[] {
  const headers = spool.pendingAfter(0, 10_000).map(({ bytes, epoch, seq }) => {
    const frame = parseRecord(bytes);
    verifyRecord(frame);
    expect(spool.hashes(epoch, seq, seq)?.hashes).toEqual([headerHash(frame)]);
    return frame.header;
  });
  for (const { epoch, seq } of headers) spool.markReceipted(epoch, [{ from: seq, to: seq }]);
  return headers;
}

test('a spool of format 1 is upgraded in place, goes on in its chain and is drained', () => {
  const path = copyOf('spool.sqlite');
  const spool = openSpool(path);
  expect(spool.head.seq).toBe(7);
  const before = spool.accounts();
  expect(before.samples).toMatchObject({
    sampled: 840,
    receipted: 122,
    rejected: 122,
    pending: 596,
    thinned: 0,
  });
  expect(before.records).toMatchObject({ sealed: 7, receipted: 2, rejected: 1, pending: 4 });
  // Headers stand beside the records, so that runs to thin are found without reading any.
  expect(
    spool.pendingHeaders(0, 10).map(({ seq, kind, boot, config, mono, wall, clock }) => ({
      seq,
      kind,
      boot,
      config,
      clock: { mono, wall, state: clock },
    })),
  ).toEqual(
    spool.pendingAfter(0, 10).map(({ bytes }) => {
      const { seq, kind, boot, config, clock } = parseRecord(bytes).header;
      return { seq, kind, boot, config, clock };
    }),
  );
  // Opening seals what the killed run left open, under its own boot.
  openSealer(spool, new SteppedClock(Date.UTC(2026, 10, 23)), ['mill']);
  const headers = drain(spool);
  expect(headers.map(({ seq }) => seq)).toEqual(
    Array.from({ length: headers.length }, (_, index) => index + 4),
  );
  const { samples } = spool.accounts();
  expect(samples).toMatchObject({ sampled: 840, receipted: 718, rejected: 122, pending: 0, dropped: {} });
  expect(holds(spool)).toBe(true);
  spool.close();
  // And again, as what it is now.
  const again = openSpool(path);
  expect(again.accounts().samples).toEqual(samples);
  again.close();
});

test('a full spool of format 1 is upgraded without a loss and drained', () => {
  const path = copyOf('spool-full.sqlite');
  const spool = openSpool(path, { maxBytes: 120_000 });
  const { samples, records } = spool.accounts();
  expect(records).toMatchObject({ sealed: 62, dropped: 5, pending: 57 });
  expect(samples.dropped).toEqual({ 'spool-full': 611 });
  expect(holds(spool)).toBe(true);
  expect(drain(spool).map(({ seq }) => seq)).toEqual([
    1,
    ...Array.from({ length: 56 }, (_, index) => index + 7),
  ]);
  openSealer(spool, new SteppedClock(Date.UTC(2026, 10, 23)), ['mill']);
  expect(spool.head.seq).toBe(63);
  expect(holds(spool)).toBe(true);
  spool.close();
});

test('an upgrade that is cut off leaves the spool as it was', () => {
  const path = copyOf('spool.sqlite');
  const file = join(path, 'spool.sqlite');
  const database = new DatabaseSync(file);
  // What stands in its way is met in the middle of it.
  database.exec('ALTER TABLE counters ADD COLUMN sum INTEGER');
  database.close();
  expect(() => openSpool(path)).toThrow(/duplicate column/);
  const after = new DatabaseSync(file);
  expect(after.prepare("SELECT value FROM meta WHERE name = 'format'").get()).toEqual({ value: '1' });
  expect(after.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'headers'").get()).toBeUndefined();
  after.exec('ALTER TABLE counters DROP COLUMN sum');
  after.close();
  const spool = openSpool(path);
  expect(spool.accounts().samples.pending).toBe(596);
  spool.close();
});
