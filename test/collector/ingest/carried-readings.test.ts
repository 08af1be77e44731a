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
  expect(carried.toldBefore(again)).toBe('all');
  expect(new CarriedReadings(ledger).toldBefore(again)).toBe('all');
});

test('a record that tells a single thing more is taken', async () => {
  const { carried, first } = await left();
  expect(carried.toldBefore(first.next({ firstMs: 21_000 }))).toBe('some');
  expect(carried.toldBefore(first.next({ firstMs: 20_000, machine: 'lathe' }))).toBe('none');
});

test('readings that came in two records are here, too', async () => {
  const { carried, append, first, second } = await left();
  await append(second.next({ firstMs: 30_000 }));
  expect(carried.toldBefore(first.next({ firstMs: 25_000 }))).toBe('all');
  expect(carried.toldBefore(first.next({ firstMs: 35_000 }))).toBe('some');
});

test('the copy may come first: then the new epoch tells nothing new, before a restart and after it', async () => {
  const { ledger, carried, append, first, second } = await left();
  await append(first.next({ firstMs: 50_000 }));
  expect(carried.toldBefore(second.next({ firstMs: 50_000 }))).toBe('all');
  expect(new CarriedReadings(ledger).toldBefore(second.next({ firstMs: 50_000 }))).toBe('all');
  expect(carried.toldBefore(second.next({ firstMs: 52_000 }))).toBe('some');
});

test('nobody speaks for another agent, nor with another key', async () => {
  const { carried } = await left();
  expect(carried.toldBefore(new ChainFeed({ agent: 'gw-2' }).next({ firstMs: 20_000 }))).toBe('none');
  expect(carried.toldBefore(new ChainFeed({ epoch: 'epoch0000003' }).next({ firstMs: 20_000 }))).toBe('none');
});

test('records of one chain that follow one another are not compared', async () => {
  const { carried, append, second } = await left();
  await append(second.next({ firstMs: 30_000 }));
  expect(carried.toldBefore(second.next({ firstMs: 40_000 }))).toBe('none');
  expect(carried.toldBefore(second.next({ firstMs: 35_000, machine: 'lathe' }))).toBe('none');
});
