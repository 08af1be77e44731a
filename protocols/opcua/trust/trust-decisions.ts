import { existsSync, readFileSync, statSync } from 'node:fs';
import type { X509Certificate } from 'node:crypto';
import { basename } from 'node:path';
import { MillwattError } from '../../errors.ts';
import { parseCertificates } from './certificate-bytes.ts';
import { describeCertificate, thumbprintOf, type CertificateFacts } from './certificate-facts.ts';
import { parseRevocationList } from './revocation-list.ts';
import {
  dropCertificate,
  keepCertificate,
  keepRevocationList,
  readCertificates,
  TRUST_PLACES,
  type TrustPlace,
} from './trust-folder.ts';
import { dropNote, isOnlyServer, readNote, writeNote, type CertificateNote } from './trust-notes.ts';

/** What a certificate is here: a server or an authority that is trusted, an authority that only shows the way, or rejected. */
export type Standing = 'server' | 'authority' | 'issuer' | 'rejected';

/** A certificate of the folder with all that is known of it. */
export interface TrustEntry extends CertificateFacts {
  standing: Standing;
  note: CertificateNote;
}

/** What a decision did. */
export interface Decision {
  entry: TrustEntry;
  /** False where it was so already. */
  changed: boolean;
}

/** Letters of a thumbprint that must be given at least to tell certificates apart. */
const PREFIX_MIN = 6;
/** And to trust one: who wants to be trusted can make a certificate whose thumbprint begins with fewer, as the right one does. */
const TRUST_PREFIX_MIN = 16;
const FILE_BYTES_MAX = 16 * 1024 * 1024;

/** Every certificate of the folder once, trusted ones first, then in the order of their thumbprints. */
export function listTrust(folder: string): TrustEntry[] {
  const entries = new Map<string, TrustEntry>();
  for (const place of TRUST_PLACES)
    for (const { certificate } of readCertificates(folder, place)) {
      const entry = entryOf(folder, place, certificate);
      if (!entries.has(entry.thumbprint)) entries.set(entry.thumbprint, entry);
    }
  return [...entries.values()];
}

/**
 * Trusts the certificate with this thumbprint (SHA-256 or SHA-1, or the first letters of it) for the addresses that showed
 * it. A server's certificate vouches for nobody else, whatever it says of itself. Throws (class `refuse`, code
 * `no-certificate`) where there is none, or more than one.
 */
export function trustByThumbprint(folder: string, thumbprint: string): Decision {
  const entry = find(folder, thumbprint, TRUST_PREFIX_MIN);
  const { note } = entry;
  const endpoints = note.shown.map((one) => one.endpoint);
  const approved = [...new Set([...note.approved, ...endpoints])];
  const place = placeOf(entry.standing);
  const changed = place !== 'trusted' || approved.length > note.approved.length;
  const { removedAt: _, ...kept } = note;
  // Who was shown by a server is one, and nothing else. Written down first: an agent that runs must never see it trusted
  // for more.
  writeNote(folder, entry.thumbprint, {
    ...kept,
    approved,
    ...(note.shown.length > 0 && entry.standing !== 'authority' ? { onlyServer: true } : {}),
  });
  if (place !== 'trusted') {
    keepCertificate(folder, 'trusted', certificateOf(folder, place, entry.thumbprint));
    dropCertificate(folder, place, entry.thumbprint);
  }
  return { entry: entryAgain(folder, entry.thumbprint), changed };
}

/**
 * Trusts the certificates in a PEM or DER file, or takes a revocation list in. An authority's certificate lets in all
 * servers that it signed; `asIssuer` keeps it as one that only shows the way to a trusted one. `endpoint` is the address
 * for which a server's certificate is accepted, whatever names it bears; then it vouches for nobody else. Throws (class `refuse`, code `no-certificate`)
 * for a file that holds neither.
 */
export function trustFile(
  folder: string,
  file: string,
  options: { asIssuer?: boolean; endpoint?: string | undefined } = {},
): { decisions: Decision[]; revocationList: string | undefined } {
  const bytes = readFile(file);
  const certificates = parseCertificates(bytes);
  if (certificates.length === 0) {
    if (parseRevocationList(bytes) === undefined) throw noCertificate(`${file} holds no certificate`);
    return { decisions: [], revocationList: keepRevocationList(folder, basename(file), bytes) };
  }
  const place = options.asIssuer === true ? 'issuers' : 'trusted';
  const decisions = certificates.map((certificate) => {
    const thumbprint = thumbprintOf(certificate);
    const before = listTrust(folder).find((one) => one.thumbprint === thumbprint);
    const { removedAt: _, ...note } = readNote(folder, thumbprint);
    const approved = [...note.approved, ...(options.endpoint === undefined ? [] : [options.endpoint])];
    const onlyServer = options.endpoint !== undefined && before?.standing !== 'authority';
    writeNote(folder, thumbprint, { ...note, approved: [...new Set(approved)], onlyServer });
    keepCertificate(folder, place, certificate);
    for (const other of TRUST_PLACES) if (other !== place) dropCertificate(folder, other, thumbprint);
    const entry = entryAgain(folder, thumbprint);
    const changed =
      before?.standing !== entry.standing || before.note.approved.length !== entry.note.approved.length;
    return { entry, changed };
  });
  return { decisions, revocationList: undefined };
}

/**
 * Trusts a certificate no longer: it lies among the rejected ones again. One that lies there already is thrown away, and
 * makes room for others. Throws as `trustByThumbprint`. `nowMs` is real time.
 */
export function distrust(folder: string, thumbprint: string, nowMs: number): Decision {
  const entry = find(folder, thumbprint);
  const place = placeOf(entry.standing);
  if (place === 'rejected') {
    dropCertificate(folder, place, entry.thumbprint);
    dropNote(folder, entry.thumbprint);
    return { entry, changed: false };
  }
  keepCertificate(folder, 'rejected', certificateOf(folder, place, entry.thumbprint));
  dropCertificate(folder, place, entry.thumbprint);
  writeNote(folder, entry.thumbprint, {
    // What was shown stays on record; that it was once trusted for an address does not.
    shown: entry.note.shown,
    approved: [],
    removedAt: new Date(nowMs).toISOString(),
  });
  return { entry: entryAgain(folder, entry.thumbprint), changed: true };
}

/** True for what can only be meant as a thumbprint or the beginning of one. */
export function isThumbprint(text: string): boolean {
  return new RegExp(`^[0-9a-f]{${PREFIX_MIN},64}$`).test(bareThumbprint(text));
}

function find(folder: string, thumbprint: string, lettersMin = PREFIX_MIN): TrustEntry {
  const wanted = bareThumbprint(thumbprint);
  if (!isThumbprint(thumbprint))
    throw noCertificate(`${JSON.stringify(thumbprint)} is neither a file nor the beginning of a thumbprint`);
  if (wanted.length < lettersMin)
    throw new MillwattError('refuse', 'no-certificate', `${wanted} is too short to trust anyone by.`, {
      cure: `Give the first ${lettersMin} letters or more: a stranger can make a certificate that begins with fewer.`,
    });
  const found = listTrust(folder).filter(
    (entry) => entry.thumbprint.startsWith(wanted) || entry.sha1.startsWith(wanted),
  );
  const [only, ...others] = found;
  if (only === undefined) throw noCertificate(`No certificate here has the thumbprint ${wanted}`);
  if (others.length > 0)
    throw new MillwattError(
      'refuse',
      'no-certificate',
      `${found.length} certificates have a thumbprint that begins with ${wanted}.`,
      { cure: `Give more of it: ${found.map((one) => one.thumbprint.slice(0, 24)).join(' or ')}.` },
    );
  return only;
}

function bareThumbprint(text: string): string {
  return text.toLowerCase().replaceAll(/[\s:]/g, '');
}

function entryOf(folder: string, place: TrustPlace, certificate: X509Certificate): TrustEntry {
  const facts = describeCertificate(certificate);
  const note = readNote(folder, facts.thumbprint);
  return { ...facts, standing: standingOf(place, facts, note), note };
}

function standingOf(place: TrustPlace, { isAuthority }: CertificateFacts, note: CertificateNote): Standing {
  if (place === 'rejected') return 'rejected';
  if (place === 'issuers') return 'issuer';
  return isAuthority && !isOnlyServer(note) ? 'authority' : 'server';
}

function placeOf(standing: Standing): TrustPlace {
  if (standing === 'rejected') return 'rejected';
  return standing === 'issuer' ? 'issuers' : 'trusted';
}

function entryAgain(folder: string, thumbprint: string): TrustEntry {
  const entry = listTrust(folder).find((one) => one.thumbprint === thumbprint);
  if (entry === undefined) throw noCertificate(`No certificate here has the thumbprint ${thumbprint}`);
  return entry;
}

function certificateOf(folder: string, place: TrustPlace, thumbprint: string): X509Certificate {
  const kept = readCertificates(folder, place).find(
    ({ certificate }) => thumbprintOf(certificate) === thumbprint,
  );
  if (kept === undefined) throw noCertificate(`No certificate here has the thumbprint ${thumbprint}`);
  return kept.certificate;
}

function readFile(file: string): Buffer {
  if (!existsSync(file)) throw noCertificate(`There is no file ${file}`);
  const { size } = statSync(file);
  if (size > FILE_BYTES_MAX) throw noCertificate(`${file} is too large for a certificate`);
  return readFileSync(file);
}

function noCertificate(what: string): MillwattError {
  return new MillwattError('refuse', 'no-certificate', `${what}.`, {
    cure: 'millwatt trust list shows the thumbprints; a file must hold a certificate or revocation list in PEM or DER.',
  });
}
