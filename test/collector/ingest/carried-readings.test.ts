import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { CarriedReadings } from '../../../collector/ingest/carried-readings.ts';
import { openLedger } from '../../../collector/ledger/sqlite-ledger.ts';
import type { SealedRecord } from '../../../protocols/evidence/seal.ts';
import { ChainFeed, FEED_START_MS } from '../ledger/chain-feed.ts';
import { recordLog } from '../ledger/recorded-log.ts';
import { makeTempFolder } from '../ledger/temp-folder.ts';

/*
 * An agent leaves its first epoch after two records, and what it had read and not sealed goes with it. Then its disk is put back
 * to a copy of before: the same readings (from 20 s) are open there, and the same epoch goes on.
 */
async function left() {
  const ledger = await openLedger({ folder: join(makeTempFolder(), 'ledger'), log: recordLog(), groupMs: 1 });
  onTestFinished(() => ledger.close());
  const carried = new CarriedReadings(ledger);
  const append = async (...records: SealedRecord[]) => {
    for (const record of records)
      carried.note(record.header, await ledger.append({ ...record, receivedMs: FEED_START_MS }));
  };
  const first = new ChainFeed();
  const second = new ChainFeed({ epoch: 'epoch0000002', key: first.key });
  await append(...first.take(2), second.next({ kind: 'config' }), second.next({ firstMs: 20_000 }));
  return { ledger, carried, append, first, second };
}

test('a restored spool seals in its old epoch what was carried into a new one: all of it is here, before a restart and after it', async () => {
  const { ledger, carried, first } = await left();
  const again = first.next({ firstMs: 20_000 });
  expect(carried.holdAll(again)).toBe(true);
  expect(new CarriedReadings(ledger).holdAll(again)).toBe(true);
});

test('a record that tells a single thing more is taken', async () => {
  const { carried, first } = await left();
  expect(carried.holdAll(first.next({ firstMs: 21_000 }))).toBe(false);
  expect(carried.holdAll(first.next({ firstMs: 20_000, machine: 'lathe' }))).toBe(false);
});

test('readings that came in two records are here, too', async () => {
  const { carried, append, first, second } = await left();
  await append(second.next({ firstMs: 30_000 }));
  expect(carried.holdAll(first.next({ firstMs: 25_000 }))).toBe(true);
  expect(carried.holdAll(first.next({ firstMs: 35_000 }))).toBe(false);
});

test('what the old epoch tells takes nothing from the new one, and nobody speaks for another agent', async () => {
  const { carried, append, first, second } = await left();
  await append(first.next({ firstMs: 50_000 }));
  expect(carried.holdAll(second.next({ firstMs: 50_000 }))).toBe(false);
  expect(carried.holdAll(new ChainFeed({ agent: 'gw-2' }).next({ firstMs: 20_000 }))).toBe(false);
});
