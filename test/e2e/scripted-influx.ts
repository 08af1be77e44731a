import { createServer } from 'node:http';
import { onEnd } from './fault-rig.ts';

/** What the fake answers to a write. */
export interface ScriptedAnswer {
  status: number;
  body?: string;
}

/** A scripted fake of InfluxDB 1.x, for failures that the real one cannot be brought to. */
export interface ScriptedInflux {
  url: string;
  /** From now on every write is answered so; 204 takes the points. */
  answer(next: ScriptedAnswer): void;
  /** Values of `p_w` by time of the points that were taken; a point that came twice counts once. */
  powers(): Map<string, number>;
  /** Writes that were answered so far, by status. */
  writes(status: number): number;
}

/** Starts the fake on a port the system chooses; it is gone after the test. */
export async function startScriptedInflux(first: ScriptedAnswer): Promise<ScriptedInflux> {
  let now = first;
  const taken = new Map<string, number>();
  const counts = new Map<number, number>();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      if (request.url === '/ping') {
        response.writeHead(204, { 'x-influxdb-version': 'scripted-fake' }).end();
        return;
      }
      const { status, body = '' } = now;
      if (request.url?.startsWith('/write') === true) {
        counts.set(status, (counts.get(status) ?? 0) + 1);
        if (status === 204) takePowers(Buffer.concat(chunks).toString('utf8'), taken);
        response.writeHead(status, { 'content-type': 'application/json' }).end(body);
      } else response.writeHead(200, { 'content-type': 'application/json' }).end('{"results":[{}]}');
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onEnd(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
    answer: (next) => {
      now = next;
    },
    powers: () => taken,
    writes: (status) => counts.get(status) ?? 0,
  };
}

function takePowers(lines: string, into: Map<string, number>): void {
  for (const line of lines.split('\n')) {
    const found = /^power,.*[ ,]p_w=([-0-9.e]+)\S* (\d+)$/.exec(line);
    if (found !== null) into.set(found[2] ?? '', Number(found[1]));
  }
}
