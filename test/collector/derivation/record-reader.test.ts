import { expect, test } from 'vitest';
import { RecordReader } from '../../../collector/derivation/record-reader.ts';
import { SteppedClock } from '../../../protocols/clock.ts';
import type { SealedRecord } from '../../../protocols/evidence/seal.ts';
import { openSealer, openSpool } from '../../agent/spool-rig.ts';
import { makeTempFolder } from '../ledger/temp-folder.ts';
import { START_MS } from './plant-feed.ts';

test('the log of an agent that began anew tells where its epoch ended; other records tell nothing', () => {
  const spool = openSpool(makeTempFolder());
  const sealed: SealedRecord[] = [];
  const sealer = openSealer(spool, new SteppedClock(START_MS), ['mill'], {
    onSealed: (records) => void sealed.push(...records),
  });
  const { epoch } = spool.head;
  sealer.sealLog('clock-stepped', { byMs: 5000 });
  // As the agent does when it hears of a fork.
  spool.markRejected(epoch, 2, 'fork');
  sealer.sealConfig();
  spool.close();
  const reader = new RecordReader({ configRecord: () => undefined });
  expect(sealed.map((record) => reader.readEpochEnd(record))).toEqual([
    undefined,
    undefined,
    undefined,
    { epoch, seq: 2, atMs: START_MS },
  ]);
});
