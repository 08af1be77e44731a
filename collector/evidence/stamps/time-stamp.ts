import { createHash, type X509Certificate } from 'node:crypto';
import { AsnConvert, OctetString } from '@peculiar/asn1-schema';
import {
  MessageImprint,
  PKIStatus,
  TimeStampReq,
  TimeStampReqVersion,
  TimeStampResp,
  TSTInfo,
} from '@peculiar/asn1-tsp';
import { AlgorithmIdentifier } from '@peculiar/asn1-x509';
import { describeError, MillwattError } from '../../../protocols/errors.ts';
import { pathFault, subjectOf } from './certificate-path.ts';
import { openToken } from './stamp-signature.ts';

const SHA256 = '2.16.840.1.101.3.4.2.1';
const GRANTED: readonly PKIStatus[] = [PKIStatus.granted, PKIStatus.grantedWithMods];
/** timeNotAvailable and systemFailure pass; the others are for ever (RFC 3161, 2.4.2). */
const PASSING = [14, 25];
const REASONS: Readonly<Record<number, string>> = {
  0: 'it does not know the algorithm (badAlg)',
  2: 'it does not allow the request (badRequest)',
  5: 'the request has the wrong form (badDataFormat)',
  14: 'its clock is not available (timeNotAvailable)',
  15: 'it does not have the policy that was asked for (unacceptedPolicy)',
  16: 'it does not know an extension (unacceptedExtension)',
  17: 'it lacks what was asked for beside (addInfoNotAvailable)',
  25: 'it failed itself (systemFailure)',
};

/** What is asked of an authority. */
export interface StampRequest {
  /** Of what existed: SHA-256 over this is stamped. */
  text: string;
  /** 8 random bytes. */
  nonce: Uint8Array;
  /** Whether the answer has to bring the certificate of its signer. */
  certReq: boolean;
  /** Object identifier of a policy of the authority. */
  policy?: string;
}

/** What a stamp says once it was verified. */
export interface VerifiedStamp {
  /** What was stamped existed at this time, wall ms: the time that the authority tells, and how far it may be off. */
  atMs: number;
  /** The subject of its certificate, as one line. */
  authority: string;
  /** Why its certificate is not trusted, as the end of "Its certificate ..."; undefined where it is. */
  doubt: string | undefined;
}

/** A request as it is sent: DER (RFC 3161, 2.4.1). */
export function encodeRequest({ text, nonce, certReq, policy }: StampRequest): Uint8Array {
  const hash = createHash('sha256').update(text).digest();
  const request = new TimeStampReq({
    version: TimeStampReqVersion.v1,
    messageImprint: new MessageImprint({
      // The parameters are NULL, which all servers know.
      hashAlgorithm: new AlgorithmIdentifier({ algorithm: SHA256, parameters: Uint8Array.of(5, 0).buffer }),
      hashedMessage: new OctetString(hash),
    }),
    nonce: asInteger(nonce),
    certReq,
    ...(policy === undefined ? {} : { reqPolicy: policy }),
  });
  return new Uint8Array(AsnConvert.serialize(request));
}

/**
 * Verifies an RFC 3161 response over a text: granted, of this text, with this nonce, signed, by a certificate for time stamping. Throws an
 * error of class `retry` where the authority says that it cannot just now, else of class `refuse` (`stamp-refused`, `bad-stamp`).
 *
 * @param bytes DER, nothing behind it
 * @param options.nonce of the request; undefined where it is not known any more
 * @param options.trusted certificates of authorities
 */
export function verifyStamp(
  bytes: Uint8Array,
  options: { text: string; nonce?: Uint8Array; trusted: readonly X509Certificate[] },
): VerifiedStamp {
  try {
    const { status, timeStampToken } = readResponse(bytes);
    if (!GRANTED.includes(status.status)) throw refused(status);
    if (timeStampToken === undefined) throw new Error('is granted and not there');
    const { content, signer, certificates } = openToken(timeStampToken, options.trusted);
    const info = AsnConvert.parse(content, TSTInfo);
    const { messageImprint, genTime, accuracy } = info;
    const hash = createHash('sha256').update(options.text).digest();
    const isOf =
      messageImprint.hashAlgorithm.algorithm === SHA256 &&
      Buffer.from(messageImprint.hashedMessage.buffer).equals(hash);
    if (!isOf) throw new Error('is of something else (another imprint)');
    if (options.nonce !== undefined && !isNonce(info.nonce, options.nonce))
      throw new Error('does not answer this request (another nonce)');
    const { seconds = 0, millis = 0, micros = 0 } = accuracy ?? {};
    const atMs = genTime.getTime() + seconds * 1000 + millis + Math.ceil(micros / 1000);
    if (!Number.isSafeInteger(atMs)) throw new Error('tells no time');
    const doubt = pathFault(signer, certificates, options.trusted, genTime.getTime());
    return { atMs, authority: subjectOf(signer), doubt };
  } catch (error) {
    if (error instanceof MillwattError) throw error;
    const message = error instanceof Error && error.constructor === Error ? error.message : '';
    const what = /^(is|has|does|signs|brings|names|lacks|tells) /.test(message)
      ? message
      : `cannot be read: ${describeError(error)}`;
    throw new MillwattError('refuse', 'bad-stamp', `The stamp ${what.replace(/\.$/, '')}.`, {
      cure: 'Ask whoever runs the time-stamping authority; `openssl ts -reply -in FILE -text` shows such an answer.',
      cause: error,
    });
  }
}

function readResponse(bytes: Uint8Array): TimeStampResp {
  if (bytes.length !== lengthOf(bytes)) throw new Error('is no answer of a time-stamping authority');
  return AsnConvert.parse(bytes, TimeStampResp);
}

/** How long a DER value is by its own head; undefined where that is none. */
function lengthOf(bytes: Uint8Array): number | undefined {
  const [tag, first = 0] = bytes;
  if (tag !== 0x30) return undefined;
  if (first < 0x80) return 2 + first;
  const count = first - 0x80;
  if (count < 1 || count > 4) return undefined;
  return bytes.subarray(2, 2 + count).reduce((sum, byte) => sum * 256 + byte, 0) + 2 + count;
}

function refused({ status, statusString, failInfo }: TimeStampResp['status']): MillwattError {
  const bits = new Uint8Array(failInfo?.value ?? new ArrayBuffer(0));
  const bit = Object.keys(REASONS)
    .map(Number)
    .find((at) => ((bits[at >> 3] ?? 0) & (0x80 >> (at & 7))) !== 0);
  const said = [...(statusString ?? [])].join(' ').replaceAll(/[\p{Cc}\p{Cf}]/gu, '?');
  const why = [bit === undefined ? `its status is ${status}` : REASONS[bit], said.slice(0, 200)];
  const isPassing = bit === undefined ? status === PKIStatus.waiting : PASSING.includes(bit);
  return new MillwattError(
    isPassing ? 'retry' : 'refuse',
    'stamp-refused',
    `The time-stamping authority gives no stamp: ${why
      .filter((text) => text)
      .join('; ')
      .replace(/\.$/, '')}.`,
    { cure: 'Ask whoever runs it; check evidence.timeStamp (url, policy, certReq).' },
  );
}

/** Nonces are numbers: one whose highest bit is set would be written with a zero before it. */
function asInteger(nonce: Uint8Array): ArrayBuffer {
  const bytes = Uint8Array.from(nonce);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes.buffer;
}

function isNonce(found: ArrayBuffer | undefined, nonce: Uint8Array): boolean {
  return found !== undefined && Buffer.from(found).equals(Buffer.from(asInteger(nonce)));
}
