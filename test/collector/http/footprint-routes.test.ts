import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { exportsOf } from '../../../cli/exports-of.ts';
import { openCollectorJournal, readKey } from '../../../cli/journal-access.ts';
import { sitePlanOf } from '../../../cli/site-plan-of.ts';
import { EXPORT_FORMATS, type ExportFormat } from '../../../collector/exports/export-formats.ts';
import type { ExportsPart } from '../../../collector/exports/exports-part.ts';
import type { FootprintRecord } from '../../../collector/footprint/record/footprint-record.ts';
import { FOOTPRINT_EXPORT } from '../../../collector/http/footprint-openapi.ts';
import { typeOf } from '../../../collector/http/footprint-routes.ts';
import { createWorkGate } from '../../../collector/http/work-gate.ts';
import type { Journal } from '../../../collector/journal/journal.ts';
import { loadCollectorConfig } from '../../../config/load.ts';
import { silentLog } from '../../../protocols/log.ts';
import { tellMarks } from '../reports/job-plant.ts';
import { derivePlant, plantConfig } from '../reports/period-plant.ts';
import { startPlantServer, type PlantServer } from './plant-server.ts';

const run = promisify(execFile);
const MILLWATT = join(import.meta.dirname, '../../../cli/millwatt.ts');
const FROM_MS = Date.UTC(2026, 6, 6, 4);
const HOUR_MS = 3_600_000;
const YAML = `
site: plant
broker: { url: mqtt://127.0.0.1:1883 }
data: .
calendar: { zone: Europe/Berlin }
footprint:
  company: { name: Example Machining Co, ids: [urn:lei:5493001KJTIIGC8Y1R12], country: DE }
  region: DE
  losses: 4.2
  lines: [{ id: line-a, machines: [mill-1] }]
  parts:
    - id: housing-7
      massKg: 3.2
      fossilCarbonKg: 0.013
      upstream: [{ stage: material, name: steel bar, kgCo2e: 4.48, source: supplier, primary: 100 }]
    - id: housing-8
machines: [{ id: mill-1, ratedPower: 15kW, metering: { supply: { ct: { class: '0.5' } } } }]
`;
const HEAD = 'id,region,year,gCo2ePerKwh,gases,gwp,boundary,basis,losses,isSupplierSpecific,source\n';
/** On the clocks of Berlin, as the command reads them too. */
const TIME = 'from=2026-07-06T06:00&to=2026-07-06T18:00';
const PART = 'machine=mill-1&part=housing-7';

let plant: Awaited<ReturnType<typeof derivePlant>>;
let journal: Journal;
let exports: ExportsPart;
let nowMs = 0;
let server: PlantServer;
/** Called whenever views are read. */
let seeRead = () => {};

beforeAll(async () => {
  plant = await derivePlant(FROM_MS, 12, { config: plantConfig() });
  const file = join(plant.dataFolder, 'collector.yaml');
  writeFileSync(file, YAML);
  journal = openCollectorJournal(plant.dataFolder, silentLog);
  const at = (hour: number) => new Date(FROM_MS + hour * HOUR_MS).toISOString();
  tellMarks(journal, 'mill-1', [
    { id: 'b', kind: 'begin', at: at(2), job: '4711', part: 'housing-7' },
    { id: 'e', kind: 'end', at: at(6), job: '4711', goodParts: 10 },
    { id: 'b2', kind: 'begin', at: at(7), job: '4712', part: 'housing-8' },
    { id: 'e2', kind: 'end', at: at(8), job: '4712', goodParts: 10 },
  ]);
  const { config, folder } = loadCollectorConfig(file);
  const views = new Proxy(plant.views, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      return (...asked: unknown[]): unknown => {
        seeRead();
        return Reflect.apply(value, target, asked);
      };
    },
  });
  exports = exportsOf(config, folder, {
    views,
    journal,
    sitePlan: sitePlanOf(config, process.versions['tz'] ?? ''),
    key: readKey(plant.dataFolder).publicKey,
  });
  server = await startPlantServer({ nowMs: () => nowMs, exports });
}, 60_000);
afterAll(async () => {
  await server.stop();
  journal.close();
  plant.close();
});

interface Answer {
  status: number;
  headers: Record<string, string | undefined>;
  trailers: Record<string, string | undefined>;
  bytes: Buffer;
}

function ask(path: string, headers: Record<string, string> = {}, port = server.port): Promise<Answer> {
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, path: `/api/v1/footprints/${path}`, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers as Answer['headers'],
          trailers: response.trailers,
          bytes: Buffer.concat(chunks),
        }),
      );
    })
      .on('error', reject)
      .end();
  });
}

function waitBusily(ms: number): void {
  const untilMs = performance.now() + ms;
  while (performance.now() < untilMs);
}

const digestOf = (bytes: Uint8Array) => `sha-256=:${createHash('sha256').update(bytes).digest('base64')}:`;
const errorOf = ({ bytes }: Answer) =>
  (JSON.parse(bytes.toString()) as { error: { message: string; cure: string } }).error;

/** The file that the command writes, and the wall ms that it was issued at. */
async function exported(
  format: string,
  of: string[],
): Promise<{ bytes: Buffer; name: string; issuedMs: number }> {
  const args = ['export', format, '-c', 'collector.yaml', ...of, '--json', '--force'];
  const range = ['--from', '2026-07-06T06:00', '--to', '2026-07-06T18:00'];
  const before = Date.now();
  const { stdout } = await run(process.execPath, [MILLWATT, ...args, ...range], { cwd: plant.dataFolder });
  const { file } = JSON.parse(stdout) as { file: string };
  const bytes = readFileSync(file);
  const [, issued] = /"(?:issued|created)": ?"([^"]+)"/.exec(bytes.toString('latin1')) ?? [];
  const issuedMs = issued === undefined ? before : Date.parse(issued);
  return { bytes, name: file.split('/').at(-1) ?? '', issuedMs };
}

describe('footprints over HTTP', () => {
  const formats = Object.keys(EXPORT_FORMATS) as ExportFormat[];

  test('json and pact are byte for byte what `millwatt export` writes at that time', async () => {
    for (const [format, of, query] of [
      ['json', ['--machine', 'mill-1'], 'machine=mill-1'],
      ['pact', ['--machine', 'mill-1', '--part', 'housing-7', '--issue', '2'], `${PART}&issue=2`],
    ] as const) {
      const { bytes, name, issuedMs } = await exported(format, [...of]);
      nowMs = issuedMs;
      const answer = await ask(`${format}?${query}&${TIME}`);
      expect(answer.status, answer.bytes.toString()).toBe(200);
      expect(answer.bytes.equals(bytes), format).toBe(true);
      expect(answer.headers['content-disposition']).toBe(`attachment; filename="${name}"`);
    }
  }, 60_000);

  test('parquet too, as a stream with its digest behind it', async () => {
    const { bytes, name } = await exported('parquet', ['--line', 'line-a']);
    const answer = await ask(`parquet?line=line-a&${TIME}`);
    expect(answer.bytes.equals(bytes)).toBe(true);
    expect(answer.headers).toMatchObject({
      'transfer-encoding': 'chunked',
      'content-type': 'application/vnd.apache.parquet',
      'content-disposition': `attachment; filename="${name}"`,
    });
    expect(answer.trailers['repr-digest']).toBe(digestOf(bytes));
    const etag = answer.headers['etag'] ?? '';
    expect(etag).toMatch(/^W\/"[\w-]{43}"$/);
    const again = await ask(`parquet?line=line-a&${TIME}`, { 'if-none-match': etag });
    expect(again).toMatchObject({ status: 304, bytes: Buffer.alloc(0) });
  }, 60_000);

  test.each(formats)('%s has its type, name and digest, as documented', async (format) => {
    nowMs = Date.UTC(2026, 6, 7);
    // Of hours there is none but of a machine.
    const subject = format === 'parquet' ? 'machine=mill-1' : PART;
    const answer = await ask(`${format}?${subject}&${TIME}`);
    expect(answer.status, answer.bytes.toString().slice(0, 300)).toBe(200);
    expect(answer.bytes.length).toBeGreaterThan(500);
    const type = (answer.headers['content-type'] ?? '').split(';')[0] ?? '';
    expect(type).toBe(typeOf(format).split(';')[0]);
    expect(Object.keys(FOOTPRINT_EXPORT.get.responses[200].content)).toContain(type);
    expect(answer.headers['content-disposition']).toMatch(
      /^attachment; filename="(?:housing-7|mill-1)\.[\w.-]+"$/,
    );
    expect(answer.headers['repr-digest'] ?? answer.trailers['repr-digest']).toBe(digestOf(answer.bytes));
    if (format !== 'parquet') {
      const etag = answer.headers['etag'] ?? '';
      const again = await ask(`${format}?${PART}&${TIME}`, { 'if-none-match': `"other", ${etag}` });
      expect(again.status).toBe(304);
    }
  });

  const refused: [string, string, number, RegExp][] = [
    ['an unknown format', `xml?machine=mill-1&${TIME}`, 404, /Formats are json, csv/],
    ['no subject', `json?${TIME}`, 400, /machine mill-1/],
    ['two views', `json?line=line-a&part=housing-7&${TIME}`, 400, /two readings of the same energy/],
    ['two subjects', `json?line=line-a&machine=mill-1&${TIME}`, 400, /two subjects/],
    ['an unknown machine', `json?machine=mill-2&${TIME}`, 404, /no machine "mill-2"/],
    ['an unknown line', `json?line=line-b&${TIME}`, 404, /Lines are: line-a/],
    ['an unknown part', `json?machine=mill-1&part=housing-9&${TIME}`, 404, /Known are housing-7/],
    ['a machine named as objects inherit', `json?machine=constructor&${TIME}`, 404, /no machine/],
    ['a line named as objects inherit', `json?line=constructor&${TIME}`, 404, /Lines are/],
    [
      'a time without energy',
      'json?machine=mill-1&from=2026-07-01&to=2026-07-02',
      422,
      /No energy of mill-1/,
    ],
    ['hours of a part', `parquet?${PART}&${TIME}`, 422, /housing-7 has a share of those of mill-1/],
    ['a year and a day', 'json?machine=mill-1&from=2025-01-01&to=2026-07-02', 400, /366 days/],
    ['a time that is none', 'json?machine=mill-1&from=yesterday', 400, /from "yesterday" is not a time/],
    ['an end before the begin', 'json?machine=mill-1&from=2026-07-02&to=2026-07-01', 400, /before/],
    ['no number of an issue', `json?machine=mill-1&issue=0&${TIME}`, 400, /number of an issue/],
    ['a misspelt parameter', `json?machin=mill-1&${TIME}`, 400, /"machin" is not known/],
    ['a parameter twice', `json?machine=mill-1&machine=mill-1&${TIME}`, 400, /machine/],
    ['an empty parameter', `json?machine=mill-1&part=&${TIME}`, 400, /part/],
  ];
  test.each(refused)('refuses %s, with a cure', async (_, path, status, words) => {
    nowMs = Date.UTC(2026, 6, 7);
    const answer = await ask(path);
    const { message, cure } = errorOf(answer);
    expect(answer.status, message).toBe(status);
    expect(`${message} ${cure}`).toMatch(words);
    expect(cure).not.toBe('');
    expect(`${message} ${cure}`).not.toContain('--');
  });

  test('refuses what a format demands and nobody declared', async () => {
    nowMs = Date.UTC(2026, 6, 7);
    const answer = await ask(`pact?machine=mill-1&part=housing-8&${TIME}`);
    expect(answer.status).toBe(422);
    expect(errorOf(answer).cure).toContain('massKgPerUnit');
    const without = await startPlantServer({ nowMs: () => nowMs });
    try {
      const none = await ask(`json?machine=mill-1&${TIME}`, {}, without.port);
      expect(none.status).toBe(404);
    } finally {
      await without.stop();
    }
  });

  test('says that nothing was declared, and nothing of a table that cannot be read', async () => {
    for (const [footprint, status, words] of [
      ['', 404, 'Add to it'],
      [
        'footprint: { company: { name: A, ids: [urn:a1:b], country: DE }, region: DE, tables: [secret.csv] }',
        500,
        'log',
      ],
    ] as const) {
      const file = join(plant.dataFolder, 'other.yaml');
      writeFileSync(file, `site: plant\nbroker: { url: mqtt://127.0.0.1:1883 }\ndata: .\n${footprint}\n`);
      writeFileSync(join(plant.dataFolder, 'secret.csv'), HEAD);
      const { config, folder } = loadCollectorConfig(file);
      rmSync(join(plant.dataFolder, 'secret.csv'));
      const sitePlan = sitePlanOf(config, 'tz');
      const other = await startPlantServer({
        nowMs: () => nowMs,
        exports: exportsOf(config, folder, { views: plant.views, journal, sitePlan, key: 'k' }),
      });
      try {
        const answer = await ask(`json?machine=mill-1&${TIME}`, {}, other.port);
        expect(answer.status).toBe(status);
        expect(errorOf(answer).cure).toContain(words);
        expect(answer.bytes.toString()).not.toContain('secret.csv');
      } finally {
        await other.stop();
      }
    }
  });

  test('one is made at a time, a few wait, the rest is turned away; those who leave make room', async () => {
    nowMs = Date.UTC(2026, 6, 7);
    seeRead = () => waitBusily(12);
    const all = await Promise.all(
      Array.from({ length: 14 }, () => ask(`json?machine=mill-1&${TIME}`)),
    ).finally(() => {
      seeRead = () => {};
    });
    const count = (wanted: number) => all.filter(({ status }) => status === wanted).length;
    // The first may be done before the last has come.
    expect(count(200)).toBeGreaterThanOrEqual(9);
    expect(count(503)).toBeGreaterThanOrEqual(2);
    expect(count(200) + count(503)).toBe(14);
    expect(errorOf(all.find(({ status }) => status === 503) as Answer).cure).toContain('half a minute');
    expect((await ask(`json?machine=mill-1&${TIME}`)).status).toBe(200);
  }, 60_000);

  test('others are served while a record is made, and a reader who leaves ends the work', async () => {
    nowMs = Date.UTC(2026, 6, 7);
    const path = 'json?machine=mill-1&from=2026-01-01&to=2026-07-07';
    let reads = 0;
    seeRead = () => (reads += 1);
    expect((await ask(path)).status).toBe(200);
    const whole = reads;
    reads = 0;
    // Each read takes as long as one of a slow disk.
    seeRead = () => {
      reads += 1;
      waitBusily(12);
    };
    try {
      const leaving = request({
        host: '127.0.0.1',
        port: server.port,
        path: `/api/v1/footprints/${path}`,
      });
      leaving.on('error', () => {});
      leaving.end();
      await vi.waitFor(() => expect(reads).toBeGreaterThan(2), 5_000);
      const startMs = performance.now();
      const health = await fetch(`http://127.0.0.1:${server.port}/healthz`);
      expect(health.status).toBe(200);
      expect(performance.now() - startMs).toBeLessThan(3_000);
      leaving.destroy();
      // Until nothing is read any more.
      for (let seen = -1; seen !== reads;) {
        seen = reads;
        await new Promise((resolve) => setTimeout(resolve, 500));
      }
      expect(reads).toBeLessThan(whole);
    } finally {
      seeRead = () => {};
    }
    const record = JSON.parse((await ask(`json?machine=mill-1&${TIME}`)).bytes.toString()) as FootprintRecord;
    expect(record.evidence.hours.count).toBe('12');
  }, 30_000);
});

test('readers of hours who leave in the last step of the record use up no place', async () => {
  nowMs = Date.UTC(2026, 6, 7);
  const path = 'line=line-a&from=2026-07-06T06:00&to=2026-07-06T07:00';
  let reads = 0;
  seeRead = () => (reads += 1);
  expect((await ask(`json?${path}`)).status).toBe(200);
  const last = reads;
  /** The server's end of the connection: what it hears of at once when a reader leaves. */
  let end: Socket | undefined;
  const note = (message: unknown) => {
    end = (message as { socket: Socket }).socket;
  };
  subscribe('http.server.request.start', note);
  try {
    // There are eight places.
    for (let times = 0; times < 9; times++) {
      reads = 0;
      seeRead = () => {
        reads += 1;
        if (reads !== last) return;
        end?.destroy();
        // Longer than a turn: when it goes on, nothing is left to do but to answer.
        waitBusily(12);
      };
      await expect(ask(`parquet?${path}`)).rejects.toThrow('socket hang up');
    }
  } finally {
    seeRead = () => {};
    unsubscribe('http.server.request.start', note);
  }
  expect((await ask(`parquet?${path}`)).status).toBe(200);
});

describe('a gate', () => {
  test('lets in by order, keeps count whatever happens, and forgets those who leave', async () => {
    const gate = createWorkGate({ atOnce: 1, waiting: 2 });
    const never = new AbortController().signal;
    const first = await gate.enter(never);
    const leaving = new AbortController();
    const [second, third] = [gate.enter(leaving.signal), gate.enter(never)];
    await expect(gate.enter(never)).rejects.toMatchObject({ status: 503 });
    leaving.abort();
    await expect(second).rejects.toMatchObject({ status: 499 });
    first();
    first();
    const leave = await third;
    const fourth = gate.enter(never);
    let isIn = false;
    void fourth.then(() => (isIn = true));
    await new Promise((resolve) => setImmediate(resolve));
    expect(isIn).toBe(false);
    leave();
    (await fourth)();
    const gone = new AbortController();
    gone.abort();
    await expect(gate.enter(gone.signal)).rejects.toMatchObject({ status: 499 });
    (await gate.enter(never))();
  });
});
