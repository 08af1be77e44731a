import { MillwattError } from '../errors.ts';
import { strikeSecrets } from './library-words.ts';
import { printableText } from './printable-text.ts';
import { sayCommand } from './say-command.ts';

/**
 * What went wrong with a server, as an error of class `retry` with one of the driver port's words; nothing that the server
 * had its hand in reaches a terminal as it is. `config` is the file that commands in the cure name.
 */
export function connectionError(endpoint: string, cause: unknown, config?: string): MillwattError {
  if (cause instanceof MillwattError) return cause;
  const text = strikeSecrets(cause instanceof Error ? cause.message : String(cause));
  const { code, what, cure } = explain(text, config);
  // Never the library's own error: it carries the request that failed, and a login is a request.
  return new MillwattError('retry', code, `${endpoint} ${what}.`, {
    cure,
    cause: new Error(firstLineOf(text)),
  });
}

/** No answer within the time allowed. */
export function timeoutError(endpoint: string, timeoutMs: number): MillwattError {
  return new MillwattError('retry', 'timeout', `${endpoint} did not answer within ${timeoutMs} ms.`, {
    cure: 'Check that the control is on and that the network reaches it.',
  });
}

function explain(text: string, config: string | undefined): { code: string; what: string; cure: string } {
  const shown = /server Certificate verification failed with err (Bad\w+)/.exec(text)?.[1];
  if (shown !== undefined)
    return {
      code: 'untrusted',
      what: `shows a certificate that cannot be accepted (${shown})`,
      cure: 'Check date and time of the control and of this computer, and renew the certificate of the control.',
    };
  if (/ECONNREFUSED/.test(text))
    return {
      code: 'refused',
      what: 'refuses connections',
      cure: 'Check host and port, and that the OPC UA server of the control is switched on.',
    };
  if (/ENOTFOUND|EAI_AGAIN/.test(text))
    return {
      code: 'refused',
      what: 'has a name nobody knows',
      cure: 'Check the host name, or write the address.',
    };
  if (/ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|Timeout|timeout/.test(text))
    return {
      code: 'timeout',
      what: 'did not answer',
      cure: 'Check that the control is on and that the network reaches it.',
    };
  if (/BadIdentityToken|BadUserAccessDenied|user token policy/i.test(text))
    return {
      code: 'exception',
      what: 'does not accept the login',
      cure: 'Check username and password, or whether the server allows anonymous clients.',
    };
  if (
    /Cannot find an Endpoint|BadSecurityPolicyRejected|BadSecurityModeRejected|no suitable endpoint/i.test(
      text,
    )
  )
    return {
      code: 'exception',
      what: 'offers no endpoint with the configured security',
      cure: 'Choose another securityPolicy, or enable SignAndEncrypt in the server.',
    };
  if (/BadCertificate|BadSecurityChecksFailed/.test(text))
    return {
      code: 'untrusted',
      what: "does not accept this agent's certificate",
      cure: `Trust the agent's certificate in the server: ${sayCommand('trust own', config)} prints it (it lies in the agent's data folder under opcua-pki/own/certs).`,
    };
  // All that the library tells of a server that breaks off at the first secured message, as Eclipse Milo does.
  if (/connection may have been rejected by server/.test(text))
    return {
      code: 'closed',
      what: 'broke off while the connection was being made',
      cure: `Most often a server does so that does not accept this agent's certificate: trust it in the server (${sayCommand('trust own', config)} prints it; it lies in the agent's data folder under opcua-pki/own/certs), or look whether the server takes more connections.`,
    };
  if (/Bad[A-Z]\w+/.test(text))
    return { code: 'exception', what: `answers ${/Bad[A-Z]\w+/.exec(text)?.[0] ?? text}`, cure: '' };
  return { code: 'closed', what: `broke off (${firstLineOf(text)})`, cure: '' };
}

function firstLineOf(text: string): string {
  return printableText(text.trim().split('\n', 1)[0] ?? '');
}
