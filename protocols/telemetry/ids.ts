import { MillwattError } from '../errors.ts';

/** Names of sites, agents, sources and collectors: safe as a topic level, a file name and an InfluxDB tag. */
const ID = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/;
/** Machines and components take no dot: it separates the levels of a channel id. */
const LEVEL = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;
const CHANNEL = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}(\.[A-Za-z0-9][A-Za-z0-9_-]{0,63}){2,3}$/;
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
