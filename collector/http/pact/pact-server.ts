import type { AddressInfo, Socket } from 'node:net';
import { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { describeError, MillwattError } from '../../../protocols/errors.ts';
import type { Log } from '../../../protocols/log.ts';
import { getFootprint } from '../../footprint/exports/pact/api/get-footprint.ts';
import { listFootprints } from '../../footprint/exports/pact/api/list-footprints.ts';
import { refusal, type PactAnswer } from '../../footprint/exports/pact/api/pact-answer.ts';
import { refuseCaller, type PactCaller } from '../../footprint/exports/pact/api/pact-caller.ts';
import { receiveEvent } from '../../footprint/exports/pact/api/receive-event.ts';
import type { FootprintHead } from '../../footprint/exports/pact/product-footprint.ts';
import { recordSchema } from '../../footprint/record/record-schema.ts';
import type { PactHost } from '../../pact/pact-host.ts';
import { isGrantedTo, SCHEMA_PATH, type PactScope } from '../../pact/pact-plan.ts';
import { openTokenBook, type TokenHolder } from '../../pact/token-book.ts';
import { createGuessAllowance } from './guess-allowance.ts';
import { createRequestAllowance } from './request-allowance.ts';
import { addTokenRoute } from './token-route.ts';

const EVENT_BYTES_MAX = 1_048_576;
const REQUEST_TIMEOUT_MS = 10_000;
const CONNECTIONS_MAX = 200;
/** From one address, which may be a proxy of several partners. */
const CONNECTIONS_OF_ADDRESS_MAX = 50;
/** How long a connection is kept between two requests, ms. */
const IDLE_MS = 5_000;
/** A reader that takes nothing for so long is let go. */
const STALLED_MS = 30_000;

/** How much work a request makes, in that of one footprint: a page has up to 100, an answer to an event too. */
const COST = { footprint: 1, list: 5, event: 10 };

const HEADERS = {
  'strict-transport-security': 'max-age=31536000',
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
};

/** Where to listen, always with TLS: tokens and footprints never travel in the clear, on loopback neither. */
export interface PactAddress {
  host: string;
  /** 0 takes a free one. */
  port: number;
  /** PEM texts. */
  tls: { cert: string; key: string };
  /** How long a request may take to arrive, real ms; 10 s without. */
  requestTimeoutMs?: number;
  /** Monotonic ms, for tokens and bounds. */
  nowMs?: () => number;
}

/** A PACT server that listens. */
export interface PactServer {
  port: number;
  close(): Promise<void>;
}

/** What the server found out about a request before its body was read. */
interface Visit {
  caller: PactCaller;
  holder: TokenHolder | null;
}

/** Serves the PACT API of a host. Throws an error of class `refuse` (code `pact-port`) when the port cannot be had. */
export async function startPactServer(address: PactAddress, host: PactHost, log: Log): Promise<PactServer> {
  const { tls, requestTimeoutMs = REQUEST_TIMEOUT_MS, nowMs = () => performance.now() } = address;
  const server = fastify({
    bodyLimit: EVENT_BYTES_MAX,
    requestTimeout: requestTimeoutMs,
    forceCloseConnections: true,
    keepAliveTimeout: IDLE_MS,
    exposeHeadRoutes: false,
    routerOptions: { maxParamLength: 100, ignoreTrailingSlash: true },
    logger: false,
    https: {
      ...tls,
      minVersion: 'TLSv1.2',
      handshakeTimeout: requestTimeoutMs,
      headersTimeout: requestTimeoutMs,
      connectionsCheckingInterval: 500,
    },
  });
  server.server.maxConnections = CONNECTIONS_MAX;
  // The server forgets those that are still greeting, and would wait for them at its end.
  const sockets = new Set<Socket>();
  const byAddress = new Map<string, number>();
  server.server.on('connection', (socket: Socket) => {
    const address = socket.remoteAddress ?? '';
    const count = (byAddress.get(address) ?? 0) + 1;
    // One that holds all places would shut the others out, and needs no token for it.
    if (count > CONNECTIONS_OF_ADDRESS_MAX) {
      socket.destroy();
      return;
    }
    byAddress.set(address, count);
    sockets.add(socket);
    socket.once('close', () => {
      sockets.delete(socket);
      const left = (byAddress.get(address) ?? 1) - 1;
      if (left > 0) byAddress.set(address, left);
      else byAddress.delete(address);
    });
  });
  const tokens = openTokenBook(host.plan.partners, nowMs);
  addFrame(server, log);
  addTokenRoute(server, { url: host.plan.url, tokens, guesses: createGuessAllowance(nowMs) });
  addActions(server, host, {
    find: (authorization) => {
      const [, given] = /^Bearer ([\x21-\x7e]{1,512})$/i.exec(authorization ?? '') ?? [];
      // Not counted: nobody guesses 256 bits, and a client learns only so that it has to get another token.
      return given === undefined ? 'invalid' : tokens.find(given);
    },
    requests: createRequestAllowance(nowMs),
  });
  if (host.plan.servesSchema) {
    const schema = JSON.stringify({ ...recordSchema(), $id: `${host.plan.url}${SCHEMA_PATH}` });
    server.get(SCHEMA_PATH, async (_request, reply) => reply.type('application/schema+json').send(schema));
  }
  try {
    await server.listen({ host: address.host, port: address.port });
  } catch (cause) {
    await server.close();
    throw refuseToListen(address, cause);
  }
  return {
    port: (server.server.address() as AddressInfo).port,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await server.close();
    },
  };
}

/** What all answers have in common: headers, errors in PACT's words, bodies that are read as texts. */
function addFrame(server: FastifyInstance, log: Log): void {
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => {
    done(null, body);
  });
  server.addHook('onRequest', async (_request, reply) => {
    reply.headers(HEADERS);
  });
  server.setNotFoundHandler((_request, reply) =>
    send(reply, refusal('NotFound', 'There is nothing at this address.')),
  );
  server.setErrorHandler((error, request, reply) => {
    const { statusCode: status } = error as { statusCode?: unknown };
    if (typeof status === 'number' && status >= 400 && status < 500)
      return send(
        reply,
        refusal(
          'BadRequest',
          status === 413 ? 'The body is too large.' : 'The request cannot be understood.',
          status,
        ),
      );
    log.error(
      { path: request.url.split('?')[0]?.slice(0, 200), reason: describeError(error) },
      'A request failed.',
    );
    return send(reply, refusal('InternalError', 'This could not be answered; the log of the host says why.'));
  });
}

function addActions(
  server: FastifyInstance,
  { book, take }: PactHost,
  guard: {
    find: (authorization: string | undefined) => TokenHolder | 'expired' | 'invalid';
    requests: ReturnType<typeof createRequestAllowance>;
  },
): void {
  const visits = new WeakMap<FastifyRequest, Visit>();
  /** Everything that can be refused without the body is refused before it is read. */
  const enter = (scope: PactScope, cost: number) => async (request: FastifyRequest, reply: FastifyReply) => {
    const found = guard.find(request.headers.authorization);
    const holder = typeof found === 'object' ? found : null;
    const caller: PactCaller = {
      isSecure: request.protocol === 'https',
      token: typeof found === 'object' ? 'valid' : found === 'expired' ? 'expired' : 'invalid',
      isGranted: (footprint: FootprintHead) => holder !== null && isGrantedTo(holder.partner, footprint),
    };
    const refused = refuseCaller(caller);
    if (refused !== undefined) return await send(reply, refused);
    if (holder !== null && !holder.scopes.includes(scope))
      return await send(
        reply,
        refusal('AccessDenied', `Your token is not for this: it needs the scope ${scope}.`),
      );
    if (holder !== null && !guard.requests.spend(holder.partner.id, cost))
      return await send(
        reply,
        refusal('BadRequest', 'Too many requests in a short time: wait a few seconds.', 429),
      );
    visits.set(request, { caller, holder });
    return undefined;
  };
  const visitOf = (request: FastifyRequest): Visit => {
    const visit = visits.get(request);
    if (visit === undefined) throw new Error('nobody looked at who asks');
    return visit;
  };

  server.get('/3/footprints', { onRequest: enter('read', COST.list) }, async (request, reply) => {
    const [path = '', query = ''] = request.url.split(/\?(.*)/s);
    const asked = { host: request.headers.host ?? '', path, query };
    const answer = listFootprints(asked, book.all(), visitOf(request).caller);
    if (answer.status !== 200) return await send(reply, answer);
    const { data } = answer.body as { data: FootprintHead[] };
    reply.raw.setTimeout(STALLED_MS, () => reply.raw.destroy());
    const texts = textsOf(data, (id) => book.textOf(id));
    return await reply.headers(answer.headers).send(Readable.from(texts, { objectMode: false }));
  });

  server.get<{ Params: { id: string } }>(
    '/3/footprints/:id',
    { onRequest: enter('read', COST.footprint) },
    async (request, reply) => {
      const answer = getFootprint(request.params.id, book.all(), visitOf(request).caller);
      if (answer.status !== 200) return await send(reply, answer);
      const { data } = answer.body as { data: FootprintHead };
      return await reply.headers(answer.headers).send(`{"data":${book.textOf(data.id)}}`);
    },
  );

  server.post('/3/events', { onRequest: enter('events', COST.event) }, async (request, reply) => {
    const { caller, holder } = visitOf(request);
    const body = typeof request.body === 'string' ? request.body : '';
    const { answer, event } = receiveEvent(
      { contentType: request.headers['content-type'] ?? '', body },
      caller,
    );
    const refused = event === null || holder === null ? undefined : take(event, holder.partner);
    return await send(reply, refused ?? answer);
  });
}

/** A page, footprint by footprint as it was published, so that none of it is in memory twice and others have their turn. */
async function* textsOf(
  footprints: readonly FootprintHead[],
  textOf: (id: string) => string,
): AsyncGenerator<Buffer> {
  let before = '{"data":[';
  for (const { id } of footprints) {
    yield Buffer.from(before + textOf(id));
    before = ',';
    await nextTurn();
  }
  yield Buffer.from(`${footprints.length === 0 ? before : ''}]}`);
}

function send(reply: FastifyReply, { status, headers, body }: PactAnswer): FastifyReply {
  reply.status(status).headers(headers);
  return body === null ? reply.send() : reply.type('application/json').send(JSON.stringify(body));
}

function refuseToListen({ host, port }: PactAddress, cause: unknown): MillwattError {
  const { code = 'unknown' } = cause as { code?: string };
  return new MillwattError(
    'refuse',
    'pact-port',
    code === 'EADDRINUSE'
      ? `Port ${port} of ${host} is taken.`
      : `The PACT API cannot listen on ${host}:${port} (${code}).`,
    {
      cure:
        code === 'EADDRINUSE'
          ? 'End the program that has it, or set another pact.port.'
          : 'Set pact.host to an address of this machine, pact.port to one it may use, and pact.cert and pact.key to a certificate and its key.',
      cause,
    },
  );
}
