import { createHash, timingSafeEqual } from 'node:crypto';
import { isIP } from 'node:net';
import { MillwattError } from '../../protocols/errors.ts';
import { ApiError } from './api-error.ts';
import { createFailureAllowance } from './failure-allowance.ts';

/** 128 bits in base64. */
const TOKEN_LENGTH_MIN = 22;

/** Who may ask: decides before anything of a request is looked at further. */
export interface AccessGuard {
  /** Throws an ApiError when the Host header is a name that is not ours (DNS rebinding). */
  checkHost(host: string | undefined): void;
  /** Throws an ApiError when the Authorization header does not carry the token of the page. */
  checkToken(authorization: string | undefined, address: string): void;
  /**
   * Throws an ApiError when the header does not carry the token for marks, always where there is none: everyone who looks
   * has the token of the page, and what is entered stays for good.
   */
  checkMarksToken(authorization: string | undefined, address: string): void;
}

/**
 * Refuses (class `refuse`) to serve an address that others can reach without a token and TLS, and a token that could be
 * guessed. The token itself is not kept, only its hash.
 */
export function createAccessGuard(options: {
  host: string;
  token?: string | undefined;
  /** With it marks of jobs may be sent, and nothing else; without it none are taken. */
  marksToken?: string | undefined;
  tls: boolean;
  /** Real ms, monotonic. */
  nowMs: () => number;
}): AccessGuard {
  const { host, token, marksToken, tls, nowMs } = options;
  if (!isLoopback(host) && (token === undefined || !tls)) {
    const missing = [
      ...(token === undefined ? ['http.token'] : []),
      ...(tls ? [] : ['http.cert', 'http.key']),
    ];
    throw new MillwattError('refuse', 'open-http', `The page may not listen on ${host} for everyone.`, {
      cure: `Set ${missing.join(' and ')}, or listen on 127.0.0.1.`,
    });
  }
  requireStrong(token, 'The token of the page');
  requireStrong(marksToken, 'The token for marks');
  if (marksToken !== undefined && marksToken === token)
    throw new MillwattError('refuse', 'same-token', 'The token for marks is that of the page.', {
      cure: 'Draw another for http.marksToken: everyone who looks at the page has the first.',
    });
  const expected = token === undefined ? undefined : hash(token);
  const expectedForMarks = marksToken === undefined ? undefined : hash(marksToken);
  const failures = createFailureAllowance(nowMs);

  const spendFailure = (address: string): void => {
    if (failures.spend(address)) return;
    throw new ApiError(
      429,
      'Too many attempts with a wrong token.',
      'Wait a few seconds, then send the right one.',
    );
  };

  const check = (wanted: Buffer, authorization: string | undefined, address: string, what: string): void => {
    const given = /^Bearer ([\x21-\x7e]{1,512})$/.exec(authorization ?? '')?.[1];
    if (given !== undefined && timingSafeEqual(hash(given), wanted)) return;
    // Coming without a token is how a browser begins; only a wrong one is an attempt.
    if (given !== undefined) spendFailure(address);
    throw new ApiError(401, `This needs ${what}.`, 'Send "Authorization: Bearer TOKEN".');
  };

  return {
    checkHost: (header) => {
      // With a token there is nothing that a foreign page could do in a visitor's name.
      if (expected !== undefined || isOwnName(header)) return;
      throw new ApiError(
        421,
        'This server is not known by that name.',
        'Open it by its address, such as http://127.0.0.1, or set http.token.',
      );
    },
    checkToken: (authorization, address) => {
      if (expected !== undefined) check(expected, authorization, address, 'the token of the collector');
    },
    checkMarksToken: (authorization, address) => {
      if (expectedForMarks === undefined)
        throw new ApiError(
          403,
          'This collector takes nothing in over HTTP.',
          'Set http.marksToken and send it with the marks, or enter them with `millwatt jobs import`.',
        );
      check(expectedForMarks, authorization, address, 'the token for marks (http.marksToken)');
    },
  };
}

function requireStrong(token: string | undefined, name: string): void {
  if (token === undefined || token.length >= TOKEN_LENGTH_MIN) return;
  throw new MillwattError('refuse', 'weak-token', `${name} is too short to be safe.`, {
    cure: `Take at least ${TOKEN_LENGTH_MIN} random characters, such as from "openssl rand -base64 24".`,
  });
}

/** True for an address that only this machine can reach. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);
}

/** A name that no foreign DNS can point at us: an address, or localhost. */
function isOwnName(header: string | undefined): boolean {
  const name = /^(\[[^\]]+\]|[^:]+)(:\d{1,5})?$/.exec(header ?? '')?.[1] ?? '';
  return name.toLowerCase() === 'localhost' || isIP(name.replace(/^\[|\]$/g, '')) !== 0;
}

function hash(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
