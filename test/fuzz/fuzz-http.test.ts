import { get } from 'node:http';
import { expect, it, onTestFinished } from 'vitest';
import { seedRandom } from '../../protocols/simulator/seeded-random.ts';
import { startPlantServer } from '../collector/http/plant-server.ts';
import { plantDay } from '../collector/http/plant-day.ts';
import { mutate } from './mutate.ts';

/** Spoilt addresses against the real server: each gets an answer that says what is wrong with it, and the server lives on. */
const REQUESTS = 2000;
const SEED = process.env['MILLWATT_TEST_SEED'] ?? String(Date.now());
const NOW_MS = Date.UTC(2026, 2, 3);
const SPAN = 'from=2026-03-02T06:00:00Z&to=2026-03-03';
const PATHS = [
  '/api/v1/site',
  '/api/v1/machines?x=1',
  `/api/v1/machines/mill/hours?${SPAN}&format=csv`,
  `/api/v1/machines/mill/states?${SPAN}`,
  `/api/v1/machines/mill/periods?${SPAN}&by=shift`,
  `/api/v1/machines/mill/use-phase?${SPAN}`,
  `/api/v1/machines/mill/findings?${SPAN}`,
  `/api/v1/machines/mill/jobs?${SPAN}&rule=time`,
  '/api/v1/machines/mill/hours/2026-03-02T06:00:00Z/explanation',
  `/api/v1/main-meters/mill/reconciliation?${SPAN}`,
  `/api/v1/series?channel=mill.supply.activePower&${SPAN}&step=5min`,
  '/api/v1/journal?after=0&limit=10',
  '/metrics',
  '/index.html',
].map((path) => Buffer.from(path));

it(`spoilt requests are answered, never with an error of ours (MILLWATT_TEST_SEED=${SEED})`, async () => {
  const { minutes, agents } = plantDay(NOW_MS);
  const server = await startPlantServer({ nowMs: () => NOW_MS, minutes, agents });
  onTestFinished(() => server.stop());
  const random = seedRandom(SEED, 'http');
  const statuses = new Map<number, number>();
  for (let round = 0; round < REQUESTS; round++) {
    const spoilt = mutate(PATHS[round % PATHS.length] ?? Buffer.alloc(0), random);
    // What no client can send in the first line of a request is sent as a client would send it.
    const path = `/${spoilt.toString('latin1').replace(/^\//, '')}`.replace(/[^!-~]/g, '%00');
    const { status, body } = await ask(server.port, path);
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
    expect(status, `round ${round}: ${path}: ${body}`).toBeLessThan(500);
    if (status >= 400) expect(Object.keys(JSON.parse(body) as object), path).toContain('error');
  }
  console.log(`requests by status: ${JSON.stringify(Object.fromEntries(statuses))}`);
  expect(statuses.get(200)).toBeGreaterThan(0);
  expect(statuses.get(400)).toBeGreaterThan(0);
}, 60_000);

function ask(port: number, path: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, path }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') });
      });
    }).on('error', reject);
  });
}
