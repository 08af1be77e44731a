import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { MillwattError } from '../../../../protocols/errors.ts';
import type { TlsSettings } from '../../../../protocols/modbus/endpoint.ts';
import { ModbusTcpClient } from '../../../../protocols/modbus/tcp/tcp-client.ts';
import {
  startModbusServer,
  type RegisterBank,
  type ServerTls,
} from '../../../../protocols/simulator/modbus-server.ts';
import { createAuthority, type Authority, type Identity } from '../../../support/certificates.ts';
import { requireTool } from '../../../support/tools.ts';

const openssl = requireTool('openssl');
const PATIENT_MS = 10_000;
const bank: RegisterBank = {
  read: (_, address, count) => Uint16Array.from({ length: count }, (__, i) => address + i),
};

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function serve(tls?: ServerTls): Promise<number> {
  const server = await startModbusServer({ host: '127.0.0.1', port: 0, units: new Map([[1, bank]]), tls });
  cleanUps.push(() => server.close());
  return server.port;
}

function clientOf(port: number, tls: TlsSettings, pipelining = 1): ModbusTcpClient {
  const client = new ModbusTcpClient('127.0.0.1', port, { tls, pipelining });
  cleanUps.push(() => client.close());
  return client;
}

const read = (client: ModbusTcpClient) => client.readRegisters(1, 3, 40, 3, PATIENT_MS);

/** The error of a client that must not get a value; none of its parts may hold a key or a certificate. */
async function failureOf(client: ModbusTcpClient): Promise<MillwattError> {
  const error: unknown = await read(client).then(
    () => expect.fail('gave a value'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof MillwattError)) throw error;
  expect(error).toMatchObject({ remedy: 'retry', code: 'refused' });
  const shown = inspect(error, { depth: 10, showHidden: true });
  expect(shown).not.toMatch(/BEGIN|PRIVATE|raw:|pubkey/);
  return error;
}

describe.skipIf(openssl === undefined)('Modbus TCP with TLS', () => {
  let authority: Authority;
  let stranger: Authority;
  let device: Identity;
  let agent: Identity;

  beforeAll(() => {
    authority = createAuthority(openssl ?? '', 'plant-authority');
    stranger = createAuthority(openssl ?? '', 'somebody');
    device = authority.issue({ names: 'IP:127.0.0.1' });
    agent = authority.issue({ commonName: 'agent' });
  });
  afterAll(() => {
    authority.dispose();
    stranger.dispose();
  });

  it('reads from a device whose authority is known', async () => {
    const client = clientOf(await serve(device), { ca: authority.cert });
    expect([...(await read(client))]).toEqual([40, 41, 42]);
    expect(await client.readRegisters(1, 4, 0, 125, PATIENT_MS)).toHaveLength(125);
    client.close();
    expect([...(await read(client))]).toEqual([40, 41, 42]);
  });

  it('reads several at once', async () => {
    const client = clientOf(await serve(device), { ca: authority.cert }, 4);
    const answers = await Promise.all(
      [1, 2, 3, 4].map((count) => client.readRegisters(1, 3, count * 10, count, PATIENT_MS)),
    );
    expect(answers.map((registers) => [...registers])).toEqual([
      [10],
      [20, 21],
      [30, 31, 32],
      [40, 41, 42, 43],
    ]);
  });

  it('shows its certificate where the device asks for one', async () => {
    const port = await serve({ ...device, ca: authority.cert, requestCert: true });
    expect([...(await read(clientOf(port, { ca: authority.cert, ...agent })))]).toEqual([40, 41, 42]);
    const error = await failureOf(clientOf(port, { ca: authority.cert }));
    expect(error.cure).toMatch(/set tls.cert and tls.key/i);
    const foreign = stranger.issue({ commonName: 'agent' });
    const refused = await failureOf(clientOf(port, { ca: authority.cert, ...foreign }));
    expect(refused.cure).toMatch(/authority of tls\.cert/);
  });

  it.each(['TLSv1.2', 'TLSv1.3'])(
    'understands what OpenSSL says when it misses a certificate, %s',
    async (version) => {
      const folder = mkdtempSync(join(tmpdir(), 'millwatt-tls-'));
      cleanUps.push(() => rmSync(folder, { recursive: true, force: true }));
      writeFileSync(join(folder, 'cert.pem'), device.cert);
      writeFileSync(join(folder, 'key.pem'), device.key);
      writeFileSync(join(folder, 'ca.pem'), authority.cert);
      const port = await freePort();
      const child = spawn(
        openssl ?? '',
        (
          `s_server -accept 127.0.0.1:${port} -cert cert.pem -key key.pem -CAfile ca.pem -Verify 1 ` +
          `-verify_return_error -quiet ${version === 'TLSv1.2' ? '-tls1_2' : '-tls1_3'}`
        ).split(' '),
        { cwd: folder, stdio: ['pipe', 'ignore', 'ignore'] },
      );
      cleanUps.push(async () => {
        const gone = once(child, 'exit');
        child.kill();
        await gone;
      });
      let error = await failureOf(clientOf(port, { ca: authority.cert }));
      for (let attempt = 0; attempt < 200 && /ECONNREFUSED/.test(error.message); attempt++) {
        await new Promise((resolve) => setTimeout(resolve, 25));
        error = await failureOf(clientOf(port, { ca: authority.cert }));
      }
      expect(error.cure).toMatch(/set tls.cert and tls.key/i);
      const foreign = stranger.issue({ commonName: 'agent' });
      const refused = await failureOf(clientOf(port, { ca: authority.cert, ...foreign }));
      expect(refused.cure).toMatch(/authority of tls\.cert/);
    },
  );

  it('refuses a device whose authority it does not know', async () => {
    const port = await serve(device);
    for (const tls of [{}, { ca: stranger.cert }]) {
      const error = await failureOf(clientOf(port, tls));
      expect(error.message).toMatch(/authority that is not trusted/);
      expect(error.cure).toMatch(/tls\.ca/);
    }
  });

  it('refuses a device that is another, unless its name is given', async () => {
    const port = await serve(authority.issue({ names: 'DNS:press-7.plant,IP:10.0.0.7' }));
    const error = await failureOf(clientOf(port, { ca: authority.cert }));
    expect(error.message).toMatch(/not about 127\.0\.0\.1 but about DNS:press-7\.plant/);
    expect(error.cure).toMatch(/tls\.serverName/);
    for (const serverName of ['press-7.plant', '10.0.0.7'])
      expect([...(await read(clientOf(port, { ca: authority.cert, serverName })))]).toEqual([40, 41, 42]);
    await failureOf(clientOf(port, { ca: authority.cert, serverName: 'press-8.plant' }));
  });

  it('refuses a certificate that has expired', async () => {
    const port = await serve(authority.issue({ names: 'IP:127.0.0.1', isExpired: true }));
    const error = await failureOf(clientOf(port, { ca: authority.cert }));
    expect(error.message).toMatch(/expired/);
    expect(error.cure).toMatch(/Renew/);
  });

  it('refuses a certificate that is not for servers', async () => {
    const port = await serve(authority.issue({ names: 'IP:127.0.0.1', usage: 'clientAuth' }));
    const error = await failureOf(clientOf(port, { ca: authority.cert }));
    expect(error.message).toMatch(/not one for servers/);
  });

  it('says so when the port speaks plain Modbus', async () => {
    const error = await failureOf(clientOf(await serve(), { ca: authority.cert }));
    expect(error.cure).toMatch(/does not speak TLS|secure port/);
  });

  it('says so when its own certificate cannot be used', async () => {
    const port = await serve(device);
    const other = authority.issue({ commonName: 'other' });
    for (const tls of [
      { ca: 'no PEM at all', cert: agent.cert, key: 'neither' },
      { ca: authority.cert, cert: agent.cert, key: other.key },
    ]) {
      const error = await failureOf(clientOf(port, tls));
      expect(error.cure).toMatch(/tls\.key belongs to tls\.cert/);
    }
  });

  it('says that a key stands where the certificate of the authority should', async () => {
    const error = await failureOf(clientOf(await serve(device), { ca: agent.key }));
    expect(error.message).toMatch(/tls\.ca holds a private key where a certificate is needed/);
    expect(error.message + error.cure).not.toContain('PRIVATE');
  });

  it('gives up in time on a port that never answers the handshake', async () => {
    const mute = createServer(() => {});
    await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
    cleanUps.push(() => mute.close());
    const address = mute.address();
    const client = clientOf(typeof address === 'object' && address !== null ? address.port : 0, {});
    await expect(client.readRegisters(1, 3, 0, 1, 60)).rejects.toMatchObject({
      code: 'timeout',
      cure: expect.stringMatching(/^It probably does not speak TLS on this port/),
    });
  });

  it('says first that a port which hangs up on the handshake does not speak TLS', async () => {
    const plain = createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => socket.destroy());
    });
    await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve));
    cleanUps.push(() => plain.close());
    const address = plain.address();
    const error = await failureOf(
      clientOf(typeof address === 'object' && address !== null ? address.port : 0, {}),
    );
    expect(error.message).toContain('ended the connection in the TLS handshake');
    expect(error.cure).toMatch(/^It probably does not speak TLS on this port/);
  });

  it('is not there', async () => {
    const error = await failureOf(clientOf(await freePort(), { ca: authority.cert }));
    expect(error.message).toMatch(/ECONNREFUSED/);
  });
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}
