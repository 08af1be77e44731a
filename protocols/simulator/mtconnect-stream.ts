import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** What a stream is made of. */
export interface SampleStream {
  /** The first number that is wanted. */
  from: number;
  /** Least time between two parts, real ms. */
  intervalMs: number;
  /** A part without observations comes after so long a silence, real ms. */
  heartbeatMs: number;
  /** Ends it. */
  signal: AbortSignal;
  /** While it is, nothing is written. */
  silent: () => boolean;
  /** The document from a number on; undefined when that is no longer kept. */
  read: (from: number) => { text: string; next: number; count: number } | undefined;
}

/** Nobody looks more often, real ms. */
const LOOK_MS = 10;

/**
 * Writes documents as parts of one answer (multipart/x-mixed-replace) until the client leaves or falls so far behind that
 * what it needs is forgotten: then the connection is cut, as agents do. A slow reader is waited for.
 */
export async function streamSample(response: ServerResponse, stream: SampleStream): Promise<void> {
  const boundary = randomUUID().replaceAll('-', '');
  const { signal } = stream;
  response.writeHead(200, {
    'content-type': `multipart/x-mixed-replace;boundary=${boundary}`,
    'cache-control': 'no-cache',
    connection: 'close',
  });
  const gone = new AbortController();
  response.on('close', () => gone.abort());
  const ended = AbortSignal.any([signal, gone.signal]);
  let from = stream.from;
  let writtenMs = -Infinity;
  try {
    while (!ended.aborted) {
      const nowMs = performance.now();
      const document = stream.silent() ? null : stream.read(from);
      if (document === undefined) break;
      if (document !== null) from = document.next;
      if (document !== null && (document.count > 0 || nowMs - writtenMs >= stream.heartbeatMs)) {
        writtenMs = nowMs;
        const body = Buffer.from(document.text);
        const head = `--${boundary}\r\nContent-type: text/xml\r\nContent-length: ${body.length}\r\n\r\n`;
        response.write(head);
        response.write(body);
        if (!response.write('\r\n')) await once(response, 'drain', { signal: ended });
      }
      await sleep(Math.max(LOOK_MS, stream.intervalMs), undefined, { signal: ended });
    }
  } catch (error) {
    if (!ended.aborted) throw error;
  }
  response.destroy();
}
