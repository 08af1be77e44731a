import { X509Certificate } from 'node:crypto';
import { MillwattError } from '../../../protocols/errors.ts';

const DEPTH_MAX = 8;

/**
 * Certificates of a PEM text. Throws an error of class `refuse` (code `bad-certificate`) where one cannot be read, or there is none.
 *
 * @param name of the text for people, such as its path
 */
export function readCertificates(pem: string, name: string): X509Certificate[] {
  const texts = pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  try {
    if (texts.length === 0) throw new Error('it holds none');
    return texts.map((text) => new X509Certificate(text));
  } catch (cause) {
    throw new MillwattError('refuse', 'bad-certificate', `${name} holds no certificates that can be read.`, {
      cure: 'Give a PEM file of the authority: -----BEGIN CERTIFICATE----- and so on.',
      cause,
    });
  }
}

/** A certificate's subject as one line, for people: `CN=Stamps, O=Example`. What is no letter of a text is shown as `?`. */
export function subjectOf({ subject }: X509Certificate): string {
  return subject
    .split('\n')
    .toReversed()
    .join(', ')
    .replaceAll(/[\p{Cc}\p{Cf}\p{Cs}]/gu, '?')
    .slice(0, 300);
}

/**
 * What is wrong with the way from a certificate to one that is trusted, as the end of "Its certificate ..."; undefined where each is signed
 * by the next, every issuer is an authority, and all were valid at that time. Revocation is not asked: it needs a network.
 *
 * @param atMs wall ms
 */
export function pathFault(
  signer: X509Certificate,
  others: readonly X509Certificate[],
  trusted: readonly X509Certificate[],
  atMs: number,
): string | undefined {
  let one = signer;
  for (let depth = 0; depth < DEPTH_MAX; depth++) {
    if (!isValid(one, atMs))
      return `was not valid at that time (${subjectOf(one)}, ${one.validFrom} to ${one.validTo})`;
    const current = one;
    if (trusted.some(({ fingerprint256 }) => fingerprint256 === current.fingerprint256)) return undefined;
    const isIssuer = (issuer: X509Certificate) =>
      issuer.ca && current.checkIssued(issuer) && current.verify(issuer.publicKey);
    const issuer = trusted.find(isIssuer) ?? others.find((other) => other !== current && isIssuer(other));
    if (issuer === undefined) return `was not issued by an authority that is trusted (${subjectOf(signer)})`;
    one = issuer;
  }
  return `is further than ${DEPTH_MAX} steps from one that is trusted`;
}

function isValid({ validFromDate, validToDate }: X509Certificate, atMs: number): boolean {
  return validFromDate.getTime() <= atMs && atMs <= validToDate.getTime();
}
