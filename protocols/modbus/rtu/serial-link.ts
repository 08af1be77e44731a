import type { SerialPort } from 'serialport';
import { MillwattError } from '../../errors.ts';
import type { SerialFormat } from '../endpoint.ts';
import { timeoutError } from '../modbus-error.ts';
import { lineClosedError, noSerialPackageError, serialOpenError } from './rtu-errors.ts';
import type { ByteLink, LinkEvents } from './rtu-link.ts';
import { frameSilenceMs } from './serial-timing.ts';

/** Bytes of a port go through a thread: by then the read that was due has been made. */
const CATCH_UP_MS = 2;

/** By path: ports that are being given back, by whichever link; they can be had again only then. */
const givingBack = new Map<string, Promise<void>>();

/**
 * A serial port of this computer. The package `serialport` is loaded with the first opening, so that everything else
 * runs where it is missing. The port is held alone: a second program, or a second link, is refused.
 */
export class SerialLink implements ByteLink {
  readonly where: string;
  readonly medium = 'serial';
  readonly silenceMs: number;
  readonly isRenewable = false;
  readonly #path: string;
  readonly #format: SerialFormat;
  #port: SerialPort | undefined;
  #isOpen = false;
  #failOpening: ((error: MillwattError) => void) | undefined;

  constructor(path: string, format: SerialFormat) {
    this.where = path;
    this.#path = path;
    this.#format = format;
    this.silenceMs = frameSilenceMs(format);
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  open(events: LinkEvents, timeoutMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => settle(timeoutError(this.where, timeoutMs)), timeoutMs);
      const settle = (error?: MillwattError) => {
        clearTimeout(timer);
        if (this.#failOpening === settle) this.#failOpening = undefined;
        if (error === undefined) resolve();
        else reject(error);
      };
      this.#failOpening = settle;
      this.#openPort(events, () => this.#failOpening === settle).then(
        () => settle(),
        (error: unknown) =>
          settle(error instanceof MillwattError ? error : serialOpenError(this.#path, error)),
      );
    });
  }

  write(bytes: Buffer): void {
    this.#port?.write(bytes);
  }

  async catchUp(): Promise<void> {
    for (let turn = 0; turn < 2; turn++)
      await new Promise<void>((resolve) => {
        setTimeout(() => setImmediate(resolve), CATCH_UP_MS / 2);
      });
  }

  close(): void {
    this.#drop();
    this.#failOpening?.(lineClosedError(this.where));
  }

  /** Resolves when the port is given back after `close`. */
  closed(): Promise<void> {
    return givingBack.get(this.#path) ?? Promise.resolve();
  }

  async #openPort(events: LinkEvents, isWanted: () => boolean): Promise<void> {
    await givingBack.get(this.#path);
    let SerialPortClass: typeof SerialPort;
    try {
      ({ SerialPort: SerialPortClass } = await import('serialport'));
    } catch (cause) {
      throw noSerialPackageError(this.#path, cause);
    }
    if (!isWanted()) return;
    const { baudRate, parity, stopBits } = this.#format;
    const port = new SerialPortClass({
      path: this.#path,
      baudRate,
      parity,
      stopBits,
      dataBits: 8,
      autoOpen: false,
    });
    const onEnd = (cause?: unknown) => {
      if (port !== this.#port) return;
      this.#drop();
      events.onClosed(cause);
    };
    port.on('error', onEnd);
    port.on('close', onEnd);
    port.on('data', (bytes: Buffer) => {
      if (port === this.#port) events.onBytes(bytes);
    });
    const opening = new Promise<void>((resolve, reject) => {
      port.open((error) => {
        if (error) reject(serialOpenError(this.#path, error));
        else resolve();
      });
    });
    // One who no longer waits for it gives it back before the next may have it.
    giveBack(
      this.#path,
      opening.then(
        () => (isWanted() ? undefined : closePort(port)),
        () => {},
      ),
    );
    await opening;
    if (!isWanted()) return;
    this.#port = port;
    this.#isOpen = true;
  }

  #drop(): void {
    const port = this.#port;
    this.#port = undefined;
    this.#isOpen = false;
    if (port !== undefined) giveBack(this.#path, closePort(port));
  }
}

function giveBack(path: string, done: Promise<void>): void {
  givingBack.set(path, done);
  void done.then(() => {
    if (givingBack.get(path) === done) givingBack.delete(path);
  });
}

function closePort(port: SerialPort): Promise<void> {
  return new Promise((resolve) => {
    if (port.isOpen) port.close(() => resolve());
    else resolve();
  });
}
