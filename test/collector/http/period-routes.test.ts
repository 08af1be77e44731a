import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createLiveBoard } from '../../../collector/http/live-board.ts';
import { startHttp, type HttpServer } from '../../../collector/http/server.ts';
import { silentLog } from '../../../protocols/log.ts';
import { derivePlant, HOUR_MS, plantConfig } from '../reports/period-plant.ts';

const FROM_MS = Date.UTC(2026, 6, 6, 4);
let plant: Awaited<ReturnType<typeof derivePlant>>;
let server: HttpServer;

beforeAll(async () => {
  plant = await derivePlant(FROM_MS, 10, {
    config: plantConfig({
      calendar: {
        zone: 'Europe/Berlin',
        dayBegins: '06:00',
        shifts: [{ name: 'early "A"', begins: '06:00', ends: '14:00', days: ['mon'] }],
      },
    }),
  });
  server = await startHttp(
    { host: '127.0.0.1', port: 0 },
    {
      site: 'plant',
      version: '1.2.3',
      publicKey: 'k'.repeat(43),
      simulated: false,
      views: plant.views,
      plan: plant.plan,
      machines: [{ id: 'mill-1' }],
      live: createLiveBoard({
        nowMs: () => performance.now(),
        stateOf: () => ({ state: 'unknown', decider: 'none', basis: '' }),
      }),
      agents: () => [],
      ledger: () => ({ records: 0, samples: 0, sizeBytes: 0, lastOrdinal: 0 }),
      metrics: () => [],
      clock: { wallMs: () => FROM_MS + 10 * HOUR_MS, speed: () => 1 },
      log: silentLog,
    },
  );
}, 60_000);
afterAll(async () => {
  await server.close();
  plant.close();
});

async function ask(path: string): Promise<{ status: number; text: string; body: Record<string, unknown> }> {
  const response = await fetch(`${server.url}/api/v1/machines/mill-1${path}`);
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.startsWith('application/json') === true;
  return { status: response.status, text, body: isJson ? (JSON.parse(text) as Record<string, unknown>) : {} };
}

describe('periods over HTTP', () => {
  test("are those of the site's calendar, with short uncertainty unless the budget is asked for", async () => {
    const short = await ask('/periods?kind=shift&from=2026-07-06T04:00:00Z&to=2026-07-06T05:00:00Z');
    expect(short.status).toBe(200);
    expect(short.body).toMatchObject({
      machine: 'mill-1',
      kind: 'shift',
      zone: 'Europe/Berlin',
      periods: [
        {
          period: { key: '2026-07-06T06:00+02:00 early "A"', fromMs: FROM_MS, toMs: FROM_MS + 8 * HOUR_MS },
          energy: { supplyMwh: 22_400_000 },
          uncertainty: { supply: { total: { kind: 'known', k: 2 }, missing: [] } },
          basis: { plan: plant.plan.hash },
        },
      ],
    });
    expect(short.text).not.toContain('"rows"');
    const full = await ask(
      '/periods?kind=shift&budget=true&from=2026-07-06T04:00:00Z&to=2026-07-06T05:00:00Z',
    );
    expect(full.text).toContain('"source":"ctPhase"');
    const csv = await ask('/periods?kind=shift&format=csv&from=2026-07-06T04:00:00Z&to=2026-07-06T05:00:00Z');
    expect(csv.text.split('\r\n')[1]).toMatch(/^mill-1,"2026-07-06T06:00\+02:00 early ""A""",/);
  });

  test('refuse what they do not know, with what to write', async () => {
    expect(await ask('/periods?kind=fortnight')).toMatchObject({
      status: 400,
      text: expect.stringContaining('quarterHour'),
    });
    expect(await ask('/periods?budget=yes')).toMatchObject({ status: 400 });
    expect(await ask('/periods?by=day')).toMatchObject({
      status: 400,
      text: expect.stringContaining('kind'),
    });
    expect(await ask('/periods?kind=hour&from=2026-01-01&to=2026-07-01')).toMatchObject({
      status: 400,
      text: expect.stringContaining('93 days'),
    });
    expect(await ask('/periods?kind=hour&budget=true&from=2026-07-01&to=2026-07-31')).toMatchObject({
      status: 400,
      text: expect.stringContaining('14 days'),
    });
    expect(await ask('/use-phase?kind=day')).toMatchObject({ status: 400 });
  });

  test('the use phase comes with uncertainty on each basis', async () => {
    const { status, body } = await ask('/use-phase');
    expect(status).toBe(200);
    expect(body).toMatchObject({
      machine: 'mill-1',
      perHour: { processing: { basis: 'processing', expandedKwhPerHour: expect.any(Number) } },
      powers: [{ state: 'ready', powerW: 1200 }, { state: 'processing' }],
      scenario: { kind: 'none', cure: expect.stringContaining('dutyCycle') },
    });
  });
});
