import { reasonWords } from './reason-codes.ts';

/** Why a connection is down, as a sentence, and what a person can do about it. */
export interface LinkFailure {
  reason: string;
  cure: string;
}

/** Codes of MQTT 5 that say what a return code of MQTT 3.1.1 says. */
const SAME_IN_3_1_1: Readonly<Record<number, number>> = { 0x84: 1, 0x85: 2, 0x86: 4, 0x87: 5, 0x88: 3 };

/** What CONNACK return codes of MQTT 3.1.1 (section 3.2.2.3) mean to a person. */
const REFUSALS: Readonly<Record<number, (host: string) => LinkFailure>> = {
  1: (host) => ({
    reason: `The broker at ${host} does not speak the version of MQTT that we ask for.`,
    cure: "Set broker.mqtt to '3.1.1', which every common broker speaks.",
  }),
  2: (host) => ({
    reason: `The broker at ${host} refuses our client id.`,
    cure: 'Allow the client id on the broker, or choose another agent or collector id.',
  }),
  3: (host) => ({
    reason: `The broker at ${host} says it is unavailable.`,
    cure: "Look into the broker's own log; we keep trying.",
  }),
  4: (host) => ({
    reason: `The broker at ${host} refuses the user name or password.`,
    cure: 'Compare the id and the password in the configuration with what the broker was given for it; a certificate must have this id as its common name.',
  }),
  5: (host) => ({
    reason: `The broker at ${host} does not authorise us to connect.`,
    cure: 'Add this id to the broker with a password, and check that the configuration names that password; a certificate must have this id as its common name.',
  }),
};

const NETWORK_FAILURES: Readonly<Record<string, (host: string) => LinkFailure>> = {
  ECONNREFUSED: (host) => ({
    reason: `Nothing listens at ${host}.`,
    cure: 'Start the broker, or correct the address and port of broker.url.',
  }),
  ENOTFOUND: (host) => ({
    reason: `The host name in ${host} is unknown.`,
    cure: 'Correct broker.url, or use the IP address of the broker.',
  }),
  EAI_AGAIN: (host) => ({
    reason: `The host name in ${host} cannot be looked up just now.`,
    cure: 'Check the DNS server of this machine, or use the IP address of the broker.',
  }),
  EHOSTUNREACH: unreachable,
  ENETUNREACH: unreachable,
  ETIMEDOUT: unreachable,
  ECONNRESET: (host) => ({
    reason: `The broker at ${host} broke the connection.`,
    cure: "Look into the broker's own log; a TLS port spoken to without TLS does this too (use mqtts://).",
  }),
};

/** The failure that an error of the MQTT client stands for. `host` is host:port, for the sentence. */
export function explainLinkError(error: Error & { code?: unknown }, host: string): LinkFailure {
  const { code } = error;
  if (typeof code === 'number') {
    const refusal = REFUSALS[SAME_IN_3_1_1[code] ?? code];
    if (refusal !== undefined) return refusal(host);
    const { says, cure } = reasonWords(code);
    return { reason: `The broker at ${host} refuses the connection: ${says}.`, cure };
  }
  if (typeof code === 'string') {
    const failure = NETWORK_FAILURES[code];
    if (failure !== undefined) return failure(host);
    if (isTlsCode(code)) return explainTls(code, host);
  }
  if (/connack timeout/i.test(error.message)) {
    return {
      reason: `What listens at ${host} does not answer as an MQTT broker.`,
      cure: 'Check the port of broker.url, and whether the broker wants TLS there (mqtts://).',
    };
  }
  if (/keepalive timeout/i.test(error.message)) {
    return {
      reason: `The broker at ${host} has gone silent.`,
      cure: 'Check the network between this machine and the broker.',
    };
  }
  // The client's parser gives its errors no code; the wording is its own.
  if (code === undefined && /invalid|malformed|cannot parse|must be|packet/i.test(error.message)) {
    return {
      reason: `What listens at ${host} does not speak MQTT.`,
      cure: 'Correct the address and port of broker.url: another service answers there.',
    };
  }
  return {
    reason: `The connection to ${host} failed: ${error.message}.`,
    cure: 'Check the address of the broker, and its log.',
  };
}

/** The failure of a connection that ended without an error; `isTlsUnanswered`: over TLS, before the broker said a word. */
export function explainClose(host: string, isTlsUnanswered = false): LinkFailure {
  if (isTlsUnanswered)
    return {
      reason: `The broker at ${host} closed the connection without an answer.`,
      cure: 'It may ask for a certificate: give broker.cert and broker.key that it trusts, for this name. Its log says why.',
    };
  return {
    reason: `The broker at ${host} closed the connection.`,
    cure: 'If it keeps doing so, look into its log: another client may use the same id, or a limit is reached.',
  };
}

/** The failure of a connection that an MQTT 5 broker ended with a reason. */
export function explainDisconnect(code: number, host: string): LinkFailure {
  const { says, cure } = reasonWords(code);
  return { reason: `The broker at ${host} ended the connection: ${says}.`, cure };
}

/** Why an MQTT 5 broker did not take a message, from its PUBACK. */
export function explainRefusedMessage(code: number, topic: string, host: string): LinkFailure {
  const { says, cure } = reasonWords(code);
  return { reason: `The broker at ${host} does not take what we publish to ${topic}: ${says}.`, cure };
}

/** The failure of a subscription that the broker did not grant; MQTT 5 codes above 0x80 say why. */
export function explainRefusedFilter(filter: string, host: string, code = 0x80): LinkFailure {
  const why = code > 0x80 ? `: ${reasonWords(code).says}` : '';
  return {
    reason: `The broker at ${host} does not let us read ${filter}${why}.`,
    cure:
      code > 0x80
        ? reasonWords(code).cure
        : 'Give this user the right to read that topic in the access list of the broker.',
  };
}

/** Alerts with which a broker refuses our own certificate; those of TLS 1.2 and 1.3 have different names. */
const OUR_CERTIFICATE: Readonly<Record<string, (host: string) => LinkFailure>> = {
  CERTIFICATE_REQUIRED: (host) => ({
    reason: `The broker at ${host} asks for a certificate of ours.`,
    cure: 'Give broker.cert and broker.key, issued by the authority that the broker trusts.',
  }),
  UNKNOWN_CA: (host) => ({
    reason: `The broker at ${host} does not trust the authority that issued our certificate.`,
    cure: 'Give a broker.cert that was issued by the authority that the broker trusts.',
  }),
  CERTIFICATE_EXPIRED: (host) => ({
    reason: `The broker at ${host} says that our certificate has run out.`,
    cure: 'Renew broker.cert, and check the clock of the broker.',
  }),
};

function isTlsCode(code: string): boolean {
  return (
    code === 'EPROTO' ||
    /^(ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|HOSTNAME_MISMATCH)/.test(code)
  );
}

function explainTls(code: string, host: string): LinkFailure {
  const [, alert] = /_ALERT_(?:BAD_)?([A-Z_]+)$/.exec(code) ?? [];
  if (alert !== undefined) {
    const ours = OUR_CERTIFICATE[alert];
    if (ours !== undefined) return ours(host);
    if (alert.includes('CERTIFICATE') || alert === 'HANDSHAKE_FAILURE')
      return {
        reason: `The broker at ${host} refuses our certificate, or that we show none (${code}).`,
        cure: 'Give a broker.cert and broker.key that are meant for clients, from the authority that it trusts.',
      };
  }
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID') {
    return {
      reason: `The certificate of the broker at ${host} is not valid today (${code}).`,
      cure: 'Renew the certificate of the broker, and check the clock of this machine.',
    };
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID' || code === 'HOSTNAME_MISMATCH') {
    return {
      reason: `The certificate of the broker at ${host} was issued for another name.`,
      cure: 'Use in broker.url the name that the certificate was issued for.',
    };
  }
  if (code === 'EPROTO' || code.startsWith('ERR_SSL')) {
    return {
      reason: `What listens at ${host} does not speak TLS as we do (${code}).`,
      cure: 'Use the TLS port of the broker (often 8883), with TLS 1.2 or newer, or mqtt:// for a port without TLS.',
    };
  }
  return {
    reason: `The certificate of the broker at ${host} is not trusted (${code}).`,
    cure: 'Name the certificate authority that signed it in broker.ca.',
  };
}

function unreachable(host: string): LinkFailure {
  return {
    reason: `${host} cannot be reached.`,
    cure: 'Check the network, the address in broker.url, and firewalls on the way.',
  };
}
