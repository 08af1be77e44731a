import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openCollectorJournal } from '../../cli/journal-access.ts';
import type { ProductFootprint } from '../../collector/footprint/exports/pact/product-footprint.ts';
import type { FootprintRecord } from '../../collector/footprint/record/footprint-record.ts';
import { silentLog } from '../../protocols/log.ts';
import { AT_PARTNER, startPartner } from '../collector/http/pact/pact-partner.ts';
import { hasPactSchema, pactSchemaFaults } from '../collector/footprint/exports/pact/pact-schema.ts';
import { derivePlant, plantConfig } from '../collector/reports/period-plant.ts';
import { createAuthority } from '../support/certificates.ts';
import { findFreePort } from '../support/mosquitto.ts';
import { run } from './fault-rig.ts';
import { eventually, startMillwatt } from './millwatt-process.ts';

const DAY_MS = 86_400_000;
const SECRET = 'canary-secret-of-the-oem-4711-long-enough';

/** The latest month that ended two days ago or longer: its end, UTC. */
function monthEnd(): number {
  const before = new Date(Date.now() - 2 * DAY_MS);
  return Date.UTC(before.getUTCFullYear(), before.getUTCMonth(), 1);
}

it('publishes the month of a machine to a partner, and serves the same bytes after a kill', async () => {
  const endMs = monthEnd();
  const plant = await derivePlant(endMs - DAY_MS / 2, 18, { config: plantConfig() });
  const authority = createAuthority(
    execFileSync('which', ['openssl'], { encoding: 'utf8' }).trim(),
    'test-ca',
  );
  const partner = await startPartner(authority.issue({ names: 'IP:127.0.0.1', commonName: 'oem' }));
  const at = (name: string) => join(plant.dataFolder, name);
  const [port, page, broker] = [await findFreePort(), await findFreePort(), await findFreePort()];
  try {
    const { cert, key } = authority.issue({ names: 'IP:127.0.0.1', commonName: 'pact' });
    for (const [name, text] of [
      ['pact.pem', cert],
      ['pact.key', key],
      ['ca.pem', authority.cert],
      ['oem.secret', `${SECRET}\n`],
      ['at-oem.secret', AT_PARTNER.clientSecret],
    ] as const)
      writeFileSync(at(name), text, { mode: 0o600 });
    writeFileSync(
      at('collector.yaml'),
      `
site: plant
broker: { embedded: { port: ${broker} } }
data: .
http: { port: ${page} }
footprint:
  company: { name: Example Machining Co, ids: [urn:lei:5493001KJTIIGC8Y1R12], country: DE }
  region: DE
machines: [{ id: mill-1, ratedPower: 15kW, metering: { supply: { ct: { class: '0.5' } } } }]
pact:
  url: https://127.0.0.1:${port}
  port: ${port}
  cert: pact.pem
  key: pact.key
  publish: [{ machine: mill-1 }]
  partners:
    - id: oem
      secret: \${file:oem.secret}
      sees: all
      events: { url: ${partner.url}/3/events, clientId: ${AT_PARTNER.clientId}, secret: "\${file:at-oem.secret}", ca: ca.pem }
`,
    );
    // The plant is as a collector left it: with its journal.
    openCollectorJournal(plant.dataFolder, silentLog).close();

    const ask = (path: string, headers: Record<string, string>, body?: string) =>
      new Promise<string>((resolve, reject) => {
        const options = { host: '127.0.0.1', port, path, headers, ca: authority.cert, agent: false };
        const sent = request({ ...options, method: body === undefined ? 'GET' : 'POST' }, (response) => {
          let text = '';
          response.on('data', (chunk) => (text += String(chunk)));
          response.on('end', () => resolve(text));
        });
        sent.on('error', reject);
        sent.end(body);
      });
    const readList = async () => {
      const answer = await ask(
        '/auth/token',
        {
          authorization: `Basic ${Buffer.from(`oem:${SECRET}`).toString('base64')}`,
          'content-type': 'application/x-www-form-urlencoded',
        },
        'grant_type=client_credentials',
      );
      const { access_token: token } = JSON.parse(answer) as { access_token: string };
      return ask('/3/footprints', { authorization: `Bearer ${token}` });
    };

    const args = ['collector', '-c', 'collector.yaml'];
    const first = run(plant.dataFolder, args);
    await first.waitFor(/The PACT API is served: https:\/\/127\.0\.0\.1:\d+/, 30_000);
    const list = await eventually(
      async () => {
        const text = await readList();
        return (JSON.parse(text) as { data: unknown[] }).data.length > 0 ? text : undefined;
      },
      'the month is published',
      40_000,
    );
    const { data } = JSON.parse(list) as { data: ProductFootprint[] };
    expect(data).toHaveLength(1);
    const [footprint] = data as [ProductFootprint];
    expect(footprint.pcf.referencePeriodEnd).toBe(new Date(endMs).toISOString());
    if (hasPactSchema) expect(pactSchemaFaults('ProductFootprint', footprint)).toEqual([]);

    // The record in it says what the command says of the same month.
    const month = new Date(endMs - DAY_MS).toISOString().slice(0, 7);
    const exporting = startMillwatt(
      [
        'export',
        'json',
        '-c',
        'collector.yaml',
        '--machine',
        'mill-1',
        '-o',
        'mill-1.json',
        '--from',
        `${month}-01T00:00:00Z`,
        '--to',
        new Date(endMs).toISOString(),
      ],
      { cwd: plant.dataFolder },
    );
    expect(await exporting.exited, exporting.output()).toBe(0);
    const record = JSON.parse(readFileSync(at('mill-1.json'), 'utf8')) as FootprintRecord;
    expect(footprint.extensions).toMatchObject([
      { data: { ...record, issued: expect.any(String), version: '1' } },
    ]);
    expect(footprint.pcf.pcfExcludingBiogenicUptake).toBe(record.emissions[0]?.perUnitKgCo2e);

    await eventually(() => partner.events.length > 0, 'the partner hears of it');
    expect(partner.events).toMatchObject([{ data: { pfIds: [footprint.id] } }]);
    const metrics = await (await fetch(`http://127.0.0.1:${page}/metrics`)).text();
    expect(metrics).toContain('millwatt_pact_footprints{status="active"} 1');
    expect(metrics).toContain('millwatt_pact_events{state="delivered"} 1');

    await first.kill9();
    const second = run(plant.dataFolder, args);
    await second.waitFor(/The PACT API is served/, 30_000);
    expect(await readList()).toBe(list);
    expect(await second.stop()).toBe(0);
    expect(first.output() + second.output()).not.toContain('canary');
    expect(partner.events).toHaveLength(1);
  } finally {
    await partner.close();
    authority.dispose();
    plant.close();
  }
}, 120_000);
