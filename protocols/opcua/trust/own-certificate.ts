import { createPrivateKey, generateKeyPair, X509Certificate } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type * as NodeOpcua from 'node-opcua';
import { MillwattError } from '../../errors.ts';
import { sayCommand } from '../say-command.ts';
import { applicationUriOf } from './certificate-facts.ts';

/** The key and certificate by which servers know this agent. */
export interface OwnCertificate {
  certificate: X509Certificate;
  certificateFile: string;
  keyFile: string;
  /** What the certificate says it is for; stays when the computer is renamed. */
  applicationUri: string;
}

/** Safe beyond 2030, and what the policies of OPC UA allow (2048 to 4096). */
const KEY_BITS = 3072;
/** Controls stand for decades, and each must be told of a new certificate. */
const VALID_DAYS = 3652;
/** The clocks of controls are often behind. */
const BACKDATED_MS = 7 * 24 * 3_600_000;
/** Before this the computer's clock was never set, and the certificate would be of the past. */
const CLOCK_MIN_MS = Date.UTC(2026, 0, 1);
/** So long before its end it is spoken of. */
const WARN_MS = 90 * 24 * 3_600_000;

/** The agent's own certificate; undefined where none was made yet. Throws (class `refuse`, code `own-certificate`) where it cannot be used: it is never made anew by itself, since every control would have to trust the new one. */
export function readOwnCertificate(folder: string, config?: string): OwnCertificate | undefined {
  const { certificateFile, keyFile } = ownFiles(folder);
  if (!existsSync(certificateFile)) {
    if (!existsSync(keyFile)) return undefined;
    throw unusable(
      config,
      `The certificate of this agent in ${certificateFile} is lost, though its key is there`,
    );
  }
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(readFileSync(certificateFile));
  } catch (cause) {
    throw unusable(config, `The certificate of this agent in ${certificateFile} cannot be read`, cause);
  }
  const key = readKey(keyFile, config);
  if (!certificate.checkPrivateKey(key))
    throw unusable(config, `The key in ${keyFile} does not belong to the certificate of this agent`);
  keepToOwner(keyFile);
  const applicationUri = applicationUriOf(certificate);
  if (applicationUri === undefined)
    throw unusable(config, `The certificate of this agent in ${certificateFile} names no application`);
  return { certificate, certificateFile, keyFile, applicationUri };
}

/**
 * The agent's own certificate, made where there is none: once, and kept. Throws as `readOwnCertificate`, and with class
 * `retry` (code `clock`) while the computer's clock is not set. `nowMs` is real time.
 */
export async function ensureOwnCertificate(
  opcua: Pick<typeof NodeOpcua, 'OPCUACertificateManager'>,
  folder: string,
  nowMs: number,
  config?: string,
): Promise<OwnCertificate> {
  const own = readOwnCertificate(folder, config);
  if (own !== undefined) return own;
  if (nowMs < CLOCK_MIN_MS)
    throw new MillwattError(
      'retry',
      'clock',
      `The clock of this computer says ${isoDay(nowMs)}, which cannot be.`,
      {
        cure: 'Set the clock, or wait until it is synchronised: a certificate made now would be one of the past.',
      },
    );
  await makeOwn(opcua, folder, nowMs);
  const made = readOwnCertificate(folder, config);
  if (made === undefined) throw unusable(config, 'The certificate of this agent could not be made');
  return made;
}

/** Puts key and certificate aside, so that new ones are made; the folder they lie in now. */
export function setOwnCertificateAside(folder: string, nowMs: number): string {
  const own = join(folder, 'own');
  const aside = join(folder, `own-until-${new Date(nowMs).toISOString().replaceAll(/[:.]/g, '-')}`);
  if (existsSync(own)) renameSync(own, aside);
  return aside;
}

/** What the operator should know of the certificate; undefined where it is fine. */
export function remarkOn(
  { certificate }: OwnCertificate,
  nowMs: number,
  config?: string,
): string | undefined {
  const endMs = certificate.validToDate.getTime();
  const renew = `make a new one with ${sayCommand('trust own --renew', config)}, and trust it in every control`;
  if (endMs < nowMs) return `The certificate of this agent ran out on ${isoDay(endMs)}: ${renew}.`;
  if (endMs - nowMs < WARN_MS)
    return `The certificate of this agent runs out on ${isoDay(endMs)}: ${renew} before that.`;
  return undefined;
}

/** Where node-opcua has always put them, so that an agent that was updated keeps what its controls trust. */
function ownFiles(folder: string): { certificateFile: string; keyFile: string } {
  return {
    certificateFile: join(folder, 'own', 'certs', 'client_certificate.pem'),
    keyFile: join(folder, 'own', 'private', 'private_key.pem'),
  };
}

/**
 * Makes key and certificate aside and puts them in place in one stroke: there is never one without the other. Several
 * sources start at once: the first that is there counts for all.
 */
async function makeOwn(
  opcua: Pick<typeof NodeOpcua, 'OPCUACertificateManager'>,
  folder: string,
  nowMs: number,
): Promise<void> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const draft = mkdtempSync(join(folder, 'own-draft-'));
  try {
    await makeKey(ownFiles(draft).keyFile);
    await makeCertificate(opcua, draft, nowMs);
    renameSync(join(draft, 'own'), join(folder, 'own'));
  } catch (error) {
    if (!['ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

async function makeKey(keyFile: string): Promise<void> {
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: KEY_BITS });
  mkdirSync(join(keyFile, '..'), { recursive: true, mode: 0o700 });
  writeFileSync(keyFile, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
}

async function makeCertificate(
  opcua: Pick<typeof NodeOpcua, 'OPCUACertificateManager'>,
  folder: string,
  nowMs: number,
): Promise<void> {
  const name = hostname();
  const manager = new opcua.OPCUACertificateManager({ rootFolder: folder, disableFileWatchers: true });
  await manager.initialize();
  try {
    await manager.createSelfSignedCertificate({
      applicationUri: `urn:${name}:millwatt`,
      dns: [name],
      outputFile: ownFiles(folder).certificateFile,
      subject: { commonName: `millwatt@${name}`, organization: 'millwatt' },
      startDate: new Date(nowMs - BACKDATED_MS),
      validity: VALID_DAYS,
    });
  } finally {
    await manager.dispose();
  }
}

function readKey(keyFile: string, config: string | undefined) {
  try {
    return createPrivateKey(readFileSync(keyFile));
  } catch (cause) {
    // What is wrong with a key is not said: nothing of it may come out.
    throw unusable(
      config,
      `The key of this agent in ${keyFile} cannot be read`,
      hasCode(cause) ? cause : undefined,
    );
  }
}

function hasCode(error: unknown): boolean {
  return ['ENOENT', 'EACCES'].includes((error as NodeJS.ErrnoException).code ?? '');
}

/** A key that others may read is no secret; where the file system knows no rights there is nothing to do. */
function keepToOwner(keyFile: string): void {
  try {
    if ((statSync(keyFile).mode & 0o077) !== 0) chmodSync(keyFile, 0o600);
  } catch {
    // Someone else's file, which we may read: he must see to it.
  }
}

function unusable(config: string | undefined, what: string, cause?: unknown): MillwattError {
  return new MillwattError('refuse', 'own-certificate', `${what}.`, {
    cure: `Bring key and certificate back from a backup; or make new ones with ${sayCommand('trust own --renew', config)}, and trust the new certificate in every control.`,
    cause,
  });
}

function isoDay(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}
