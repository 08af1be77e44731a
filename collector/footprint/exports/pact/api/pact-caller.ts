import type { FootprintHead } from '../product-footprint.ts';
import { refusal, type PactAnswer } from './pact-answer.ts';

/** Who asks, as the server found out: nothing of this is decided here. */
export interface PactCaller {
  /** Whether the request came over TLS, to us or to the proxy before us. */
  isSecure: boolean;
  token: 'valid' | 'expired' | 'invalid';
  /** Whether this caller may see a footprint. */
  isGranted: (footprint: FootprintHead) => boolean;
}

/** Why a caller gets nothing at all; undefined when the question may be answered. */
export function refuseCaller({ isSecure, token }: PactCaller): PactAnswer | undefined {
  if (!isSecure) return refusal('AccessDenied', 'Footprints are exchanged over https only.');
  if (token === 'expired') return refusal('TokenExpired', 'The access token has expired: obtain a new one.');
  // PACT has no code for a token that never was valid: it takes BadRequest, with the status of what is not authorised.
  if (token === 'invalid') return refusal('BadRequest', 'The access token is missing or not valid.', 401);
  return undefined;
}
