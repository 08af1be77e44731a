import type { AddressInfo, Socket } from 'node:net';
import fastify, { type FastifyInstance, type FastifyRequest } from 'fastify';
import { describeError, MillwattError } from '../../protocols/errors.ts';
import { createAccessGuard } from './access-guard.ts';
import { ApiError } from './api-error.ts';
import { addApiRoutes } from './api-routes.ts';
import type { HttpParts } from './http-parts.ts';
import { addLiveStream } from './live-stream.ts';
import { renderMetrics } from './metric-families.ts';
import { collectOwnMetrics } from './own-metrics.ts';
import { addStaticFiles } from './static-files.ts';

const BODY_BYTES_MAX = 1_048_576;
const REQUEST_TIMEOUT_MS = 10_000;
/** What only looks. Anything else needs a token of its own, also where no route takes it. */
const READING: ReadonlySet<string> = new Set(['GET', 'HEAD']);

/** Nothing from elsewhere, nothing inline, no frames: a name that came over the network can never become a script. */
const HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'cache-control': 'no-store',
};

/** Where and how to listen. */
export interface HttpAddress {
  /** 127.0.0.1 unless others are to see it; then a token and TLS are needed. */
  host: string;
  /** 0 takes a free one. */
  port: number;
  /** At least 22 characters. */
  token?: string | undefined;
  /** At least 22 characters, and not the other one; without it no marks of jobs are taken. */
  marksToken?: string | undefined;
  /** PEM texts. */
  tls?: { cert: string; key: string } | undefined;
  /** How long a request may take to arrive, real ms; 10 s without. */
  requestTimeoutMs?: number | undefined;
}

/** A server that listens. */
export interface HttpServer {
  port: number;
  /** http://127.0.0.1:8484 */
  url: string;
  /** Ends open streams and connections; resolves within about a second. */
  close(): Promise<void>;
}

/**
 * Serves the page, the API and the metrics. Throws an error of class `refuse` when the address is open to others
 * without a token and TLS (`open-http`), a token is weak (`weak-token`) or both are one (`same-token`), or the port cannot be had (`http-port`).
 */
export async function startHttp(address: HttpAddress, parts: HttpParts): Promise<HttpServer> {
  const { host, port, token, marksToken, tls } = address;
  const guard = createAccessGuard({
    host,
    token,
    marksToken,
    tls: tls !== undefined,
    nowMs: () => performance.now(),
  });
  const server = createServer(tls, address.requestTimeoutMs ?? REQUEST_TIMEOUT_MS);
  // The server itself forgets those that are still greeting, and would wait for them at its end.
  const sockets = new Set<Socket>();
  server.server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  const endStreams = addRoutes(server, parts, guard);
  await addStaticFiles(server);
  try {
    await server.listen({ host, port });
  } catch (cause) {
    await server.close();
    throw refuseToListen(host, port, cause);
  }
  const bound = (server.server.address() as AddressInfo).port;
  const name = host === '0.0.0.0' || host === '::' ? 'localhost' : host.includes(':') ? `[${host}]` : host;
  return {
    port: bound,
    url: `${tls === undefined ? 'http' : 'https'}://${name}:${bound}`,
    close: async () => {
      endStreams();
      for (const socket of sockets) socket.destroy();
      await server.close();
    },
  };
}

function createServer(tls: HttpAddress['tls'], requestTimeout: number): FastifyInstance {
  const limits = { headersTimeout: requestTimeout, connectionsCheckingInterval: 500 };
  const options = {
    bodyLimit: BODY_BYTES_MAX,
    requestTimeout,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 100, ignoreTrailingSlash: true },
    logger: false,
  };
  return tls === undefined
    ? fastify({ ...options, http: limits })
    : fastify({
        ...options,
        https: { ...limits, ...tls, minVersion: 'TLSv1.2', handshakeTimeout: requestTimeout },
      });
}

function addRoutes(
  server: FastifyInstance,
  parts: HttpParts,
  guard: ReturnType<typeof createAccessGuard>,
): () => void {
  server.addHook('onRequest', async (request, reply) => {
    reply.headers(HEADERS);
    guard.checkHost(request.headers.host);
    const { authorization } = request.headers;
    if (!READING.has(request.method)) guard.checkMarksToken(authorization, request.ip);
    else if (needsToken(request)) guard.checkToken(authorization, request.ip);
  });
  server.setNotFoundHandler(() => {
    throw new ApiError(
      404,
      'There is nothing at this address.',
      'See /api/v1/openapi.json for what there is.',
    );
  });
  server.setErrorHandler(async (error, request, reply) => {
    const known = error instanceof ApiError ? error : asApiError(error);
    if (known.status === 500)
      parts.log.error({ path: request.url.slice(0, 200), reason: describeError(error) }, 'a request failed');
    if (known.status === 401) reply.header('www-authenticate', 'Bearer');
    await reply.status(known.status).send({ error: { message: known.message, cure: known.cure } });
  });
  addApiRoutes(server, parts);
  server.get('/metrics', async (_request, reply) =>
    reply
      .type('text/plain; version=0.0.4; charset=utf-8')
      .send(renderMetrics([...collectOwnMetrics(parts), ...parts.metrics()])),
  );
  server.get('/healthz', () => ({ status: 'ok' }));
  return addLiveStream(server, parts);
}

/** The page itself holds no data; everything that does needs the token. */
function needsToken({ routeOptions }: FastifyRequest): boolean {
  const path = routeOptions.url ?? '';
  return !(path === '/' || path === '/healthz' || path.startsWith('/assets/'));
}

/** Faults of what is stored, whose cure is for whoever asks; they name a machine and an hour, and no path. */
const SAID_CODES: ReadonlySet<string> = new Set(['unlike-cells', 'hour-without-minutes', 'damaged-views']);

/** The framework's own refusals keep their status; anything else is our fault and says nothing of our insides. */
function asApiError(error: unknown): ApiError {
  const status = (error as { statusCode?: unknown }).statusCode;
  if (status === 413) return new ApiError(413, 'The request is too large.', 'Send less at once.');
  if (typeof status === 'number' && status >= 400 && status < 500)
    return new ApiError(
      status,
      'The request cannot be understood.',
      'See /api/v1/openapi.json for what there is.',
    );
  if (error instanceof MillwattError && SAID_CODES.has(error.code))
    return new ApiError(500, error.message, error.cure);
  return new ApiError(500, 'The collector could not answer this.', 'Its log says why.');
}

function refuseToListen(host: string, port: number, cause: unknown): MillwattError {
  const { code } = cause as { code?: string };
  const taken = code === 'EADDRINUSE';
  return new MillwattError(
    'refuse',
    'http-port',
    taken
      ? `Port ${port} of ${host} is taken.`
      : `The page cannot listen on ${host}:${port} (${code ?? 'unknown'}).`,
    {
      cure: taken
        ? 'End the program that has it, or set another http.port.'
        : 'Set http.host to an address of this machine and http.port to one it may use.',
      cause,
    },
  );
}
