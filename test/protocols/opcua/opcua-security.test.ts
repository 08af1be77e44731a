import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { OpcuaSourceOptions } from '../../../protocols/opcua/opcua-options.ts';
import { trustByThumbprint } from '../../../protocols/opcua/trust/trust-decisions.ts';
import { makeDriver, makeFolder, POWER_KW, startMachine, tapWire, trustShown } from './opcua-rig.ts';

const LOGIN = { username: 'millwatt', password: 'canary-of-opcua-5be1' };
const USER = { name: LOGIN.username, password: LOGIN.password };
const DAY_MS = 86_400_000;

describe('a server that nobody trusts', () => {
  test('is told nothing: no session, no user, no password', async () => {
    const rogue = await startMachine({ user: USER });
    const wire = await tapWire(rogue.port);
    const pkiFolder = makeFolder();
    const { refusal } = await makeDriver(pkiFolder, { endpoint: wire.endpoint, ...LOGIN });
    const error = await refusal();
    expect(error).toMatchObject({ code: 'untrusted', remedy: 'retry' });
    expect(error.message).toContain(rogue.thumbprint);
    expect(error.cure).toContain(`millwatt trust add ${rogue.thumbprint.slice(0, 16)} -c agent.yaml`);
    expect(new Set(rogue.heard())).toEqual(new Set(['GetEndpointsRequest']));
    expect(wire.sent().length).toBeGreaterThan(100);
    expect(wire.sent().includes(LOGIN.password)).toBe(false);
    expect(wire.sent().includes(LOGIN.username)).toBe(false);
    expect(readdirSync(join(pkiFolder, 'rejected'))).toEqual([`${rogue.thumbprint}.pem`]);
  });

  test('is let in at the next attempt once the operator trusts it, without a restart', async () => {
    const machine = await startMachine({ user: USER });
    const pkiFolder = makeFolder();
    const { refusal, power } = await makeDriver(pkiFolder, { endpoint: machine.endpoint, ...LOGIN });
    await refusal();
    const { entry } = trustByThumbprint(pkiFolder, machine.thumbprint.slice(0, 16));
    expect(entry).toMatchObject({ standing: 'server', thumbprint: machine.thumbprint });
    expect(await power()).toBeCloseTo(POWER_KW, 9);
  });

  test('a password that the server does not know is told apart from trust', async () => {
    const machine = await startMachine({ user: USER });
    const pkiFolder = await makeTrusting(machine.endpoint, LOGIN);
    const wrong = { ...LOGIN, password: 'canary-guessed-91c0' };
    const { refusal } = await makeDriver(pkiFolder, { endpoint: machine.endpoint, ...wrong });
    const error = await refusal();
    expect(error).toMatchObject({ code: 'exception', remedy: 'retry' });
    expect(error.message).toContain('login');
    expect(`${error.stack} ${String(error.cause)} ${JSON.stringify(error)}`).not.toContain('canary');
  });
});

describe('a server that offers no security', () => {
  test('is refused, and is never told the password', async () => {
    const machine = await startMachine({ user: USER, security: { policies: ['None'], modes: [] } });
    const wire = await tapWire(machine.port);
    const { refusal } = await makeDriver(makeFolder(), { endpoint: wire.endpoint, ...LOGIN });
    const error = await refusal();
    expect(error).toMatchObject({ remedy: 'retry', cure: expect.stringContaining('SignAndEncrypt') });
    expect(machine.heard()).not.toContain('CreateSessionRequest');
    expect(wire.sent().includes(LOGIN.password)).toBe(false);
    expect(machine.sessionCount()).toBe(0);
  });

  test('is read where the operator has allowed it, and says so', async () => {
    const machine = await startMachine({ security: { policies: ['None'], modes: [] } });
    const { driver, power } = await makeDriver(makeFolder(), {
      endpoint: machine.endpoint,
      allowInsecure: true,
    });
    expect(await power()).toBeCloseTo(POWER_KW, 9);
    expect(driver.insecure).toBe(true);
  });
});

test('a server that wants security is not spoken to without, and it is said what it offers', async () => {
  const machine = await startMachine({ security: { policies: ['Basic256Sha256'] } });
  const { refusal } = await makeDriver(makeFolder(), { endpoint: machine.endpoint, allowInsecure: true });
  const error = await refusal();
  expect(error).toMatchObject({ code: 'exception', remedy: 'retry' });
  expect(error.message).toMatch(/offers no endpoint without security; it offers SignAndEncrypt with /);
  expect(error.cure).toContain('Remove allowInsecure');
  expect(machine.heard()).not.toContain('CreateSessionRequest');
});

describe('one in the middle who hides endpoints', () => {
  test('down to none with security: refused', async () => {
    const machine = await startMachine({ user: USER });
    const pkiFolder = await makeTrusting(machine.endpoint, LOGIN);
    machine.faults.shows = ({ mode }) => mode === 'None';
    const { refusal } = await makeDriver(pkiFolder, { endpoint: machine.endpoint, ...LOGIN });
    expect(await refusal()).toMatchObject({
      remedy: 'retry',
      cure: expect.stringContaining('SignAndEncrypt'),
    });
    expect(machine.heard()).not.toContain('ActivateSessionRequest');
  });

  test('down to signing: refused, where encryption is asked for', async () => {
    const machine = await startMachine({ user: USER, security: { modes: ['Sign', 'SignAndEncrypt'] } });
    const pkiFolder = await makeTrusting(machine.endpoint, LOGIN);
    machine.faults.shows = ({ mode }) => mode !== 'SignAndEncrypt';
    const { refusal } = await makeDriver(pkiFolder, { endpoint: machine.endpoint, ...LOGIN });
    expect((await refusal()).message).toContain('Sign with');
    expect(machine.heard()).not.toContain('ActivateSessionRequest');
  });

  test('down to a weaker policy: found out by what the server itself says over the secured session', async () => {
    const machine = await startMachine({ user: USER });
    const pkiFolder = await makeTrusting(machine.endpoint, LOGIN);
    machine.faults.shows = ({ policy }) => policy === 'Basic256Sha256';
    const { refusal } = await makeDriver(pkiFolder, {
      endpoint: machine.endpoint,
      securityPolicy: 'best',
      ...LOGIN,
    });
    const error = await refusal();
    expect(error).toMatchObject({ code: 'untrusted', remedy: 'retry' });
    expect(error.message).toContain('Aes256_Sha256_RsaPss');
    // Before the password was sent under the weaker one.
    expect(machine.heard()).toContain('CreateSessionRequest');
    expect(machine.heard()).not.toContain('ActivateSessionRequest');
    expect(machine.sessionCount()).toBe(0);
  });

  test('who hides nothing changes nothing', async () => {
    const machine = await startMachine();
    const pkiFolder = await makeTrusting(machine.endpoint);
    const { power } = await makeDriver(pkiFolder, { endpoint: machine.endpoint, securityPolicy: 'best' });
    expect(await power()).toBeCloseTo(POWER_KW, 9);
  });
});

describe('a certificate that does not fit', () => {
  test('changed: refused until it is trusted, and the message says that it was another before', async () => {
    const machine = await startMachine();
    const pkiFolder = await makeTrusting(machine.endpoint);
    const { power, driver } = await makeDriver(pkiFolder, { endpoint: machine.endpoint });
    expect(await power()).toBeCloseTo(POWER_KW, 9);
    const before = machine.thumbprint;
    await machine.changeCertificate();
    expect(machine.thumbprint).not.toBe(before);
    const errors = [];
    for (const deadline = Date.now() + 20_000; Date.now() < deadline;) {
      const error: unknown = await driver.poll().catch((cause: unknown) => cause);
      errors.push(error);
      if (error instanceof Error && error.message.includes(machine.thumbprint)) break;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    const refusal = errors.at(-1) as Error & { cure: string };
    expect(refusal).toMatchObject({ code: 'untrusted' });
    expect(refusal.message).toMatch(/It was another one before, accepted since \d{4}-\d\d-\d\d: /);
    expect(refusal.message).toContain(before.slice(0, 16));
    expect(refusal.cure).toContain('was given a new certificate');
    trustByThumbprint(pkiFolder, machine.thumbprint);
    expect(await power()).toBeCloseTo(POWER_KW, 9);
  });

  test('of another host: refused even where it is trusted, until it is trusted for this address', async () => {
    const machine = await startMachine({ certificate: { hosts: ['cnc-9.plant.example'] } });
    const pkiFolder = makeFolder();
    const elsewhere = await makeDriver(pkiFolder, { endpoint: machine.endpoint });
    await elsewhere.refusal();
    // The very server, trusted where it was seen; now its certificate turns up at another address.
    trustShown(pkiFolder);
    const wire = await tapWire(machine.port);
    const { refusal, power } = await makeDriver(pkiFolder, { id: 'other', endpoint: wire.endpoint });
    const error = await refusal();
    expect(error).toMatchObject({ code: 'untrusted' });
    expect(error.message).toContain('is for cnc-9.plant.example, not for 127.0.0.1');
    expect(machine.heard()).not.toContain('CreateSessionRequest');
    trustByThumbprint(pkiFolder, machine.thumbprint);
    expect(await power()).toBeCloseTo(POWER_KW, 9);
  });

  test('run out, or not yet valid: refused in words, though it is trusted', async () => {
    const machine = await startMachine({
      certificate: { validFromMs: Date.now() - 30 * DAY_MS, validDays: 10 },
    });
    const pkiFolder = makeFolder();
    const { refusal } = await makeDriver(pkiFolder, { endpoint: machine.endpoint });
    expect((await refusal()).message).toMatch(/was valid until \d{4}-\d\d-\d\d only.*is not trusted yet/s);
    trustShown(pkiFolder);
    const again = await makeDriver(pkiFolder, { endpoint: machine.endpoint });
    const error = await again.refusal();
    expect(error.message).toMatch(/was valid until \d{4}-\d\d-\d\d only/);
    expect(error.message).not.toContain('is not trusted yet');
    expect(error.cure).toContain('date and time');

    await machine.changeCertificate({ validFromMs: Date.now() + 5 * DAY_MS });
    const early = await makeDriver(pkiFolder, { endpoint: machine.endpoint });
    expect((await early.refusal()).message).toMatch(/is valid from \d{4}-\d\d-\d\d on only/);
    expect(machine.heard()).not.toContain('CreateSessionRequest');
  });

  test('of another application: refused once the server has said what it is', async () => {
    const machine = await startMachine({
      user: USER,
      certificate: { applicationUri: 'urn:somebody:else' },
    });
    const pkiFolder = makeFolder();
    const elsewhere = await tapWire(machine.port);
    const first = await makeDriver(pkiFolder, { id: 'first', endpoint: elsewhere.endpoint, ...LOGIN });
    await first.refusal();
    trustShown(pkiFolder);
    const { refusal } = await makeDriver(pkiFolder, { endpoint: machine.endpoint, ...LOGIN });
    expect((await refusal()).message).toContain(
      'is for the application urn:somebody:else, and the server calls itself urn:millwatt:simulated-machine',
    );
    expect(machine.heard()).toContain('CreateSessionRequest');
    expect(machine.heard()).not.toContain('ActivateSessionRequest');
    expect(machine.sessionCount()).toBe(0);
  });
});

describe('logging in with a certificate', () => {
  test('a user of the server gets in, and the key stays here', async () => {
    // The agent's own identity serves as the user's: what counts is that the server knows it.
    const userFolder = makeFolder();
    await makeDriver(userFolder, {});
    const userCertificate = readFileSync(join(userFolder, 'own/certs/client_certificate.pem'), 'utf8');
    const userKey = readFileSync(join(userFolder, 'own/private/private_key.pem'), 'utf8');
    const machine = await startMachine({ userCertificates: [userCertificate] });
    const pkiFolder = await makeTrusting(machine.endpoint, { userCertificate, userKey });
    const stranger = await makeDriver(pkiFolder, { endpoint: machine.endpoint });
    expect(await stranger.refusal()).toMatchObject({ code: 'exception' });
    const { power } = await makeDriver(pkiFolder, {
      endpoint: machine.endpoint,
      userCertificate,
      userKey,
    });
    expect(await power()).toBeCloseTo(POWER_KW, 9);
    expect(existsSync(join(pkiFolder, 'own/private/private_key.pem'))).toBe(true);
  });
});

/** The folder of an agent that already trusts whoever answers there. */
async function makeTrusting(endpoint: string, login: Partial<OpcuaSourceOptions> = {}): Promise<string> {
  const pkiFolder = makeFolder();
  const { refusal } = await makeDriver(pkiFolder, { endpoint, ...login });
  expect(await refusal()).toMatchObject({ code: 'untrusted' });
  trustShown(pkiFolder);
  return pkiFolder;
}
