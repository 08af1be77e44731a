import type { FastifyInstance } from 'fastify';
import { PACT_SCOPES, type PactScope } from '../../pact/pact-plan.ts';
import { TOKEN_SECONDS, type TokenBook } from '../../pact/token-book.ts';
import type { GuessAllowance } from './guess-allowance.ts';

const BODY_BYTES_MAX = 8_192;

/** An answer of the token endpoint that is none (RFC 6749, 5.2). */
class TokenError extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** POST /auth/token: client credentials by Basic, and the document by which OpenID Connect clients find it. */
export function addTokenRoute(
  server: FastifyInstance,
  { url, tokens, guesses }: { url: string; tokens: TokenBook; guesses: GuessAllowance },
): void {
  server.post('/auth/token', { bodyLimit: BODY_BYTES_MAX }, async (request, reply) => {
    try {
      const { id, secret } = readBasic(request.headers.authorization);
      const client = percentDecoded(id);
      if (!guesses.mayTry(request.ip, client)) throw tooMany();
      const form = new URLSearchParams(typeof request.body === 'string' ? request.body : '');
      const partner = [id, client]
        .flatMap((one) => [secret, percentDecoded(secret)].map((other) => tokens.authenticate(one, other)))
        .find((one) => one !== undefined);
      if (partner === undefined) {
        if (!guesses.spend(request.ip, client)) throw tooMany();
        throw new TokenError(401, 'invalid_client', 'Client authentication failed.');
      }
      if (form.get('grant_type') !== 'client_credentials')
        throw new TokenError(400, 'unsupported_grant_type', 'Send grant_type=client_credentials as a form.');
      const scopes = readScopes(form.get('scope'), partner.scopes);
      return await reply.send({
        access_token: tokens.issue({ partner, scopes }),
        token_type: 'Bearer',
        expires_in: TOKEN_SECONDS,
        scope: scopes.join(' '),
      });
    } catch (error) {
      if (!(error instanceof TokenError)) throw error;
      if (error.status === 401) reply.header('www-authenticate', 'Basic realm="PACT"');
      if (error.status === 429) reply.header('retry-after', '10');
      return await reply.status(error.status).send({ error: error.code, error_description: error.message });
    }
  });

  server.get('/.well-known/openid-configuration', () => ({
    issuer: url,
    token_endpoint: `${url}/auth/token`,
    grant_types_supported: ['client_credentials'],
    token_endpoint_auth_methods_supported: ['client_secret_basic'],
    scopes_supported: [...PACT_SCOPES],
  }));
}

const tooMany = () => new TokenError(429, 'invalid_client', 'Too many failed attempts: wait ten seconds.');

function readBasic(authorization: string | undefined): { id: string; secret: string } {
  const [, encoded] = /^Basic ([A-Za-z0-9+/]{1,1024}={0,2})$/i.exec(authorization ?? '') ?? [];
  if (encoded === undefined)
    throw new TokenError(401, 'invalid_client', 'Send the client id and secret by Basic authentication.');
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon < 0 ? { id: text, secret: '' } : { id: text.slice(0, colon), secret: text.slice(colon + 1) };
}

/** RFC 6749 wants id and secret escaped as in forms; most clients send them as they are. */
function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}

function readScopes(asked: string | null, own: readonly PactScope[]): readonly PactScope[] {
  if (asked === null || asked.trim() === '') return own;
  const names = asked.trim().split(/\s+/);
  const scopes = own.filter((scope) => names.includes(scope));
  if (scopes.length > 0 && names.every((name) => scopes.some((scope) => scope === name))) return scopes;
  throw new TokenError(400, 'invalid_scope', `Scopes for you are: ${own.join(' ')}.`);
}
