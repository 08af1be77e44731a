import { expect, test } from 'vitest';
import type { InfluxStore } from '../../../collector/influx/influx-store.ts';
import { createPatientWriter } from '../../../collector/influx/patient-writer.ts';
import { silentLog } from '../../../protocols/log.ts';

test('a database that is missing is made at the next try, and not when somebody has had time to do something', async () => {
  let writes = 0;
  // A fake of what a server says once after its database was dropped.
  const store = {
    ensureDatabase: async () => ({ empty: false }),
    write: async () =>
      ++writes === 1
        ? { kind: 'halt', reason: 'not found', cure: 'Make it.', isMissing: true }
        : { kind: 'ok', expired: 0 },
  } as unknown as InfluxStore;
  let emptied = 0;
  const writer = createPatientWriter({
    store,
    quarantine: { add: () => {} },
    log: silentLog,
    waits: { retryMs: 1, retryMaxMs: 1, haltMs: 3_600_000 },
    random: () => 0,
    onEmpty: () => void emptied++,
  });
  expect(await writer.write(['m v=1i 1'])).toBe(true);
  expect([writes, emptied, writer.stats().state]).toEqual([2, 1, 'ok']);
});
