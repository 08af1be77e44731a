import { MillwattError } from '../../errors.ts';
import { closedError, refusedError } from '../modbus-error.ts';

/** Codes of OpenSSL's verification and of Node that say what is wrong with the certificate at the other end. */
const CERTIFICATE_FAULTS: Readonly<Record<string, readonly [what: string, cure: string]>> = {
  ...repeat(
    [
      'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
      'UNABLE_TO_GET_ISSUER_CERT',
      'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
      'SELF_SIGNED_CERT_IN_CHAIN',
      'DEPTH_ZERO_SELF_SIGNED_CERT',
      'CERT_UNTRUSTED',
      'INVALID_CA',
      'CERT_SIGNATURE_FAILURE',
    ],
    'shows a certificate of an authority that is not trusted here',
    "Set tls.ca to the authority that signed the device's certificate, or to that certificate if it signed itself.",
  ),
  CERT_HAS_EXPIRED: [
    'shows a certificate that has expired',
    'Renew the certificate in the device, and check the clock of this computer.',
  ],
  CERT_NOT_YET_VALID: [
    'shows a certificate that is not valid yet',
    'Check the clock of this computer, and the dates of the certificate in the device.',
  ],
  CERT_REVOKED: ['shows a certificate that was revoked', 'Put a new certificate into the device.'],
  INVALID_PURPOSE: [
    'shows a certificate that is not one for servers',
    'Put a certificate into the device whose extended key usage allows server authentication.',
  ],
};

/** What the other end says about us, or about TLS itself, by a part of the code. */
const ALERTS: readonly (readonly [code: RegExp, what: string, cure: string])[] = [
  [
    /CERTIFICATE_REQUIRED|PEER_DID_NOT_RETURN/,
    'asks for a certificate of ours',
    'Set tls.cert and tls.key to a certificate that the device trusts.',
  ],
  [
    /ALERT_(UNKNOWN_CA|BAD_CERTIFICATE|CERTIFICATE|UNSUPPORTED_CERTIFICATE|ACCESS_DENIED|DECRYPT_ERROR)/,
    'does not accept our certificate',
    'Load the authority of tls.cert into the device, and check that tls.cert is valid and meant for clients.',
  ],
  [
    /WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST/,
    'does not speak TLS on this port',
    'Use the secure port of the device (802 by default), or leave tls out where it speaks plain Modbus TCP.',
  ],
  [
    /PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL|NO_PROTOCOLS_AVAILABLE/,
    'offers only an outdated TLS',
    'Update the device, so that it speaks TLS 1.2 or newer.',
  ],
];

/** Which side of the connection the error arose on. */
export interface TlsSide {
  /** What the certificate was to be about. */
  name: string;
  /** Whether the handshake was over for us. */
  isOpen: boolean;
  /** Whether we showed a certificate. */
  hasCert: boolean;
}

/**
 * The failure of a TLS connection, in words for a plant engineer: class `retry`, code `refused`, or `closed` where it ended
 * in the midst of use. Never has a cause, because Node's error carries whole certificates.
 */
export function tlsError(where: string, error: NodeJS.ErrnoException, side: TlsSide): MillwattError {
  const code = error.code ?? '';
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return refuse(
      where,
      `shows a certificate that is not about ${side.name} but about ${namesIn(error)}`,
      'If that is the device, set tls.serverName to a name in its certificate; otherwise look who answers there.',
    );
  }
  const fault = CERTIFICATE_FAULTS[code];
  if (fault !== undefined) return refuse(where, fault[0], fault[1]);
  for (const [pattern, what, cure] of ALERTS) if (pattern.test(code)) return refuse(where, what, cure);
  if (code.includes('HANDSHAKE_FAILURE')) {
    return side.hasCert
      ? refuse(
          where,
          'finds no way to speak TLS with us',
          'Check which TLS versions and ciphers the device allows, and that it trusts the authority of tls.cert.',
        )
      : refuse(where, 'refuses the TLS handshake', rightCure(false));
  }
  if (code.startsWith('ERR_SSL_') || code.startsWith('ERR_TLS_'))
    return refuse(where, `failed in TLS (${code})`, 'Check that this port of the device speaks TLS.');
  const bare = Object.assign(new Error(error.message), { code });
  return side.isOpen ? closedError(where, bare) : refusedError(where, bare);
}

/** It ended the connection before its first answer and gave no reason. */
export function tlsDroppedError(where: string, hasCert: boolean, isOpen: boolean): MillwattError {
  return refuse(
    where,
    isOpen
      ? 'ended the connection right after the TLS handshake'
      : 'ended the connection in the TLS handshake',
    isOpen ? rightCure(hasCert) : `${NO_TLS} Otherwise: ${rightCure(hasCert)}`,
  );
}

/** Our own PEM texts cannot be used. Says which rule of OpenSSL they break, and nothing of what they hold. */
export function tlsMaterialError(where: string, error: unknown): MillwattError {
  const code = (error as NodeJS.ErrnoException).code ?? 'unreadable';
  return new MillwattError(
    'retry',
    'refused',
    `${where} cannot be asked: tls.ca, tls.cert or tls.key cannot be used (${code}).`,
    {
      cure: 'Check that all three are PEM, that tls.key belongs to tls.cert, and that the key has no pass phrase.',
    },
  );
}

/** The file that is to hold a certificate holds a private key. */
export function keyAsCertificateError(where: string, setting: string): MillwattError {
  return new MillwattError(
    'retry',
    'refused',
    `${where} cannot be asked: ${setting} holds a private key where a certificate is needed.`,
    { cure: `Name the file with the certificate in ${setting}; a key of ours belongs in tls.key.` },
  );
}

const NO_TLS =
  'It probably does not speak TLS on this port: use its secure port (802 by default), or leave tls out where it speaks plain Modbus TCP.';

function rightCure(hasCert: boolean): string {
  return hasCert
    ? 'Check that the device trusts the authority of tls.cert, and that the role in it may read.'
    : 'If it asks for a certificate of ours, set tls.cert and tls.key.';
}

/** Nothing came on a connection that was to speak TLS: what speaks plain Modbus TCP waits for more of a handshake. */
export function tlsSilenceError(where: string, timeoutMs: number): MillwattError {
  return new MillwattError(
    'retry',
    'timeout',
    `${where} did not answer the TLS handshake within ${Math.round(timeoutMs)} ms.`,
    { cure: `${NO_TLS} Otherwise check power and cable.` },
  );
}

function refuse(where: string, what: string, cure: string): MillwattError {
  return new MillwattError('retry', 'refused', `${where} ${what}.`, { cure });
}

/** The names in the certificate that Node hung on its error, cut short. */
function namesIn(error: Error): string {
  const { cert } = error as Error & {
    cert?: { subjectaltname?: string; subject?: { CN?: string | string[] } };
  };
  return (cert?.subjectaltname ?? String(cert?.subject?.CN ?? 'nobody')).slice(0, 200);
}

function repeat(
  codes: readonly string[],
  what: string,
  cure: string,
): Record<string, readonly [string, string]> {
  return Object.fromEntries(codes.map((code) => [code, [what, cure] as const]));
}
