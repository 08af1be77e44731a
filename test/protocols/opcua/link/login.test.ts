import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MessageSecurityMode, OPCUACertificateManager, SecurityPolicy } from 'node-opcua';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../../../protocols/clock.ts';
import type { Driver } from '../../../../protocols/driver.ts';
import type { Log } from '../../../../protocols/log.ts';
import { createOpcuaDriver } from '../../../../protocols/opcua/opcua-driver.ts';
import type { OpcuaSourceOptions } from '../../../../protocols/opcua/opcua-options.ts';
import { power, rowOf } from '../feeds/subscribed-source.ts';
import { opcuaSource } from '../opcua-source.ts';
import { startPlainServer, type PlainServer } from '../plain-server.ts';

const PASSWORD = 'canary-Pa55word-of-opcua';
const folder = mkdtempSync(join(tmpdir(), 'millwatt-opcua-login-'));
const pkiFolder = join(folder, 'own');
const logged: string[] = [];
let plain: PlainServer;
let users: OPCUACertificateManager;
let person: { userCertificate: string; userKey: string };
const drivers: Driver[] = [];

beforeAll(async () => {
  person = await makePerson('known');
  users = await makeManager('users');
  plain = await startPlainServer({
    securityModes: [MessageSecurityMode.None, MessageSecurityMode.Sign, MessageSecurityMode.SignAndEncrypt],
    securityPolicies: [
      SecurityPolicy.None,
      SecurityPolicy.Basic256Sha256,
      SecurityPolicy.Aes128_Sha256_RsaOaep,
      SecurityPolicy.Aes256_Sha256_RsaPss,
    ],
    userCertificateManager: users,
    allowAnonymous: false,
    userManager: { isValidUser: (name: string, password: string) => name === 'me' && password === PASSWORD },
  });
  plain.addNumber('P', 5);
  await users.trustCertificate(
    Buffer.from(person.userCertificate.replaceAll(/-----.*?-----|\s/g, ''), 'base64'),
  );
});
afterAll(async () => {
  await Promise.all(drivers.map((driver) => driver.close()));
  await plain.close();
  await users.dispose();
  rmSync(folder, { recursive: true, force: true });
});

async function makeManager(name: string): Promise<OPCUACertificateManager> {
  const manager = new OPCUACertificateManager({
    rootFolder: join(folder, name),
    automaticallyAcceptUnknownCertificate: false,
    disableFileWatchers: true,
  });
  await manager.initialize();
  return manager;
}

/** Somebody with a certificate and the key of it. */
async function makePerson(name: string): Promise<{ userCertificate: string; userKey: string }> {
  const manager = await makeManager(name);
  const file = join(folder, `${name}.pem`);
  await manager.createSelfSignedCertificate({
    applicationUri: `urn:${name}`,
    dns: [],
    outputFile: file,
    subject: `/CN=${name}`,
    startDate: new Date(Date.now() - 3_600_000),
    validity: 365,
  });
  await manager.dispose();
  return { userCertificate: readFileSync(file, 'utf8'), userKey: readFileSync(manager.privateKey, 'utf8') };
}

async function makeDriver(over: Partial<OpcuaSourceOptions>): Promise<Driver> {
  const note = (fields: object, message: string) => logged.push(`${message} ${JSON.stringify(fields)}`);
  const log: Log = { debug: note, info: note, warn: note, error: note };
  const driver = await createOpcuaDriver(
    opcuaSource({ endpoint: plain.endpoint, nodes: [power('P')], ...over }),
    { clock: systemClock, pkiFolder, log },
  );
  drivers.push(driver);
  return driver;
}

/** Polls; trusts the server where it was not trusted yet. */
async function read(driver: Driver): Promise<unknown> {
  const deadline = Date.now() + 15_000;
  for (;;) {
    try {
      return rowOf(await driver.poll());
    } catch (error) {
      if ((error as { code: string }).code !== 'untrusted' || Date.now() > deadline) throw error;
      for (const name of readdirSync(join(pkiFolder, 'rejected')))
        renameSync(join(pkiFolder, 'rejected', name), join(pkiFolder, 'trusted', 'certs', name));
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}

/** How the sessions of just now are secured, as the server sees it. */
function channels(): string[] {
  const sessions = Object.values(
    (
      plain.server.engine as unknown as {
        _sessions: Record<string, { channel: { securityMode: number; securityPolicy: string } }>;
      }
    )._sessions,
  );
  return sessions.map(
    ({ channel }) =>
      `${MessageSecurityMode[channel.securityMode]} ${channel.securityPolicy.slice(channel.securityPolicy.indexOf('#') + 1)}`,
  );
}

test('best is the strongest policy that the server offers, and never less than what was configured', async () => {
  const driver = await makeDriver({ username: 'me', password: PASSWORD });
  expect(await read(driver)).toEqual([5]);
  expect(channels()).toEqual(['SignAndEncrypt Aes256_Sha256_RsaPss']);
  expect(driver.insecure).toBe(false);
  expect(driver.remarks!()).toEqual([]);
  await driver.close();
  const signed = await makeDriver({
    username: 'me',
    password: PASSWORD,
    securityMode: 'Sign',
    securityPolicy: 'Aes128_Sha256_RsaOaep',
  });
  expect(await read(signed)).toEqual([5]);
  expect(channels()).toEqual(['Sign Aes128_Sha256_RsaOaep']);
  await signed.close();
});

test('a certificate stands for the user; one that the server does not know is refused', async () => {
  const driver = await makeDriver(person);
  expect(await read(driver)).toEqual([5]);
  await driver.close();
  const stranger = await makeDriver(await makePerson('stranger'));
  await expect(read(stranger)).rejects.toMatchObject({ code: 'exception', remedy: 'retry' });
  await stranger.close();
});

test('a key that is not that of the certificate is refused at the start, and not shown', async () => {
  const other = await makePerson('other');
  for (const wrong of [
    { ...person, userKey: other.userKey },
    { ...person, userKey: 'no key' },
    { ...person, userCertificate: 'no certificate' },
    { userCertificate: person.userCertificate },
  ]) {
    const refusal: unknown = await makeDriver(wrong).catch((error: unknown) => error);
    expect(refusal).toMatchObject({ remedy: 'refuse', code: 'bad-user-certificate' });
    expect(JSON.stringify(refusal)).not.toContain(person.userKey.split('\n')[1]);
  }
});

test('no password is logged or thrown, whatever goes wrong with the login', async () => {
  const wrong = `${PASSWORD}-but-wrong`;
  const driver = await makeDriver({ username: 'me', password: wrong });
  const refusal: unknown = await read(driver).catch((error: unknown) => error);
  expect(refusal).toMatchObject({
    code: 'exception',
    cure: expect.stringContaining('username and password'),
  });
  const all = [...logged, String(refusal), JSON.stringify(refusal), String((refusal as Error).cause)].join(
    '\n',
  );
  for (const form of [
    PASSWORD,
    Buffer.from(PASSWORD).toString('hex'),
    Buffer.from(PASSWORD).toString('base64'),
  ])
    expect(all).not.toContain(form);
  expect(logged.length).toBeGreaterThan(0);
  await driver.close();
});
