/**
 * How long a chart of 30 days in steps of an hour takes, where 12 channels were read once a second: 31 million readings.
 * The readings go through the derivation's own rollups into the views, an hour a commit; measured are `Views.series` and
 * the HTTP route the page asks, with a client in the same process that reads the answer to its end.
 *
 *   node bench/chart.ts [days, default 30]
 *
 * The references, in the same run, draw the same chart from raw readings: InfluxQL on a real InfluxDB 1.x, and SQL over a
 * table of rows. Both hold only the 2.6 million readings of the channel that is drawn, a twelfth of all, which can only
 * make them faster; their times are not scaled up. All must give the same points.
 *
 * Goal: less than 100 ms.
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { MinuteRollups } from '../collector/derivation/minute-rollups.ts';
import { createLiveBoard } from '../collector/http/live-board.ts';
import { startHttp } from '../collector/http/server.ts';
import { openViews } from '../collector/ledger/sqlite-views.ts';
import type { SeriesPoint, Views } from '../collector/ledger/views.ts';
import { silentLog } from '../protocols/log.ts';
import { startInfluxd } from '../test/support/influxd.ts';

const DAYS = Number(process.argv[2] ?? 30);
const HOURS = DAYS * 24;
const CHANNELS = 12;
const HOUR_MS = 3_600_000;
const START_MS = Date.UTC(2026, 2, 2);
const END_MS = START_MS + HOURS * HOUR_MS;
const TURNS = 21;
const REFERENCE_TURNS = 5;
const GOAL_MS = 100;
const MACHINE = 'mill';
const names = Array.from({ length: CHANNELS }, (_, index) =>
  index === 0 ? `${MACHINE}.supply.activePower` : `${MACHINE}.drive${index}.activePower`,
);
const drawn = names[0] ?? '';

/** W; moves with every reading, in the cycles of a machine, and never twice the same hour. */
function readingOf(channel: number, second: number): number {
  const noise = ((second * 2_654_435_761 + channel * 40_503) % 1000) / 10;
  return Math.round(10 * (1500 + channel * 100 + 900 * Math.sin(second / 28) + noise + second / 1e5)) / 10;
}

function fillViews(views: Views): void {
  const rollups = new MinuteRollups(views);
  for (let hour = 0; hour < HOURS; hour++) {
    const seconds = Array.from({ length: 3600 }, (_, second) => hour * 3600 + second);
    const timesMs = seconds.map((second) => START_MS + second * 1000);
    for (const [channel, name] of names.entries())
      rollups.add(
        name,
        timesMs,
        seconds.map((second) => readingOf(channel, second)),
        1,
      );
    views.commit({ reader: 'derive', ordinal: hour + 1, minutes: rollups.take() });
  }
}

interface Timed {
  /** The first, before anything is warm, and the median and worst of all, ms. */
  firstMs: number;
  medianMs: number;
  worstMs: number;
  points: SeriesPoint[];
}

async function time(turns: number, draw: () => SeriesPoint[] | Promise<SeriesPoint[]>): Promise<Timed> {
  let points: SeriesPoint[] = [];
  const tookMs: number[] = [];
  for (let turn = 0; turn < turns; turn++) {
    const began = performance.now();
    points = await draw();
    tookMs.push(performance.now() - began);
  }
  const sorted = tookMs.toSorted((a, b) => a - b);
  return {
    firstMs: tookMs[0] ?? Number.NaN,
    medianMs: sorted[sorted.length >> 1] ?? Number.NaN,
    worstMs: sorted.at(-1) ?? Number.NaN,
    points,
  };
}

async function timeRoute(views: Views): Promise<Timed> {
  const server = await startHttp(
    { host: '127.0.0.1', port: 0 },
    {
      site: 'bench',
      version: 'bench',
      publicKey: '',
      simulated: true,
      views,
      machines: [{ id: MACHINE }],
      live: createLiveBoard({
        nowMs: () => performance.now(),
        stateOf: () => ({ state: 'unknown', decider: 'none', basis: '' }),
      }),
      agents: () => [],
      ledger: () => ({ records: 0, samples: 0, sizeBytes: 0, lastOrdinal: 0 }),
      metrics: () => [],
      clock: { wallMs: () => END_MS, speed: () => 1 },
      log: silentLog,
    },
  );
  const url = `${server.url}/api/v1/series?machine=${MACHINE}&channel=supply.activePower&from=${START_MS}&to=${END_MS}&step=1h`;
  const timed = await time(TURNS, async () => {
    const response = await fetch(url);
    if (!response.ok) throw new Error(`the route answered ${response.status}: ${await response.text()}`);
    return ((await response.json()) as { points: SeriesPoint[] }).points;
  });
  await server.close();
  return timed;
}

async function timeInflux(): Promise<Timed> {
  const influxd = await startInfluxd();
  try {
    const post = async (path: string, body: string) => {
      const response = await fetch(influxd.url + path, { method: 'POST', body });
      if (!response.ok) throw new Error(`InfluxDB answered ${response.status}: ${await response.text()}`);
      await response.arrayBuffer();
    };
    await post(`/query?q=${encodeURIComponent('CREATE DATABASE chart')}`, '');
    for (let hour = 0; hour < HOURS; hour += 6) {
      const lines: string[] = [];
      for (let second = hour * 3600; second < Math.min(hour + 6, HOURS) * 3600; second++)
        lines.push(`power,channel=${drawn} value=${readingOf(0, second)} ${START_MS / 1000 + second}`);
      await post('/write?db=chart&precision=s', lines.join('\n'));
    }
    const query = `SELECT min(value), max(value), mean(value) FROM power WHERE channel = '${drawn}' AND time >= ${START_MS}ms AND time < ${END_MS}ms GROUP BY time(1h)`;
    return await time(REFERENCE_TURNS, async () => {
      const response = await fetch(`${influxd.url}/query?db=chart&epoch=ms&q=${encodeURIComponent(query)}`);
      const answer = (await response.json()) as {
        results: { series?: { values: [number, number, number, number][] }[] }[];
      };
      const rows = answer.results[0]?.series?.[0]?.values ?? [];
      return rows.map(([fromMs, min, max, mean]) => ({ fromMs, min, max, mean }));
    });
  } finally {
    await influxd.stop();
  }
}

async function timeRows(path: string): Promise<Timed> {
  const db = new DatabaseSync(path);
  db.exec(
    'PRAGMA journal_mode = WAL; CREATE TABLE reading(channel INTEGER, ms INTEGER, value REAL, PRIMARY KEY(channel, ms)) WITHOUT ROWID; BEGIN;',
  );
  const insert = db.prepare('INSERT INTO reading VALUES (0, ?, ?)');
  for (let second = 0; second < HOURS * 3600; second++)
    insert.run(START_MS + second * 1000, readingOf(0, second));
  db.exec('COMMIT; PRAGMA wal_checkpoint(TRUNCATE);');
  const select = db.prepare(
    `SELECT ms / ${HOUR_MS} * ${HOUR_MS} AS fromMs, min(value) AS min, max(value) AS max, avg(value) AS mean
     FROM reading WHERE channel = 0 AND ms >= ? AND ms < ? GROUP BY 1 ORDER BY 1`,
  );
  const timed = await time(REFERENCE_TURNS, () => select.all(START_MS, END_MS) as unknown as SeriesPoint[]);
  db.close();
  return timed;
}

/** Throws an error unless both drew the same hours: extremes to the digit, means but for the order of the sum. */
function requireSame(name: string, ours: readonly SeriesPoint[], theirs: readonly SeriesPoint[]): void {
  const same = ours.every((point, index) => {
    const other = theirs[index];
    return (
      other !== undefined &&
      point.fromMs === other.fromMs &&
      point.min === other.min &&
      point.max === other.max &&
      Math.abs(point.mean - other.mean) < 1e-6
    );
  });
  if (!same || ours.length !== HOURS || theirs.length !== HOURS)
    throw new Error(`${name} drew another chart: ${theirs.length} points, ours ${ours.length} of ${HOURS}`);
}

const folder = mkdtempSync(join(tmpdir(), 'millwatt-chart-'));
try {
  const filled = openViews({ folder });
  const began = performance.now();
  fillViews(filled);
  const filledS = (performance.now() - began) / 1000;
  filled.close();
  const readings = HOURS * 3600 * CHANNELS;
  console.log(
    `${DAYS} days x ${CHANNELS} channels x 1 Hz: ${readings} readings in ${HOURS * 60 * CHANNELS} minutes of views, ${(statSync(join(folder, 'views.db')).size / 1e6).toFixed(0)} MB, filled in ${filledS.toFixed(1)} s; load ${loadavg()[0]?.toFixed(1)}`,
  );
  const views = openViews({ folder });
  const series = await time(TURNS, () => views.series(drawn, START_MS, END_MS, HOUR_MS));
  const route = await timeRoute(views);
  views.close();
  const rows = await timeRows(join(folder, 'rows.db'));
  const influx = await timeInflux();
  const all = { series, route, rows, influx };
  for (const [name, { points }] of Object.entries(all)) requireSame(name, series.points, points);
  const show = (name: string, { firstMs, medianMs, worstMs }: Timed) =>
    console.log(
      `  ${name.padEnd(44)} ${medianMs.toFixed(1).padStart(7)} ms, first ${firstMs.toFixed(1)}, worst ${worstMs.toFixed(1)}`,
    );
  show('Views.series', series);
  show('GET /api/v1/series', route);
  show('SQL over raw rows of this channel alone', rows);
  show('InfluxQL over raw points of this channel', influx);
  const ratios = {
    rows: Number((route.medianMs / rows.medianMs).toFixed(4)),
    influx: Number((route.medianMs / influx.medianMs).toFixed(4)),
  };
  console.log(
    `  the route is ${ratios.influx} of InfluxQL's time and ${ratios.rows} of SQL's; goal ${GOAL_MS} ms: ${Math.max(route.worstMs, series.worstMs) < GOAL_MS ? 'met' : 'missed'}`,
  );
  console.log(
    JSON.stringify({
      readings,
      points: series.points.length,
      ms: Object.fromEntries(
        Object.entries(all).map(([name, { firstMs, medianMs, worstMs }]) => [
          name,
          { firstMs, medianMs, worstMs },
        ]),
      ),
      ratios,
    }),
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
