import { createPublicKey, type KeyObject } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { describeError, describeFileFault, MillwattError } from '../../protocols/errors.ts';
import { fingerprint } from '../../protocols/evidence/keys.ts';
import { isDigest } from '../../protocols/telemetry/ids.ts';

/** A key that the verifier trusts, and who says so. */
export interface TrustedKey {
  /** As `verifyPackage` takes it: a fingerprint, or a public key. */
  text: string;
  fingerprint: string;
  /** `--trust`, or file and line. */
  from: string;
}

/** Larger files hold no keys that people keep. */
const FILE_BYTES_MAX = 1024 * 1024;
const FINGERPRINT =
  'fingerprint (eight groups of four hex digits, such as 3f9c-21a0-7be4-d512-0c44-9b1e-77aa-02f3)';
const FORMS = `a ${FINGERPRINT} or a public key (43 characters of base64url)`;
const NEITHER = `no ${FINGERPRINT}, no public key (43 characters of base64url)`;

/**
 * Reads what was given as `--trust`: a fingerprint, a public key, or a file of them: one a line, a comment behind it or after #; or a
 * PEM file of an Ed25519 key. Throws an error of class `refuse` (code `usage`) that names file, line and value.
 */
export function readTrusted(given: readonly string[]): TrustedKey[] {
  return given.flatMap((word) => {
    const key = keyOf(word, '--trust');
    if (key !== undefined) return [key];
    if (statSync(word, { throwIfNoEntry: false }) === undefined)
      throw refuse(
        `--trust ${JSON.stringify(word)} is ${NEITHER} and no file that is there.`,
        'Ask the operator of the collector for its fingerprint, by telephone or on paper: millwatt export evidence prints it.',
      );
    return readFile(word);
  });
}

/** Reads what was given as `--tsa-ca`: a PEM file of certificates. Throws an error of class `refuse` (code `usage`) where it holds none. */
export async function readAuthorities(path: string): Promise<string> {
  const { readCertificates } = await import('../../collector/evidence/stamps/certificate-path.ts');
  try {
    const text = readFileSync(path, 'utf8');
    readCertificates(text, path);
    return text;
  } catch (cause) {
    throw refuse(
      `--tsa-ca ${path} cannot be read: ${describeFileFault(cause)}.`,
      'Give a PEM file with the certificates of the time-stamping authorities: -----BEGIN CERTIFICATE----- and so on.',
    );
  }
}

function readFile(path: string): TrustedKey[] {
  let text: string;
  try {
    if (statSync(path).size > FILE_BYTES_MAX) throw new Error('it is larger than 1 MiB');
    text = readFileSync(path, 'utf8').replace(/^\uFEFF/, '');
  } catch (cause) {
    throw refuse(
      `--trust ${path} cannot be read: ${describeFileFault(cause)}.`,
      'Give a file with a fingerprint a line.',
    );
  }
  if (text.includes('-----BEGIN ')) return [readPem(path, text)];
  const keys = text.split(/\r?\n/).flatMap((whole, index) => {
    const [word = ''] = whole.replace(/#.*/, '').trim().split(/\s+/);
    if (word === '') return [];
    const key = keyOf(word, `${path}, line ${index + 1}`);
    if (key !== undefined) return [key];
    throw refuse(
      `${path}, line ${index + 1}: ${JSON.stringify(word.slice(0, 80))} is ${NEITHER}.`,
      'Write one a line; what it is may stand behind it, and comments begin with #.',
    );
  });
  if (keys.length > 0) return keys;
  throw refuse(`${path} holds no fingerprint and no key.`, `Write ${FORMS} into it, one a line.`);
}

function readPem(path: string, text: string): TrustedKey {
  let key: KeyObject;
  try {
    // Of a private one, such as collector-key.pem, this gives the public part.
    key = createPublicKey(text);
  } catch (cause) {
    throw refuse(
      `${path} is a PEM file, and no key can be read from it: ${describeError(cause)}.`,
      `Give the PEM of an Ed25519 key, or ${FORMS}.`,
    );
  }
  const { x } = key.asymmetricKeyType === 'ed25519' ? key.export({ format: 'jwk' }) : {};
  if (x === undefined)
    throw refuse(
      `${path} holds a key of type ${key.asymmetricKeyType}; millwatt signs with Ed25519.`,
      `Give the PEM of an Ed25519 key, or ${FORMS}.`,
    );
  return { text: x, fingerprint: fingerprint(x), from: path };
}

/** Dashes and capitals are as people write them. */
function keyOf(word: string, from: string): TrustedKey | undefined {
  const digest: unknown = word;
  if (isDigest(digest)) return { text: digest, fingerprint: fingerprint(digest), from };
  const hex = word.replaceAll('-', '').toLowerCase();
  if (!/^[0-9a-f]{32}$/.test(hex)) return undefined;
  const text = hex.replace(/(.{4})(?=.)/g, '$1-');
  return { text, fingerprint: text, from };
}

function refuse(message: string, cure: string): MillwattError {
  return new MillwattError('refuse', 'usage', message, { cure });
}
