import { copyFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { markDamaged } from '../../../collector/ledger/month-file.ts';
import { pruneMonth } from '../../../collector/ledger/prune-month.ts';
import { openLedger } from '../../../collector/ledger/sqlite-ledger.ts';
import { silentLog } from '../../../protocols/log.ts';
import { ChainFeed, FEED_START_MS } from './chain-feed.ts';
import { InProcessWriter } from './in-process-writer.ts';
import { makeTempFolder } from './temp-folder.ts';

const DECEMBER_MS = Date.UTC(2026, 11, 5);
const open = (folder: string) =>
  openLedger({ folder, log: silentLog, startWriter: (data) => new InProcessWriter(data) });

async function makeLedger() {
  const folder = makeTempFolder();
  const records = new ChainFeed().take(12);
  const ledger = await open(folder);
  for (const [index, record] of records.entries())
    await ledger.append({ ...record, receivedMs: index < 8 ? FEED_START_MS : DECEMBER_MS });
  return { folder, ledger, path: join(folder, 'records-2026-11.db') };
}

function prune(path: string) {
  const goneMs = { mill: FEED_START_MS + 45_000 };
  const steps = pruneMonth(path, `${path}.new`, { goneMs, whole: [2] });
  let step = steps.next();
  while (step.done !== true) step = steps.next();
  return step.value;
}

test('readings of a month go while it is read; what is still needed stays whole; the chain stays', async () => {
  const { folder, ledger, path } = await makeLedger();
  const before = { chains: ledger.chains(), records: ledger.readAfter(0, 99) };
  // Records 1 to 4 end before that time; the second is waited with.
  expect(prune(path)).toEqual({ records: 3, wholeRecords: 5 });
  const reading = ledger.readMachine('mill', 0, Number.MAX_SAFE_INTEGER)[Symbol.iterator]();
  expect(reading.next().value?.ordinal).toBe(1);
  expect(ledger.replaceMonth('2026-11', `${path}.new`)).toBe(true);
  // What was on its way goes on with what is there.
  expect(reading.next().value?.ordinal).toBe(2);
  expect(reading.next().value?.ordinal).toBe(5);
  const check = (one: typeof ledger) => {
    expect(one.chains()).toEqual(before.chains);
    const after = one.readAfter(0, 99);
    expect(after.map(({ header, hash }) => ({ header, hash }))).toEqual(
      before.records.map(({ header, hash }) => ({ header, hash })),
    );
    expect(after.filter(({ headOnly }) => headOnly).map(({ ordinal }) => ordinal)).toEqual([1, 3, 4]);
    expect(one.months().map(({ pruned }) => pruned)).toEqual([3, 0]);
  };
  check(ledger);
  await ledger.close();
  const again = await open(folder);
  check(again);
  expect(() => again.replaceMonth('2026-12', 'nowhere')).toThrow('being written');
  await again.close();
});

test('ended at any step of being written anew or salvaged, the next start has the whole month', async () => {
  const { folder, ledger, path } = await makeLedger();
  const chains = ledger.chains();
  await ledger.close();
  const states: [string, () => void][] = [
    ['half a new file', () => writeFileSync(`${path}.new`, 'half')],
    ['a new file that was not placed', () => void prune(path)],
    ['half a salvaged file', () => writeFileSync(`${path}.salvaged`, 'half')],
    ['noted damage', () => markDamaged(path)],
    [
      'a salvaged file beside the damaged one and its log',
      () => {
        copyFileSync(path, `${path}.whole`);
        writeFileSync(path, 'damaged');
        writeFileSync(`${path}-wal`, 'of the damaged one');
        markDamaged(path);
      },
    ],
  ];
  for (const [what, leave] of states) {
    leave();
    const next = await open(folder);
    expect(next.chains(), what).toEqual(chains);
    expect(next.readAfter(0, 99), what).toHaveLength(12);
    await next.close();
    const left = readdirSync(folder).filter((name) => /\.(new|salvaged|whole|damaged)/.test(name));
    expect(left, what).toEqual([]);
  }
});
