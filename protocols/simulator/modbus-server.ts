import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { silentLog, type Log } from '../log.ts';
import { listenOn, type Listening } from './listen.ts';
import { answerRequest, FRAME_BYTES_MAX, SILENT, type RegisterBank } from './modbus-answer.ts';

export type { RegisterBank };

/** A running server. */
export type ModbusServer = Listening;

/** What a server with TLS shows and asks; PEM texts. */
export interface ServerTls {
  key: string;
  cert: string;
  /** Authority whose client certificates are accepted. */
  ca?: string | undefined;
  /** Cut clients without a certificate of `ca`. Absent means that anyone may read. */
  requestCert?: boolean | undefined;
}

/**
 * A Modbus TCP server over units that only ever answer reads. Requests may come fragmented or many at once; they are
 * answered in order. An unknown unit answers exception 11, as a gateway does. A header that is not Modbus cuts the line.
 * Throws an error of class `refuse` (code `port-in-use`) when the port is taken.
 */
export function startModbusServer(options: {
  host: string;
  /** 0 lets the system choose. */
  port: number;
  units: ReadonlyMap<number, RegisterBank>;
  log?: Log;
  /** Absent means plain Modbus TCP. */
  tls?: ServerTls | undefined;
}): Promise<ModbusServer> {
  const { host, port, units, log = silentLog, tls } = options;
  const server = listenFor(tls, (socket) => {
    socket.on('error', () => socket.destroy());
    serve(socket, units, log);
  });
  return listenOn(server, { host, port, serves: 'Modbus' });
}

/** A server that calls `onClient` for a connection that may speak Modbus now. */
function listenFor(tls: ServerTls | undefined, onClient: (socket: Socket) => void): Server {
  if (tls === undefined) return createServer({ noDelay: true, keepAlive: true }, onClient);
  const { key, cert, ca, requestCert = false } = tls;
  const options = {
    key,
    cert,
    ...(ca === undefined ? {} : { ca }),
    requestCert,
    rejectUnauthorized: requestCert,
    minVersion: 'TLSv1.2' as const,
    noDelay: true,
    keepAlive: true,
  };
  const server = createTlsServer(options, onClient);
  server.on('tlsClientError', (_, socket) => socket.destroy());
  return server;
}

function serve(socket: Socket, units: ReadonlyMap<number, RegisterBank>, log: Log): void {
  let rest: Buffer = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const replies: Buffer[] = [];
    let offset = 0;
    while (bytes.length - offset >= 8) {
      const length = bytes.readUInt16BE(offset + 4);
      if (bytes.readUInt16BE(offset + 2) !== 0 || length < 2 || length > FRAME_BYTES_MAX - 6) {
        socket.destroy();
        return;
      }
      if (bytes.length - offset < 6 + length) break;
      const reply = answerRequest(bytes.subarray(offset, offset + 6 + length), units, log);
      if (reply !== SILENT) replies.push(reply);
      offset += 6 + length;
    }
    rest = offset === bytes.length ? rest.subarray(0, 0) : bytes.subarray(offset);
    const [only] = replies;
    if (only !== undefined) socket.write(replies.length === 1 ? only : Buffer.concat(replies));
  });
}
