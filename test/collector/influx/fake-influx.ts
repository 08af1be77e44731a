import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What the fake does with one write: answers with a status, says nothing, or breaks off. */
export type Step =
  | { status: number; body?: string; headers?: Record<string, string> }
  | 'hang'
  | 'reset'
  | 'reset-in-body'
  | 'half-answer'
  | 'garbage';

export interface SeenRequest {
  method: string;
  url: string;
  authorization: string;
  body: string;
}

/**
 * A scripted fake of InfluxDB for answers that a healthy server does not give. Writes follow the script step by step and
 * then succeed; `answer` may decide for itself instead. Everything else is answered with 200 and `{}`.
 */
export async function startFakeInflux(
  script: Step[],
  answer?: (request: SeenRequest) => Step | undefined,
): Promise<{ url: string; writes: SeenRequest[]; others: SeenRequest[]; stop(): Promise<void> }> {
  const writes: SeenRequest[] = [];
  const others: SeenRequest[] = [];
  const server = createServer((request, response) => {
    void (async () => {
      const seen = await read(request);
      const isWrite = seen.url.includes('write');
      (isWrite ? writes : others).push(seen);
      const step =
        answer?.(seen) ?? (isWrite ? (script.shift() ?? { status: 204 }) : { status: 200, body: '{}' });
      play(step, request, response);
    })();
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    writes,
    others,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function read(request: IncomingMessage): Promise<SeenRequest> {
  let body = '';
  for await (const chunk of request) body += String(chunk);
  const { method = '', url = '', headers } = request;
  return { method, url, authorization: headers.authorization ?? '', body };
}

function play(step: Step, request: IncomingMessage, response: ServerResponse): void {
  if (step === 'hang') return;
  if (step === 'reset') {
    request.socket.resetAndDestroy();
  } else if (step === 'half-answer') {
    request.socket.end('HTTP/1.1 204 No Con');
  } else if (step === 'garbage') {
    request.socket.end('\u0000\u0001SSH-2.0-OpenSSH_9.2\r\n\r\n');
  } else if (step === 'reset-in-body') {
    response.writeHead(400, { 'content-length': '500' });
    response.write('{"error":"par', () => request.socket.resetAndDestroy());
  } else {
    response.writeHead(step.status, step.headers ?? {});
    response.end(step.body ?? '');
  }
}
