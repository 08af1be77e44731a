import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, expect, test } from 'vitest';
import { SteppedClock } from '../../../protocols/clock.ts';
import { silentLog, type Log } from '../../../protocols/log.ts';
import { addReading, holds, openSealer, openSpool } from '../spool-rig.ts';

const PAGE_BYTES = 4096;
const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0).reverse()) close();
});

/** A spool of 40 records, of which 9 are receipted and let go, 10 receipted and kept, 2 rejected; and its sums. */
function makeSpool() {
  const folder = mkdtempSync(join(tmpdir(), 'millwatt-sums-'));
  closers.push(() => rmSync(folder, { recursive: true, force: true }));
  const clock = new SteppedClock(Date.UTC(2026, 2, 2, 6));
  const spool = openSpool(folder, { keepMs: 60_000 });
  const sealer = openSealer(spool, clock, ['mill']);
  const { epoch } = spool.head;
  const seal = (records: number) => {
    for (let record = 0; record < records; record++) {
      for (let reading = 0; reading < 300; reading++) {
        clock.stepTo(clock.wallMs() + 10);
        addReading(sealer, clock, 'mill', Math.sin(reading));
      }
      sealer.sealAll();
    }
  };
  seal(10);
  spool.markReceipted(epoch, [{ from: 1, to: 10 }]);
  seal(30);
  spool.markReceipted(epoch, [{ from: 11, to: 20 }]);
  for (const seq of [21, 22]) spool.markRejected(epoch, seq, 'impossible-time');
  const accounts = spool.accounts();
  expect(spool.record(epoch, 2)).toBeUndefined();
  expect(spool.record(epoch, 12)).toBeDefined();
  spool.close();
  const path = join(folder, 'spool.sqlite');
  const database = new DatabaseSync(path, { readOnly: true });
  const root = Number(
    database.prepare("SELECT rootpage FROM sqlite_schema WHERE name = 'counters'").get()?.['rootpage'],
  );
  database.close();
  return { folder, path, accounts, page: (root - 1) * PAGE_BYTES };
}

/** Damages the page of the sums, and opens the spool again. */
function reopen(made: ReturnType<typeof makeSpool>, damage: (page: Buffer) => void) {
  const { folder, path, page } = made;
  const bytes = readFileSync(path);
  damage(bytes.subarray(page, page + PAGE_BYTES));
  writeFileSync(path, bytes);
  const said: { fields: Record<string, unknown>; message: string }[] = [];
  const note = (fields: object, message: string) => void said.push({ fields: { ...fields }, message });
  const log: Log = { ...silentLog, warn: note, error: note };
  const spool = openSpool(folder, { keepMs: 60_000, log });
  closers.push(() => spool.close());
  return { spool, said };
}

test('sums on a page that nothing can read any more are found in it, by their own checks', () => {
  const made = makeSpool();
  // Its head is spoilt: what kind of page it is, how many rows are in it and where.
  const { spool, said } = reopen(made, (page) => page.fill(0xff, 0, 40));
  expect(said[0]?.fields).toMatchObject({ sums: 'found', records: expect.any(Number), headKnown: true });
  expect(spool.accounts()).toEqual(made.accounts);
  expect(said.some(({ message }) => message.includes('accounts'))).toBe(false);
});

test('sums whose page is destroyed are counted from what is here, and it is said what is not certain', () => {
  const made = makeSpool();
  const { spool, said } = reopen(made, (page) => page.fill(0));
  const { samples, records } = spool.accounts();
  expect(said[0]?.fields).toMatchObject({ sums: 'counted' });
  expect(said[1]?.message).toMatch(/the sums of the spool were lost/);
  // What waits, what was receipted and is kept, and what was rejected: all of it is known. What was let go is not, but for
  // records that lie in pages still.
  const { sampled, pending } = made.accounts.samples;
  expect(samples).toMatchObject({ rejected: 600, pending });
  expect(samples.receipted).toBeGreaterThanOrEqual(3000);
  expect(samples.receipted).toBeLessThan(made.accounts.samples.receipted);
  expect(samples.sampled).toBe(sampled - made.accounts.samples.receipted + samples.receipted);
  // The config is kept, too.
  expect(records).toMatchObject({
    receipted: samples.receipted / 300 + 1,
    rejected: 2,
    pending: made.accounts.records.pending,
  });
  expect(samples.dropped).toEqual({});
  expect(holds(spool)).toBe(true);
});

test('a salvage for damage elsewhere keeps the sums as they were', () => {
  const made = makeSpool();
  const database = new DatabaseSync(made.path, { readOnly: true });
  const root = database.prepare("SELECT rootpage FROM sqlite_schema WHERE name = 'records_state'").get();
  database.close();
  const at = (Number(root?.['rootpage']) - 1) * PAGE_BYTES;
  const { spool, said } = reopen({ ...made, page: at }, (page) => page.fill(0));
  expect(said[0]?.fields).toMatchObject({ sums: 'read', headKnown: true });
  expect(spool.accounts()).toEqual(made.accounts);
});
