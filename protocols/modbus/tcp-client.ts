import { connect, type Socket } from 'node:net';
import type { ModbusClient } from './client.ts';
import { MillwattError } from '../errors.ts';
import {
  badFrameError,
  closedError,
  ModbusExceptionError,
  refusedError,
  timeoutError,
} from './modbus-error.ts';
import {
  bitsOf,
  findFault,
  FRAME_BYTES_MAX,
  identificationOf,
  registersOf,
  type Expected,
} from './tcp-frame.ts';

interface Pending {
  expected: Expected;
  parse: (frame: Buffer) => unknown;
  resolve: (value: never) => void;
  reject: (error: MillwattError) => void;
}

/**
 * A strict Modbus TCP client that can only read. It keeps one connection, made when needed, and one request on it.
 * After a timeout, a frame that is not the answer, or bytes nobody asked for, the connection is destroyed: a late reply
 * has no way to be taken for another's. Failures reject with a MillwattError of class `retry` (codes `timeout`,
 * `refused`, `closed`, `bad-frame`, `exception`); a second request before the first has settled is our own bug (`crash`).
 */
export class ModbusTcpClient implements ModbusClient {
  readonly #host: string;
  readonly #port: number;
  #socket: Socket | undefined;
  #isConnected = false;
  #pending: Pending | undefined;
  #transaction = 0;
  /** Reused: the request before is answered, so the system has long taken its bytes. */
  readonly #request = Buffer.alloc(12);
  readonly #frame = Buffer.allocUnsafe(FRAME_BYTES_MAX);
  #received = 0;
  #timer: NodeJS.Timeout | undefined;
  #timerAtMs = 0;
  #deadlineMs = 0;
  #timeoutMs = 0;

  constructor(host: string, port: number) {
    this.#host = host;
    this.#port = port;
  }

  /** 1 .. 125 holding (3) or input (4) registers. `timeoutMs` covers connecting, sending and the whole answer. */
  readRegisters(
    unit: number,
    functionCode: 3 | 4,
    address: number,
    count: number,
    timeoutMs: number,
  ): Promise<Uint16Array> {
    if (count < 1 || count > 125) throw new RangeError(`cannot ask for ${count} registers`);
    return this.#ask(unit, functionCode, address, count, 3 + count * 2, registersOf, timeoutMs);
  }

  /** 1 .. 2000 coils (1) or discrete inputs (2). */
  readBits(
    unit: number,
    functionCode: 1 | 2,
    address: number,
    count: number,
    timeoutMs: number,
  ): Promise<boolean[]> {
    if (count < 1 || count > 2000) throw new RangeError(`cannot ask for ${count} bits`);
    const parse = (frame: Buffer) => bitsOf(frame, count);
    return this.#ask(unit, functionCode, address, count, 3 + Math.ceil(count / 8), parse, timeoutMs);
  }

  /** Vendor (0), product code (1) and revision (2), as far as the device tells (function 43, type 14). */
  readIdentification(unit: number, timeoutMs: number): Promise<Map<number, string>> {
    return this.#ask(unit, 43, 0, 0, 0, identificationOf, timeoutMs);
  }

  /** Ends the connection; a request under way is rejected with `closed`. The client may be used again. */
  close(): void {
    this.#fail(closedError(this.#where()));
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #ask<T>(
    unit: number,
    functionCode: Expected['functionCode'],
    address: number,
    count: number,
    replyLength: number,
    parse: (frame: Buffer) => T,
    timeoutMs: number,
  ): Promise<T> {
    if (this.#pending !== undefined)
      throw new MillwattError('crash', 'busy', 'A Modbus client was asked while a request was under way.');
    // What is not on this list changes a device, and is never sent.
    if (![1, 2, 3, 4, 43].includes(functionCode))
      throw new RangeError(`function ${functionCode} does not read`);
    if (address < 0 || address + count > 65_536)
      throw new RangeError(`no registers at ${address} .. +${count}`);
    this.#transaction = (this.#transaction + 1) & 0xffff;
    const request = this.#request;
    request[0] = this.#transaction >> 8;
    request[1] = this.#transaction & 0xff;
    request[5] = 6;
    request[6] = unit;
    request[7] = functionCode;
    if (functionCode === 43) {
      request[5] = 5;
      request[8] = 14;
      request[9] = 1;
      request[10] = 0;
    } else {
      request[8] = address >> 8;
      request[9] = address & 0xff;
      request[10] = count >> 8;
      request[11] = count & 0xff;
    }
    return new Promise((resolve, reject) => {
      const expected = { transaction: this.#transaction, unit, functionCode, length: replyLength };
      this.#pending = { expected, parse, resolve, reject };
      this.#received = 0;
      this.#arm(timeoutMs);
      if (this.#isConnected) this.#send();
      else this.#connect();
    });
  }

  #send(): void {
    const { functionCode } = this.#pending?.expected ?? {};
    this.#socket?.write(functionCode === 43 ? this.#request.subarray(0, 11) : this.#request);
  }

  #connect(): void {
    this.#socket?.destroy();
    const socket: Socket = connect({
      host: this.#host,
      port: this.#port,
      noDelay: true,
      keepAlive: true,
      // Reading into one buffer spares a Buffer and a stream event for every reply.
      onread: {
        buffer: Buffer.allocUnsafe(1024),
        callback: (count, buffer) => {
          if (socket === this.#socket) this.#receive(buffer as Buffer, count);
          return true;
        },
      },
    });
    this.#socket = socket;
    let hasConnected = false;
    socket.once('connect', () => {
      if (socket !== this.#socket) return;
      hasConnected = true;
      this.#isConnected = true;
      if (this.#pending !== undefined) this.#send();
    });
    socket.on('error', (error) => {
      if (socket !== this.#socket) return;
      this.#fail(hasConnected ? closedError(this.#where(), error) : refusedError(this.#where(), error));
    });
    const onEnd = () => {
      if (socket === this.#socket) this.#fail(closedError(this.#where()));
    };
    socket.on('end', onEnd);
    socket.on('close', onEnd);
  }

  #receive(bytes: Buffer, count: number): void {
    const pending = this.#pending;
    if (pending === undefined) {
      // Nobody asked. Whatever it is, no later request may find it in front of its own answer.
      this.#drop();
      return;
    }
    let frame = bytes;
    let length = count;
    if (this.#received > 0 || count < 9) {
      length += this.#received;
      if (length > FRAME_BYTES_MAX) {
        this.#fail(badFrameError(this.#where(), `${length} bytes, more than a frame may have`));
        return;
      }
      bytes.copy(this.#frame, this.#received, 0, count);
      this.#received = length;
      frame = this.#frame;
    }
    if (length < 8) return;
    const fault = findFault(frame, length, pending.expected);
    if (fault !== undefined) {
      this.#fail(badFrameError(this.#where(), fault));
      return;
    }
    const total = 6 + (((frame[4] ?? 0) << 8) | (frame[5] ?? 0));
    if (length < total) {
      if (frame !== this.#frame) {
        bytes.copy(this.#frame, 0, 0, count);
        this.#received = length;
      }
      return;
    }
    if (((frame[7] ?? 0) & 0x80) !== 0) {
      this.#pending = undefined;
      pending.reject(new ModbusExceptionError(this.#where(pending), frame[8] ?? 0));
      return;
    }
    let value: unknown;
    try {
      value = pending.parse(frame.subarray(0, total));
    } catch (error) {
      this.#fail(badFrameError(this.#where(), error instanceof Error ? error.message : String(error)));
      return;
    }
    this.#pending = undefined;
    pending.resolve(value as never);
  }

  /** One timer serves all requests: it is set anew only when it would fire too late, and checks when it fires. */
  #arm(timeoutMs: number): void {
    const nowMs = performance.now();
    this.#timeoutMs = timeoutMs;
    this.#deadlineMs = nowMs + timeoutMs;
    if (this.#timer !== undefined && this.#timerAtMs <= this.#deadlineMs) return;
    clearTimeout(this.#timer);
    this.#setTimer(timeoutMs, nowMs);
  }

  #setTimer(waitMs: number, nowMs: number): void {
    this.#timerAtMs = nowMs + waitMs;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.#pending === undefined) return;
      const laterMs = performance.now();
      if (laterMs + 0.5 < this.#deadlineMs) this.#setTimer(Math.ceil(this.#deadlineMs - laterMs), laterMs);
      else this.#fail(timeoutError(this.#where(), this.#timeoutMs));
    }, waitMs);
  }

  #fail(error: MillwattError): void {
    const pending = this.#pending;
    this.#pending = undefined;
    this.#drop();
    pending?.reject(error);
  }

  #drop(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    this.#isConnected = false;
    this.#received = 0;
    socket?.destroy();
  }

  #where(pending: Pending | undefined = this.#pending): string {
    const address = `${this.#host}:${this.#port}`;
    return pending === undefined ? address : `${address} unit ${pending.expected.unit}`;
  }
}
