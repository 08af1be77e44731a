import { MillwattError } from '../errors.ts';

/**
 * Names that every JavaScript object already answers to (`constructor`, `toString`): as an id they would find a
 * function where a table has no entry. Those that begin with "_" are no ids anyway.
 */
const INHERITED = Object.getOwnPropertyNames(Object.prototype).filter((name) => !name.startsWith('_'));
const NOT_INHERITED = `(?!(?:${INHERITED.join('|')})(?:\\.|$))`;
const LEVEL_TEXT = `${NOT_INHERITED}[A-Za-z0-9][A-Za-z0-9_-]{0,63}`;

/** Names of sites, agents, sources and collectors: safe as a topic level, a file name and an InfluxDB tag. */
const ID = new RegExp(`^${NOT_INHERITED}[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$`);
/** Machines and components take no dot: it separates the levels of a channel id. */
const LEVEL = new RegExp(`^${LEVEL_TEXT}$`);
const CHANNEL = new RegExp(`^${LEVEL_TEXT}(?:\\.${LEVEL_TEXT}){2,3}$`);
/** 32 bytes in base64url without padding; the last letter carries only four bits, so each value has one spelling. */
const DIGEST = /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/;
/** An epoch or a boot: 12 lower-case letters and digits drawn at random. */
const TOKEN = /^[a-z0-9]{12}$/;

/** True for a usable site, agent, source or collector id. */
export function isId(value: unknown): value is string {
  return typeof value === 'string' && ID.test(value) && !value.includes('..');
}

/** True for a usable machine or component id. */
export function isLevelId(value: unknown): value is string {
  return typeof value === 'string' && LEVEL.test(value);
}

/** True for a channel id: machine.component.name or machine.component.quantity.phase. */
export function isChannelId(value: unknown): value is string {
  return typeof value === 'string' && CHANNEL.test(value);
}

/** True for an epoch or boot id. */
export function isToken(value: unknown): value is string {
  return typeof value === 'string' && TOKEN.test(value);
}

/** True for 32 bytes in base64url without padding: a SHA-256 or an Ed25519 public key. */
export function isDigest(value: unknown): value is string {
  return typeof value === 'string' && DIGEST.test(value);
}

/** True for a whole number from 0 to 2^53 - 1. */
export function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789';

/** A new epoch or boot id from a source of random bytes (36^12 possibilities, 62 bits). */
export function drawToken(randomBytes: (count: number) => Uint8Array): string {
  let token = '';
  while (token.length < 12) {
    for (const byte of randomBytes(24)) {
      // 252 = 7 x 36: larger bytes are dropped so that every letter is as likely as any other.
      if (byte < 252 && token.length < 12) token += ALPHABET[byte % 36];
    }
  }
  return token;
}

/** The id, or an error of class `refuse` that names what it was to identify. */
export function requireId(value: unknown, what: string): string {
  if (isId(value)) return value;
  throw new MillwattError('refuse', 'bad-id', `${what} ${JSON.stringify(value)} is not a usable id.`, {
    cure: 'Use 1 to 64 letters, digits, "_", "." or "-", beginning with a letter or digit.',
  });
}
