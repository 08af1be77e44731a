import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { openInfluxStore } from '../../../collector/influx/http-influx-store.ts';
import { createBatchReader } from '../../../collector/influx/ledger-batches.ts';
import { startProjector } from '../../../collector/influx/projector.ts';
import { openQuarantineFile } from '../../../collector/influx/quarantine-file.ts';
import { SteppedClock } from '../../../protocols/clock.ts';
import { silentLog, type Log } from '../../../protocols/log.ts';
import { startFakeInflux, type SeenRequest, type Step } from './fake-influx.ts';
import { createMemoryLedger } from './memory-ledger.ts';
import { createPlant, millPart, START_MS } from './plant-records.ts';

/*
 * Every answer that an InfluxDB can give to a write, of 1.x, 2.x and 3.x, and what becomes of it. Whatever it is, in the
 * end every line that was made is stored, beyond the retention, or in quarantine with the server's reason: none is lost,
 * none is twice, nothing waits for ever. The server is a scripted fake: no healthy one gives these answers.
 */

const WAITS = { idleMs: 20, retryMs: 1, retryMaxMs: 10, haltMs: 2 };
const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

type Class = 'taken' | 'retry' | 'split' | 'quarantine' | 'halt';
interface Fault {
  name: string;
  /** What has to become of it. */
  ends: Class;
  /** What the server does with a request, by its lines and how many it has answered so; undefined: it takes all. */
  step: (lines: string[], seen: number, request: SeenRequest) => Step | undefined;
  /** Lines that may end in quarantine. */
  bad?: (line: string) => boolean;
  /** Lines that the server throws away, as beyond its retention. */
  old?: (line: string) => boolean;
  /** The server keeps the good lines of a request that it answers so. */
  keepsGood?: boolean;
  /** Of which versions; all without. */
  versions?: (1 | 2 | 3)[];
  /** What the figures say while it lasts. */
  says?: RegExp;
}

const isBad = (line: string) => line.includes('u_v=230.5 ');
const isOld = (line: string) => Number(line.slice(line.lastIndexOf(' ') + 1)) < START_MS + 3000;
const json = (status: number, said: object, headers?: Record<string, string>): Step => ({
  status,
  body: JSON.stringify(said),
  ...(headers === undefined ? {} : { headers }),
});
/** The same answer twice, then none: it heals. */
const twice = (step: Step) => (_lines: string[], seen: number) => (seen < 2 ? step : undefined);
const heals = (name: string, ends: Class, step: Step, says?: RegExp): Fault => ({
  name,
  ends,
  step: twice(step),
  ...(says === undefined ? {} : { says }),
});
const refuses = (answer: Step) => (lines: string[]) => (lines.some(isBad) ? answer : undefined);

const FAULTS: Fault[] = [
  { name: '204', ends: 'taken', step: () => ({ status: 204 }) },
  { name: '200 without a word', ends: 'taken', step: () => ({ status: 200 }) },
  { name: '200 {}', ends: 'taken', step: () => json(200, { results: [{}] }) },
  { name: '201', ends: 'taken', step: () => ({ status: 201 }), versions: [2, 3] },
  {
    name: '201 with an error in the body: partial',
    ends: 'quarantine',
    step: refuses(json(201, { error: 'partial write: field type conflict dropped=1' })),
    bad: isBad,
    keepsGood: true,
  },
  {
    name: '400 field type conflict, partial',
    ends: 'quarantine',
    step: refuses(
      json(400, {
        error:
          'partial write: field type conflict: input field "u_v" is type float, already exists as type integer dropped=1',
      }),
    ),
    bad: isBad,
    keepsGood: true,
  },
  {
    name: '400 parse error, nothing kept',
    ends: 'quarantine',
    step: refuses(
      json(400, { code: 'invalid', message: "unable to parse 'power u_v=': missing field value" }),
    ),
    bad: isBad,
  },
  {
    name: '400 for a reason nobody knows',
    ends: 'quarantine',
    step: refuses(json(400, { error: 'not this one' })),
    bad: isBad,
  },
  {
    name: '400 partial that names its lines (3.x)',
    ends: 'quarantine',
    step: (lines) => {
      const data = lines.flatMap((line, index) =>
        isBad(line)
          ? [
              {
                original_line: line,
                line_number: index + 1,
                error_message: 'invalid column type for column u_v',
              },
            ]
          : [],
      );
      return data.length === 0
        ? undefined
        : json(400, { error: 'partial write of line protocol occurred', data });
    },
    bad: isBad,
    keepsGood: true,
    versions: [3],
  },
  {
    name: '400 that names one line and keeps none (3.x)',
    ends: 'quarantine',
    step: (lines) => {
      const index = lines.findIndex(isBad);
      const data = { original_line: lines[index], line_number: index + 1, error_message: 'no such type' };
      return index < 0 ? undefined : json(400, { error: 'parsing failed for write_lp endpoint', data });
    },
    bad: isBad,
    versions: [3],
  },
  {
    name: '400 that names lines which are not there (3.x)',
    ends: 'quarantine',
    step: (lines) =>
      lines.some(isBad)
        ? json(400, {
            error: 'partial write of line protocol occurred',
            data: [{ line_number: 900, error_message: 'no' }, { line_number: -1 }, null],
          })
        : undefined,
    bad: isBad,
    versions: [3],
  },
  {
    name: '400 points beyond the retention',
    ends: 'taken',
    step: (lines) => {
      const dropped = lines.filter(isOld).length;
      return dropped === 0
        ? undefined
        : json(400, { error: `partial write: points beyond retention policy dropped=${dropped}` });
    },
    old: isOld,
    keepsGood: true,
    versions: [1],
  },
  {
    name: '422 points beyond the retention',
    ends: 'taken',
    step: (lines) => {
      const dropped = lines.filter(isOld).length;
      const message = `failure writing points to database: partial write: points beyond retention policy dropped=${dropped}`;
      return dropped === 0 ? undefined : json(422, { code: 'unprocessable entity', message });
    },
    old: isOld,
    keepsGood: true,
    versions: [2, 3],
  },
  {
    name: '422 for some lines',
    ends: 'quarantine',
    step: refuses(json(422, { code: 'unprocessable entity', message: 'schema mismatch at these points' })),
    bad: isBad,
  },
  {
    name: '400 to every line, whatever it is',
    ends: 'halt',
    step: (_lines, seen) => (seen < 150 ? json(400, { error: 'database is required' }) : undefined),
    says: /to every line/,
  },
  heals('400 of a proxy', 'halt', { status: 400, body: '<html>plain HTTP to an HTTPS port</html>' }, /.*/),
  heals('401', 'halt', json(401, { error: 'authorization failed' }), /authorization failed/),
  heals('403', 'halt', json(403, { error: 'not authorized to write' }), /not authorized/),
  heals('404 database', 'halt', json(404, { error: 'database not found: "millwatt"' }), /not found/),
  heals(
    '404 bucket',
    'halt',
    json(404, { code: 'not found', message: 'bucket "millwatt" not found' }),
    /bucket/,
  ),
  heals('405', 'halt', { status: 405 }, /405/),
  heals('408', 'retry', { status: 408 }),
  {
    name: '408 as long as a request is large',
    ends: 'split',
    step: (lines) => (lines.length > 40 ? { status: 408 } : undefined),
  },
  {
    name: '413',
    ends: 'split',
    step: (lines) => (lines.length > 20 ? { status: 413 } : undefined),
  },
  { name: '413 for one line', ends: 'quarantine', step: refuses({ status: 413 }), bad: isBad },
  heals('429 with Retry-After in seconds', 'retry', json(429, { error: 'slow' }, { 'retry-after': '0.01' })),
  heals(
    '429 with Retry-After as a date',
    'retry',
    json(429, { error: 'slow' }, { 'retry-after': new Date(START_MS + 10).toUTCString() }),
  ),
  heals('500', 'retry', json(500, { error: 'engine: cache-max-memory-size exceeded' })),
  {
    name: '500 for ever, for some lines',
    ends: 'quarantine',
    step: refuses(json(500, { error: 'panic: runtime error' })),
    bad: isBad,
  },
  heals('502', 'retry', { status: 502, body: '<html>bad gateway</html>' }),
  heals('503', 'retry', json(503, { error: 'overloaded' }, { 'retry-after': '0' })),
  heals('504', 'retry', { status: 504 }),
  heals('507 disk full', 'retry', json(507, { error: 'no space left on device' })),
  heals('silence', 'retry', 'hang'),
  heals('a reset before the answer', 'retry', 'reset'),
  heals('a reset in the middle of the body', 'retry', 'reset-in-body'),
  heals('half an answer', 'retry', 'half-answer'),
  heals('bytes that are no HTTP', 'retry', 'garbage'),
  heals(
    'a redirect',
    'halt',
    { status: 307, headers: { location: 'http://u:p@127.0.0.9:1/x' } },
    /a redirect to http:\/\/127\.0\.0\.9:1;/,
  ),
  heals('200 with a page', 'halt', { status: 200, body: '<!doctype html><title>Sign in</title>' }, /Sign in/),
  heals('200 with bytes', 'halt', { status: 200, body: '\u0000\u0001\u0002' }, /200/),
];

const CASES = FAULTS.flatMap((fault) =>
  (fault.versions ?? [1, 2, 3]).map(
    (version) => [`${version}.x: ${fault.name}: ${fault.ends}`, version, fault] as const,
  ),
);

describe('T11, a scripted fake', () => {
  test.each(CASES)('%s', async (_name, version, fault) => {
    const stored = new Map<string, number>();
    let seen = 0;
    const authorizations = new Set<string>();
    const fake = await startFakeInflux([], (request) => {
      if (!request.url.includes('write')) return undefined;
      authorizations.add(request.authorization);
      const lines = request.body.split('\n');
      const step = fault.step(lines, seen, request);
      const isTaken =
        step === undefined || (typeof step === 'object' && step.status < 300 && fault.ends === 'taken');
      if (isTaken || fault.keepsGood === true)
        for (const line of lines)
          if (fault.bad?.(line) !== true && fault.old?.(line) !== true)
            stored.set(line, (stored.get(line) ?? 0) + 1);
      if (step === undefined) return { status: 204 };
      seen++;
      return step;
    });
    closers.push(() => fake.stop());
    const folder = mkdtempSync(join(tmpdir(), 'millwatt-t11-'));
    closers.push(() => rmSync(folder, { recursive: true }));
    const path = join(folder, 'quarantine.txt');
    const memory = createMemoryLedger();
    const plant = createPlant();
    memory.append(plant.sealConfig());
    for (let index = 0; index < 3; index++) memory.append(plant.sealPart(millPart(index * 10_000, 10)));
    const said: string[] = [];
    const clock = new SteppedClock(START_MS);
    const store = openInfluxStore(
      {
        url: fake.url,
        version,
        database: 'millwatt',
        timeoutMs: fault.name === 'silence' ? 150 : 10_000,
        ...(version === 1
          ? { username: 'u', password: 'secret-one' }
          : { token: 'secret-one', org: 'plant' }),
      },
      () => clock.wallMs(),
    );
    const projector = startProjector({
      ...memory,
      store: { ...store, ensureDatabase: async () => ({ empty: false }) },
      quarantine: openQuarantineFile(path, 1_000_000, () => START_MS),
      site: 'plant',
      clock,
      log: listening(said),
      waits: WAITS,
    });
    closers.push(() => projector.stop());
    await projector.idle();

    const lines = createBatchReader(memory.ledger, silentLog).gather(0, START_MS)?.lines ?? [];
    expect(lines).toHaveLength(93);
    const quarantined = quarantinedIn(path);
    const bad = lines.filter((line) => fault.bad?.(line) === true);
    const old = lines.filter((line) => fault.old?.(line) === true);
    expect(quarantined.toSorted()).toEqual(bad.toSorted());
    expect(new Set([...stored.keys(), ...quarantined, ...old])).toEqual(new Set(lines));
    const { state, quarantinedLines, lagRecords, cursor, lines: taken } = projector.stats();
    expect({ state, quarantinedLines, lagRecords, cursor }).toEqual({
      state: 'ok',
      quarantinedLines: bad.length,
      lagRecords: 0,
      cursor: 4,
    });
    expect(taken).toBe(lines.length - bad.length - old.length);
    // The class: who had to do something, and who only had to wait.
    const failures = said.filter((text) => text.includes('readings stay in the ledger'));
    expect(failures.length > 0).toBe(
      fault.ends === 'halt' || fault.ends === 'retry' || /500 for ever|408 as long/.test(fault.name),
    );
    if (fault.ends === 'halt') expect(failures.join('\n')).toMatch(fault.says ?? /./);
    if (fault.ends === 'quarantine') expect(bad.length).toBe(3);
    expect(said.join('\n')).not.toContain('secret-one');
    expect(authorizations.size).toBe(1);
  });

  test('lists every answer that the rules ask for', () => {
    const names = FAULTS.map(({ name }) => name).join('; ');
    for (const asked of [
      '204',
      '200',
      '201',
      '400 parse',
      'type conflict',
      '401',
      '403',
      '404',
      '408',
      '413',
      '422',
      '429',
      '500',
      '503',
      'silence',
      'reset',
      'redirect',
      'half',
    ])
      expect(names).toContain(asked);
  });
});

function quarantinedIn(path: string): string[] {
  try {
    return readFileSync(path, 'utf8')
      .trim()
      .split('\n')
      .flatMap((text) => (JSON.parse(text) as { lines: string[] }).lines);
  } catch {
    return [];
  }
}

function listening(said: string[]): Log {
  const hear = (fields: object, message: string) => void said.push(`${message} ${JSON.stringify(fields)}`);
  return { debug: hear, info: hear, warn: hear, error: hear };
}
