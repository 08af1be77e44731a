import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Identity } from '../../../support/certificates.ts';

/** What a partner's server was sent. */
interface SeenRequest {
  path: string;
  authorization: string;
  contentType: string;
  body: string;
}

/** A partner's own PACT server, as far as we talk to it: it gives tokens and takes events. */
export interface PartnerServer {
  url: string;
  /** Events that were taken. */
  events: { id: string; type: string; data: Record<string, unknown>; source: string }[];
  seen: SeenRequest[];
  /** How it answers events from now on; 200 without. */
  answer: (how: { status: number; headers?: Record<string, string> } | 'hang up') => void;
  /** How it answers requests for tokens from now on. */
  answerTokens: (status: number, body?: string) => void;
  /** The token it gives out from now on; others are refused. */
  setToken: (token: string) => void;
  close(): Promise<void>;
}

export const AT_PARTNER = { clientId: 'plant', clientSecret: 'canary-secret-at-the-partner-0123' };

/** Starts it with a certificate for 127.0.0.1. */
export async function startPartner(tls: Identity, port = 0): Promise<PartnerServer> {
  const events: PartnerServer['events'] = [];
  const seen: SeenRequest[] = [];
  let token = 'token-of-the-partner-1';
  let how: Parameters<PartnerServer['answer']>[0] = { status: 200 };
  let tokens: [status: number, body?: string | undefined] = [200];
  const basic = `Basic ${Buffer.from(`${AT_PARTNER.clientId}:${AT_PARTNER.clientSecret}`).toString('base64')}`;
  const server: Server = createServer(tls, (request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += String(chunk)));
    request.on('end', () => {
      const { authorization = '', 'content-type': contentType = '' } = request.headers;
      seen.push({ path: request.url ?? '', authorization, contentType, body });
      const send = (status: number, text: string, headers: Record<string, string> = {}) =>
        response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(text);
      if (request.url === '/auth/token') {
        if (tokens[0] !== 200 || tokens[1] !== undefined) return send(tokens[0], tokens[1] ?? '{}');
        if (authorization !== basic) return send(401, '{"error":"invalid_client"}');
        return send(200, JSON.stringify({ access_token: token, token_type: 'Bearer', expires_in: 3600 }));
      }
      if (how === 'hang up') return request.socket.destroy();
      if (request.url !== '/3/events') return send(404, '{}');
      if (authorization !== `Bearer ${token}`) return send(401, '{}');
      if (how.status === 200) events.push(JSON.parse(body) as PartnerServer['events'][number]);
      return send(how.status, '', how.headers);
    });
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    events,
    seen,
    answer: (next) => (how = next),
    answerTokens: (...next) => (tokens = next),
    setToken: (next) => (token = next),
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
