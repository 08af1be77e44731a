import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { lineOfHealth } from '../../collector/influx/health-line.ts';
import { lineOfHour } from '../../collector/influx/hour-line.ts';
import { QUANTITY_FIELDS, STATUS_FIELDS } from '../../collector/influx/field-names.ts';
import type { HealthMessage } from '../../protocols/telemetry/live.ts';
import { parseLine } from '../collector/influx/line-parser.ts';
import { sampleHour } from '../collector/influx/machine-hour-sample.ts';
import { startInfluxd, type Influxd } from '../support/influxd.ts';
import { requireTool } from '../support/tools.ts';

const GRAFANA = join(import.meta.dirname, '../../deploy/grafana');
const HOUR_MS = Date.UTC(2026, 0, 15, 6);

interface Panel {
  title: string;
  description: string;
  datasource: { uid: string };
  gridPos: { x: number; y: number; w: number; h: number };
  targets: { query: string; rawQuery: boolean; datasource: { uid: string } }[];
}

const dashboard = JSON.parse(readFileSync(join(GRAFANA, 'dashboards/millwatt.json'), 'utf8')) as {
  title: string;
  panels: Panel[];
  templating: { list: { name: string; query: string; datasource: { uid: string } }[] };
};
const source = parse(readFileSync(join(GRAFANA, 'provisioning/datasources/millwatt.yaml'), 'utf8')) as {
  datasources: { uid: string; type: string; url: string; jsonData: Record<string, string> }[];
};
const provider = parse(readFileSync(join(GRAFANA, 'provisioning/dashboards/millwatt.yaml'), 'utf8')) as {
  providers: { options: { path: string } }[];
};
const queries = [
  ...dashboard.panels.flatMap((panel) =>
    panel.targets.map((target, index) => ({ name: `${panel.title} ${index + 1}`, query: target.query })),
  ),
  ...dashboard.templating.list.map((one) => ({ name: `variable ${one.name}`, query: one.query })),
];

const HEALTH: HealthMessage = {
  v: 1,
  at: HOUR_MS,
  version: '0.1.0',
  uptimeS: 60,
  host: { cpuLoad: 0.1, memoryUsedShare: 0.5, diskFreeBytes: 1e9, cpuTemperatureDegC: 50 },
  process: { rssBytes: 8e7, eventLoopDelayMs: 1 },
  spool: {
    epoch: 'abcdefghijkl',
    headSeq: 3,
    records: { sealed: 3, receipted: 2, pending: 1, rejected: 0 },
    samples: { sampled: 3000, receipted: 2000, pending: 1000, dropped: 0 },
    bytes: 9000,
  },
  sources: [{ id: 'a', up: true, reason: '', polls: 9, failures: 0, lastReadingAgeMs: 100 }],
  clock: { wall: HOUR_MS, state: 'synced' },
};

/** A point of every measurement that the collector writes. */
const LINES = [
  `power,site=plant,machine=mill,component=supply,phase=total p_w=4200 ${HOUR_MS}`,
  `power,site=plant,machine=mill,component=spindle,phase=total p_w=1200 ${HOUR_MS}`,
  `status,site=plant,machine=mill execution="ACTIVE" ${HOUR_MS}`,
  lineOfHour(sampleHour(HOUR_MS)),
  lineOfHealth('plant', 'gateway', HEALTH),
];

describe('the dashboard', () => {
  test('reads the provisioned data source, by InfluxQL', () => {
    const [influx] = source.datasources;
    expect(influx).toMatchObject({ uid: 'millwatt', type: 'influxdb', jsonData: { version: 'InfluxQL' } });
    for (const panel of dashboard.panels) {
      expect(panel.datasource.uid).toBe('millwatt');
      expect(panel.targets.length).toBeGreaterThan(0);
      for (const target of panel.targets)
        expect(target).toMatchObject({ rawQuery: true, datasource: { uid: 'millwatt' } });
    }
  });

  test('is where the provider looks, by the paths of compose.yaml', () => {
    const compose = readFileSync(join(GRAFANA, '../compose.yaml'), 'utf8');
    expect(compose).toContain(`./grafana/dashboards:${provider.providers[0]?.options.path}:ro`);
    expect(compose).toContain('./grafana/provisioning:/etc/grafana/provisioning:ro');
  });

  test('has panels that do not cover each other and fit the width', () => {
    const cells = new Set<string>();
    for (const { gridPos, title } of dashboard.panels) {
      expect(gridPos.x + gridPos.w, title).toBeLessThanOrEqual(24);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x += 1)
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y += 1) {
          expect(cells.has(`${x}/${y}`), title).toBe(false);
          cells.add(`${x}/${y}`);
        }
    }
  });

  test.each(queries)('$name: names only what the collector writes', ({ query }) => {
    const known = knownNames();
    const measurement = /FROM "([a-z_]+)"/.exec(query)?.[1] ?? '';
    expect([...known.keys()]).toContain(measurement);
    // Quoted names are fields, tags and the measurement; what follows AS is a name of the panel's own.
    const named = [...query.replaceAll(/ AS "[^"]+"/g, '').matchAll(/"([A-Za-z_]+)"/g)].map(
      ([, name]) => name,
    );
    for (const name of named) if (name !== measurement) expect(known.get(measurement), name).toContain(name);
  });
});

describe.skipIf(requireTool('influxd') === undefined)('the dashboard on a real InfluxDB', () => {
  let influxd: Influxd;
  beforeAll(async () => {
    influxd = await startInfluxd();
    await ask('CREATE DATABASE "millwatt"', 'POST');
    const written = await fetch(`${influxd.url}/write?db=millwatt&precision=ms`, {
      method: 'POST',
      body: LINES.join('\n'),
    });
    expect(written.status).toBe(204);
  });
  afterAll(async () => influxd.stop());

  const ask = async (query: string, method = 'GET'): Promise<QueryResult> => {
    const response = await fetch(`${influxd.url}/query?db=millwatt&epoch=ms&q=${encodeURIComponent(query)}`, {
      method,
    });
    return (await response.json()) as QueryResult;
  };

  test.each(queries)('$name: gives a value', async ({ query }) => {
    const [result] = (await ask(asGrafanaWouldSend(query))).results;
    expect(result?.error).toBeUndefined();
    const values = result?.series?.flatMap((series) => series.values.flatMap((row) => row.slice(1))) ?? [];
    expect(values.some((value) => value !== null)).toBe(true);
  });
});

interface QueryResult {
  results: { error?: string; series?: { values: unknown[][] }[] }[];
}

/** Grafana's own variables filled in. */
function asGrafanaWouldSend(query: string): string {
  return query
    .replaceAll('$timeFilter', `time >= ${HOUR_MS - 3_600_000}ms AND time <= ${HOUR_MS + 7_200_000}ms`)
    .replaceAll('$__interval', '60s')
    .replaceAll('$site', '.*')
    .replaceAll('$machine', '.*');
}

/** Tags and fields of each measurement, from what the collector really writes. */
function knownNames(): Map<string, string[]> {
  const known = new Map<string, string[]>([
    ['power', ['site', 'machine', 'component', 'phase']],
    ['energy', ['site', 'machine', 'component', 'phase']],
    ['status', ['site', 'machine', ...Object.values(STATUS_FIELDS)]],
  ]);
  for (const { measurement, field } of Object.values(QUANTITY_FIELDS)) known.get(measurement)?.push(field);
  for (const line of LINES) {
    const point = parseLine(line);
    known.set(point.measurement, [
      ...(known.get(point.measurement) ?? []),
      ...point.tags.keys(),
      ...point.fields.keys(),
    ]);
  }
  return known;
}
