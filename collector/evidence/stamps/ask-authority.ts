import { request as requestHttp, type IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import { describeError, MillwattError } from '../../../protocols/errors.ts';

/** A response brings a few certificates at most. */
const ANSWER_BYTES_MAX = 256 * 1024;
const ANSWER_MS = 30_000;
const BUSY = [408, 425, 429];

/** A time-stamping authority, as it is configured. */
export interface TimeStampAuthority {
  /** http or https, without a password in it. */
  url: string;
  /** Authorities that the certificates of its stamps are issued by, PEM; without it, stamps are kept and not trusted. */
  ca?: string;
  /** Authorities that the server's certificate is issued by, PEM (https); without it, those of the system. */
  serverCa?: string;
  username?: string;
  password?: string;
  /** Object identifier. */
  policy?: string;
  certReq: boolean;
}

/**
 * Sends one request over RFC 3161's HTTP (3.4) and gives the answer's bytes. Follows no redirect. Throws an error of class `retry` where
 * the authority is not reached, busy or slow, and of class `refuse` (code `stamp-refused`) where asking again would not help.
 *
 * @param options.answerMs how long the whole may take, ms
 */
export async function askAuthority(
  { url, serverCa, username, password }: TimeStampAuthority,
  request: Uint8Array,
  options: { answerMs?: number; signal?: AbortSignal } = {},
): Promise<Uint8Array> {
  const late = AbortSignal.timeout(options.answerMs ?? ANSWER_MS);
  const signal = options.signal === undefined ? late : AbortSignal.any([late, options.signal]);
  const send = url.startsWith('https:') ? requestHttps : requestHttp;
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
  const unreached = (error: unknown) =>
    reject(
      new MillwattError(
        'retry',
        'authority-unreached',
        late.aborted
          ? `The time-stamping authority ${url} did not answer in time.`
          : `The time-stamping authority ${url} is not reached: ${describeError(error)}.`,
        { cure: 'Check evidence.timeStamp.url, the network and the proxy; it is tried again.', cause: error },
      ),
    );
  try {
    const sent = send(
      url,
      {
        method: 'POST',
        agent: false,
        signal,
        ...(serverCa === undefined ? {} : { ca: serverCa }),
        ...(username === undefined ? {} : { auth: `${username}:${password ?? ''}` }),
        headers: {
          'content-type': 'application/timestamp-query',
          'content-length': request.length,
          accept: 'application/timestamp-reply',
        },
      },
      (answer) =>
        void readAnswer(url, answer).then(resolve, (error: unknown) => {
          sent.destroy();
          if (error instanceof MillwattError) reject(error);
          else unreached(error);
        }),
    );
    sent.on('error', unreached);
    sent.end(request);
  } catch (error) {
    unreached(error);
  }
  return promise;
}

async function readAnswer(url: string, answer: IncomingMessage): Promise<Uint8Array> {
  const { statusCode = 0 } = answer;
  const type = answer.headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  if (statusCode >= 500 || BUSY.includes(statusCode))
    throw new MillwattError(
      'retry',
      'authority-busy',
      `The time-stamping authority ${url} answers ${statusCode}.`,
      {
        cure: 'It is tried again; ask whoever runs it where that lasts.',
      },
    );
  if (statusCode !== 200)
    throw refuse(url, `answers ${statusCode}`, CURES[statusCode] ?? 'Check evidence.timeStamp.url.');
  if (type !== 'application/timestamp-reply')
    throw refuse(
      url,
      `answers with ${JSON.stringify(type ?? 'nothing').slice(0, 80)}, not with a stamp`,
      'Check evidence.timeStamp.url: it is another page, or a proxy answers.',
    );
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of answer as AsyncIterable<Uint8Array>) {
    bytes += piece.length;
    if (bytes > ANSWER_BYTES_MAX)
      throw refuse(
        url,
        `answers with more than ${ANSWER_BYTES_MAX / 1024} KiB`,
        'Check evidence.timeStamp.url.',
      );
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

const CURES: Readonly<Record<number, string>> = {
  301: 'Write the address that it leads to into evidence.timeStamp.url: redirects are not followed.',
  302: 'Write the address that it leads to into evidence.timeStamp.url: redirects are not followed.',
  307: 'Write the address that it leads to into evidence.timeStamp.url: redirects are not followed.',
  308: 'Write the address that it leads to into evidence.timeStamp.url: redirects are not followed.',
  401: 'Check evidence.timeStamp.username and password.',
  403: 'Check evidence.timeStamp.username and password, and whether this computer may ask there.',
};

function refuse(url: string, what: string, cure: string): MillwattError {
  return new MillwattError('refuse', 'stamp-refused', `The time-stamping authority ${url} ${what}.`, {
    cure,
  });
}
