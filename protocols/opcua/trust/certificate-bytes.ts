import { X509Certificate } from 'node:crypto';

/** Longer ones are no certificates, or not ones that anyone should keep. */
export const CERTIFICATE_BYTES_MAX = 65_536;
const CHAIN_MAX = 8;

/** The certificates of a file: PEM text with one or more, or a single one in DER. Empty where there is none. */
export function parseCertificates(bytes: Uint8Array): X509Certificate[] {
  const text = Buffer.from(bytes).toString('latin1');
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g);
  return (blocks ?? [bytes]).flatMap((block) => {
    try {
      return [new X509Certificate(block)];
    } catch {
      return [];
    }
  });
}

/**
 * The certificates that a server shows, its own first: DER, one behind the other. Undefined where they are too long, too
 * many, or no certificates.
 */
export function splitChain(bytes: Uint8Array): X509Certificate[] | undefined {
  const chain: X509Certificate[] = [];
  let rest = Buffer.from(bytes);
  if (rest.length > CERTIFICATE_BYTES_MAX) return undefined;
  while (rest.length > 0) {
    const length = lengthOf(rest);
    if (length === undefined || length > rest.length || chain.length === CHAIN_MAX) return undefined;
    try {
      chain.push(new X509Certificate(rest.subarray(0, length)));
    } catch {
      return undefined;
    }
    rest = rest.subarray(length);
  }
  return chain.length === 0 ? undefined : chain;
}

/** Bytes of a DER sequence with its header; undefined where none begins here. */
function lengthOf(bytes: Buffer): number | undefined {
  const first = bytes[1];
  if (bytes[0] !== 0x30 || first === undefined) return undefined;
  if (first < 0x80) return 2 + first;
  const count = first & 0x7f;
  if (count === 0 || count > 4 || bytes.length < 2 + count) return undefined;
  return 2 + count + bytes.readUIntBE(2, count);
}
