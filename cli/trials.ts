import { mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { MillwattError } from '../protocols/errors.ts';
import type { LinkOptions } from '../protocols/mqtt/link.ts';
import { connectLink } from '../protocols/mqtt/mqtt-link.ts';

const SPARE_BYTES_MIN = 200_000_000;
const BROKER_DEADLINE_MS = 8000;

/** Writes and removes a file in the folder; says how much room there is. */
export function tryFolder(folder: string): string {
  const file = join(folder, `.doctor-${process.pid}`);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeFileSync(file, 'trial');
    rmSync(file);
  } catch (cause) {
    rmSync(file, { force: true });
    const isFull = ['ENOSPC', 'EDQUOT'].includes((cause as NodeJS.ErrnoException).code ?? '');
    throw new MillwattError(
      'refuse',
      isFull ? 'disk-full' : 'no-folder',
      isFull ? `The disk of ${folder} is full.` : `${folder} cannot be written.`,
      {
        cure: isFull
          ? 'Make room on this disk; what runs goes on by itself.'
          : 'Give the folder to the user that runs millwatt (chown), or choose another with `data:`.',
        cause,
      },
    );
  }
  const { bavail, bsize } = statfsSync(folder);
  if (bavail * bsize < SPARE_BYTES_MIN) {
    throw new MillwattError(
      'refuse',
      'disk-full',
      `${folder} has only ${Math.round((bavail * bsize) / 1e6)} MB left.`,
      { cure: 'Make room on this disk.' },
    );
  }
  return `${folder} can be written, ${((bavail * bsize) / 1e9).toFixed(1)} GB free`;
}

/** Listens on the port for a moment. */
export function tryPort(host: string, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (cause: NodeJS.ErrnoException) => {
      reject(
        new MillwattError(
          'refuse',
          cause.code === 'EADDRINUSE' ? 'port-taken' : 'port',
          `${host}:${port} cannot be listened on (${cause.code ?? cause.message}).`,
          {
            cure:
              cause.code === 'EADDRINUSE'
                ? 'Something listens there already: the collector itself, or another program. Choose another port.'
                : 'Choose another address or port.',
            cause,
          },
        ),
      );
    });
    server.listen(port, host, () => server.close(() => resolve(`${host}:${port} is free`)));
  });
}

/** Connects once, as a client that sends nothing and asks for nothing. */
export async function tryBroker(
  access: Pick<LinkOptions, 'url' | 'username' | 'password' | 'tls' | 'mqtt'>,
): Promise<string> {
  const state = await new Promise<{ connected: boolean; reason: string; cure: string }>((resolve) => {
    const deadline = setTimeout(
      () => resolve({ connected: false, reason: 'no answer', cure: 'Check the address and the firewall.' }),
      BROKER_DEADLINE_MS,
    );
    const link = connectLink({
      ...access,
      clientId: `doctor-${process.pid}`,
      subscriptions: [],
      onMessage: () => {},
      onState: (now) => {
        if (!now.connected && now.reason === '') return;
        clearTimeout(deadline);
        resolve(now);
        setImmediate(() => void link.close());
      },
    });
  });
  if (!state.connected)
    throw new MillwattError('retry', 'broker', `${access.url}: ${state.reason}`, { cure: state.cure });
  return `${access.url} lets us in`;
}
