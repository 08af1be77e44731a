import type { X509Certificate } from 'node:crypto';
import { applicationUriOf, describeCertificate, namesHost, thumbprintOf } from './certificate-facts.ts';
import { pathLengthOf } from './path-length.ts';
import { isRevoked, newestOf, type RevocationList } from './revocation-list.ts';

/** Why a certificate is not good enough, the gravest first. */
export type Misfit =
  | { why: 'unreadable' }
  | { why: 'revoked'; authority: string }
  | { why: 'expired'; atMs: number }
  | { why: 'not-yet-valid'; atMs: number }
  | { why: 'short-key'; bits: number }
  | { why: 'untrusted'; signedBy: string | undefined }
  | { why: 'other-host'; host: string }
  | { why: 'other-application'; told: string };

/** What is trusted here. */
export interface TrustedParties {
  /** Certificates of servers that are trusted by themselves. */
  servers: readonly X509Certificate[];
  /** Those who may vouch for servers. */
  authorities: readonly X509Certificate[];
  /** Authorities that only help to find the way from a server to a trusted one. */
  issuers: readonly X509Certificate[];
  lists: readonly RevocationList[];
}

/** Whom the certificate is to stand for. */
export interface Claim {
  host: string;
  /** Names of this computer, for servers on it. */
  ownNames: readonly string[];
  /** The application that the server says it is; undefined where it was not asked yet. */
  applicationUri?: string | undefined;
  /** The operator has accepted this certificate for this very address, whatever names it bears. */
  isApproved: boolean;
}

/** What came out; trusted where `misfits` is empty. */
export interface Verdict {
  misfits: Misfit[];
  /** The authority on which the trust rests; undefined where the certificate is trusted by itself, or not at all. */
  authority: X509Certificate | undefined;
  /** Lists that it was looked up in are older than they should be: when the oldest was to be replaced, ms since 1970. */
  staleListMs: number | undefined;
}

/** Policies that are still thought secure ask for so many bits. */
const KEY_BITS_MIN = 2048;
const DEPTH_MAX = 6;

/**
 * Judges what a server shows: its certificate, and those of its authorities. Trusted is what the operator has put into the
 * trusted folder, and what an authority in there signed. `nowMs` is real time, ms since 1970.
 */
export function judgeCertificate(
  chain: readonly X509Certificate[],
  parties: TrustedParties,
  claim: Claim,
  nowMs: number,
): Verdict {
  const [leaf, ...sent] = chain;
  if (leaf === undefined)
    return { misfits: [{ why: 'unreadable' }], authority: undefined, staleListMs: undefined };
  const trusted = new Set(parties.authorities.map(thumbprintOf));
  const isPinned = parties.servers.some((one) => thumbprintOf(one) === thumbprintOf(leaf));
  // An authority that was renewed with its old key is there twice: the one that ran out must not stand before the other.
  const known = [...parties.authorities, ...parties.issuers, ...sent].toSorted(
    (a, b) => checkDates(a, nowMs).length - checkDates(b, nowMs).length,
  );
  const path = findPath(leaf, known, trusted);
  const authority = isPinned ? undefined : path.find((one) => trusted.has(thumbprintOf(one)));
  const links = [leaf, ...path];
  const misfits: Misfit[] = [];
  const lookedUp = links.flatMap((one, index) => {
    const issuer = links[index + 1];
    const list =
      issuer === undefined
        ? undefined
        : newestOf(parties.lists.filter((candidate) => candidate.isOf(issuer)));
    if (issuer === undefined || list === undefined) return [];
    if (isRevoked(one, list)) misfits.push({ why: 'revoked', authority: nameOf(issuer) });
    return [list];
  });
  // Who is trusted by himself needs no authority, so that its dates say nothing about him.
  const counting = isPinned ? [leaf] : links;
  for (const one of counting) misfits.push(...checkDates(one, nowMs));
  const bits = Math.min(
    ...counting.map((one) => one.publicKey.asymmetricKeyDetails?.modulusLength ?? Infinity),
  );
  if (bits < KEY_BITS_MIN) misfits.push({ why: 'short-key', bits });
  if (!isPinned && authority === undefined)
    misfits.push({
      why: 'untrusted',
      signedBy: leaf.subject === leaf.issuer ? undefined : nameOf(path.at(-1) ?? leaf, 'issuer'),
    });
  if (!(isPinned && claim.isApproved)) {
    if (!namesHost(leaf, claim.host, claim.ownNames)) misfits.push({ why: 'other-host', host: claim.host });
    const { applicationUri } = claim;
    if (applicationUri !== undefined && !namesApplication(leaf, applicationUri))
      misfits.push({ why: 'other-application', told: applicationUri });
  }
  const stale = lookedUp.flatMap(({ nextUpdateMs = Infinity }) =>
    nextUpdateMs < nowMs ? [nextUpdateMs] : [],
  );
  return { misfits, authority, staleListMs: stale.length === 0 ? undefined : Math.min(...stale) };
}

/** From a certificate up to a trusted authority, or as far up as anyone is known. */
function findPath(
  leaf: X509Certificate,
  known: readonly X509Certificate[],
  trusted: ReadonlySet<string>,
): X509Certificate[] {
  let longest: X509Certificate[] = [];
  const climb = (from: X509Certificate, path: X509Certificate[]): X509Certificate[] | undefined => {
    if (path.length > longest.length) longest = path;
    if (from.subject === from.issuer || path.length === DEPTH_MAX) return undefined;
    for (const issuer of known) {
      if (path.includes(issuer) || !isSignedBy(from, issuer) || pathLengthOf(issuer) < path.length) continue;
      const further = [...path, issuer];
      if (trusted.has(thumbprintOf(issuer))) return further;
      const found = climb(issuer, further);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  return climb(leaf, []) ?? longest;
}

function isSignedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  return issuer.ca && certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}

function checkDates({ validFromDate, validToDate }: X509Certificate, nowMs: number): Misfit[] {
  if (validToDate.getTime() < nowMs) return [{ why: 'expired', atMs: validToDate.getTime() }];
  if (validFromDate.getTime() > nowMs) return [{ why: 'not-yet-valid', atMs: validFromDate.getTime() }];
  return [];
}

function namesApplication(certificate: X509Certificate, applicationUri: string): boolean {
  const named = applicationUriOf(certificate);
  return named === undefined || named === applicationUri;
}

function nameOf(certificate: X509Certificate, whose: 'subject' | 'issuer' = 'subject'): string {
  const facts = describeCertificate(certificate);
  return whose === 'subject' ? facts.name : facts.issuer;
}
