import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { FrameGuard } from './frame-guard.ts';

/** Before a peer has shown who it is, a packet may be this large: a CONNECT with will and password fits. */
const STRANGER_PACKET_BYTES_MAX = 4 * 1024;
const PACKET_BYTES_MAX = 256 * 1024;

/** A socket whose incoming packets are sized up before the broker sees them. */
export class GuardedSocket extends Duplex {
  readonly #socket: Socket;
  readonly #guard = new FrameGuard(STRANGER_PACKET_BYTES_MAX);

  /** @param onViolation called once, with the reason, when the peer is cut off */
  constructor(socket: Socket, onViolation: (reason: string) => void) {
    super({ allowHalfOpen: false });
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => {
      const complaint = this.#guard.inspect(chunk);
      if (complaint !== undefined) {
        onViolation(complaint);
        this.destroy(new Error(`the peer ${complaint}`));
        return;
      }
      if (!this.push(chunk)) socket.pause();
    });
    socket.on('end', () => this.push(null));
    socket.on('error', (error) => this.destroy(error));
    socket.on('close', () => this.destroy());
  }

  /** The common name of the certificate that the peer showed; undefined where it showed none, or has several. */
  get commonName(): string | undefined {
    if (!(this.#socket instanceof TLSSocket)) return undefined;
    // Without a certificate the object is empty; with several names it is a list.
    const { subject } = this.#socket.getPeerCertificate() as { subject?: { CN?: unknown } };
    return typeof subject?.CN === 'string' ? subject.CN : undefined;
  }

  /** The peer has shown who it is: packets of the usual size may come. */
  trust(): void {
    this.#guard.allow(PACKET_BYTES_MAX);
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#socket.write(chunk, done);
  }

  override _writev(
    chunks: { chunk: Buffer; encoding: BufferEncoding }[],
    done: (error?: Error | null) => void,
  ): void {
    this.#socket.write(Buffer.concat(chunks.map(({ chunk }) => chunk)), done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#socket.end(done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#socket.destroy();
    done(error);
  }
}
