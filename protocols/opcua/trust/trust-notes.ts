import { createHash } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { writeWhole } from './trust-folder.ts';

/** Where a certificate was shown, and why it was not accepted there. */
export interface Showing {
  source: string;
  endpoint: string;
  /** ISO 8601, when it was first shown there. */
  at: string;
  /** What was wrong with it, in words. */
  why: string[];
  /** It was not trusted at all; who trusts it afterwards trusts it for this address. */
  untrusted: boolean;
}

/** What is remembered of a certificate beside itself. */
export interface CertificateNote {
  shown: Showing[];
  /** Addresses for which the operator has accepted it, whatever names it bears. */
  approved: string[];
  /**
   * True: it is trusted as a server, not as one who vouches for others, even if it says that it may. False: the operator
   * brought it in as an authority. Left out where nobody decided, as for a file that was put there by hand.
   */
  onlyServer?: boolean | undefined;
  /** Taken out by the operator; `at` in ISO 8601. */
  removedAt?: string;
}

/** The certificate that an address showed when it was last accepted. */
export interface KnownServer {
  endpoint: string;
  thumbprint: string;
  /** ISO 8601, since when. */
  since: string;
}

const SHOWN_MAX = 20;

/** What is remembered of a certificate; nothing, where nothing was written down. */
export function readNote(folder: string, thumbprint: string): CertificateNote {
  const read = readJson(noteFile(folder, thumbprint));
  return {
    shown: listOf(read['shown']).flatMap((entry) => (isShowing(entry) ? [entry] : [])),
    approved: listOf(read['approved']).filter((one) => typeof one === 'string'),
    ...(typeof read['onlyServer'] === 'boolean' ? { onlyServer: read['onlyServer'] } : {}),
    ...(typeof read['removedAt'] === 'string' ? { removedAt: read['removedAt'] } : {}),
  };
}

/** Whether a certificate stands for a server only: where nobody decided, it does once a server has shown it unasked. */
export function isOnlyServer({ onlyServer, shown }: CertificateNote): boolean {
  return onlyServer ?? shown.some(({ untrusted }) => untrusted);
}

/** Whether the operator has accepted a certificate, which must be a trusted one, for this very address. */
export function isApprovedFor({ approved, shown }: CertificateNote, endpoint: string): boolean {
  return approved.includes(endpoint) || shown.some((one) => one.endpoint === endpoint && one.untrusted);
}

/** Writes down what is remembered of a certificate. */
export function writeNote(folder: string, thumbprint: string, note: CertificateNote): void {
  const shown = note.shown.slice(-SHOWN_MAX);
  writeWhole(noteFile(folder, thumbprint), `${JSON.stringify({ ...note, shown }, null, 2)}\n`);
}

/** Nothing is remembered of a certificate any more. */
export function dropNote(folder: string, thumbprint: string): void {
  rmSync(noteFile(folder, thumbprint), { force: true });
}

/** Which certificate an address showed before; undefined where it never was accepted. */
export function readKnownServer(folder: string, endpoint: string): KnownServer | undefined {
  const { endpoint: of, thumbprint, since } = readJson(serverFile(folder, endpoint));
  return of === endpoint && typeof thumbprint === 'string' && typeof since === 'string'
    ? { endpoint, thumbprint, since }
    : undefined;
}

/** Writes down which certificate an address shows. */
export function writeKnownServer(folder: string, known: KnownServer): void {
  writeWhole(serverFile(folder, known.endpoint), `${JSON.stringify(known, null, 2)}\n`);
}

function noteFile(folder: string, thumbprint: string): string {
  return join(folder, 'notes', `${thumbprint}.json`);
}

function serverFile(folder: string, endpoint: string): string {
  const name = createHash('sha256').update(endpoint).digest('hex').slice(0, 32);
  return join(folder, 'notes', `server-${name}.json`);
}

function readJson(file: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function isShowing(value: unknown): value is Showing {
  if (typeof value !== 'object' || value === null) return false;
  const { source, endpoint, at, why, untrusted } = value as Record<string, unknown>;
  return (
    [source, endpoint, at].every((text) => typeof text === 'string') &&
    Array.isArray(why) &&
    typeof untrusted === 'boolean'
  );
}
