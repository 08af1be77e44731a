import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Quarantine } from '../../../collector/ingest/quarantine.ts';
import { recordLog } from '../ledger/recorded-log.ts';
import { makeTempFolder } from '../ledger/temp-folder.ts';

const why = { reason: 'fork', message: 'Sealed twice.', agent: 'gw-1' };

test('a message is kept once, counted every time, and said once a minute', async () => {
  const folder = join(makeTempFolder(), 'quarantine');
  const log = recordLog();
  let nowMs = 0;
  const quarantine = new Quarantine({ folder, log, realMs: () => nowMs });
  for (let time = 0; time < 5; time++) quarantine.keep(Buffer.from('spoilt'), why);
  nowMs = 60_000;
  quarantine.keep(Buffer.from('spoilt'), why);
  await quarantine.settle();
  const names = readdirSync(folder);
  expect(names).toHaveLength(1);
  expect(readFileSync(join(folder, names[0] ?? ''), 'utf8')).toBe('spoilt');
  expect(quarantine.stats()).toEqual({ messages: { fork: 6 }, files: 1, bytes: 6, discarded: 0 });
  expect(log.lines.map(({ fields }) => fields)).toMatchObject([{ swallowed: 0 }, { swallowed: 4 }]);
  expect(new Quarantine({ folder, log, realMs: () => 0 }).stats()).toMatchObject({ files: 1, bytes: 6 });
});

test('a full folder takes no more, and that is counted', async () => {
  const folder = makeTempFolder();
  const quarantine = new Quarantine({ folder, log: recordLog(), realMs: () => 0, bytesMax: 10 });
  quarantine.keep(Buffer.from('12345678'), why);
  quarantine.keep(Buffer.from('abcdefgh'), why);
  await quarantine.settle();
  expect(quarantine.stats()).toMatchObject({ messages: { fork: 2 }, files: 1, bytes: 8, discarded: 1 });
  expect(readdirSync(folder)).toHaveLength(1);
});
