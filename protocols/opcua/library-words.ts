import type * as NodeOpcua from 'node-opcua';
import type { Log } from '../log.ts';
import { printableText } from './printable-text.ts';

/** Passwords of all sources of this process: the library's loggers belong to no source. */
const secrets = new Set<string>();
const LENGTH_MAX = 400;
const SHORTEST_SECRET = 3;

/**
 * Leads what node-opcua writes to the console, for all connections alike, into our log. It prints requests when they
 * fail, and a login is a request: known secrets are struck out.
 */
export function hearLibrary(opcua: typeof NodeOpcua, log: Log, secret?: string): void {
  if (secret !== undefined) keepSecret(secret);
  const hear = (...words: unknown[]) =>
    log.debug({ library: 'node-opcua' }, firstLineOf(strikeSecrets(words.map(String).join(' '))));
  opcua.setWarningLogger(hear);
  opcua.setErrorLogger(hear);
}

/** From now on this text is struck out of whatever is logged or thrown. */
export function keepSecret(secret: string): void {
  if (secret.length < SHORTEST_SECRET) return;
  const bytes = Buffer.from(secret);
  for (const form of [secret, bytes.toString('hex'), bytes.toString('base64')]) secrets.add(form);
}

/** The text without any secret. */
export function strikeSecrets(text: string): string {
  let clean = text;
  for (const secret of secrets) clean = clean.replaceAll(secret, '***');
  return clean;
}

/** What the library says of an error, for people: without any secret, short, and nothing that a terminal would obey. */
export function nameCause(error: unknown): string {
  const text = strikeSecrets(error instanceof Error ? error.message : String(error));
  return printableText(firstLineOf(text));
}

/** Whole messages are printed as dumps of several lines, which may cut a secret in two: only the first line is heard. */
function firstLineOf(text: string): string {
  return (text.trimStart().split('\n', 1)[0] ?? '').slice(0, LENGTH_MAX);
}
