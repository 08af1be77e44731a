import { createServer } from 'node:net';
import { silentLog, type Log } from '../log.ts';
import type { SerialFormat } from '../modbus/endpoint.ts';
import { crc16 } from '../modbus/rtu/rtu-crc.ts';
import { SerialLink } from '../modbus/rtu/serial-link.ts';
import { listenOn } from './listen.ts';
import { answerRequest, SILENT, type RegisterBank } from './modbus-answer.ts';

/** Where a simulated line is: a serial port, or a TCP port that carries the same bytes (0 lets the system choose). */
export type RtuServerPlace =
  | (SerialFormat & { path: string })
  | {
      host: string;
      port: number;
    };

/** A running server. */
export interface RtuServer {
  /** The TCP port it really listens on; 0 on a serial port. */
  readonly port: number;
  /** Cuts every connection, gives the port back. */
  close(): Promise<void>;
}

const OPEN_TIMEOUT_MS = 5000;
const REQUEST_BYTES = 8;
const IDENTIFY_BYTES = 7;

/**
 * The devices of a Modbus RTU line. As on a real bus, a unit that is not there says nothing, and neither does anyone to
 * a broken request or to unit 0. `answerDelayMs` is how long a unit takes. Throws an error of class `refuse` (code
 * `port-in-use` or `cannot-listen`) for a TCP port, and what SerialLink throws for a serial port.
 */
export async function startRtuServer(options: {
  at: RtuServerPlace;
  units: ReadonlyMap<number, RegisterBank>;
  answerDelayMs?: (unit: number) => number;
  log?: Log;
}): Promise<RtuServer> {
  const { at } = options;
  return 'path' in at ? serveSerial({ ...options, at }) : serveTcp({ ...options, at });
}

interface Bus {
  units: ReadonlyMap<number, RegisterBank>;
  answerDelayMs?: (unit: number) => number;
  log?: Log;
}

async function serveSerial({
  at,
  ...bus
}: Bus & { at: SerialFormat & { path: string } }): Promise<RtuServer> {
  const { log = silentLog } = bus;
  const link = new SerialLink(at.path, at);
  const serve = createRequestReader(bus, (bytes) => link.write(bytes));
  await link.open(
    {
      onBytes: serve.add,
      onClosed: (cause) =>
        log.warn({ err: cause, path: at.path }, 'A simulated serial line has lost its port.'),
    },
    OPEN_TIMEOUT_MS,
  );
  return {
    port: 0,
    close: () => {
      serve.end();
      link.close();
      return link.closed();
    },
  };
}

function serveTcp({ at, ...bus }: Bus & { at: { host: string; port: number } }): Promise<RtuServer> {
  const server = createServer({ noDelay: true, keepAlive: true }, (socket) => {
    const serve = createRequestReader(bus, (bytes) => socket.write(bytes));
    socket.on('data', serve.add);
    socket.on('error', () => socket.destroy());
    socket.on('close', serve.end);
  });
  return listenOn(server, { ...at, serves: 'Modbus RTU' });
}

/** Finds requests in a stream of bytes and answers them; bytes that begin none are skipped. */
function createRequestReader(
  { units, answerDelayMs, log = silentLog }: Bus,
  send: (bytes: Buffer) => void,
): { add: (bytes: Buffer) => void; end: () => void } {
  let rest: Buffer = Buffer.alloc(0);
  const timers = new Set<NodeJS.Timeout>();
  const answer = (request: Buffer) => {
    const unit = request[0] ?? 0;
    if (unit === 0 || !units.has(unit)) return;
    const reply = answerRequest(wrapInTcpFrame(request), units, log);
    if (reply === SILENT) return;
    const bytes = unwrapTcpFrame(reply);
    const delayMs = answerDelayMs?.(unit) ?? 0;
    if (delayMs <= 0) {
      send(bytes);
      return;
    }
    const timer = setTimeout(() => {
      timers.delete(timer);
      send(bytes);
    }, delayMs);
    timers.add(timer);
  };
  return {
    add: (bytes) => {
      rest = Buffer.concat([rest, bytes]);
      let at = 0;
      for (;;) {
        const length = rest[at + 1] === 43 ? IDENTIFY_BYTES : REQUEST_BYTES;
        if (rest.length - at < length) break;
        const last = at + length - 2;
        if (rest.readUInt16LE(last) === crc16(rest, at, last)) {
          answer(rest.subarray(at, last));
          at += length;
        } else at++;
      }
      rest = rest.subarray(at);
    },
    end: () => {
      for (const timer of timers) clearTimeout(timer);
    },
  };
}

function wrapInTcpFrame(request: Buffer): Buffer {
  return Buffer.concat([Buffer.of(0, 0, 0, 0, 0, request.length), request]);
}

function unwrapTcpFrame(reply: Buffer): Buffer {
  const bytes = Buffer.concat([reply.subarray(6), Buffer.alloc(2)]);
  bytes.writeUInt16LE(crc16(bytes, 0, bytes.length - 2), bytes.length - 2);
  return bytes;
}
