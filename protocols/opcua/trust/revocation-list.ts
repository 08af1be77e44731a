import { verify, type KeyObject, type X509Certificate } from 'node:crypto';
import { readDer, readDerTime, readObjectIdentifier, type DerValue } from './der-reader.ts';

/** What an authority has withdrawn. */
export interface RevocationList {
  /** Serial numbers, upper case hex without leading zeros. */
  revoked: ReadonlySet<string>;
  /** When it was made, ms since 1970. */
  thisUpdateMs: number;
  /** When it was to be replaced by a newer one; undefined where it does not say. */
  nextUpdateMs: number | undefined;
  /** Whether this authority signed it. */
  isOf(authority: X509Certificate): boolean;
}

/** Signature algorithms that are still thought safe, by object identifier. */
const HASHES: Readonly<Record<string, string>> = {
  '1.2.840.113549.1.1.11': 'sha256',
  '1.2.840.113549.1.1.12': 'sha384',
  '1.2.840.113549.1.1.13': 'sha512',
  '1.2.840.10045.4.3.2': 'sha256',
  '1.2.840.10045.4.3.3': 'sha384',
  '1.2.840.10045.4.3.4': 'sha512',
};
const INTEGER = 0x02;
const SEQUENCE = 0x30;
const UTC_TIME = 0x17;
const GENERALIZED_TIME = 0x18;
const EXTENSIONS = 0xa0;

/** The extension of a list that only tells what changed since another. */
const DELTA = '2.5.29.27';

/**
 * Reads a revocation list in PEM or DER (RFC 5280); undefined where the bytes are none, or one that only tells what changed
 * since another.
 */
export function parseRevocationList(bytes: Uint8Array): RevocationList | undefined {
  try {
    return readList(derOf(Buffer.from(bytes)));
  } catch {
    return undefined;
  }
}

/** The list that was made last; of an authority's lists only that one counts. */
export function newestOf(lists: readonly RevocationList[]): RevocationList | undefined {
  return lists.toSorted((a, b) => b.thisUpdateMs - a.thisUpdateMs)[0];
}

/** Whether a certificate's serial number is in a list; the list must be of the authority that signed it. */
export function isRevoked(certificate: X509Certificate, list: RevocationList): boolean {
  return list.revoked.has(bareSerial(certificate.serialNumber));
}

function derOf(bytes: Buffer): Buffer {
  const pem = /-----BEGIN X509 CRL-----([\s\S]*?)-----END X509 CRL-----/.exec(bytes.toString('latin1'));
  return pem === null ? bytes : Buffer.from(pem[1] ?? '', 'base64');
}

function readList(der: Buffer): RevocationList | undefined {
  const [list] = readDer(der);
  const [signed, algorithm, signature] = list?.tag === SEQUENCE ? readDer(list.content) : [];
  if (signed?.tag !== SEQUENCE || algorithm === undefined || signature?.tag !== 0x03) return undefined;
  const fields = readDer(signed.content);
  // The version is optional, and the only number among the first fields.
  if (fields[0]?.tag === INTEGER) fields.shift();
  const [inner, issuer, thisUpdate, ...rest] = fields;
  if (inner?.tag !== SEQUENCE || issuer?.tag !== SEQUENCE || !isTime(thisUpdate)) return undefined;
  const nextUpdate = isTime(rest[0]) ? rest.shift() : undefined;
  const entries = rest[0]?.tag === SEQUENCE ? readDer(rest[0].content) : [];
  const thisUpdateMs = readDerTime(thisUpdate);
  if (Number.isNaN(thisUpdateMs) || isDelta(rest.at(-1))) return undefined;
  const revoked = entries.flatMap(({ content }) => {
    const [serial] = readDer(content);
    return serial?.tag === INTEGER ? [bareSerial(serial.content.toString('hex'))] : [];
  });
  const [oid] = readDer(algorithm.content);
  const hash = oid === undefined ? undefined : HASHES[readObjectIdentifier(oid.content)];
  return {
    revoked: new Set(revoked),
    thisUpdateMs,
    nextUpdateMs: nextUpdate === undefined ? undefined : readDerTime(nextUpdate),
    isOf: ({ publicKey }) =>
      hash !== undefined && isSignedBy(publicKey, hash, signed.whole, signature.content.subarray(1)),
  };
}

function isDelta(extensions: DerValue | undefined): boolean {
  if (extensions?.tag !== EXTENSIONS) return false;
  const [list] = readDer(extensions.content);
  return readDer(list?.content ?? Buffer.alloc(0)).some(({ content }) => {
    const [name] = readDer(content);
    return name !== undefined && readObjectIdentifier(name.content) === DELTA;
  });
}

function isSignedBy(key: KeyObject, hash: string, text: Buffer, signature: Buffer): boolean {
  try {
    return verify(hash, text, key, signature);
  } catch {
    return false;
  }
}

function isTime(value: DerValue | undefined): value is DerValue {
  return value?.tag === UTC_TIME || value?.tag === GENERALIZED_TIME;
}

function bareSerial(hex: string): string {
  return hex.toUpperCase().replace(/^0+(?=.)/, '');
}
