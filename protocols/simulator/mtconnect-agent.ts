import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Clock } from '../clock.ts';
import { silentLog, type Log } from '../log.ts';
import { listenOn } from './listen.ts';
import { createObservationBuffer, type ObservationBuffer } from './mtconnect-buffer.ts';
import type { AgentContent } from './mtconnect-content.ts';
import { writeDevices, writeError, writeStreams, type DocumentHeader } from './mtconnect-document.ts';
import { RequestFault, readRequest, type AgentRequest } from './mtconnect-request.ts';
import { streamSample } from './mtconnect-stream.ts';

/** Which agent to simulate. */
export interface MtconnectAgentOptions {
  content: AgentContent;
  /** What the log's lines and the headers are timed by. */
  clock: Pick<Clock, 'wallMs'>;
  /** Default 127.0.0.1. */
  host?: string | undefined;
  /** 0 lets the system choose. */
  port: number;
  /** Observations that are kept. Default 131,072, as agents have it. */
  bufferSize?: number | undefined;
  /** How an error document is answered: older agents say 200, newer ones 400 or 404. Default `newer`. */
  errors?: 'older' | 'newer' | undefined;
  log?: Log | undefined;
}

/** A running agent, and what may happen to one. */
export interface MtconnectAgent {
  /** Address that clients use, without a slash at the end. */
  readonly url: string;
  readonly port: number;
  /** Requests so far, by kind: probe, current, sample, stream. */
  readonly requests: Readonly<Record<AgentRequest['kind'], number>>;
  /** Streams that clients hold just now. */
  streamCount(): number;
  /** Takes in what has become known by now, as it does before every answer and while it streams. */
  advance(): void;
  /**
   * The agent's program starts again: another instance id, numbers from 1 on, the buffer holds only what is in force.
   * Connections are cut.
   */
  restart(): void;
  /** Cuts every connection, as a switch that is reset. */
  dropConnections(): void;
  /** While silent, requests are taken and not answered, and streams say nothing, not even that nothing happens. */
  silence(silent: boolean): void;
  close(): Promise<void>;
}

const BUFFER_SIZE = 131_072;

/**
 * Starts an MTConnect agent on a socket: /probe, /current and /sample, each below a device as well, streams and error
 * documents. Rejects with an error of class `refuse` (code `port-in-use`) when the port is taken.
 */
export async function startMtconnectAgent(options: MtconnectAgentOptions): Promise<MtconnectAgent> {
  const { content, clock, host = '127.0.0.1', bufferSize = BUFFER_SIZE, log = silentLog } = options;
  const { model } = content;
  const startMs = clock.wallMs();
  let instanceId = Math.floor(startMs / 1000);
  let buffer = createObservationBuffer(bufferSize);
  let silent = false;
  const requests = { probe: 0, current: 0, sample: 0, stream: 0 };
  const connections = new Set<{ destroy(): void }>();
  const streams = new Set<AbortController>();

  const advance = () => content.advance(clock.wallMs(), (told) => buffer.add(told));
  const start = (known: ObservationBuffer | undefined) => {
    buffer = createObservationBuffer(bufferSize);
    for (const told of known?.current() ?? []) buffer.add(told);
    advance();
    if (known !== undefined) return;
    const time = new Date(startMs).toISOString();
    const spoken = new Set(buffer.current().map(({ item }) => item.id));
    for (const item of model.items) {
      if (spoken.has(item.id)) continue;
      if (item.category === 'CONDITION') buffer.add({ item, time, value: '', level: 'Unavailable' });
      else buffer.add({ item, time, value: 'UNAVAILABLE' });
    }
  };
  const header = (withSequences: boolean): DocumentHeader => ({
    instanceId,
    creationMs: clock.wallMs(),
    bufferSize,
    ...(withSequences
      ? { sequences: { first: buffer.first(), next: buffer.next(), last: buffer.next() - 1 } }
      : {}),
  });

  const answer = (request: AgentRequest, response: ServerResponse) => {
    const { device } = request;
    const own = ({ item }: { item: { device: number } }) => device === undefined || item.device === device;
    if (request.kind === 'probe') return send(response, 200, writeDevices(model, header(false), device));
    if (request.kind === 'current')
      return send(response, 200, writeStreams(model, header(true), buffer.current().filter(own)));
    const { from = buffer.first(), count } = request;
    if (from < buffer.first() || from > buffer.next())
      throw new RequestFault(
        'OUT_OF_RANGE',
        `from must be between ${buffer.first()} and ${buffer.next()}, not ${from}.`,
      );
    if (count > bufferSize)
      throw new RequestFault('OUT_OF_RANGE', `count must be between 1 and ${bufferSize}, not ${count}.`);
    /** What lies from a number on; the header's next is where to go on. */
    const sampleFrom = (number: number) => {
      const found = buffer.slice(number, count);
      const next = found.length === 0 ? Math.max(number, buffer.first()) : found.at(-1)!.sequence + 1;
      const known = header(true);
      const told = found.filter(own);
      const text = writeStreams(model, { ...known, sequences: { ...known.sequences!, next } }, told);
      return { text, next, count: told.length };
    };
    if (request.kind === 'sample') return send(response, 200, sampleFrom(from).text);
    const end = new AbortController();
    streams.add(end);
    void streamSample(response, {
      from,
      intervalMs: request.intervalMs,
      heartbeatMs: request.heartbeatMs,
      signal: end.signal,
      silent: () => silent,
      read: (number) => {
        advance();
        return number < buffer.first() ? undefined : sampleFrom(number);
      },
    }).finally(() => streams.delete(end));
  };

  const server = createServer((incoming: IncomingMessage, response: ServerResponse) => {
    response.on('error', () => response.destroy());
    let request: AgentRequest | undefined;
    try {
      advance();
      request = readRequest(incoming.method ?? '', incoming.url ?? '', model);
      requests[request.kind]++;
      if (!silent) answer(request, response);
    } catch (error) {
      if (!(error instanceof RequestFault)) throw error;
      if (silent) return;
      log.debug({ url: incoming.url, code: error.code }, 'the simulated MTConnect agent refuses a request');
      const status = options.errors === 'older' ? 200 : error.status;
      send(response, status, writeError(model, header(false), error.code, error.message));
    }
  });
  server.on('connection', (socket) => {
    connections.add(socket);
    socket.on('close', () => connections.delete(socket));
  });
  const dropConnections = () => {
    for (const stream of streams) stream.abort();
    for (const connection of connections) connection.destroy();
  };

  start(undefined);
  const listening = await listenOn(server, { host, port: options.port, serves: 'MTConnect' });
  return {
    url: `http://${host}:${listening.port}`,
    port: listening.port,
    requests,
    streamCount: () => streams.size,
    advance,
    restart: () => {
      // What nobody has read by now is lost with the buffer; what is in force is told anew.
      advance();
      instanceId = Math.max(instanceId + 1, Math.floor(clock.wallMs() / 1000));
      start(buffer);
      dropConnections();
    },
    dropConnections,
    silence: (wanted) => {
      silent = wanted;
    },
    close: () => {
      dropConnections();
      return listening.close();
    },
  };
}

function send(response: ServerResponse, status: number, text: string): void {
  const body = Buffer.from(text);
  response.writeHead(status, { 'content-type': 'text/xml', 'content-length': body.length });
  response.end(body);
}
