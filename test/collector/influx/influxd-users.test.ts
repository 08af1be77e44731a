import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { openInfluxStore } from '../../../collector/influx/http-influx-store.ts';
import { createBatchReader } from '../../../collector/influx/ledger-batches.ts';
import { startProjector } from '../../../collector/influx/projector.ts';
import { SteppedClock } from '../../../protocols/clock.ts';
import { silentLog } from '../../../protocols/log.ts';
import { startInfluxd, type Influxd } from '../../support/influxd.ts';
import { requireTool } from '../../support/tools.ts';
import { parseLine } from './line-parser.ts';
import { createMemoryLedger } from './memory-ledger.ts';
import { createPlant, millPart, START_MS } from './plant-records.ts';

/*
 * A real InfluxDB 1.x that asks for user and password, whose administrator, power supply and disk do what they like while
 * points are written. In the end every value of the ledger is there, once, and nothing else.
 */

const WAITS = { idleMs: 20, retryMs: 5, retryMaxMs: 50, haltMs: 20 };
const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** A ledger that grows while it is projected as the user `writer`, with a secret that may change. */
async function startWriting(influxd: Influxd, database: string) {
  const memory = createMemoryLedger();
  const plant = createPlant();
  memory.append(plant.sealConfig());
  let parts = 0;
  const grow = (records: number) => {
    for (let index = 0; index < records; index++)
      memory.append(plant.sealPart(millPart(parts++ * 10_000, 10)));
  };
  grow(20);
  let password = 'pw-one';
  const store = openInfluxStore(
    {
      url: influxd.url,
      version: 1,
      database,
      username: 'writer',
      password,
      readSecrets: () => ({ password }),
      timeoutMs: 5_000,
    },
    () => START_MS,
  );
  const projector = startProjector({
    ...memory,
    store,
    quarantine: {
      add: (refused) => {
        if (refused.length > 0) throw new Error(`refused: ${JSON.stringify(refused).slice(0, 500)}`);
      },
    },
    site: 'plant',
    clock: new SteppedClock(START_MS),
    log: silentLog,
    waits: WAITS,
  });
  closers.push(() => projector.stop());
  const halts = (reason: RegExp) =>
    vi.waitFor(
      () => {
        const stats = projector.stats();
        expect(stats.state).toBe('halt');
        expect(stats.reason).toMatch(reason);
        expect(stats.cure).not.toBe('');
      },
      { timeout: 10_000 },
    );
  return { memory, grow, projector, halts, setPassword: (next: string) => (password = next) };
}

/** Every value of the ledger as `series field time value`, and every one that InfluxDB has. */
async function expectEqual(
  influxd: Influxd,
  database: string,
  memory: ReturnType<typeof createMemoryLedger>,
) {
  const lines: string[] = [];
  const reader = createBatchReader(memory.ledger, silentLog);
  for (
    let batch = reader.gather(0, START_MS);
    batch !== undefined;
    batch = reader.gather(batch.last, START_MS)
  )
    lines.push(...batch.lines);
  const expected = lines.flatMap((line) => {
    const { measurement, tags, fields, timeMs } = parseLine(line);
    return [...fields].map(([field, value]) => valueText(measurement, tags, field, timeMs, value));
  });
  const found = (await influxd.execute('SELECT * FROM /.*/ GROUP BY *', database)).flatMap(
    ({ name, tags, columns, values }) =>
      values.flatMap((row) =>
        row.flatMap((value, index) =>
          index === 0 || value === null
            ? []
            : [valueText(name, Object.entries(tags ?? {}), columns[index] ?? '', row[0], value)],
        ),
      ),
  );
  const [there, wanted] = [new Set(found), new Set(expected)];
  expect(expected.filter((value) => !there.has(value)).slice(0, 5)).toEqual([]);
  expect(found.filter((value) => !wanted.has(value)).slice(0, 5)).toEqual([]);
  expect(found).toHaveLength(expected.length);
}

function valueText(
  ...[name, tags, field, time, value]: [string, Iterable<readonly [string, string]>, string, unknown, unknown]
) {
  return `${name} ${[...tags]
    .filter(([, text]) => text !== '')
    .map(([tag, text]) => `${tag}=${text}`)
    .sort()
    .join()} ${field} ${String(time)} ${String(value)}`;
}

describe.skipIf(requireTool('influxd') === undefined)('a real InfluxDB 1.x with users', () => {
  let influxd: Influxd;
  beforeAll(async () => {
    influxd = await startInfluxd({ auth: true });
    await influxd.execute("CREATE USER writer WITH PASSWORD 'pw-one'");
  }, 30_000);
  afterAll(() => influxd.stop());

  const makeDatabase = async (name: string) => {
    await influxd.execute(`CREATE DATABASE ${name}`);
    await influxd.execute(`GRANT ALL ON ${name} TO writer`);
  };

  test('a password that is changed halts until it is in our file; then all goes on by itself', async () => {
    await makeDatabase('changed');
    const { grow, projector, memory, halts, setPassword } = await startWriting(influxd, 'changed');
    await projector.idle();
    await influxd.execute("SET PASSWORD FOR writer = 'pw-two'");
    grow(20);
    projector.wake();
    await halts(/401.*authorization failed/);
    expect(projector.stats().lagRecords).toBe(20);
    setPassword('pw-two');
    await projector.idle();
    expect(projector.stats()).toMatchObject({ state: 'ok', lagRecords: 0, quarantinedLines: 0 });
    await influxd.execute("SET PASSWORD FOR writer = 'pw-one'");
    await expectEqual(influxd, 'changed', memory);
  }, 30_000);

  test('a user whose right is revoked halts until it is given back', async () => {
    await makeDatabase('revoked');
    const { grow, projector, memory, halts } = await startWriting(influxd, 'revoked');
    await projector.idle();
    await influxd.execute('REVOKE ALL ON revoked FROM writer');
    grow(20);
    projector.wake();
    await halts(/403.*not authorized to write/);
    await influxd.execute('GRANT WRITE ON revoked TO writer');
    await projector.idle();
    await expectEqual(influxd, 'revoked', memory);
  }, 30_000);

  test('a database that is dropped halts until someone makes it again, and is filled from the beginning', async () => {
    await makeDatabase('dropped');
    const { grow, projector, memory, halts } = await startWriting(influxd, 'dropped');
    await projector.idle();
    await influxd.execute('DROP DATABASE dropped');
    grow(20);
    projector.wake();
    await halts(/404.*database not found/);
    // The account may never look into it: that it was empty is known by what was said before.
    await influxd.execute('CREATE DATABASE dropped');
    await influxd.execute('GRANT WRITE ON dropped TO writer');
    await projector.idle();
    await expectEqual(influxd, 'dropped', memory);
  }, 30_000);

  test('killed (-9) in the middle of writing, again and again: 0 lost, 0 twice', async () => {
    await makeDatabase('killed');
    const { grow, projector, memory } = await startWriting(influxd, 'killed');
    for (let round = 0; round < 3; round++) {
      grow(200);
      projector.wake();
      await new Promise((resolve) => {
        setTimeout(resolve, 20 * round);
      });
      await influxd.kill9();
      await influxd.restart();
    }
    await projector.idle();
    await expectEqual(influxd, 'killed', memory);
  }, 60_000);
});

const isRoot = process.getuid?.() === 0;
describe.skipIf(requireTool('influxd') === undefined || !isRoot)(
  'a real InfluxDB 1.x on a small disk',
  () => {
    test('that is full is waited for; when there is room every value is there', async () => {
      const disk = mkdtempSync(join(tmpdir(), 'millwatt-small-disk-'));
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'tmpfs', disk]);
      closers.push(() => {
        execFileSync('umount', ['-l', disk]);
        rmSync(disk, { recursive: true });
      });
      const influxd = await startInfluxd({ auth: true, folder: disk });
      closers.push(() => influxd.stop());
      await influxd.execute("CREATE USER writer WITH PASSWORD 'pw-one'");
      await influxd.execute('CREATE DATABASE full');
      await influxd.execute('GRANT ALL ON full TO writer');
      const { grow, projector, memory } = await startWriting(influxd, 'full');
      await projector.idle();
      const ballast = join(disk, 'ballast');
      try {
        writeFileSync(ballast, Buffer.alloc(24 * 1024 * 1024));
      } catch {
        // It is as large as the disk has room for.
      }
      grow(200);
      projector.wake();
      await vi.waitFor(
        () =>
          expect(projector.stats()).toMatchObject({
            state: 'retry',
            reason: expect.stringContaining('no space left'),
          }),
        { timeout: 10_000 },
      );
      rmSync(ballast);
      // A 1.x that has met a full disk writes no more until it is started again.
      await influxd.kill9();
      await influxd.restart();
      await projector.idle();
      expect(projector.stats()).toMatchObject({ state: 'ok', lagRecords: 0 });
      await expectEqual(influxd, 'full', memory);
    }, 60_000);
  },
);
