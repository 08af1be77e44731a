import { expect, test } from 'vitest';
import { AskedRecords } from '../../../collector/ingest/asked-records.ts';
import { recordLog } from '../ledger/recorded-log.ts';

const chain = { agent: 'gw-1', epoch: 'epoch0000001', contiguousSeq: 7, headSeq: 20 };
const whole = { ...chain, contiguousSeq: 20 };

test('that records are asked for is told once, and that they have come once', () => {
  const log = recordLog();
  const asked = new AskedRecords(log);
  asked.noteProgress(whole);
  asked.noteAsked(chain, 12);
  asked.noteAsked(chain, 1);
  // It went offline: nobody tells of the end.
  asked.noteProgress({ ...chain, contiguousSeq: 8, headSeq: 8 });
  expect(log.lines).toHaveLength(1);
  asked.noteProgress(whole);
  asked.noteProgress(whole);
  asked.noteAsked(chain, 1);
  expect(log.lines.map(({ message }) => message)).toEqual([
    'Agent gw-1 is asked for 12 records that are missing here.',
    'Agent gw-1 has sent the 12 records that were missing, or told that they are gone.',
    'Agent gw-1 is asked for 1 record that is missing here.',
  ]);
});
