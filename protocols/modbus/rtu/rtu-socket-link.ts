import { connect, type Socket } from 'node:net';
import { MillwattError } from '../../errors.ts';
import { describeHost } from '../endpoint.ts';
import { lineClosedError } from './rtu-errors.ts';
import type { ByteLink, LinkEvents } from './rtu-link.ts';

/** A serial line behind a TCP connection: a device server that hands bytes on as they come. */
export class RtuSocketLink implements ByteLink {
  readonly where: string;
  readonly medium = 'tcp';
  /** The gateway keeps the silence on its line; this one only ends what is left of a frame. */
  readonly silenceMs = 2;
  readonly isRenewable = true;
  readonly #host: string;
  readonly #port: number;
  #socket: Socket | undefined;
  #isOpen = false;
  #failOpening: ((error: MillwattError) => void) | undefined;

  constructor(host: string, port: number) {
    this.where = describeHost(host, port);
    this.#host = host;
    this.#port = port;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  open(events: LinkEvents, timeoutMs: number): Promise<void> {
    this.#drop();
    return new Promise((resolve, reject) => {
      const socket = connect({ host: this.#host, port: this.#port, noDelay: true, keepAlive: true });
      this.#socket = socket;
      const timer = setTimeout(() => fail(gatewayTimeoutError(this.where, timeoutMs)), timeoutMs);
      const fail = (error: MillwattError) => {
        clearTimeout(timer);
        this.#failOpening = undefined;
        if (socket === this.#socket) this.#drop();
        reject(error);
      };
      this.#failOpening = fail;
      const onEnd = (cause?: Error) => {
        if (socket !== this.#socket) return;
        if (this.#isOpen) {
          this.#drop();
          events.onClosed(cause);
        } else
          fail(cause === undefined ? lineClosedError(this.where) : refusedGatewayError(this.where, cause));
      };
      socket.on('error', onEnd);
      socket.on('end', () => onEnd());
      socket.on('close', () => onEnd());
      socket.once('connect', () => {
        if (socket !== this.#socket) return;
        clearTimeout(timer);
        this.#failOpening = undefined;
        this.#isOpen = true;
        resolve();
      });
      socket.on('data', (bytes: Buffer) => {
        if (socket === this.#socket) events.onBytes(bytes);
      });
    });
  }

  write(bytes: Buffer): void {
    this.#socket?.write(bytes);
  }

  async catchUp(): Promise<void> {
    // A turn of the loop reads every socket that has something.
    for (let turn = 0; turn < 2; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
  }

  close(): void {
    this.#drop();
    this.#failOpening?.(lineClosedError(this.where));
  }

  #drop(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    this.#isOpen = false;
    socket?.destroy();
  }
}

function gatewayTimeoutError(where: string, timeoutMs: number): MillwattError {
  return new MillwattError(
    'retry',
    'timeout',
    `${where} cannot be reached: no connection within ${Math.round(timeoutMs)} ms.`,
    { cure: 'Check host and port, the network, and the power of the device server.' },
  );
}

function refusedGatewayError(where: string, cause: NodeJS.ErrnoException): MillwattError {
  // A host with several addresses gives one error for all of them, which has a code and no message.
  const reason = cause.message === '' ? (cause.code ?? 'unknown reason') : cause.message;
  return new MillwattError('retry', 'refused', `${where} cannot be reached: ${reason}.`, {
    cure: 'Check host and port, and that the gateway serves its serial line as a raw TCP server.',
    cause,
  });
}
