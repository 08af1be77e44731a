import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { examineStore } from '../../cli/doctor/doctor-store.ts';
import { examineWaiting } from '../../cli/doctor/doctor-waiting.ts';
import { openLedger } from '../../collector/ledger/sqlite-ledger.ts';
import { SteppedClock } from '../../protocols/clock.ts';
import { silentLog } from '../../protocols/log.ts';
import { addReading, openSealer, openSpool } from '../agent/spool-rig.ts';
import { ChainFeed, FEED_START_MS } from '../collector/ledger/chain-feed.ts';
import { makeTempFolder } from '../collector/ledger/temp-folder.ts';

test('doctor says how much of a spool waits for a collector, and warns once it is overdue', () => {
  const folder = makeTempFolder();
  expect(examineWaiting(folder, FEED_START_MS)).toMatchObject({ result: 'good' });
  const clock = new SteppedClock(FEED_START_MS);
  const spool = openSpool(folder);
  onTestFinished(() => spool.close());
  const sealer = openSealer(spool, clock, ['mill']);
  clock.stepTo(FEED_START_MS + 1000);
  addReading(sealer, clock, 'mill');
  sealer.sealAll();
  // The agent has it open all the while.
  const young = examineWaiting(folder, clock.wallMs() + 10_000);
  expect(young).toMatchObject({ result: 'good' });
  expect(young.message).toContain('it has receipted nothing');
  const overdue = examineWaiting(folder, clock.wallMs() + 600_000);
  expect(overdue).toMatchObject({ result: 'warning' });
  expect(overdue.message).toMatch(/^\d+ records? \(1 readings\) wait for it since /);
  expect(overdue.cure).toContain('millwatt doctor -c collector.yaml');
  spool.markReceipted(spool.head.epoch, [{ from: 1, to: spool.head.seq }]);
  const settled = examineWaiting(folder, clock.wallMs() + 600_000);
  expect(settled).toMatchObject({ result: 'good' });
  expect(settled.message).toMatch(/nothing waits/);
});

test('doctor says what keeps a collector from starting', async () => {
  const folder = makeTempFolder();
  expect(await examineStore(folder)).toMatchObject({ result: 'good' });
  const ledger = await openLedger({ folder: join(folder, 'ledger'), log: silentLog, groupMs: 1 });
  const [one] = new ChainFeed().take(1);
  if (one === undefined) throw new Error('a record');
  await ledger.append({ ...one, receivedMs: FEED_START_MS });
  await ledger.close();
  expect(await examineStore(folder)).toMatchObject({ result: 'good' });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'journal.db'), 'no database at all, and long enough to be looked at by anyone');
  const failed = await examineStore(folder);
  expect(failed).toMatchObject({ result: 'failed' });
  expect(failed.message).toContain('journal.db');
  expect(failed.cure).toContain('backup');
});
