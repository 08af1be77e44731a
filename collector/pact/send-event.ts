import { request } from 'node:https';
import { EVENT_MEDIA_TYPE } from '../footprint/exports/pact/api/cloud-event.ts';
import type { PartnerEvents } from './pact-plan.ts';

const TIMEOUT_MS = 30_000;
const ANSWER_BYTES_MAX = 65_536;
/** A token is renewed before its end, ms. */
const EARLY_MS = 30_000;

/**
 * What came of a try. `retry`: it may go well by itself. `credentials`: an operator has to do something, here or there, and may in
 * time. `refused`: the same event will be refused again.
 */
export type Sent =
  | { result: 'delivered' }
  | { result: 'retry' | 'credentials' | 'refused'; saying: string; waitSeconds?: number };

/** Sends events to one partner, at the addresses of the configuration; follows no redirect. */
export interface EventSender {
  /** Never throws; `saying` has no secret in it. */
  send(body: string): Promise<Sent>;
}

/**
 * @param nowMs monotonic ms
 * @param stopped ends what is under way
 */
export function createEventSender(to: PartnerEvents, nowMs: () => number, stopped: AbortSignal): EventSender {
  let token: { text: string; untilMs: number } | undefined;

  const obtainToken = async (): Promise<string | Exclude<Sent, { result: 'delivered' }>> => {
    if (token !== undefined && token.untilMs > nowMs()) return token.text;
    const basic = Buffer.from(`${to.clientId}:${to.clientSecret}`).toString('base64');
    const answer = await post(
      to.tokenUrl,
      { ca: to.ca, stopped },
      {
        headers: {
          authorization: `Basic ${basic}`,
          'content-type': 'application/x-www-form-urlencoded',
          accept: 'application/json',
        },
        body: 'grant_type=client_credentials',
      },
    );
    if (typeof answer === 'string') return { result: 'retry', saying: `the token endpoint: ${answer}` };
    if (answer.status !== 200) {
      const kind = classOf(answer.status);
      return {
        // Whatever a token endpoint refuses is about who we are.
        result: kind === 'refused' ? 'credentials' : kind,
        saying: `the token endpoint answered ${answer.status}`,
        ...waitOf(answer),
      };
    }
    const { access_token: text, expires_in: seconds } = readObject(answer.body);
    if (typeof text !== 'string' || !/^[\x21-\x7e]{1,8192}$/.test(text))
      return { result: 'credentials', saying: 'the token endpoint answered without a token' };
    const lifeMs = typeof seconds === 'number' && seconds > 0 ? Math.min(seconds, 86_400) * 1000 : 300_000;
    token = { text, untilMs: nowMs() + Math.max(0, lifeMs - EARLY_MS) };
    return text;
  };

  const sendOnce = async (body: string): Promise<Sent> => {
    const bearer = await obtainToken();
    if (typeof bearer !== 'string') return bearer;
    const answer = await post(
      to.url,
      { ca: to.ca, stopped },
      {
        headers: { authorization: `Bearer ${bearer}`, 'content-type': `${EVENT_MEDIA_TYPE}; charset=UTF-8` },
        body,
      },
    );
    if (typeof answer === 'string') return { result: 'retry', saying: answer };
    if (answer.status >= 200 && answer.status < 300) return { result: 'delivered' };
    return { result: classOf(answer.status), saying: `it answered ${answer.status}`, ...waitOf(answer) };
  };

  return {
    send: async (body) => {
      const hadToken = token !== undefined;
      const first = await sendOnce(body);
      if (first.result !== 'credentials') return first;
      // The token may have been withdrawn: one more try with a new one.
      token = undefined;
      const again = hadToken ? await sendOnce(body) : first;
      if (again.result === 'credentials') token = undefined;
      return again;
    },
  };
}

function classOf(status: number): 'retry' | 'credentials' | 'refused' {
  if (status === 401 || status === 403) return 'credentials';
  // An address that is not there yet may be tomorrow; a redirect is followed by nobody, and may be mended.
  if (status >= 500 || status < 400 || [404, 408, 425, 429].includes(status)) return 'retry';
  return 'refused';
}

interface Answer {
  status: number;
  retryAfter: string | undefined;
  body: string;
}

const waitOf = ({ retryAfter }: Answer) =>
  /^\d{1,6}$/.test(retryAfter ?? '') ? { waitSeconds: Number(retryAfter) } : {};

function readObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/** The answer, of which no more than is needed is read; or why there is none, in a few words. */
function post(
  url: string,
  { ca, stopped }: { ca: string | undefined; stopped: AbortSignal },
  { headers, body }: { headers: Record<string, string>; body: string },
): Promise<Answer | string> {
  return new Promise((resolve) => {
    const bytes = Buffer.from(body);
    const sent = request(
      url,
      {
        method: 'POST',
        headers: { ...headers, 'content-length': bytes.length, 'user-agent': 'millwatt' },
        agent: false,
        minVersion: 'TLSv1.2',
        ...(ca === undefined ? {} : { ca }),
        signal: AbortSignal.any([AbortSignal.timeout(TIMEOUT_MS), stopped]),
      },
      (response) => {
        const chunks: Buffer[] = [];
        let length = 0;
        const done = () => {
          const { statusCode = 0, headers: got } = response;
          resolve({
            status: statusCode,
            retryAfter: got['retry-after'],
            body: Buffer.concat(chunks).toString('utf8'),
          });
        };
        response.on('data', (chunk: Buffer) => {
          length += chunk.length;
          if (length <= ANSWER_BYTES_MAX) chunks.push(chunk);
          else {
            done();
            response.destroy();
          }
        });
        response.on('end', done);
        response.on('error', done);
      },
    );
    sent.on('error', (error: NodeJS.ErrnoException) => {
      resolve(
        error.name === 'AbortError' || error.name === 'TimeoutError'
          ? `no answer within ${TIMEOUT_MS / 1000} s`
          : `no connection (${error.code ?? error.name})`,
      );
    });
    sent.end(bytes);
  });
}
