import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { frozenPath, readFrozen } from '../../../collector/ledger/frozen-store.ts';
import { isMarkedDamaged } from '../../../collector/ledger/month-file.ts';
import { startRetention } from '../../../collector/retention/retention.ts';
import type { SealedRecord } from '../../../protocols/evidence/seal.ts';
import { silentLog } from '../../../protocols/log.ts';
import { Bench } from '../derivation/derivation-bench.ts';
import { MACHINE, PlantFeed } from '../derivation/plant-feed.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const EVERY_MS = 600_000;
const PIECE_MS = 12 * HOUR_MS;
const FROM_MS = Date.UTC(2026, 2, 30);

/** A meter with a counter, twelve hours a record. */
function recordsOf(
  feed: PlantFeed,
  days: number,
  fromMs = FROM_MS,
): { record: SealedRecord; toMs: number }[] {
  return Array.from({ length: (days * DAY_MS) / PIECE_MS }, (_, index) => {
    const beginMs = fromMs + index * PIECE_MS;
    const timesMs = Array.from({ length: PIECE_MS / EVERY_MS }, (_none, row) => beginMs + row * EVERY_MS);
    const columns = {
      [`${MACHINE}.supply.activePower`]: timesMs.map((atMs) => 1000 + (((atMs / EVERY_MS) * 7919) % 997)),
      [`${MACHINE}.supply.activeEnergyImport`]: timesMs.map((atMs) => (atMs - FROM_MS) / 3),
    };
    const rows = [{ source: 'meter', everyMs: EVERY_MS, timesMs, columns }];
    return { record: feed.say({ rows, sealedToMs: beginMs + PIECE_MS }), toMs: beginMs + PIECE_MS };
  });
}

async function openAt(config: SealedRecord, fromMs = FROM_MS) {
  const bench = await Bench.open();
  bench.clock.stepTo(fromMs);
  await bench.append(config);
  return bench;
}

async function arrive(bench: Bench, records: readonly { record: SealedRecord; toMs: number }[]) {
  const appended = records.map(({ record, toMs }) => {
    bench.clock.stepTo(toMs);
    return bench.append(record);
  });
  await Promise.all(appended);
}

test('what comes while hours are frozen that are then not written down, by a crash or a full disk, is not lost', async () => {
  const feed = new PlantFeed({ bootMs: FROM_MS - 60_000 });
  const config = feed.config();
  const records = recordsOf(feed, 16);
  const late = records.splice(2, 1);
  const [plain, crashed, failed] = [await openAt(config), await openAt(config), await openAt(config)];
  for (const bench of [plain, crashed, failed]) {
    await arrive(bench, records);
    await bench.derive();
  }
  await plain.append(late[0]!.record);
  const expected = await plain.derived();

  // The process ends before anything is written down.
  expect(crashed.derivation.freeze(FROM_MS + 4 * DAY_MS)?.now).toHaveLength(1);
  await crashed.append(late[0]!.record);
  crashed.derivation.wake();
  await new Promise((resolve) => setTimeout(resolve, 100));
  await crashed.restart();
  expect(await crashed.derived()).toEqual(expected);
  expect(crashed.derivation.late()).toEqual([]);

  // It cannot be written down.
  const frost = failed.derivation.freeze(FROM_MS + 4 * DAY_MS);
  await failed.append(late[0]!.record);
  failed.derivation.wake();
  await new Promise((resolve) => setTimeout(resolve, 100));
  failed.derivation.goOn(frost?.before ?? []);
  expect(await failed.derived()).toEqual(expected);
  expect(failed.derivation.late()).toEqual([]);
  expect(existsSync(frozenPath(failed.folder))).toBe(false);
}, 60_000);

test('the oldest month goes first when the ledger is too large, one after the other until it is not; not twice', async () => {
  const feed = new PlantFeed({ bootMs: FROM_MS - 60_000 });
  const bench = await openAt(feed.config());
  // Some days of each month are enough.
  const days: [days: number, month: number, day: number][] = [
    [2, 2, 30],
    [25, 3, 1],
    [7, 4, 10],
    [10, 5, 1],
  ];
  await arrive(
    bench,
    days.flatMap(([some, month, day]) => recordsOf(feed, some, Date.UTC(2026, month, day))),
  );
  await bench.derive();
  const figures = await bench.derived();
  const whole = bench.ledger.sizeBytes();
  const months = bench.ledger.months();
  expect(months.map(({ month }) => month)).toEqual(['2026-03', '2026-04', '2026-05', '2026-06']);
  const letGo = async (maxBytes: number) => {
    const retention = startRetention({
      ledger: bench.ledger,
      derivation: bench.derivation,
      cursors: () => [bench.views.cursor('derive')],
      frozenPath: frozenPath(bench.folder),
      viewsPath: `${bench.folder}/views.db`,
      maxBytes,
      wallMs: () => bench.clock.wallMs(),
      log: silentLog,
    });
    await retention.run();
    await retention.stop();
    return { ...retention.stats(), pruned: bench.ledger.months().map(({ isPruned }) => isPruned) };
  };
  expect(await letGo(whole + 1)).toMatchObject({ pruned: [false, false, false, false], stuck: '' });
  // March has two days, and is hardly smaller without them; without April it is small enough.
  const most = whole - 1;
  expect(await letGo(most)).toMatchObject({ pruned: [true, true, false, false], stuck: '' });
  expect(bench.ledger.sizeBytes()).toBeLessThanOrEqual(most);
  // All that may go: the last month, and one that ended less than eight days ago, stay.
  expect(await letGo(1)).toMatchObject({ pruned: [true, true, true, false], monthsPruned: 3, stuck: '' });
  expect(readFrozen(bench.folder)[0]?.toMs).toBeGreaterThan(Date.UTC(2026, 5, 1));
  expect(await bench.derived()).toEqual(figures);
}, 60_000);

test('what InfluxDB has not is not let go, and neither is anything once the collector is to end', async () => {
  const feed = new PlantFeed({ bootMs: FROM_MS - 60_000 });
  const bench = await openAt(feed.config());
  await arrive(bench, recordsOf(feed, 16));
  await bench.derive();
  let projected = 0;
  // A derivation that computes years of hours anew.
  let idle: Promise<void> = new Promise(() => {});
  const retention = () =>
    startRetention({
      ledger: bench.ledger,
      derivation: {
        idle: () => idle,
        freeze: (aboutMs) => bench.derivation.freeze(aboutMs),
        goOn: (written) => bench.derivation.goOn(written),
      },
      cursors: () => [bench.views.cursor('derive'), projected],
      frozenPath: frozenPath(bench.folder),
      viewsPath: `${bench.folder}/views.db`,
      keepMs: 0,
      wallMs: () => bench.clock.wallMs(),
      log: silentLog,
    });
  const ended = retention();
  const running = ended.run();
  await ended.stop();
  await running;
  expect(ended.stats()).toMatchObject({ monthsPruned: 0, stuck: '', failures: 0 });

  idle = Promise.resolve();
  const going = retention();
  const [march] = bench.ledger.months();
  projected = (march?.lastOrdinal ?? 0) - 1;
  await going.run();
  expect(going.stats()).toMatchObject({ monthsPruned: 0, cure: '' });
  expect(going.stats().stuck).toMatch(/is not wholly derived and projected yet/);
  projected += 1;
  await going.run();
  expect(going.stats()).toMatchObject({ monthsPruned: 1, stuck: '' });
  await going.stop();
}, 60_000);

test('what waits for its wiring stays whole: nobody has made hours of it yet', async () => {
  const feed = new PlantFeed({ bootMs: FROM_MS - 60_000 });
  const bench = await openAt(feed.config());
  const records = recordsOf(feed, 16);
  // Another agent, of which the snapshot has not come.
  const other = new PlantFeed({ agent: 'gw-2', epoch: 'cccccccccccc', bootMs: FROM_MS - 60_000 });
  other.config();
  records.splice(1, 0, ...recordsOf(other, 1).slice(0, 1));
  await arrive(bench, records);
  await bench.derive();
  expect(await bench.letGo()).toMatchObject({ monthsPruned: 1, stuck: '' });
  const kept = bench.ledger.readAfter(0, 10).filter(({ header }) => header.kind === 'readings');
  expect(kept.map(({ header, headOnly }) => [header.agent, headOnly === true])).toEqual(
    kept.map(({ header, receivedMs }) => [
      header.agent,
      header.agent === 'gw-1' && receivedMs < Date.UTC(2026, 3, 1),
    ]),
  );
  expect(kept.some(({ headOnly }) => headOnly === true)).toBe(true);
  expect(kept.some(({ header }) => header.agent === 'gw-2')).toBe(true);
}, 60_000);

test('a month without readings is looked at once, not for ever', async () => {
  const feed = new PlantFeed({ bootMs: FROM_MS - 60_000 });
  const bench = await openAt(feed.config());
  const silent = Array.from({ length: 20 }, (_, index) => {
    const toMs = FROM_MS + (index + 1) * DAY_MS;
    return { record: feed.say({ rows: [], sealedToMs: toMs }), toMs };
  });
  await arrive(bench, silent);
  await bench.derive();
  const stats = await bench.letGo();
  expect(stats).toMatchObject({ monthsPruned: 1, stuck: '' });
}, 20_000);

test('a clock that runs years ahead lets nothing go: what agents tell is not that far yet', async () => {
  const feed = new PlantFeed({ bootMs: FROM_MS - 60_000 });
  const bench = await openAt(feed.config());
  await arrive(bench, recordsOf(feed, 8));
  await bench.derive();
  bench.clock.stepTo(Date.UTC(2046, 0, 1));
  expect(await bench.letGo(30 * DAY_MS)).toMatchObject({ monthsPruned: 0, stuck: '' });
}, 60_000);

test('nothing is let go where what is frozen cannot be written down first', async () => {
  const feed = new PlantFeed({ bootMs: FROM_MS - 60_000 });
  const bench = await openAt(feed.config());
  await arrive(bench, recordsOf(feed, 16));
  await bench.derive();
  const expected = await bench.derived();
  const later = new DatabaseSync(frozenPath(bench.folder));
  later.exec('PRAGMA user_version = 99');
  later.close();
  expect(await bench.letGo()).toMatchObject({
    monthsPruned: 0,
    frozenToSeconds: 0,
    stuck: expect.stringContaining('version 99'),
    cure: expect.stringContaining('it is tried again'),
  });
  rmSync(frozenPath(bench.folder));
  await bench.startOver();
  expect(await bench.derived()).toEqual(expected);
}, 20_000);

test('a page that turns out to be damaged while its month is let go: the month is noted to be, and stays as it is', async () => {
  const fromMs = FROM_MS - 20 * DAY_MS;
  const feed = new PlantFeed({ bootMs: fromMs - 60_000 });
  const bench = await openAt(feed.config(), fromMs);
  await arrive(bench, recordsOf(feed, 34, fromMs));
  await bench.derive();
  const expected = await bench.derived();
  const march = bench.ledger.months()[0]!.path;
  const db = new DatabaseSync(march);
  db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  const numberOf = (sql: string) => Number(Object.values(db.prepare(sql).get() ?? {})[0]);
  const root = numberOf("SELECT rootpage FROM sqlite_schema WHERE name = 'record'");
  const pageBytes = numberOf('PRAGMA page_size');
  db.close();
  const bytes = readFileSync(march);
  // The leaf that the second cell of the tree's root leads to: the ends are looked at at every turn.
  const rootAt = (root - 1) * pageBytes;
  expect(bytes[rootAt]).toBe(5);
  const leaf = bytes.readUInt32BE(rootAt + bytes.readUInt16BE(rootAt + 14));
  bytes.fill(0xaa, (leaf - 1) * pageBytes, leaf * pageBytes);
  writeFileSync(march, bytes);

  expect(await bench.letGo()).toMatchObject({
    monthsPruned: 0,
    failures: 1,
    stuck: expect.stringContaining('malformed'),
    cure: expect.stringContaining('Start the collector again'),
  });
  expect(isMarkedDamaged(march)).toBe(true);
  expect(existsSync(`${march}.new`)).toBe(false);
  expect(await bench.derived()).toEqual(expected);
}, 60_000);
