import { hostname } from 'node:os';
import type { X509Certificate } from 'node:crypto';
import type { MillwattError } from '../../errors.ts';
import { splitChain } from './certificate-bytes.ts';
import { describeCertificate, thumbprintOf } from './certificate-facts.ts';
import { judgeCertificate, type TrustedParties, type Verdict } from './certificate-verdict.ts';
import { dropCertificate, keepCertificate, readCertificates, readRevocationLists } from './trust-folder.ts';
import {
  dropNote,
  isApprovedFor,
  isOnlyServer,
  readKnownServer,
  readNote,
  writeKnownServer,
  writeNote,
  type Showing,
} from './trust-notes.ts';
import { explainMisfit, refuseServer, type Asker } from './trust-words.ts';

/** What came of looking at a certificate that a server showed. */
export interface Review {
  verdict: Verdict;
  /** Set where it was refused. */
  refusal: MillwattError | undefined;
}

/** Rejected certificates that are kept of one address: a server that makes a new one each time drives out its own. */
const KEPT_PER_ENDPOINT = 5;
const KEPT_MAX = 100;

/** Who is trusted, as the folder says now: a certificate that was just trusted counts from the next look on. */
export function readTrustedParties(folder: string): TrustedParties {
  const trusted = readCertificates(folder, 'trusted').map(({ certificate }) => certificate);
  return {
    servers: trusted,
    authorities: trusted.filter((one) => one.ca && !isOnlyServer(readNote(folder, thumbprintOf(one)))),
    issuers: readCertificates(folder, 'issuers').map(({ certificate }) => certificate),
    lists: readRevocationLists(folder),
  };
}

/**
 * Judges what a server shows and writes down what came out: a rejected certificate is kept for review, and which one was
 * accepted is remembered, so that a change is noticed. `bytes` is DER, the server's own certificate first.
 */
export function reviewServer(
  folder: string,
  bytes: Uint8Array,
  asker: Asker & { applicationUri?: string | undefined },
  nowMs: number,
): Review {
  const chain = splitChain(bytes) ?? [];
  const [leaf] = chain;
  const thumbprint = leaf === undefined ? '' : thumbprintOf(leaf);
  const note = readNote(folder, thumbprint);
  const verdict = judgeCertificate(
    chain,
    readTrustedParties(folder),
    {
      host: hostOf(asker.endpoint),
      ownNames: [hostname()],
      applicationUri: asker.applicationUri,
      isApproved: isApprovedFor(note, asker.endpoint),
    },
    nowMs,
  );
  const before = readKnownServer(folder, asker.endpoint);
  if (verdict.misfits.length === 0) {
    if (before?.thumbprint !== thumbprint)
      attempt(() =>
        writeKnownServer(folder, {
          endpoint: asker.endpoint,
          thumbprint,
          since: new Date(nowMs).toISOString(),
        }),
      );
    return { verdict, refusal: undefined };
  }
  const facts = leaf === undefined ? undefined : describeCertificate(leaf);
  const showing: Showing = {
    source: asker.source,
    endpoint: asker.endpoint,
    at: new Date(nowMs).toISOString(),
    why: verdict.misfits.map((misfit) => explainMisfit(misfit, facts)),
    untrusted: verdict.misfits.some(({ why }) => why === 'untrusted'),
  };
  const kept = leaf !== undefined && attempt(() => keepForReview(folder, leaf, showing));
  return { verdict, refusal: refuseServer(asker, verdict.misfits, facts, { before, kept }) };
}

/** Host of `opc.tcp://host:port/path`; brackets of IPv6 taken off. */
export function hostOf(endpoint: string): string {
  const [, host = ''] = /^[a-z.]+:\/\/(\[[^\]]+\]|[^/:]+)/i.exec(endpoint) ?? [];
  return host.replace(/^\[|\]$/g, '');
}

function keepForReview(folder: string, leaf: X509Certificate, showing: Showing): boolean {
  const thumbprint = thumbprintOf(leaf);
  const rejected = readCertificates(folder, 'rejected').map(({ certificate }) => thumbprintOf(certificate));
  const isTrusted = readCertificates(folder, 'trusted').some(
    ({ certificate }) => thumbprintOf(certificate) === thumbprint,
  );
  if (!isTrusted && !rejected.includes(thumbprint)) {
    if (!makeRoom(folder, rejected, showing.endpoint)) return false;
    keepCertificate(folder, 'rejected', leaf);
  }
  // Read only now: the operator may have decided while it was judged.
  const note = readNote(folder, thumbprint);
  const known = note.shown.find(
    ({ source, endpoint }) => source === showing.source && endpoint === showing.endpoint,
  );
  if (known !== undefined && known.why.join() === showing.why.join()) return true;
  const others = note.shown.filter((one) => one !== known);
  writeNote(folder, thumbprint, {
    ...note,
    shown: [...others, known === undefined ? showing : { ...showing, at: known.at }],
  });
  return true;
}

/** Drives out what this address showed longest ago; false where everything is full of others. */
function makeRoom(folder: string, rejected: readonly string[], endpoint: string): boolean {
  const notes = rejected.map((thumbprint) => ({ thumbprint, note: readNote(folder, thumbprint) }));
  const own = notes
    .filter(
      ({ note }) =>
        note.removedAt === undefined &&
        note.shown.length > 0 &&
        note.shown.every((one) => one.endpoint === endpoint),
    )
    .toSorted((a, b) => (a.note.shown[0]?.at ?? '').localeCompare(b.note.shown[0]?.at ?? ''));
  const tooMany = Math.max(own.length - KEPT_PER_ENDPOINT, rejected.length - KEPT_MAX) + 1;
  for (const { thumbprint } of own.slice(0, Math.max(0, tooMany))) {
    dropCertificate(folder, 'rejected', thumbprint);
    dropNote(folder, thumbprint);
  }
  return tooMany <= own.length;
}

/** A disk that takes nothing is no reason to let anyone in, nor to keep someone out. */
function attempt(write: () => boolean | void): boolean {
  try {
    return write() !== false;
  } catch {
    return false;
  }
}
