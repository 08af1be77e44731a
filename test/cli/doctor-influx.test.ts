import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { startFakeInflux } from '../collector/influx/fake-influx.ts';
import { examineCollector } from '../../cli/doctor/doctor-collector.ts';
import type { Examination } from '../../cli/examination.ts';
import { findFreePort } from '../support/mosquitto.ts';

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

test.each([
  { there: ['_internal', 'millwatt'], said: 'answers, and millwatt is there' },
  { there: ['_internal'], said: 'answers, the collector will make millwatt before it first writes' },
])('doctor looks for the database and makes none: $said', async ({ there, said }) => {
  const asked: string[] = [];
  const influx = createServer((request, response) => {
    let body = '';
    request.on('data', (part: Buffer) => (body += part.toString('utf8')));
    request.on('end', () => {
      const statement = new URLSearchParams(body).get('q');
      if (statement !== null) asked.push(statement);
      response.setHeader('x-influxdb-version', '1.8.10');
      const series = [{ name: 'databases', columns: ['name'], values: there.map((name) => [name]) }];
      response.end(JSON.stringify({ results: [{ statement_id: 0, series }] }));
    });
  });
  await new Promise<void>((resolve) => influx.listen(0, '127.0.0.1', resolve));
  closers.push(() => influx.close());
  const folder = mkdtempSync(join(tmpdir(), 'millwatt-doctor-'));
  closers.push(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'collector.yaml');
  writeFileSync(
    file,
    [
      'site: plant-1',
      `broker: { embedded: { port: ${await findFreePort()} } }`,
      `http: { port: ${await findFreePort()} }`,
      `influx: { url: "http://127.0.0.1:${(influx.address() as AddressInfo).port}", version: 1, database: millwatt }`,
      'machines: []',
    ].join('\n'),
  );
  const found: Examination[] = [];
  for await (const examination of examineCollector(file)) found.push(examination);
  expect(found.find(({ subject }) => subject === 'InfluxDB')).toMatchObject({
    result: 'good',
    message: expect.stringContaining(said),
  });
  expect(asked).toEqual(['SHOW DATABASES']);
});

test.each([2, 3])(
  'doctor says that a token may not write, and writes no point (%i.x, a scripted fake)',
  async (version) => {
    const fake = await startFakeInflux(
      [{ status: 401, body: '{"message":"unauthorized access"}' }],
      () => undefined,
    );
    closers.push(() => void fake.stop());
    const folder = mkdtempSync(join(tmpdir(), 'millwatt-doctor-'));
    closers.push(() => rmSync(folder, { recursive: true, force: true }));
    const file = join(folder, 'collector.yaml');
    writeFileSync(join(folder, 'token'), 'a-token', { mode: 0o600 });
    writeFileSync(
      file,
      [
        'site: plant-1',
        `broker: { embedded: { port: ${await findFreePort()} } }`,
        `http: { port: ${await findFreePort()} }`,
        `influx: { url: "${fake.url}", version: ${version}, database: millwatt, ${version === 2 ? 'org: o, ' : ''}token: "\${file:token}" }`,
        'machines: []',
      ].join('\n'),
    );
    const found: Examination[] = [];
    for await (const examination of examineCollector(file)) found.push(examination);
    expect(found.find(({ subject }) => subject === 'InfluxDB')).toMatchObject({
      result: 'failed',
      message: expect.stringContaining('401: unauthorized access'),
      cure: expect.stringContaining('token'),
    });
    expect(fake.writes.map(({ body }) => body)).toEqual(['']);
  },
);
