import { afterEach, expect, test } from 'vitest';
import { explainedParts, HOUR_MS } from '../reports/explained-plant.ts';
import { startPlantServer, type PlantServer } from './plant-server.ts';

const servers: PlantServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop();
});

async function ask(path: string): Promise<{ status: number; body: Record<string, never> }> {
  const server = await startPlantServer({ nowMs: () => HOUR_MS + 7_200_000, ...explainedParts() });
  servers.push(server);
  const answer = await fetch(`${server.url}/api/v1/machines/${path}`);
  return { status: answer.status, body: (await answer.json()) as Record<string, never> };
}

test.each(['2026-11-22T06:00:00Z', '2026-11-22T06:00Z', '2026-11-22T11:30:00+05:30', String(HOUR_MS)])(
  'the hour may be named as %s',
  async (hour) => {
    const { status, body } = await ask(`mill/hours/${hour}/explanation`);
    expect(status).toBe(200);
    expect(body).toMatchObject({ machine: 'mill', hourMs: HOUR_MS, hour: { revision: 2 } });
    expect(body['energy']).toContainEqual({
      label: 'energy',
      value: 3_200_000,
      unit: 'mWh',
      saying: '2.82 kWh + 0.38 kWh = 3.2 kWh',
    });
    expect(body['uncertainty']).toMatchObject({ kind: 'assessed', total: { kind: 'unknown' } });
  },
);

test.each([
  ['mill/hours/2026-11-22T06:30Z/explanation', 400, 'cannot be used', 'whole UTC hour'],
  ['mill/hours/yesterday/explanation', 400, 'yesterday', 'ISO time'],
  ['mill/hours/2026-11-22T07:00Z/explanation', 404, '2026-11-22T07:00Z', 'hourMs'],
  ['saw/hours/2026-11-22T06:00Z/explanation', 404, 'no machine saw', '/api/v1/machines'],
  [`mill/hours/${HOUR_MS}/explanation?format=csv`, 400, 'format', 'no parameters'],
])('%s answers %i and says what to do', async (path, status, named, cure) => {
  const answer = await ask(path);
  expect(answer.status).toBe(status);
  expect(answer.body).toMatchObject({
    error: { message: expect.stringContaining(named), cure: expect.stringContaining(cure) },
  });
});
