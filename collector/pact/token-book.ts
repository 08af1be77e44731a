import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { PactPartner, PactScope } from './pact-plan.ts';

/** How long a token is good, s. */
export const TOKEN_SECONDS = 3600;
/** A partner with more at once loses its oldest. */
const TOKENS_MAX = 50;
/** Expired ones are known as such for so long, ms. */
const REMEMBERED_MS = 3_600_000;

/** Whose token it is, and what it may be used for. */
export interface TokenHolder {
  partner: PactPartner;
  scopes: readonly PactScope[];
}

/**
 * Tokens that were given out: 256 bits of chance that mean nothing, kept as hashes and in memory only. After a restart every
 * partner gets a new one, which is what its client does with any refused token.
 */
export interface TokenBook {
  /** The partner with this id and secret. Takes as long for an id that there is not. */
  authenticate(id: string, secret: string): PactPartner | undefined;
  issue(holder: TokenHolder): string;
  find(token: string): TokenHolder | 'expired' | 'invalid';
}

/** @param nowMs monotonic ms */
export function openTokenBook(partners: readonly PactPartner[], nowMs: () => number): TokenBook {
  const known = partners.map((partner) => ({ partner, id: hash(partner.id), secret: hash(partner.secret) }));
  const tokens = new Map<string, TokenHolder & { untilMs: number }>();
  const forget = (): void => {
    const now = nowMs();
    for (const [token, { untilMs }] of tokens) if (untilMs + REMEMBERED_MS < now) tokens.delete(token);
  };
  return {
    authenticate: (id, secret) => {
      const [givenId, givenSecret] = [hash(id), hash(secret)];
      let found: PactPartner | undefined;
      // Every one is compared, whichever fits.
      for (const one of known) {
        const isId = timingSafeEqual(givenId, one.id);
        const isSecret = timingSafeEqual(givenSecret, one.secret);
        if (isId && isSecret) found = one.partner;
      }
      return found;
    },
    issue: ({ partner, scopes }) => {
      forget();
      const own = [...tokens].filter(([, holder]) => holder.partner.id === partner.id);
      for (const [token] of own.slice(0, Math.max(0, own.length + 1 - TOKENS_MAX))) tokens.delete(token);
      const token = randomBytes(32).toString('base64url');
      tokens.set(keyOf(token), { partner, scopes, untilMs: nowMs() + TOKEN_SECONDS * 1000 });
      return token;
    },
    find: (token) => {
      // Found by its hash: how long that takes tells nothing of the token.
      const holder = tokens.get(keyOf(token));
      if (holder === undefined) return 'invalid';
      return holder.untilMs <= nowMs() ? 'expired' : { partner: holder.partner, scopes: holder.scopes };
    },
  };
}

const hash = (text: string) => createHash('sha256').update(text).digest();
const keyOf = (token: string) => hash(token).toString('base64');
