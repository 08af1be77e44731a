import type { FastifyInstance } from 'fastify';
import { ApiError } from './api-error.ts';
import type { HttpParts } from './http-parts.ts';
import { requireKnown, type Query } from './parameters.ts';

/** No machine is sent more often than this, real ms. */
const EVERY_MS = 500;
/** A beat tells the page that the line is alive and what time it is. */
const BEAT_MS = 5_000;
const STREAMS_MAX = 100;
/** A page that does not read gets cut off instead of filling our memory. */
const UNREAD_BYTES_MAX = 1_000_000;

/**
 * /api/v1/live: server-sent events. `machine` carries one machine's latest values and state, at once for all and then
 * on change; `beat` comes every five seconds. Gives the function that ends all streams.
 */
export function addLiveStream(server: FastifyInstance, parts: HttpParts): () => void {
  const { live, clock } = parts;
  const streams = new Set<() => void>();

  // A HEAD would open a stream that nobody can read, and wait for its end.
  server.get('/api/v1/live', { exposeHeadRoute: false }, (request, reply) => {
    requireKnown(request.query as Query, []);
    if (streams.size >= STREAMS_MAX)
      throw new ApiError(503, 'Too many pages follow the live values.', 'Close some of them.');
    reply.hijack();
    const { raw } = reply;
    raw.writeHead(200, {
      ...(reply.getHeaders() as Record<string, string>),
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });

    const changed = new Set<string>();
    let wasStale = new Map<string, boolean>();
    const send = (event: string, data: unknown): void => {
      if (raw.writableLength > UNREAD_BYTES_MAX) raw.destroy();
      else raw.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
    };
    const sendChanged = (): void => {
      for (const machine of changed) send('machine', live.read(machine));
      changed.clear();
    };
    const beat = (): void => {
      send('beat', { nowMs: clock.wallMs(), speed: clock.speed() });
      // Falling silent is a change too, though no message tells of it.
      const stale = new Map(live.latest().map((entry) => [entry.machine, entry.stale]));
      for (const [machine, isStale] of stale) if (isStale !== wasStale.get(machine)) changed.add(machine);
      wasStale = stale;
    };

    beat();
    for (const { machine } of live.latest()) changed.add(machine);
    sendChanged();
    const endListening = live.onChange((machine) => changed.add(machine));
    const changes = setInterval(sendChanged, EVERY_MS);
    const beats = setInterval(beat, BEAT_MS);
    const end = (): void => {
      endListening();
      clearInterval(changes);
      clearInterval(beats);
      streams.delete(end);
      raw.end();
    };
    streams.add(end);
    raw.on('close', end);
    raw.on('error', end);
  });

  return () => {
    for (const end of streams) end();
  };
}
