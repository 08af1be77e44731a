import { afterEach, expect, test } from 'vitest';
import type { FindingReport } from '../../../collector/reports/finding-report.ts';
import { minutesOf, momentsOf, MINUTE_MS, START_MS } from '../diagnostics/plant-minutes.ts';
import { measuredHour, millSnapshot } from '../diagnostics/plant-views.ts';
import { startPlantServer, type PlantServer } from './plant-server.ts';

const servers: PlantServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop();
});

async function ask(path: string): Promise<{ status: number; body: unknown }> {
  const turned = [...momentsOf(5, 60)].map((moment) => ({
    ...moment,
    powerW: moment.powerW.map((value, index) => (index === 2 ? -value : value)),
    totalW: moment.totalW - 2 * (moment.powerW[2] ?? 0),
  }));
  const server = await startPlantServer({
    nowMs: () => START_MS + 3_600_000,
    minutes: [...minutesOf(turned)].flatMap(({ minuteMs, readings }) =>
      [...readings].map(([channel, reading]) => ({
        channel,
        minuteMs,
        ...reading,
        lastMs: minuteMs + MINUTE_MS - 1,
        squares: 0,
        steps: 0,
      })),
    ),
    hours: [measuredHour(START_MS, 1_000_000)],
    snapshots: [{ hash: 'snapshot-1', snapshot: millSnapshot() }],
  });
  servers.push(server);
  const answer = await fetch(`${server.url}/api/v1/${path}`);
  return { status: answer.status, body: await answer.json() };
}

test('findings of a machine come with their figures and their basis', async () => {
  const { status, body } = await ask('machines/mill/findings');
  expect(status).toBe(200);
  const { findings, basis } = body as FindingReport;
  expect(findings).toMatchObject([
    {
      code: 'transformer-turned',
      severity: 'error',
      component: 'supply',
      saying: expect.stringContaining('l3 -'),
    },
  ]);
  expect(basis).toEqual({
    algorithm: 'millwatt-plausibility/1',
    minutes: 60,
    hours: 1,
    configs: ['snapshot-1'],
  });
});

test.each([
  ['machines/saw/findings', 404, 'no machine saw'],
  ['machines/mill/findings?from=2026-01-01&to=2026-03-01', 400, 'cannot be used'],
  ['machines/mill/findings?format=csv', 400, 'format'],
  ['main-meters/yard/reconciliation', 404, 'No main meter yard'],
  ['main-meters/mill/reconciliation', 404, 'no two readings that rise'],
])('%s answers %i and says why', async (path, status, words) => {
  const answer = await ask(path);
  expect(answer.status).toBe(status);
  expect(JSON.stringify(answer.body)).toContain(words);
});
