import type { Server, Socket } from 'node:net';
import { MillwattError } from '../errors.ts';

/** A server that listens. */
export interface Listening {
  /** The port it really listens on. */
  readonly port: number;
  /** Cuts every connection and stops listening. */
  close(): Promise<void>;
}

/** More connections than this are cut at once. */
const CONNECTIONS_MAX = 256;

/**
 * Lets a server listen; port 0 lets the system choose. Rejects with an error of class `refuse` (codes `port-in-use`,
 * `cannot-listen`) that says what cannot be served where.
 */
export function listenOn(
  server: Server,
  { host, port, serves }: { host: string; port: number; serves: string },
): Promise<Listening> {
  const sockets = new Set<Socket>();
  server.maxConnections = CONNECTIONS_MAX;
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      reject(
        new MillwattError(
          'refuse',
          cause.code === 'EADDRINUSE' ? 'port-in-use' : 'cannot-listen',
          `Cannot serve ${serves} on ${host}:${port}: ${cause.message}.`,
          { cure: 'Choose a free port above 1023, or stop the program that holds it.', cause },
        ),
      );
    });
    server.listen(port, host, () => {
      const address = server.address();
      resolve({
        port: typeof address === 'object' && address !== null ? address.port : port,
        close: () =>
          new Promise((done) => {
            server.close(() => done());
            for (const socket of sockets) socket.destroy();
          }),
      });
    });
  });
}
