import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MessageSecurityMode, OPCUACertificateManager, OPCUAServer, SecurityPolicy } from 'node-opcua';
import { nodesets } from 'node-opcua-nodesets';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../../protocols/clock.ts';
import type { Driver } from '../../../protocols/driver.ts';
import { createOpcuaDriver } from '../../../protocols/opcua/opcua-driver.ts';

const folder = mkdtempSync(join(tmpdir(), 'millwatt-opcua-none-'));
let server: OPCUAServer;
let certificates: OPCUACertificateManager;
let logins = 0;

/** A server without any security that takes whatever password it is given: what an impostor would be. */
beforeAll(async () => {
  certificates = new OPCUACertificateManager({
    rootFolder: join(folder, 'server'),
    automaticallyAcceptUnknownCertificate: true,
    disableFileWatchers: true,
  });
  await certificates.initialize();
  server = new OPCUAServer({
    host: '127.0.0.1',
    port: 0,
    serverCertificateManager: certificates,
    securityModes: [MessageSecurityMode.None],
    securityPolicies: [SecurityPolicy.None],
    allowAnonymous: true,
    userManager: {
      isValidUser: () => {
        logins++;
        return true;
      },
    },
    nodeset_filename: [nodesets.standard],
  });
  await server.initialize();
  await server.start();
});
afterAll(async () => {
  await server.shutdown(0);
  await certificates.dispose();
  rmSync(folder, { recursive: true, force: true });
});

async function makeDriver(allowInsecure: boolean, login: object = {}): Promise<Driver> {
  return createOpcuaDriver(
    {
      id: 'centre',
      machine: 'mc1',
      component: 'supply',
      every: 1000,
      endpoint: `opc.tcp://127.0.0.1:${server.endpoints[0]?.port}`,
      securityPolicy: 'Basic256Sha256',
      securityMode: 'SignAndEncrypt',
      allowInsecure,
      found: [],
      reading: 'read',
      queue: 10,
      // ServiceLevel: a number that every server has.
      nodes: [{ node: 'i=2267', quantity: 'load', phase: 'total', unit: '%', vocabulary: 'raw' }],
      timeout: 10_000,
      ...login,
    },
    { clock: systemClock, pkiFolder: join(folder, `client-${allowInsecure}`) },
  );
}

test('a server that offers no security is refused, and is never told the password', async () => {
  const driver = await makeDriver(false, { username: 'millwatt', password: 'canary-of-opcua' });
  const refusal: unknown = await driver.poll().catch((error: unknown) => error);
  expect(refusal).toMatchObject({ remedy: 'retry', cure: expect.stringContaining('SignAndEncrypt') });
  expect(`${String(refusal)} ${JSON.stringify(refusal)}`).not.toContain('canary');
  expect(logins).toBe(0);
  expect(server.engine.currentSessionCount).toBe(0);
  await driver.close();
});

test('the same server is read where the operator has allowed it', async () => {
  const driver = await makeDriver(true);
  const { readings } = await driver.poll();
  expect(readings[0]).toMatchObject({ value: 255, quality: 'good' });
  await driver.close();
});
