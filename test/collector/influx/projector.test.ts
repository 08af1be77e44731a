import { mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { openInfluxStore } from '../../../collector/influx/http-influx-store.ts';
import type { InfluxStore } from '../../../collector/influx/influx-store.ts';
import { startProjector, type Projector } from '../../../collector/influx/projector.ts';
import {
  openQuarantineFile,
  type Quarantine,
  type RefusedLines,
} from '../../../collector/influx/quarantine-file.ts';
import { SteppedClock } from '../../../protocols/clock.ts';
import { silentLog } from '../../../protocols/log.ts';
import { startInfluxd, type Influxd } from '../../support/influxd.ts';
import { requireTool } from '../../support/tools.ts';
import { startFakeInflux, type Step } from './fake-influx.ts';
import { sampleHour } from './machine-hour-sample.ts';
import { createMemoryLedger } from './memory-ledger.ts';
import { createPlant, millPart, START_MS } from './plant-records.ts';

const WAITS = { idleMs: 20, retryMs: 1, retryMaxMs: 20, haltMs: 5 };
const clock = new SteppedClock(START_MS);
const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

function project(
  memory: ReturnType<typeof createMemoryLedger>,
  store: InfluxStore,
  quarantine: Quarantine = { add: () => {} },
): Projector {
  const projector = startProjector({
    ledger: memory.ledger,
    views: memory.views,
    store,
    quarantine,
    site: 'plant',
    clock,
    log: silentLog,
    waits: WAITS,
  });
  closers.push(() => projector.stop());
  return projector;
}

async function openFake(script: Step[], answer?: Parameters<typeof startFakeInflux>[1]) {
  const fake = await startFakeInflux(script, answer);
  closers.push(() => fake.stop());
  const store = openInfluxStore(
    { url: fake.url, version: 1, database: 'millwatt', timeoutMs: 300 },
    clock.wallMs.bind(clock),
  );
  return { fake, store };
}

/** A ledger with a wiring and `records` records of ten polls each: 49 or 50 points, 52 readings written a record. */
function fill(records: number) {
  const memory = createMemoryLedger();
  const plant = createPlant();
  memory.append(plant.sealConfig());
  for (let index = 0; index < records; index++) memory.append(plant.sealPart(millPart(index * 10_000, 10)));
  return { memory, plant };
}

describe('against a scripted fake', () => {
  test.each<[string, Step]>([
    ['401, then ok', { status: 401 }],
    ['403', { status: 403 }],
    ['404', { status: 404 }],
    ['408', { status: 408 }],
    ['429', { status: 429, headers: { 'retry-after': '0' } }],
    ['500', { status: 500 }],
    ['503', { status: 503 }],
    ['silence', 'hang'],
    ['a reset', 'reset'],
    ['a reset in the body', 'reset-in-body'],
  ])('%s: the cursor stays, the same lines go again, nothing is left out', async (_name, step) => {
    const { memory } = fill(3);
    const cursorsSeen: number[] = [];
    const { fake, store } = await openFake([step, step, { status: 204 }], ({ url }) => {
      if (url.includes('write')) cursorsSeen.push(memory.views.cursor('influx-samples'));
      return undefined;
    });
    const projector = project(memory, store);
    await projector.idle();
    expect(cursorsSeen).toEqual([0, 0, 0]);
    expect(new Set(fake.writes.map(({ body }) => body)).size).toBe(1);
    expect(memory.views.cursor('influx-samples')).toBe(4);
    expect(projector.stats()).toMatchObject({ state: 'ok', lagRecords: 0, quarantinedLines: 0, samples: 93 });
  });

  test('while an operator is needed the reason and cure are in the figures', async () => {
    const { memory } = fill(1);
    const { store } = await openFake([], ({ url }) =>
      url.includes('write') ? { status: 401, body: '{"error":"authorization failed"}' } : undefined,
    );
    const projector = project(memory, store);
    clock.stepTo(START_MS + 60_001);
    await vi.waitFor(() => {
      expect(projector.stats()).toMatchObject({
        state: 'halt',
        reason: expect.stringContaining('authorization failed'),
        cure: expect.stringContaining('token'),
        cursor: 0,
        lagRecords: 2,
        lagSeconds: 60,
      });
    });
  });

  test('413: the batch goes in pieces', async () => {
    const { memory } = fill(3);
    const { fake, store } = await openFake([], ({ url, body }) =>
      url.includes('write') && body.split('\n').length > 20 ? { status: 413 } : undefined,
    );
    await project(memory, store).idle();
    const taken = fake.writes.map(({ body }) => body.split('\n')).filter((lines) => lines.length <= 20);
    expect(taken.flat()).toHaveLength(93);
    expect(new Set(taken.flat()).size).toBe(93);
  });

  test('422: bad lines end in quarantine with the reason, once, and all others are stored', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'millwatt-influx-'));
    closers.push(() => rmSync(folder, { recursive: true }));
    const path = join(folder, 'quarantine.jsonl');
    const { memory } = fill(3);
    let answered = 0;
    const { fake, store } = await openFake([], ({ url, body }) => {
      if (!url.includes('write')) return undefined;
      if (!body.includes('u_v=230.5 ')) return undefined;
      // In the middle of the search the server goes away: the search begins anew.
      return answered++ === 6 ? { status: 503 } : { status: 422, body: '{"error":"not this one"}' };
    });
    const projector = project(
      memory,
      store,
      openQuarantineFile(path, 1_000_000, () => START_MS),
    );
    await projector.idle();
    const entries = readFileSync(path, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(entries).toHaveLength(3);
    for (const entry of entries) {
      expect(entry.reason).toContain('not this one');
      expect(entry.lines).toEqual([expect.stringContaining('u_v=230.5 ')]);
    }
    const stored = fake.writes.filter(({ body }) => !body.includes('u_v=230.5 '));
    expect(new Set(stored.flatMap(({ body }) => body.split('\n'))).size).toBe(90);
    expect(projector.stats()).toMatchObject({ quarantinedLines: 3, lines: 90, lagRecords: 0 });
  });

  test('a server that refuses everything costs a bounded number of requests', async () => {
    const { memory } = fill(40);
    const { fake, store } = await openFake([], ({ url }) =>
      url.includes('write')
        ? { status: 400, body: '{"error":"partial write: field type conflict"}' }
        : undefined,
    );
    const projector = project(memory, store);
    await projector.idle();
    expect(projector.stats().quarantinedLines).toBe(1240);
    expect(fake.writes.length).toBeLessThan(120);
  });

  test('a refusal that is not about lines halts, and nothing is set aside', async () => {
    const { memory } = fill(3);
    let isHealed = false;
    const { store } = await openFake([], ({ url }) =>
      url.includes('write') && !isHealed
        ? { status: 400, body: '{"error":"database is required"}' }
        : undefined,
    );
    const added: RefusedLines[] = [];
    const projector = project(memory, store, { add: (refused) => void added.push(...refused) });
    await vi.waitFor(() => {
      expect(projector.stats()).toMatchObject({
        state: 'halt',
        reason: expect.stringContaining('to every line'),
        cursor: 0,
      });
    });
    isHealed = true;
    await projector.idle();
    expect(projector.stats()).toMatchObject({ state: 'ok', lines: 93, lagRecords: 0 });
    expect(added).toEqual([]);
  });

  test('a full quarantine halts, and forgets no line; when it is moved away all goes on', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'millwatt-influx-'));
    closers.push(() => rmSync(folder, { recursive: true }));
    const path = join(folder, 'quarantine.jsonl');
    writeFileSync(path, `${'x'.repeat(200)}\n`);
    const { memory } = fill(3);
    const { store } = await openFake([], ({ url, body }) =>
      url.includes('write') && body.includes('u_v=230.5 ')
        ? { status: 400, body: '{"error":"partial write: field type conflict"}' }
        : undefined,
    );
    const projector = project(
      memory,
      store,
      openQuarantineFile(path, 650, () => START_MS),
    );
    await vi.waitFor(() => {
      expect(projector.stats()).toMatchObject({
        state: 'halt',
        reason: expect.stringContaining('is full'),
        cure: expect.stringContaining('millwatt project --quarantine'),
        cursor: 0,
      });
    });
    expect(statSync(path).size).toBe(201);
    renameSync(path, join(folder, 'seen'));
    await projector.idle();
    expect(projector.stats()).toMatchObject({ state: 'ok', quarantinedLines: 3, lines: 90, cursor: 4 });
    expect(readFileSync(path, 'utf8').trim().split('\n')).toHaveLength(3);
  });

  test('the quarantine file grows to its limit and no further', () => {
    const folder = mkdtempSync(join(tmpdir(), 'millwatt-influx-'));
    closers.push(() => rmSync(folder, { recursive: true }));
    const path = join(folder, 'quarantine.jsonl');
    let refused = 0;
    for (let run = 0; run < 3; run++) {
      const quarantine = openQuarantineFile(path, 1000, () => START_MS);
      for (let index = 0; index < 100; index++) {
        try {
          quarantine.add([{ lines: [`line ${index}`], reason: 'no' }]);
        } catch (error) {
          expect(error).toMatchObject({ remedy: 'refuse', code: 'quarantine-full' });
          refused++;
        }
      }
    }
    expect(refused).toBe(300 - readFileSync(path, 'utf8').trim().split('\n').length);
    expect(readFileSync(path).length).toBeLessThanOrEqual(1000);
  });

  test('records that overtook their wiring are written when it comes, even after a restart', async () => {
    const memory = createMemoryLedger();
    const plant = createPlant();
    const late = plant.sealConfig();
    const other = createPlant('plant', 'second');
    memory.append(plant.sealPart(millPart(0, 10)));
    memory.append(other.sealConfig());
    memory.append(other.sealPart(millPart(50_000, 10)));
    memory.append(plant.sealPart(millPart(10_000, 10)));
    const { fake, store } = await openFake([]);
    const first = project(memory, store);
    await first.idle();
    expect(first.stats()).toMatchObject({ waitingRecords: 2, samples: 31, cursor: 4 });
    await first.stop();
    const second = project(memory, store);
    await second.idle();
    expect(second.stats().waitingRecords).toBe(2);
    memory.append(late);
    await second.idle();
    expect(second.stats()).toMatchObject({ waitingRecords: 0, lagRecords: 0 });
    expect(new Set(fake.writes.flatMap(({ body }) => body.split('\n'))).size).toBe(93);
    expect(memory.views.cursor('influx-waiting')).toBe(0);
  });

  test('a record that cannot be read is left out, counted, and stops nothing', async () => {
    const { memory, plant } = fill(1);
    const broken = plant.sealPart(millPart(10_000, 10));
    broken.bytes = broken.bytes.subarray(0, 100);
    memory.append(broken);
    memory.append(plant.sealPart(millPart(20_000, 10)));
    const { store } = await openFake([]);
    const projector = project(memory, store);
    await projector.idle();
    expect(projector.stats()).toMatchObject({ quarantinedRecords: 1, samples: 62, lagRecords: 0 });
  });

  test('stop ends at once while InfluxDB is away', async () => {
    const { memory } = fill(1);
    memory.putHour(sampleHour(START_MS));
    const store = openInfluxStore({ url: 'http://127.0.0.1:1', version: 1, database: 'd' }, () => 0);
    const projector = startProjector({
      ledger: memory.ledger,
      views: memory.views,
      store,
      quarantine: { add: () => {} },
      site: 'plant',
      clock,
      log: silentLog,
    });
    await vi.waitFor(() => expect(projector.stats().state).toBe('retry'));
    await projector.stop();
    for (const reader of ['influx-samples', 'influx-hours']) expect(memory.views.cursor(reader)).toBe(0);
  });
});

const influxdPath = requireTool('influxd');
describe.skipIf(influxdPath === undefined)('against a real InfluxDB 1.x', () => {
  let influxd: Influxd;
  beforeAll(async () => {
    influxd = await startInfluxd();
  });
  afterAll(async () => {
    await influxd?.stop();
  });
  const open = (database: string) =>
    openInfluxStore({ url: influxd.url, version: 1, database }, () => START_MS);

  test('every reading, hour and health arrives, and a second projection changes nothing', async () => {
    const { memory } = fill(60);
    memory.putHour(sampleHour(START_MS));
    memory.putHour(sampleHour(START_MS + 3_600_000));
    const store = open('all');
    for (let run = 0; run < 2; run++) {
      const projector = project(memory, store);
      await projector.idle();
      await projector.stop();
      expect(await counts(store)).toEqual({
        p_w: 600,
        u_v: 540,
        import_wh: 600,
        execution: 60,
        part_count: 60,
      });
      memory.cursors.clear();
    }
    const [sums] = await store.query(
      'SELECT sum(energy_wh), sum(energy_spindle_wh), sum(seconds_measured), sum(seconds_span) FROM machine_hour',
    );
    expect(sums?.rows[0]?.slice(1)).toEqual([10_800.002, 4000, 5760, 7200]);
  });

  test('an hour that is revised replaces the one before', async () => {
    const memory = createMemoryLedger();
    const store = open('revised');
    const projector = project(memory, store);
    memory.putHour(sampleHour(START_MS, { status: 'provisional', revision: 0 }));
    await projector.idle();
    memory.putHour(sampleHour(START_MS, { revision: 2 }));
    await projector.idle();
    const [series] = await store.query('SELECT final, revision FROM machine_hour');
    expect(series?.rows).toEqual([[START_MS, true, 2]]);
  });

  test.each([false, true])(
    'a figure that a revision does not know any more is gone (restarted meanwhile: %s)',
    async (restarts) => {
      const memory = createMemoryLedger();
      const store = open(`unknown-${restarts}`);
      let projector = project(memory, store);
      const known = sampleHour(START_MS);
      memory.putHour(known);
      memory.putHour(sampleHour(START_MS + 3_600_000));
      await projector.idle();
      if (restarts) {
        await projector.stop();
        projector = project(memory, store);
      }
      memory.putHour({
        ...known,
        revision: 2,
        energy: { ...known.energy, supplyMwh: null, residualMwh: null },
      });
      await projector.idle();
      const [series] = await store.query('SELECT energy_wh, energy_residual_wh, revision FROM machine_hour');
      expect(series?.rows).toEqual([
        [START_MS, null, null, 2],
        [START_MS + 3_600_000, 5400.001, 3400.001, 1],
      ]);
    },
  );

  test('a database that was wiped is filled again, after a restart and while it runs', async () => {
    const { memory, plant } = fill(30);
    memory.putHour(sampleHour(START_MS));
    const store = open('wiped');
    const first = project(memory, store);
    await first.idle();
    const all = await counts(store);
    expect(all).toMatchObject({ p_w: 300, import_wh: 300 });
    await first.stop();

    await store.query('DROP DATABASE "wiped"');
    const second = project(memory, store);
    // Nothing new has come: what brings the hole to light is the next point, here an hour's revision.
    memory.putHour(sampleHour(START_MS, { revision: 2 }));
    await second.idle();
    expect(await counts(store)).toEqual(all);
    expect((await store.query('SELECT revision FROM machine_hour'))[0]?.rows).toEqual([[START_MS, 2]]);

    await store.query('DROP DATABASE "wiped"');
    memory.append(plant.sealPart(millPart(300_000, 10)));
    await second.idle();
    expect(await counts(store)).toMatchObject({ p_w: 310, import_wh: 310 });
    expect((await store.query('SELECT revision FROM machine_hour'))[0]?.rows).toEqual([[START_MS, 2]]);
    expect(second.stats()).toMatchObject({ state: 'ok', lagRecords: 0, cursor: 32 });
    await second.stop();

    const third = project(memory, store);
    memory.append(plant.sealPart(millPart(310_000, 10)));
    await third.idle();
    expect(third.stats().samples).toBe(31);
  });

  test('a field that someone else has typed otherwise costs its own points only', async () => {
    const store = open('poisoned');
    await store.ensureDatabase();
    await store.write(`status,site=plant,machine=mill part_count="text" ${START_MS}`);
    const { memory } = fill(20);
    const bad: string[] = [];
    const projector = project(memory, store, {
      add: (refused) => void bad.push(...refused.flatMap(({ lines }) => lines)),
    });
    await projector.idle();
    expect(await counts(store)).toMatchObject({ p_w: 200, u_v: 180, import_wh: 200, execution: 20 });
    expect(bad).toHaveLength(20);
    expect(bad.every((line) => line.includes('part_count='))).toBe(true);
  });

  test('influxd is killed (-9) and restarted in the middle: stored = sent', async () => {
    const store = open('killed');
    const { memory, plant } = fill(40);
    const projector = project(memory, store);
    for (let round = 0; round < 3; round++) {
      for (let index = 0; index < 20; index++)
        memory.append(plant.sealPart(millPart(400_000 + (round * 20 + index) * 10_000, 10)));
      projector.wake();
      await influxd.kill9();
      await influxd.restart();
    }
    await projector.idle();
    expect(await counts(store)).toEqual({
      p_w: 1000,
      u_v: 900,
      import_wh: 1000,
      execution: 100,
      part_count: 100,
    });
    expect(projector.stats()).toMatchObject({ state: 'ok', lagRecords: 0 });
  });
});

async function counts(store: InfluxStore): Promise<Record<string, number>> {
  const found: Record<string, number> = {};
  for (const series of await store.query('SELECT count(*) FROM power, energy, status')) {
    for (const [index, column] of series.columns.entries())
      if (/^count_(?!epoch)/.test(column))
        found[column.slice(6)] = (found[column.slice(6)] ?? 0) + Number(series.rows[0]?.[index]);
  }
  return found;
}
