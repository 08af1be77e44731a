import { X509Certificate } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as opcua from 'node-opcua';
import { afterAll, expect, test } from 'vitest';
import {
  ensureOwnCertificate,
  readOwnCertificate,
  remarkOn,
  setOwnCertificateAside,
} from '../../../../protocols/opcua/trust/own-certificate.ts';

const root = mkdtempSync(join(tmpdir(), 'millwatt-own-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const NOW_MS = Date.UTC(2026, 10, 20);
const YEAR_MS = 365 * 86_400_000;

test('is made once, by however many sources start at the same time, and kept', async () => {
  const folder = join(root, 'once');
  const made = await Promise.all([1, 2, 3].map(() => ensureOwnCertificate(opcua, folder, NOW_MS)));
  const [first] = made;
  expect(new Set(made.map(({ certificate }) => certificate.fingerprint256)).size).toBe(1);
  expect(readdirSync(folder)).toEqual(['own']);
  const later = await ensureOwnCertificate(opcua, folder, NOW_MS + YEAR_MS);
  expect(later.certificate.fingerprint256).toBe(first?.certificate.fingerprint256);
  expect(later.applicationUri).toBe(first?.applicationUri);
  expect(statSync(later.keyFile).mode & 0o777).toBe(0o600);
  expect(later.certificate.publicKey.asymmetricKeyDetails?.modulusLength).toBeGreaterThanOrEqual(2048);
  expect(later.certificate.ca).toBe(false);
  // Clocks of controls are behind, and nobody wants to visit them every year.
  expect(later.certificate.validFromDate.getTime()).toBeLessThan(NOW_MS);
  expect(later.certificate.validToDate.getTime()).toBeGreaterThan(NOW_MS + 5 * YEAR_MS);
});

test('its end is announced in time, with what to do', async () => {
  const own = await ensureOwnCertificate(opcua, join(root, 'once'), NOW_MS);
  const endMs = own.certificate.validToDate.getTime();
  expect(remarkOn(own, NOW_MS)).toBeUndefined();
  expect(remarkOn(own, endMs - 80 * 86_400_000)).toMatch(/runs out on .*millwatt trust own --renew/);
  expect(remarkOn(own, endMs + 1000)).toMatch(/ran out on/);
});

test('is never made anew by itself: what is damaged or lost is said, with the cure', async () => {
  const folder = join(root, 'damaged');
  const own = await ensureOwnCertificate(opcua, folder, NOW_MS);
  const { certificateFile, keyFile } = own;
  const [certificate, key] = [readFileSync(certificateFile), readFileSync(keyFile)];
  const other = await ensureOwnCertificate(opcua, join(root, 'once'), NOW_MS);
  const damages = [
    () => writeFileSync(certificateFile, 'nothing'),
    () => writeFileSync(keyFile, 'nothing'),
    () => rmSync(keyFile),
    () => rmSync(certificateFile),
    () => writeFileSync(keyFile, readFileSync(other.keyFile)),
  ];
  for (const damage of damages) {
    damage();
    await expect(ensureOwnCertificate(opcua, folder, NOW_MS)).rejects.toMatchObject({
      code: 'own-certificate',
      remedy: 'refuse',
      cure: expect.stringContaining('millwatt trust own --renew'),
    });
    writeFileSync(certificateFile, certificate);
    writeFileSync(keyFile, key, { mode: 0o600 });
  }
  expect((await ensureOwnCertificate(opcua, folder, NOW_MS)).certificate.fingerprint256).toBe(
    own.certificate.fingerprint256,
  );
});

test('a key that others may read is closed to them', async () => {
  const { keyFile } = await ensureOwnCertificate(opcua, join(root, 'open'), NOW_MS);
  chmodSync(keyFile, 0o644);
  readOwnCertificate(join(root, 'open'));
  expect(statSync(keyFile).mode & 0o077).toBe(0);
});

test('is not made while the clock is not set', async () => {
  const folder = join(root, 'no-clock');
  await expect(ensureOwnCertificate(opcua, folder, 12_345)).rejects.toMatchObject({
    code: 'clock',
    remedy: 'retry',
  });
  expect(existsSync(folder)).toBe(false);
});

test('is renewed on command only; the one before is kept', async () => {
  const folder = join(root, 'renewed');
  const before = await ensureOwnCertificate(opcua, folder, NOW_MS);
  const aside = setOwnCertificateAside(folder, NOW_MS);
  const after = await ensureOwnCertificate(opcua, folder, NOW_MS);
  expect(after.certificate.fingerprint256).not.toBe(before.certificate.fingerprint256);
  const kept = new X509Certificate(readFileSync(join(aside, 'certs/client_certificate.pem')));
  expect(kept.fingerprint256).toBe(before.certificate.fingerprint256);
});
