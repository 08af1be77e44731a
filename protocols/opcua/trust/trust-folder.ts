import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { X509Certificate } from 'node:crypto';
import { CERTIFICATE_BYTES_MAX, parseCertificates } from './certificate-bytes.ts';
import { thumbprintOf } from './certificate-facts.ts';
import { parseRevocationList, type RevocationList } from './revocation-list.ts';

/** Where certificates lie: the layout that OPC UA stacks share, so that files can be put there by hand as well. */
export const TRUST_PLACES = ['trusted', 'issuers', 'rejected'] as const;
export type TrustPlace = (typeof TRUST_PLACES)[number];

/** A certificate of the folder, and the file it is in. */
export interface KeptCertificate {
  certificate: X509Certificate;
  file: string;
}

/** Nobody keeps so many by hand; what is beyond is not looked at. */
const FILES_MAX = 2000;
const LIST_BYTES_MAX = 16 * 1024 * 1024;

/** Makes the places, so that an operator finds where to put what. */
export function makeTrustFolder(folder: string): void {
  for (const place of TRUST_PLACES)
    mkdirSync(certificateFolder(folder, place), { recursive: true, mode: 0o700 });
  mkdirSync(join(folder, 'trusted', 'crl'), { recursive: true, mode: 0o700 });
}

/** The certificates in a place, in the order of their file names. Files that are no certificates are passed over. */
export function readCertificates(folder: string, place: TrustPlace): KeptCertificate[] {
  return readFiles(certificateFolder(folder, place), CERTIFICATE_BYTES_MAX).flatMap(({ file, bytes }) =>
    parseCertificates(bytes).map((certificate) => ({ certificate, file })),
  );
}

/** The revocation lists of all authorities. */
export function readRevocationLists(folder: string): RevocationList[] {
  return (['trusted', 'issuers'] as const).flatMap((place) =>
    readFiles(join(folder, place, 'crl'), LIST_BYTES_MAX).flatMap(({ bytes }) => {
      const list = parseRevocationList(bytes);
      return list === undefined ? [] : [list];
    }),
  );
}

/** Keeps a certificate in a place under its thumbprint, so that it is kept once; the file. */
export function keepCertificate(folder: string, place: TrustPlace, certificate: X509Certificate): string {
  const file = join(certificateFolder(folder, place), `${thumbprintOf(certificate)}.pem`);
  writeWhole(file, certificate.toString());
  return file;
}

/** Keeps a revocation list under a name of the operator's and its hash: all authorities call theirs alike. The file. */
export function keepRevocationList(folder: string, name: string, bytes: Uint8Array): string {
  const bare = basename(name)
    .replaceAll(/[^A-Za-z0-9_.-]/g, '_')
    .replace(/^\.+/, '')
    .replace(/\.(?:crl|pem|der)$/i, '')
    .slice(0, 100);
  const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 16);
  const file = join(folder, 'trusted', 'crl', `${bare === '' ? 'list' : bare}-${hash}.crl`);
  writeWhole(file, bytes);
  return file;
}

/** Takes a certificate out of a place, under whatever names it is there; others in the same file stay. */
export function dropCertificate(folder: string, place: TrustPlace, thumbprint: string): void {
  const kept = readCertificates(folder, place);
  const isIt = ({ certificate }: KeptCertificate) => thumbprintOf(certificate) === thumbprint;
  for (const file of new Set(kept.filter(isIt).map((one) => one.file))) {
    const others = kept.filter((one) => one.file === file && !isIt(one));
    if (others.length === 0) rmSync(file, { force: true });
    else writeWhole(file, others.map(({ certificate }) => certificate.toString()).join(''));
  }
}

/** Writes a file in one stroke, so that nobody reads half of it. Makes its folder. */
export function writeWhole(file: string, content: string | Uint8Array): void {
  mkdirSync(join(file, '..'), { recursive: true, mode: 0o700 });
  const draft = `${file}.${process.pid}.part`;
  writeFileSync(draft, content, { mode: 0o600 });
  renameSync(draft, file);
}

function certificateFolder(folder: string, place: TrustPlace): string {
  return place === 'rejected' ? join(folder, 'rejected') : join(folder, place, 'certs');
}

function readFiles(folder: string, bytesMax: number): { file: string; bytes: Buffer }[] {
  const names = listNames(folder).filter((name) => !name.endsWith('.part'));
  return names.slice(0, FILES_MAX).flatMap((name) => {
    const file = join(folder, name);
    try {
      const { size } = statSync(file);
      return size > bytesMax ? [] : [{ file, bytes: readFileSync(file) }];
    } catch {
      return [];
    }
  });
}

function listNames(folder: string): string[] {
  try {
    return readdirSync(folder).toSorted();
  } catch {
    return [];
  }
}
