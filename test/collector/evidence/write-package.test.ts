import { expect, test } from 'vitest';
import { writePackage } from '../../../collector/evidence/write-package.ts';
import type { LedgerRecord } from '../../../collector/ledger/ledger.ts';
import { makeSource, packed } from './made-package.ts';

test('refuses a machine whose readings were let go, and one that was never metered, with a cure', async () => {
  const source = await makeSource(2);
  const pruned = (record: LedgerRecord): LedgerRecord =>
    record.ordinal === 3 ? { ...record, headOnly: true } : record;
  const ledger = {
    readAfter: (after: number, limit: number) => source.ledger.readAfter(after, limit).map(pruned),
  };
  const refusalOf = (of: Parameters<typeof packed>[0]): unknown => {
    try {
      return packed(of).length;
    } catch (error) {
      return error;
    }
  };
  expect(refusalOf({ ...source, ledger })).toMatchObject({
    code: 'readings-gone',
    cure: expect.stringMatching(/./),
  });
  expect(refusalOf({ ...source, machine: 'mill-9' })).toMatchObject({
    code: 'no-evidence',
    cure: expect.stringMatching(/./),
  });
  // Of another machine's readings nothing is needed but the heads.
  const lathe = { ...source, machine: 'lathe-2', ledger: source.ledger };
  expect(refusalOf(lathe)).toBeTypeOf('number');
});

test('says between its pieces how far it has come, never back, up to all of it', async () => {
  const source = await makeSource(3);
  const shares = [...writePackage(source)].filter((piece) => typeof piece === 'number');
  expect(shares.length).toBeGreaterThan(5);
  expect(shares).toEqual([...shares].sort((a, b) => a - b));
  expect(shares[0]).toBeGreaterThan(0);
  expect(shares.at(-1)).toBe(1);
});
