import * as http from 'node:http';
import * as https from 'node:https';
import type { Clock } from '../clock.ts';
import {
  badAddressError,
  badDocumentError,
  closedError,
  connectionError,
  httpStatusError,
  timeoutError,
} from './agent-error.ts';
import type { MtconnectDocument } from './mtconnect-document.ts';
import { readMoment, type Moment } from './moment.ts';
import { boundaryOf } from './multipart-reader.ts';
import { createDocumentReader } from './read-document.ts';

const REDIRECTS_MAX = 3;
/** What an agent's end of a connection that was kept gives, when it is used just as the agent closes it. */
const STALE_CODES = ['ECONNRESET', 'EPIPE'];
const HEADERS = {
  accept: 'application/xml, text/xml, multipart/x-mixed-replace',
  'accept-encoding': 'identity',
};

/** A document and when it was asked for and came. */
export interface Answer {
  document: MtconnectDocument;
  sent: Moment;
  received: Moment;
  /** Real ms. */
  roundTripMs: number;
}

/** An answer that does not end: its bytes as they come. */
export interface OpenAnswer {
  kind: 'multipart';
  boundary: string;
  body: http.IncomingMessage;
}

/** Speaks HTTP to one agent. Every request has a deadline, a bound on its size, and follows no one to another host. */
export class AgentClient {
  /** Address for people. */
  readonly where: string;
  readonly #base: string;
  readonly #clock: Pick<Clock, 'wallMs' | 'monotonicMs'>;
  readonly #agent: http.Agent;
  readonly #requests = new Set<http.ClientRequest>();
  #closed = false;

  /**
   * @param options.url http(s)://host:port[/path], without a query
   * @param options.ca PEM text of the authority that signed the agent, for https
   */
  constructor(
    options: { url: string; ca?: string | undefined },
    clock: Pick<Clock, 'wallMs' | 'monotonicMs'>,
  ) {
    this.#base = options.url.replace(/\/+$/, '');
    this.where = this.#base;
    this.#clock = clock;
    // One connection for questions; a stream has its own.
    const keep = { keepAlive: true, maxSockets: 4, maxFreeSockets: 1 };
    this.#agent = this.#base.startsWith('https:')
      ? new https.Agent({ ...keep, ...(options.ca === undefined ? {} : { ca: options.ca }) })
      : new http.Agent(keep);
  }

  /** Asks once and reads the whole answer within the deadline. An answer that grows without end is an error here. */
  async ask(path: string, timeoutMs: number): Promise<Answer> {
    const answer = await this.open(path, timeoutMs);
    if (answer.kind === 'multipart') {
      answer.body.destroy();
      throw badDocumentError(this.where, 'a stream where one document was asked for');
    }
    return answer;
  }

  /**
   * Asks for a stream. Agents that do not know streams answer with one document instead.
   * @param timeoutMs until the answer begins, real ms; or, where it is one document, until it has ended
   * @param signal ends the request while there is no answer
   */
  open(
    path: string,
    timeoutMs: number,
    signal?: AbortSignal,
  ): Promise<OpenAnswer | ({ kind: 'whole' } & Answer)> {
    const startedMs = performance.now();
    const sent = readMoment(this.#clock);
    return new Promise((resolve, reject) => {
      let request: http.ClientRequest | undefined;
      let settled = false;
      const timer = setTimeout(() => fail(timeoutError(this.where, timeoutMs)), timeoutMs);
      const giveUp = () => fail(closedError(this.where));
      const settle = (act: () => void) => {
        if (settled) return;
        settled = true;
        clearTimeout(timer);
        signal?.removeEventListener('abort', giveUp);
        act();
      };
      const fail = (error: Error) => {
        settle(() => reject(error));
        request?.destroy();
      };
      const send = (url: string, redirects: number) => {
        request = this.#request(url, (response) => {
          const status = response.statusCode ?? 0;
          if (status >= 300 && status < 400) {
            // Its body says nothing, and need not end.
            response.destroy();
            const target = this.#redirect(url, response.headers.location);
            if (target === undefined || redirects === 0)
              fail(
                badDocumentError(this.where, `a redirection (HTTP status ${status}) that is not followed`),
              );
            else send(target, redirects - 1);
            return;
          }
          const boundary = boundaryOf(response.headers['content-type']);
          if (status < 300 && boundary !== undefined) {
            settle(() => resolve({ kind: 'multipart', boundary, body: response }));
            return;
          }
          this.#readWhole(response, status, fail, (document) =>
            settle(() =>
              resolve({
                kind: 'whole',
                document,
                sent,
                received: readMoment(this.#clock),
                roundTripMs: performance.now() - startedMs,
              }),
            ),
          );
        });
        const asked = request;
        asked.on('error', (error: NodeJS.ErrnoException) => {
          // The agent may end a connection that was kept just as we use it again; that says nothing of the agent.
          const isStale = asked.reusedSocket && STALE_CODES.includes(error.code ?? '');
          if (!settled && !this.#closed && isStale && redirects > 0) send(url, redirects - 1);
          else fail(connectionError(this.where, error));
        });
        asked.end();
      };
      signal?.addEventListener('abort', giveUp);
      if (this.#closed || signal?.aborted === true) giveUp();
      else if (!URL.canParse(this.#base)) fail(badAddressError(this.where));
      else send(this.#base + path, REDIRECTS_MAX);
    });
  }

  /** Ends everything under way. */
  close(): void {
    this.#closed = true;
    for (const request of this.#requests) request.destroy();
    this.#agent.destroy();
  }

  #request(url: string, respond: (response: http.IncomingMessage) => void): http.ClientRequest {
    const { request: ask } = url.startsWith('https:') ? https : http;
    const request = ask(url, { headers: HEADERS, agent: this.#agent }, respond);
    this.#requests.add(request);
    request.on('close', () => this.#requests.delete(request));
    return request;
  }

  #readWhole(
    response: http.IncomingMessage,
    status: number,
    fail: (error: Error) => void,
    done: (document: MtconnectDocument) => void,
  ): void {
    const reader = createDocumentReader(this.where);
    const text = new TextDecoder();
    const attempt = (act: () => void) => {
      try {
        act();
      } catch (error) {
        // A page that explains an error in HTML says less than its status.
        if (status >= 400) fail(httpStatusError(this.where, status));
        else fail(error instanceof Error ? error : new Error(String(error)));
        response.destroy();
      }
    };
    let ended = false;
    response.on('data', (chunk: Buffer) => attempt(() => reader.write(text.decode(chunk, { stream: true }))));
    response.on('end', () => {
      ended = true;
      attempt(() => {
        reader.write(text.decode());
        done(reader.end());
      });
    });
    response.on('error', (error) => fail(connectionError(this.where, error)));
    response.on('close', () => {
      if (!ended) fail(closedError(this.where));
    });
  }

  /** Where a redirection leads, when that is the same host. */
  #redirect(from: string, location: string | undefined): string | undefined {
    if (location === undefined || !URL.canParse(location, from)) return undefined;
    const target = new URL(location, from);
    return target.origin === new URL(from).origin ? target.href : undefined;
  }
}
