import type { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { printableText } from '../printable-text.ts';

/** What a certificate says, in words that are safe to print: whoever made it chose them. */
export interface CertificateFacts {
  /** SHA-256 of the certificate, lower case hex: what it is known by here. */
  thumbprint: string;
  /** SHA-1, as many controls show it. */
  sha1: string;
  /** Common name, or the whole subject where there is none. */
  name: string;
  subject: string;
  issuer: string;
  validFromMs: number;
  validToMs: number;
  /** Names and addresses of the computer that it is for. */
  hosts: readonly string[];
  /** The OPC UA application that it is for. */
  applicationUri: string | undefined;
  /** It may sign other certificates. */
  isAuthority: boolean;
  isSelfSigned: boolean;
}

/** Reads what a certificate says. */
export function describeCertificate(certificate: X509Certificate): CertificateFacts {
  const names = alternativeNamesOf(certificate);
  const subject = printable(certificate.subject);
  const commonName = /^CN=(.+)$/m.exec(certificate.subject ?? '')?.[1];
  return {
    thumbprint: thumbprintOf(certificate),
    sha1: bare(certificate.fingerprint),
    name: commonName === undefined ? subject : printable(commonName),
    subject,
    issuer: printable(certificate.issuer),
    validFromMs: certificate.validFromDate.getTime(),
    validToMs: certificate.validToDate.getTime(),
    hosts: names.flatMap(([kind, name]) => (kind === 'URI' ? [] : [printable(name)])),
    applicationUri: names.flatMap(([kind, name]) => (kind === 'URI' ? [printable(name)] : []))[0],
    isAuthority: certificate.ca,
    isSelfSigned: certificate.subject === certificate.issuer,
  };
}

/** The OPC UA application that a certificate is for, letter by letter, to compare and not to print; undefined where it names none. */
export function applicationUriOf(certificate: X509Certificate): string | undefined {
  return alternativeNamesOf(certificate).find(([kind]) => kind === 'URI')?.[1];
}

/** SHA-256 of a certificate in lower case hex. */
export function thumbprintOf(certificate: X509Certificate): string {
  return bare(certificate.fingerprint256);
}

/** The first letters of a thumbprint, enough that nobody makes a second certificate with them. */
export function shortThumbprint(thumbprint: string): string {
  return thumbprint.slice(0, 16);
}

/**
 * Whether a certificate names this host among its alternative names; its common name is for people, and says nothing here.
 * `localhost` and its kin are this computer, whatever it is called.
 */
export function namesHost(certificate: X509Certificate, host: string, ownNames: readonly string[]): boolean {
  // Some makers of certificates (asyncua's own among them) write an address down as a name.
  const addresses = alternativeNamesOf(certificate).flatMap(([kind, name]) => (kind === 'DNS' ? [name] : []));
  const fits = (name: string) =>
    isIP(name) === 0
      ? certificate.checkHost(name, { subject: 'never', partialWildcards: false }) !== undefined
      : certificate.checkIP(name) !== undefined || addresses.includes(name);
  return fits(host) || (isLoopback(host) && ['localhost', '127.0.0.1', ...ownNames].some(fits));
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

/** `CN=x`, `O=y` in one line. */
function printable(text: string | undefined): string {
  return printableText((text ?? '').replaceAll('\n', ', '));
}

function bare(fingerprint: string): string {
  return fingerprint.replaceAll(':', '').toLowerCase();
}

/** `DNS:a, URI:"urn:b,c"`: names with a comma or the like are written as JSON strings. */
function alternativeNamesOf(certificate: X509Certificate): [kind: string, name: string][] {
  const text = certificate.subjectAltName ?? '';
  return [...text.matchAll(/(?:^|, )(DNS|URI|IP Address):("(?:[^"\\]|\\.)*"|[^,]*)/g)].map(
    ([, kind = '', name = '']) => [kind, name.startsWith('"') ? unquote(name) : name],
  );
}

function unquote(name: string): string {
  try {
    return String(JSON.parse(name));
  } catch {
    return name;
  }
}
