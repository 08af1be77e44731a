import { chmodSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { examineModbus, tryCertificates, trySerialPort } from '../../cli/doctor/doctor-modbus.ts';
import type { Examination } from '../../cli/examination.ts';
import { agentConfig } from '../../config/agent-config.ts';
import { createAuthority, type Authority } from '../support/certificates.ts';
import { openSerialPair } from '../support/serial-pair.ts';
import { requireTool } from '../support/tools.ts';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'millwatt-doctor-modbus-'));
  closers.push(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function examine(sources: object[], folder: string): Promise<Examination[]> {
  const wiring = { machine: 'm', profile: 'eastron/sdm630' };
  const config = agentConfig.parse({
    site: 's',
    agent: 'a',
    broker: { url: 'mqtt://127.0.0.1:1883' },
    sources: sources.map((source, n) => ({ id: `s${n}`, ...wiring, ...source })),
  });
  const found: Examination[] = [];
  for await (const examination of examineModbus(config.sources, folder)) found.push(examination);
  return found;
}

describe('serial ports', () => {
  test('one that is not there is told with where to look', async () => {
    const found = await examine(
      [1, 2].map((unit) => ({ protocol: 'modbus-rtu', serialPort: '/dev/ttyNobody', unit })),
      '/',
    );
    expect(found).toMatchObject([
      {
        subject: 'serial port /dev/ttyNobody',
        result: 'failed',
        message: '/dev/ttyNobody is not there.',
        cure: expect.stringContaining('/dev/serial/by-id'),
      },
    ]);
  });

  test('a file is no serial port', () => {
    const file = join(makeFolder(), 'port');
    writeFileSync(file, '');
    expect(() => trySerialPort(file, [])).toThrow('is no serial port');
  });

  const socat = requireTool('socat');

  test.skipIf(socat === undefined)('one that is there is good, by either name, but not by both', async () => {
    const pair = await openSerialPair();
    closers.push(() => pair.close());
    const real = realpathSync(pair.near);
    expect(await examine([{ protocol: 'modbus-rtu', serialPort: real }], '/')).toMatchObject([
      { result: 'good', message: `${real} is there and may be used` },
    ]);
    expect(trySerialPort(pair.near, [])).toBe(`${pair.near} is ${real} and may be used`);
    expect(() => trySerialPort(pair.near, [real])).toThrow('are the same port');
  });

  test.skipIf(socat === undefined || process.getuid?.() === 0)('one of another group', async () => {
    const pair = await openSerialPair();
    closers.push(() => pair.close());
    chmodSync(realpathSync(pair.near), 0);
    expect(() => trySerialPort(pair.near, [])).toThrow('may not be used by this user');
  });
});

const openssl = requireTool('openssl');

describe.skipIf(openssl === undefined)('certificates of a source', () => {
  let authority: Authority;
  beforeAll(() => {
    authority = createAuthority(openssl ?? '', 'plant-ca');
  });
  afterAll(() => authority.dispose());

  function write(files: Record<string, string>): string {
    const folder = makeFolder();
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    return folder;
  }

  test('good ones are told with their last day', async () => {
    const own = authority.issue({ commonName: 'agent' });
    const folder = write({ 'ca.pem': authority.cert, 'own.pem': own.cert, 'own.key': own.key });
    const tls = { ca: 'ca.pem', cert: 'own.pem', key: 'own.key' };
    const found = await examine([{ protocol: 'modbus-tcp', host: '127.0.0.1', tls }], folder);
    expect(found).toMatchObject([{ subject: 'certificates of s0', result: 'good' }]);
    expect(found[0]?.message).toMatch(
      /^ca\.pem is good until \d{4}-\d\d-\d\d, own\.pem is good until \d{4}-\d\d-\d\d$/,
    );
    expect(tryCertificates({}, folder)).toContain('authorities of the system');
  });

  test('a key of another certificate, an ended one, and what is no certificate', () => {
    const [one, other] = [authority.issue({}), authority.issue({})];
    const ended = authority.issue({ isExpired: true });
    const folder = write({
      'one.pem': one.cert,
      'other.key': other.key,
      'ended.pem': ended.cert,
      'ended.key': ended.key,
      'nonsense.pem': 'not a certificate',
    });
    expect(() => tryCertificates({ cert: 'one.pem', key: 'other.key' }, folder)).toThrow(
      'other.key is not the key of one.pem',
    );
    expect(() => tryCertificates({ cert: 'ended.pem', key: 'ended.key' }, folder)).toThrow(
      'ended.pem ended on 2021-01-01',
    );
    expect(() => tryCertificates({ ca: 'nonsense.pem' }, folder)).toThrow(
      'nonsense.pem is not a PEM file that can be read',
    );
    expect(() => tryCertificates({ ca: 'nowhere.pem' }, folder)).toThrow('cannot be read');
  });
});
