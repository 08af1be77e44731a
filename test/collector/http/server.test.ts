import { connect } from 'node:net';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { afterEach, describe, expect, test } from 'vitest';
import { openApiDocument } from '../../../collector/http/openapi.ts';
import { silentLog } from '../../../protocols/log.ts';
import { BROKER_CERT, BROKER_KEY } from '../../protocols/mqtt/tls-pems.ts';
import { sampleHour } from '../influx/machine-hour-sample.ts';
import { liveMessage, startPlantServer, type PlantServer } from './plant-server.ts';

const NOW_MS = Date.UTC(2026, 2, 3, 12, 30);
const HOUR_MS = Date.UTC(2026, 2, 3, 10);
const TOKEN = 'correct-horse-battery-staple-9';
const running: PlantServer[] = [];
afterEach(async () => {
  for (const server of running.splice(0)) await server.stop();
});

async function start(options: Partial<Parameters<typeof startPlantServer>[0]> = {}): Promise<PlantServer> {
  const minutes = Array.from({ length: 120 }, (_, minute) => ({
    channel: 'mill.supply.activePower',
    minuteMs: HOUR_MS + minute * 60_000,
    count: 60,
    min: 900,
    max: 1100 + minute,
    sum: 60_000,
    last: 1000,
    lastMs: HOUR_MS + minute * 60_000 + 59_000,
    squares: 0,
    steps: 0,
  }));
  const server = await startPlantServer({
    nowMs: () => NOW_MS,
    hours: [
      sampleHour(HOUR_MS),
      sampleHour(HOUR_MS + 3_600_000, { status: 'provisional', finalBy: null, revision: 0 }),
    ],
    minutes,
    ...options,
  });
  running.push(server);
  return server;
}

/** A request that may lie about its Host. */
function ask(
  server: PlantServer,
  path: string,
  headers: Record<string, string> = {},
  method = 'GET',
  body?: string,
) {
  return new Promise<{ status: number; headers: Record<string, unknown>; text: string }>(
    (resolve, reject) => {
      const sent = httpRequest(
        { host: '127.0.0.1', port: server.port, path, headers, method },
        (response) => {
          let text = '';
          response.on('data', (chunk) => (text += String(chunk)));
          response.on('end', () =>
            resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
          );
        },
      );
      sent.on('error', reject);
      sent.end(body);
    },
  );
}

const json = async (server: PlantServer, path: string) => JSON.parse((await ask(server, path)).text);

describe('the API', () => {
  test('machines with power and state', async () => {
    const server = await start();
    expect((await json(server, '/api/v1/machines')).machines).toEqual([
      expect.objectContaining({
        id: 'mill',
        name: 'Mill <3>',
        state: 'unknown',
        decider: 'none',
        basis: '',
        powerW: null,
        atMs: null,
      }),
    ]);
    server.board.put('gateway', liveMessage('mill', NOW_MS, 2345));
    server.board.put('gateway', liveMessage('lathe', NOW_MS, 10));
    const { machines } = await json(server, '/api/v1/machines');
    expect(machines).toEqual([
      expect.objectContaining({
        id: 'mill',
        state: 'processing',
        decider: 'bands',
        basis: 'from 2000 W, calibration 1',
        powerW: 2345,
        stale: false,
        ratedPowerW: 15_000,
      }),
      expect.objectContaining({
        id: 'lathe',
        state: 'off',
        decider: 'power',
        basis: 'below 50 W',
        powerW: 10,
        configured: false,
      }),
    ]);
    expect(machines[0].channels).toEqual(['mill.supply.activePower']);
  });

  test('machine-hours as JSON and CSV', async () => {
    const server = await start();
    const { hours } = await json(server, '/api/v1/machines/mill/hours');
    expect(hours).toEqual([sampleHour(HOUR_MS), expect.objectContaining({ status: 'provisional' })]);
    const later = await json(
      server,
      `/api/v1/machines/mill/hours?from=${HOUR_MS + 1}&to=2026-03-03T12:00:00%2B00:00`,
    );
    expect(later.hours).toHaveLength(1);
    const csv = await ask(server, '/api/v1/machines/mill/hours?format=csv');
    expect(csv.headers['content-type']).toContain('text/csv');
    const [head, first] = csv.text
      .trim()
      .split('\r\n')
      .map((row) => row.split(','));
    const row = Object.fromEntries((head ?? []).map((name, index) => [name, first?.[index]]));
    expect(row).toMatchObject({
      hour_start_utc: '2026-03-03T10:00:00.000Z',
      machine: 'mill',
      energy_wh: '5400.001',
      mean_power_w: '5400.0',
      energy_processing_wh: '4200.001',
      seconds_unknown: '720',
      status: 'final',
      reasons: 'gap',
    });
  });

  test('states with what decided them, as JSON and CSV', async () => {
    const spans = [
      { fromMs: HOUR_MS, toMs: HOUR_MS + 60_000, state: 'off', decider: 'power', basis: 'below 50 W' },
      {
        fromMs: HOUR_MS + 60_000,
        toMs: HOUR_MS + 90_000,
        state: 'processing',
        decider: 'control',
        basis: 'mill.control.execution=A "quoted"\nword',
      },
    ] as const;
    const server = await start({ spans: [{ machine: 'mill', spans }] });
    const all = await json(server, '/api/v1/machines/mill/states');
    expect(all.spans).toEqual(spans);
    const cut = await json(
      server,
      `/api/v1/machines/mill/states?from=${HOUR_MS + 30_000}&to=${HOUR_MS + 60_000}`,
    );
    expect(cut.spans).toEqual([{ ...spans[0], fromMs: HOUR_MS + 30_000 }]);
    const csv = await ask(server, '/api/v1/machines/mill/states?format=csv');
    expect(csv.text.split('\r\n')).toEqual([
      'from_utc,to_utc,machine,state,seconds,decided_by,basis',
      '2026-03-03T10:00:00.000Z,2026-03-03T10:01:00.000Z,mill,off,60,power,"below 50 W"',
      '2026-03-03T10:01:00.000Z,2026-03-03T10:01:30.000Z,mill,processing,30,control,"mill.control.execution=A ""quoted"" word"',
      '',
    ]);
  });

  test('a chart of a channel', async () => {
    const server = await start();
    const series = await json(server, '/api/v1/series?machine=mill&channel=supply.activePower&step=30min');
    expect(series).toMatchObject({ unit: 'W', stepMs: 1_800_000 });
    expect(series.points).toEqual(
      [29, 59, 89, 119].map((last, index) => ({
        fromMs: HOUR_MS + index * 1_800_000,
        min: 900,
        max: 1100 + last,
        mean: 1000,
      })),
    );
  });

  test.each([
    ['/api/v1/machines/mill/hours?from=yesterday', 400, 'from', 'ISO time'],
    ['/api/v1/machines/mill/hours?from=2026-03-01T00:00:00', 400, 'from', 'zone'],
    ['/api/v1/machines/mill/hours?from=2026-13-01', 400, 'from', 'ISO time'],
    ['/api/v1/machines/mill/hours?from=2026-02-30T06:00:00Z', 400, 'from', 'ISO time'],
    ['/api/v1/machines/mill/hours?from=2026-03-02&to=2026-03-01', 400, 'from', 'before'],
    ['/api/v1/machines/mill/hours?from=2020-03-02&to=2026-03-01', 400, 'from', '366 days'],
    ['/api/v1/machines/mill/hours?from=1&from=2', 400, 'from', 'once'],
    ['/api/v1/machines/mill/states?from=2026-01-01', 400, 'from', '31 days'],
    ['/api/v1/machines/mill/hours?format=xml', 400, 'format', 'json or csv'],
    ['/api/v1/machines/mill/hours?frm=1', 400, 'frm', 'from, to, format'],
    ['/api/v1/machines/..%2F..%2Fetc/hours', 400, 'machine', '/api/v1/machines'],
    ['/api/v1/machines/robot/hours', 404, 'robot', '/api/v1/machines'],
    ['/api/v1/series', 400, 'Parameter machine is missing.', '/api/v1/machines'],
    ['/api/v1/series?machine=mill&channel=a%20b', 400, 'channel', 'supply.activePower'],
    ['/api/v1/series?machine=mill&channel=supply.torque', 404, 'supply.torque', '/api/v1/machines'],
    ['/api/v1/series?machine=mill&step=90s', 400, 'step', 'whole minutes'],
    ['/api/v1/series?machine=mill&step=1min&from=2025-03-01', 400, 'step', 'wider step'],
    ['/api/v1/machines?limit=5', 400, 'limit', 'no parameters'],
    ['/api/v2/machines', 404, 'nothing', 'openapi.json'],
  ])('%s answers %i and names %s', async (path, status, named, cure) => {
    const answer = await ask(await start(), path);
    expect(answer.status).toBe(status);
    const { error } = JSON.parse(answer.text);
    expect(error.message).toContain(named);
    expect(error.cure).toContain(cure);
    expect(Object.keys(JSON.parse(answer.text))).toEqual(['error']);
  });

  test.each(['2026-03-03T15:30:00%2B05:30', '2026-03-03T15:30:00+05:30', '2026-03-03T10:00:00Z', HOUR_MS])(
    'an hour may be asked for as %s',
    async (from) => {
      const { fromMs, hours } = await json(await start(), `/api/v1/machines/mill/hours?from=${from}`);
      expect(fromMs).toBe(HOUR_MS);
      expect(hours).toHaveLength(2);
    },
  );

  test('what breaks inside stays inside, and in the log', async () => {
    const logged: object[] = [];
    const log = { ...silentLog, error: (fields: object) => void logged.push(fields) };
    const server = await start({ failingViews: true, log });
    const answer = await ask(server, '/api/v1/machines/mill/hours');
    expect(answer.status).toBe(500);
    expect(answer.text).not.toMatch(/SQLITE|secret/);
    expect(JSON.stringify(logged)).toContain('SQLITE_CORRUPT');
  });

  test('the description names exactly the routes there are, and every answer has what it promises', async () => {
    const server = await start({ journal: journalOfReadings() });
    server.board.put('gateway', liveMessage('mill', NOW_MS, 2345));
    const document = (await json(server, '/api/v1/openapi.json')) as {
      paths: Record<string, { get: { responses: { 200: { content: Record<string, { schema: Schema }> } } } }>;
      components: { schemas: Record<string, Schema> };
    };
    expect(document).toEqual(JSON.parse(JSON.stringify(openApiDocument('1.2.3'))));
    for (const [path, { get }] of Object.entries(document.paths)) {
      // Footprints have a test of their own.
      if (path === '/api/v1/live' || path === '/api/v1/footprints/{format}') continue;
      const answer = await ask(
        server,
        path.replace('{id}', 'mill').replace('{hour}', String(HOUR_MS)) +
          (path === '/api/v1/series' ? '?machine=mill' : ''),
      );
      expect(answer.status, path).toBe(200);
      const [type = '', { schema } = { schema: {} }] = Object.entries(get.responses[200].content)[0] ?? [];
      expect(answer.headers['content-type'], path).toContain(type);
      if (type === 'application/json') expectMatches(JSON.parse(answer.text), schema, path);
    }
    const undocumented = await ask(server, '/api/v1/anything');
    expect(undocumented.status).toBe(404);

    function expectMatches(value: unknown, schema: Schema, at: string): void {
      const name = schema.$ref?.split('/').at(-1);
      if (name !== undefined)
        return expectMatches(value, document.components.schemas[name] ?? {}, `${at} ${name}`);
      if (schema.type === 'object' && schema.properties !== undefined) {
        expect(Object.keys(value as object).sort(), at).toEqual(
          expect.arrayContaining(schema.required ?? []),
        );
        for (const [key, property] of Object.entries(schema.properties))
          expectMatches((value as Record<string, unknown>)[key], property, `${at}.${key}`);
      } else if (schema.type === 'array') {
        for (const item of value as unknown[]) expectMatches(item, schema.items ?? {}, `${at}[]`);
      } else if (schema.type !== undefined) {
        const type = schema.type === 'integer' ? 'number' : schema.type;
        expect(typeof value, at).toBe(type);
      }
    }
  });
});

/** Two readings of a main meter, a day apart. */
function journalOfReadings(): NonNullable<Parameters<typeof startPlantServer>[0]['journal']> {
  const entries = [0, 1].map((day) => ({
    seq: day + 1,
    atMs: NOW_MS,
    kind: 'reading' as const,
    machine: 'mill',
    by: 'Anna',
    body: {
      v: 1,
      readAtMs: NOW_MS - (1 - day) * 86_400_000,
      withinMs: 60_000,
      shown: String(100 + day),
      unit: 'kWh',
      errorPercent: 2,
      note: '',
    },
    prev: '',
    hash: '',
    signature: '',
  }));
  return { entries: (kind) => (kind === 'reading' ? entries : []), page: () => entries };
}

interface Schema {
  $ref?: string;
  type?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
}

describe('/metrics', () => {
  test('power, state, conservation of readings, ledger and what others add', async () => {
    const server = await start();
    server.board.put('gateway', liveMessage('mill', NOW_MS, 2345.5));
    server.agents.push({
      id: 'gateway',
      online: true,
      version: '1',
      lastSeenMs: NOW_MS - 1500,
      chain: { epoch: 'e', headSeq: 9, contiguousSeq: 7, records: 8, samples: 800 },
      health: {
        v: 1,
        at: NOW_MS,
        version: '1',
        uptimeS: 1,
        host: { cpuLoad: null, memoryUsedShare: null, diskFreeBytes: null, cpuTemperatureDegC: null },
        process: { rssBytes: 1, eventLoopDelayMs: 1 },
        spool: {
          epoch: 'e',
          headSeq: 9,
          records: { sealed: 9, receipted: 8, pending: 1, rejected: 0 },
          samples: { sampled: 907, receipted: 800, pending: 100, rejected: 7, dropped: 0 },
          bytes: 4096,
        },
        receipts: { obeyed: 40, forged: 2 },
        sources: [
          { id: 'meter "A"\n', up: false, reason: 'timeout', polls: 1, failures: 1, lastReadingAgeMs: null },
        ],
        clock: { wall: NOW_MS, state: 'synced' },
      },
    });
    const { text, headers } = await ask(server, '/metrics');
    expect(headers['content-type']).toContain('version=0.0.4');
    for (const line of [
      'millwatt_machine_power_watts{machine="mill"} 2345.5',
      'millwatt_machine_state{machine="mill"} 5',
      'millwatt_agent_samples_total{agent="gateway",fate="sampled"} 907',
      'millwatt_agent_samples_total{agent="gateway",fate="rejected"} 7',
      'millwatt_agent_samples_total{agent="gateway",fate="pending"} 100',
      'millwatt_agent_receipts_total{agent="gateway",fate="forged"} 2',
      'millwatt_agent_last_seen_seconds{agent="gateway"} 1.5',
      'millwatt_agent_source_up{agent="gateway",source="meter \\"A\\"\\n"} 0',
      'millwatt_chain_missing_records{agent="gateway"} 2',
      'millwatt_ledger_bytes 65536',
      'millwatt_influx_lag_records 3',
    ])
      expect(text.split('\n')).toContain(line);
    for (const line of text.trim().split('\n'))
      expect(line).toMatch(
        /^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\{[a-z_]+="([^"\\\n]|\\.)*"(,[a-z_]+="([^"\\\n]|\\.)*")*\})? -?[\d.e+-]+)$/,
      );
  });
});

describe('/api/v1/live', () => {
  test('gives every machine at once and changes afterwards, at most twice a second each', async () => {
    const server = await start();
    server.board.put('gateway', liveMessage('mill', NOW_MS, 1000));
    const events = await follow(server);
    await events.until((all) => all.some(({ event }) => event === 'machine'));
    expect(events.seen[0]).toEqual({ event: 'beat', data: { nowMs: NOW_MS, speed: 1 } });
    expect(events.seen[1]).toMatchObject({
      event: 'machine',
      data: { machine: 'mill', powerW: 1000, state: 'standby' },
    });
    const before = events.seen.length;
    for (let index = 1; index <= 200; index++)
      server.board.put('gateway', liveMessage('mill', NOW_MS + index, 1000 + index));
    await events.until((all) => all.some(({ data }) => data['powerW'] === 1200));
    expect(events.seen.slice(before).filter(({ event }) => event === 'machine').length).toBeLessThanOrEqual(
      2,
    );
    events.end();
  });

  test('two agents of one machine are shown as one; a lost one takes nothing away from the other', async () => {
    const server = await start();
    server.board.put('a', liveMessage('mill', NOW_MS, 1000));
    const values = {
      'mill.spindle.activePower': { value: 5, unit: 'W', ageMs: 0, quality: 'good' as const },
    };
    server.board.put(
      'b',
      liveMessage('mill', NOW_MS, null, { values, down: [{ source: 'spindle', reason: 'timeout' }] }),
    );
    expect(server.board.read('mill')).toMatchObject({
      powerW: 1000,
      down: [{ agent: 'b', source: 'spindle', reason: 'timeout' }],
      values: { 'mill.spindle.activePower': { value: 5 } },
    });
  });

  test('a value that is no channel of the machine is not shown', async () => {
    const server = await start();
    const message = liveMessage('mill', NOW_MS, 1);
    const hostile = JSON.parse(
      '{"__proto__":{"value":1},"lathe.supply.activePower":{"value":1},"x":{"value":1}}',
    );
    server.board.put('a', { ...message, values: { ...message.values, ...hostile } });
    expect(Object.keys(server.board.read('mill')?.values ?? {})).toEqual(Object.keys(message.values));
  });

  test('no more pages than a hundred follow at once, and one that leaves makes room', async () => {
    const server = await start();
    const pages = await Promise.all(Array.from({ length: 100 }, () => openStream(server)));
    expect((await ask(server, '/api/v1/live')).status).toBe(503);
    pages[0]!.destroy();
    await expect
      .poll(async () => {
        const page = await openStream(server).catch(() => undefined);
        page?.destroy();
        return page !== undefined;
      })
      .toBe(true);
    for (const page of pages) page.destroy();
  });

  test('to ask only for the head of the stream opens none', async () => {
    const server = await start();
    expect((await ask(server, '/api/v1/live', {}, 'HEAD')).status).toBe(404);
  });

  test('closing the server ends the streams', async () => {
    const server = await start();
    const events = await follow(server);
    await server.close();
    await events.ended;
  });

  /** A page that follows and never reads on. */
  function openStream(server: PlantServer) {
    return new Promise<IncomingMessage>((resolve, reject) => {
      const sent = httpRequest({ host: '127.0.0.1', port: server.port, path: '/api/v1/live' }, (response) => {
        if (response.statusCode === 200) resolve(response);
        else {
          response.destroy();
          reject(new Error(`answer ${response.statusCode}`));
        }
      });
      sent.on('error', reject);
      sent.end();
    });
  }

  async function follow(server: PlantServer) {
    const response = await fetch(`${server.url}/api/v1/live`);
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
    const seen: { event: string; data: Record<string, unknown> }[] = [];
    let text = '';
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    let tell = (): void => {};
    const ended = (async () => {
      for (;;) {
        const { done, value } = await reader.read().catch(() => ({ done: true, value: undefined }));
        if (done) break;
        text += value;
        const blocks = text.split('\n\n');
        text = blocks.pop() ?? '';
        for (const block of blocks) {
          const [, event = '', data = '{}'] = /^event: (\w+)\ndata: (.*)$/.exec(block) ?? [];
          seen.push({ event, data: JSON.parse(data) });
        }
        tell();
      }
    })();
    return {
      seen,
      ended,
      until: async (holds: (all: typeof seen) => boolean) => {
        while (!holds(seen)) await new Promise<void>((resolve) => (tell = resolve));
      },
      end: () => void reader.cancel(),
    };
  }
});

describe('who may ask', () => {
  test.each([
    ['0.0.0.0', undefined, undefined, /http.token and http.cert/],
    ['192.168.1.10', TOKEN, undefined, /http.cert/],
    ['::', undefined, { cert: 'x', key: 'x' }, /http.token/],
    ['127.0.0.1', 'short', undefined, /openssl rand/],
  ])('on %s with token %s it refuses to start', async (host, token, tls, cure) => {
    await expect(start({ address: { host, token, tls } })).rejects.toMatchObject({
      remedy: 'refuse',
      cure: expect.stringMatching(cure),
    });
  });

  test('a port that is taken is named with a cure', async () => {
    const { port } = await start();
    await expect(start({ address: { port } })).rejects.toMatchObject({
      code: 'http-port',
      message: expect.stringContaining(String(port)),
      cure: expect.stringContaining('http.port'),
    });
  });

  test('without the token there is only the page and the pulse', async () => {
    const server = await start({ address: { token: TOKEN } });
    for (const path of ['/', '/assets/dashboard.css', '/healthz'])
      expect((await ask(server, path)).status).toBe(200);
    const guarded = [
      '/api/v1/machines',
      '/api/v1/agents',
      '/api/v1/live',
      '/api/v1/openapi.json',
      '/metrics',
      '/nothing',
    ];
    for (const path of guarded) {
      const answer = await ask(server, path);
      expect(answer.status, path).toBe(401);
      expect(answer.headers['www-authenticate']).toBe('Bearer');
    }
    for (const wrong of [
      `Bearer ${TOKEN}x`,
      `bearer ${TOKEN}`,
      `Basic ${TOKEN}`,
      'Bearer ',
      `Bearer  ${TOKEN}`,
    ])
      expect((await ask(server, '/api/v1/machines', { authorization: wrong })).status, wrong).toBe(401);
    expect((await ask(server, '/api/v1/machines', { authorization: `Bearer ${TOKEN}` })).status).toBe(200);
  });

  test('guessing is slowed down', async () => {
    const server = await start({ address: { token: TOKEN } });
    const statuses = new Set<number>();
    for (let guess = 0; guess < 30; guess++)
      statuses.add((await ask(server, '/metrics', { authorization: `Bearer guess-${guess}` })).status);
    expect([...statuses].toSorted((a, b) => a - b)).toEqual([401, 429]);
  });

  test('a foreign name that points here is turned away (DNS rebinding), our own names are not', async () => {
    const server = await start();
    for (const host of ['evil.example', 'evil.example:8484', '127.0.0.1.evil.example'])
      expect((await ask(server, '/api/v1/machines', { host })).status, host).toBe(421);
    for (const host of ['localhost', 'LOCALHOST:1', '127.0.0.1:8484', '[::1]:8484'])
      expect((await ask(server, '/api/v1/machines', { host })).status, host).toBe(200);
  });

  test('every answer carries the headers that keep pages apart, and none allows other origins', async () => {
    const server = await start();
    for (const path of ['/', '/api/v1/machines', '/nothing', '/metrics', '/assets/uplot.js']) {
      const { headers } = await ask(server, path, { origin: 'http://evil.example' });
      expect(headers['content-security-policy'], path).toContain("default-src 'none'");
      expect(headers['x-content-type-options'], path).toBe('nosniff');
      expect(Object.keys(headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
    }
  });

  test('nothing can be written, and nothing else of the folders can be read', async () => {
    const server = await start();
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH'])
      expect((await ask(server, '/api/v1/machines', {}, method)).status, method).toBe(403);
    expect((await ask(server, '/assets/..%2F..%2Fserver.ts')).status).toBe(404);
    expect((await ask(server, '/assets/%2e%2e/server.ts')).status).toBe(404);
  });

  test.each([
    ['a request that never ends', undefined, 'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n'],
    ['a connection that never asks', undefined, ''],
    ['a TLS greeting that never comes', { cert: BROKER_CERT, key: BROKER_KEY }, ''],
  ])('%s is cut off', async (_, tls, sent) => {
    const server = await start({ address: { requestTimeoutMs: 1000, tls } });
    const socket = connect(server.port, '127.0.0.1');
    const startMs = performance.now();
    socket.write(sent);
    await new Promise<void>((resolve) => {
      socket.on('close', () => resolve());
      socket.on('error', () => resolve());
      socket.resume();
    });
    expect(performance.now() - startMs).toBeLessThan(9000);
  });
});

describe('for others to see', () => {
  test('a connection that never speaks TLS does not hold up the end', async () => {
    const server = await start({ address: { tls: { cert: BROKER_CERT, key: BROKER_KEY } } });
    const socket = connect(server.port, '127.0.0.1');
    const closed = new Promise<void>((resolve) => socket.on('close', () => resolve()));
    socket.on('error', () => {}).resume();
    await new Promise<void>((resolve) => socket.once('connect', () => resolve()));
    await server.close();
    await closed;
  });

  test('with a token and TLS it listens wider, speaks only TLS, and takes any name', async () => {
    const server = await start({
      address: { host: '0.0.0.0', token: TOKEN, tls: { cert: BROKER_CERT, key: BROKER_KEY } },
    });
    expect(server.url).toMatch(/^https:\/\/localhost:\d+$/);
    await expect(ask(server, '/healthz')).rejects.toThrow();
    const answer = await new Promise<{ status: number; text: string }>((resolve, reject) => {
      const sent = httpsRequest(
        {
          host: '127.0.0.1',
          port: server.port,
          path: '/api/v1/site',
          ca: BROKER_CERT,
          // Its name is another one; only that it speaks with this certificate matters here.
          checkServerIdentity: () => undefined,
          headers: { authorization: `Bearer ${TOKEN}`, host: 'collector.plant.example' },
        },
        (response) => {
          let text = '';
          response.on('data', (chunk) => (text += String(chunk)));
          response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
        },
      );
      sent.on('error', reject);
      sent.end();
    });
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.text)).toMatchObject({
      site: 'plant',
      publicKey: 'k'.repeat(43),
      retention: null,
    });
  });
});

test('the journal comes in pages, newest last, and names what it does not take', async () => {
  const server = await start({ journal: journalOfReadings() });
  const asked = '/api/v1/journal?limit=1&machine=mill&after=0&from=2026-03-01&kind=reading';
  expect(await json(server, asked)).toMatchObject({
    nextAfter: 1,
    entries: [
      { seq: 1, kind: 'reading', by: 'Anna', saying: expect.stringMatching(/^mill showed 100 kWh at /) },
    ],
  });
  for (const query of ['kind=note', 'limit=0', 'limit=1001', 'after=-1', 'machine=a.b', 'since=1'])
    expect((await ask(server, `/api/v1/journal?${query}`)).status, query).toBe(400);
});
