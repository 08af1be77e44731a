import { MillwattError } from '../../errors.ts';
import type { OpcuaSecurityPolicy, OpcuaSourceOptions } from '../opcua-options.ts';

/** One way in that a server offers, in the words of the configuration. */
export interface OfferedEndpoint {
  /** `None`, `Sign`, `SignAndEncrypt` */
  mode: string;
  /** As its URI ends: `Basic256Sha256`. */
  policy: string;
  /** How users may log in there. */
  logins: readonly OfferedLogin[];
}

/** One way to log in, and whether a secret travels protected by its own policy. */
export interface OfferedLogin {
  type: 'anonymous' | 'username' | 'certificate' | 'other';
  /** Policy that protects the secret; empty means that of the endpoint. */
  policy: string;
}

/** What of the options decides about security. */
export type SecurityOptions = Pick<
  OpcuaSourceOptions,
  'endpoint' | 'securityPolicy' | 'securityMode' | 'username' | 'userCertificate'
>;

/** Strongest first; older ones are broken, and None is no security. */
const STRONGEST_FIRST = ['Aes256_Sha256_RsaPss', 'Aes128_Sha256_RsaOaep', 'Basic256Sha256'] as const;

/**
 * The policy to connect with: with `best` the strongest of those offered in the configured mode, else the configured one.
 * Throws an error of class `retry` that names what the server offers, and how to get in: a control may be set up meanwhile.
 */
export function chooseEndpoint(
  offered: readonly OfferedEndpoint[],
  options: SecurityOptions,
): OfferedEndpoint & { policy: OpcuaSecurityPolicy } {
  const { securityMode, securityPolicy } = options;
  const wanted = securityPolicy === 'best' ? STRONGEST_FIRST : [securityPolicy];
  for (const policy of wanted) {
    const endpoint = offered.find((one) => one.mode === securityMode && one.policy === policy);
    if (endpoint === undefined) continue;
    requireLogin(endpoint, options);
    return { ...endpoint, policy };
  }
  throw new MillwattError(
    'retry',
    'exception',
    `${options.endpoint} offers no endpoint with the configured security (${securityMode}, ${securityPolicy}); it offers ${nameOffers(offered)}.`,
    { cure: cureFor(offered, options) },
  );
}

/**
 * Makes sure that a server offers to be spoken to without security, where that is what the operator wants. Throws as
 * `chooseEndpoint`.
 */
export function requireInsecure(offered: readonly OfferedEndpoint[], options: SecurityOptions): void {
  const endpoint = offered.find(({ mode }) => mode === 'None');
  if (endpoint !== undefined) return requireLogin(endpoint, options);
  throw new MillwattError(
    'retry',
    'exception',
    `${options.endpoint} offers no endpoint without security; it offers ${nameOffers(offered)}.`,
    { cure: 'Remove allowInsecure, and trust the certificate that the control then shows.' },
  );
}

/**
 * Holds what the server says over the secured session against what it seemed to offer before anyone was sure who spoke:
 * a list that was cut on its way could have made us choose a weaker policy.
 */
export function requireNoDowngrade(
  signed: readonly OfferedEndpoint[],
  chosen: { mode: string; policy: string },
  options: SecurityOptions,
): void {
  if (options.securityPolicy !== 'best' || signed.length === 0) return;
  const strongest = STRONGEST_FIRST.find((policy) =>
    signed.some((one) => one.mode === chosen.mode && one.policy === policy),
  );
  if (strongest === undefined || strongest === chosen.policy) return;
  throw new MillwattError(
    'retry',
    'untrusted',
    `${options.endpoint} hid ${strongest} from the question which endpoints it has: something between changed its answer.`,
    {
      cure: `Find out what stands between this computer and the control, or write securityPolicy: ${strongest}.`,
    },
  );
}

/** `SignAndEncrypt with Basic256Sha256, None` */
export function nameOffers(offered: readonly OfferedEndpoint[]): string {
  const names = offered.map(({ mode, policy }) =>
    mode === 'None' ? 'no security (None)' : `${mode} with ${policy}`,
  );
  return names.length === 0 ? 'none' : [...new Set(names)].join(', ');
}

/** Throws (class `retry`) where the endpoint takes no such login, or would have the password sent readable. */
export function requireLogin(endpoint: OfferedEndpoint, options: SecurityOptions): void {
  const type =
    options.userCertificate !== undefined
      ? 'certificate'
      : options.username !== undefined
        ? 'username'
        : 'anonymous';
  const logins = endpoint.logins.filter((login) => login.type === type);
  const { endpoint: url } = options;
  // A server that lists no logins at all says nothing about them.
  if (logins.length === 0 && endpoint.logins.length > 0)
    throw new MillwattError(
      'retry',
      'exception',
      `${url} does not accept ${LOGIN_WORDS[type]}; it accepts ${[...new Set(endpoint.logins.map((login) => LOGIN_WORDS[login.type]))].join(', ')}.`,
      { cure: LOGIN_CURES[type] },
    );
  // A signed message can be read on its way; only a policy of the login itself would hide the password.
  if (type === 'username' && endpoint.mode === 'Sign' && logins.length > 0)
    if (logins.every(({ policy }) => policy === 'None'))
      throw new MillwattError(
        'retry',
        'exception',
        `${url} would have the password sent readable, because messages are only signed.`,
        { cure: 'Write securityMode: SignAndEncrypt, or log in with userCertificate and userKey.' },
      );
}

const LOGIN_WORDS = {
  anonymous: 'clients without a user',
  username: 'user names',
  certificate: 'user certificates',
  other: 'tokens',
} as const;

const LOGIN_CURES = {
  anonymous: 'Write username and password, or userCertificate and userKey, of a user that the control knows.',
  username: 'Leave username out, or enable logins by user name in the server.',
  certificate: 'Write username and password instead, or enable logins by certificate in the server.',
} as const;

function cureFor(offered: readonly OfferedEndpoint[], options: SecurityOptions): string {
  const safe = offered.filter(({ policy }) => STRONGEST_FIRST.some((known) => known === policy));
  const inMode = safe.find(({ mode }) => mode === options.securityMode);
  if (inMode !== undefined) return `Write securityPolicy: ${inMode.policy}, or best.`;
  const other = safe.find(({ mode }) => mode === 'Sign' || mode === 'SignAndEncrypt');
  if (other !== undefined)
    return `Write securityMode: ${other.mode}, or enable ${options.securityMode} in the server.`;
  return 'Enable SignAndEncrypt with Basic256Sha256 or better in the server; only in a closed test network write allowInsecure: true.';
}
