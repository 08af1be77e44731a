import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { ApiError } from '../../collector/http/api-error.ts';
import {
  readFormat,
  readRange,
  readStep,
  readTime,
  requireKnown,
  type Query,
} from '../../collector/http/parameters.ts';
import { cleanText, encodePoint, type Field } from '../../collector/influx/line-protocol.ts';
import { checkConfig } from '../../config/check.ts';
import { formatFinding } from '../../config/finding.ts';
import { readSurroundings } from '../../config/surroundings.ts';
import { MillwattError } from '../../protocols/errors.ts';
import { parseLine } from '../collector/influx/line-parser.ts';
import type { FuzzTarget } from './fuzz-target.ts';

const REPOSITORY = join(import.meta.dirname, '../..');
const CASES = join(REPOSITORY, 'test/cases/config');
const CONFIGS = readdirSync(CASES).map((name) => readFileSync(join(CASES, name, 'input.yaml')));
const SAMPLE_NAMES = ['one-meter.yaml', 'one-meter-collector.yaml'];
const SAMPLES = SAMPLE_NAMES.map((name) => readFileSync(join(REPOSITORY, 'config/samples', name)));
/** Opens nothing: what a text names is not there. */
const WORLD = { ...readSurroundings({}), stat: () => 'missing' as const, readText: () => undefined };

const QUERIES = [
  'from=2026-03-01T06:00:00Z&to=2026-03-02&step=5min&format=csv',
  'from=1772344800000&to=1772348400000&step=1h',
  'to=2026-03-01T06:00:00.5%2B01:00&format=json',
].map((query) => Buffer.from(query));
const NOW_MS = Date.UTC(2026, 2, 3);

/** What people and other programs give us, and what we give InfluxDB. */
export const FACE_TARGETS: readonly FuzzTarget[] = [
  {
    name: 'a point is refused, or a parser of its own reads back what was written',
    share: 60,
    inputs: [Buffer.from('power,machine=mill-1 p_w=412.5,n=3i,state="processing \\"x\\"" 1763700000000')],
    isRefusal: (error) => error instanceof MillwattError && error.code === 'unwritable-point',
    read: (input, random) => {
      const noise = input.toString('utf8');
      const cut = (): string => {
        const at = random.whole(0, noise.length);
        return noise.slice(at, at + random.whole(0, 20));
      };
      const name = (): string => (random.chance(0.03) ? cut() : `n${random.whole(0, 999_999)}`);
      const values: readonly (() => Field)[] = [
        cut,
        () => random.chance(0.5),
        () => BigInt(Math.floor(random.between(-1e15, 1e15))) * BigInt(random.whole(1, 20_000)),
        () => (random.chance(0.02) ? NaN : random.between(-1, 1) * 10 ** random.whole(-300, 300)),
      ];
      const tags = Array.from({ length: random.whole(0, 4) }, () => [name(), name()] as const);
      const fields = Array.from(
        { length: random.whole(1, 4) },
        () => [name(), values[random.whole(0, values.length - 1)]?.() ?? 0] as const,
      );
      const timeMs = random.whole(-8.64e15, 8.64e15);
      const line = encodePoint({ measurement: 'power', tags, fields, timeMs });
      expect(line).not.toMatch(/[\n\r\u2028\u2029]/);
      if (new Set(tags.map(([tag]) => tag)).size < tags.length) return;
      if (new Set(fields.map(([field]) => field)).size < fields.length) return;
      const parsed = parseLine(line);
      expect(parsed.timeMs).toBe(timeMs);
      expect([...parsed.tags]).toEqual(tags);
      const stored = fields.map(([field, value]) => [
        field,
        typeof value === 'string' ? cleanText(value) : value === 0 ? 0 : value,
      ]);
      expect([...parsed.fields]).toEqual(stored);
    },
  },
  {
    name: 'a query is refused with a cure, or gives times and steps in bounds',
    share: 60,
    inputs: QUERIES,
    isRefusal: (error) => error instanceof ApiError && error.status === 400 && error.cure.length > 0,
    read: (input) => {
      const query: Record<string, unknown> = {};
      for (const [name, value] of new URLSearchParams(input.toString('latin1'))) query[name] = value;
      readAll(query);
    },
  },
  {
    name: 'a configuration is refused line by line, or can be used',
    share: 6,
    // Files of 60 sources, whose every profile and plan is checked; read once, at a start.
    msMax: 250,
    bytesMax: 16 * 1024 * 1024,
    inputs: [...CONFIGS, ...SAMPLES],
    isAlwaysTaken: true,
    read: (input) => {
      const { config, findings } = checkConfig(
        input.toString('utf8'),
        '/etc/millwatt/x.yaml',
        undefined,
        WORLD,
      );
      const isRefused = findings.some(({ severity }) => severity === 'error');
      expect(config === undefined).toBe(isRefused || config === undefined);
      if (config === undefined) expect(findings.length).toBeGreaterThan(0);
      for (const finding of findings) expect(formatFinding(finding)).toContain('/etc/millwatt/x.yaml');
    },
  },
];

function readAll(query: Query): void {
  requireKnown(query, ['from', 'to', 'step', 'format']);
  const { fromMs, toMs } = readRange(query, NOW_MS, 400 * 86_400_000);
  expect(fromMs).toBeLessThan(toMs);
  const stepMs = readStep(query, toMs - fromMs, 2000);
  expect(stepMs % 60_000).toBe(0);
  expect(readTime(query, 'from') ?? fromMs).toBe(fromMs);
  expect(['json', 'csv']).toContain(readFormat(query));
}
