import { connect, type Socket } from 'node:net';
import type { MillwattError } from '../../errors.ts';
import { closedError, refusedError } from '../modbus-error.ts';

/** A connection that has been started. It says nothing more once it is destroyed. */
export interface Wire {
  /** Only after `onOpen`. */
  write(bytes: Buffer): void;
  destroy(): void;
}

/** What a connection tells. */
export interface WireEvents {
  onOpen(): void;
  /** The first `count` of `bytes`; the buffer is used again as soon as this returns. */
  onBytes(bytes: Buffer, count: number): void;
  /** It never came to be, or it ended; told once. `describe` makes the error, given who is asked. */
  onLost(describe: (where: string) => MillwattError): void;
}

/** Opens a plain connection. */
export function openTcpWire(host: string, port: number, events: WireEvents): Wire {
  let isOpen = false;
  let isOver = false;
  const socket: Socket = connect({
    host,
    port,
    noDelay: true,
    keepAlive: true,
    // Reading into one buffer spares a Buffer and a stream event for every reply.
    onread: {
      buffer: Buffer.allocUnsafe(1024),
      callback: (count, buffer) => {
        if (!isOver) events.onBytes(buffer as Buffer, count);
        return true;
      },
    },
  });
  const lose = (describe: (where: string) => MillwattError) => {
    if (isOver) return;
    isOver = true;
    events.onLost(describe);
  };
  socket.once('connect', () => {
    if (isOver) return;
    isOpen = true;
    events.onOpen();
  });
  socket.on('error', (error) =>
    lose((where) => (isOpen ? closedError(where, error) : refusedError(where, error))),
  );
  socket.on('end', () => lose(closedError));
  socket.on('close', () => lose(closedError));
  return {
    write: (bytes) => socket.write(bytes),
    destroy: () => {
      isOver = true;
      socket.destroy();
    },
  };
}
