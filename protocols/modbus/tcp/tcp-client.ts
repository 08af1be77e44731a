import { PIPELINING_MAX, type ModbusClient } from '../client.ts';
import { describeHost, type TlsSettings } from '../endpoint.ts';
import { MillwattError } from '../../errors.ts';
import {
  badFrameError,
  closedError,
  ModbusExceptionError,
  refusedError,
  timeoutError,
} from '../modbus-error.ts';
import { DeadlineTimer } from './tcp-deadline.ts';
import {
  bitsOf,
  findFault,
  FRAME_BYTES_MAX,
  frameBytes,
  identificationOf,
  registersOf,
  writeRequest,
  type Expected,
} from './tcp-frame.ts';
import { openTcpWire, type Wire, type WireEvents } from './tcp-wire.ts';
import { tlsSilenceError } from './tls-error.ts';
import { openTlsWire } from './tls-wire.ts';

/** How the connection is made and used. */
export interface TcpClientOptions {
  /** Absent means plain Modbus TCP. */
  tls?: TlsSettings | undefined;
  /** 1 (the default) .. 16 requests under way at once. Only for a device that is known to keep them apart. */
  pipelining?: number | undefined;
}

interface Pending {
  expected: Expected;
  bytes: Buffer;
  isSent: boolean;
  /** The connection ended under it, and it was sent once more through a new one. */
  isSecondTry: boolean;
  deadlineMs: number;
  timeoutMs: number;
  parse: (frame: Buffer) => unknown;
  resolve: (value: never) => void;
  reject: (error: MillwattError) => void;
  /** What its answer said, until all that are under way with it are answered. */
  outcome: unknown;
}

/**
 * A strict Modbus TCP client that can only read. It keeps one connection, made when needed, and one request on it, or a
 * few. After a timeout, a frame that is not the answer, or bytes nobody asked for, the connection is destroyed and all
 * requests under way are rejected: a late reply has no way to be taken for another's. Requests that find the connection
 * ended since the last answer go through a new one, once.
 *
 * Several at once are held to two more rules. They always differ in unit, function or length of their answers (one that
 * does not waits inside), so that even a device that mixes up transaction ids is found out. And they are handed on together,
 * when the last of them is answered and no byte is left over: an answer that is too short is filled up with the beginning
 * of the next, and only the end of the stream tells. Failures reject with a MillwattError of class `retry` (codes `timeout`, `refused`,
 * `closed`, `bad-frame`, `exception`); more requests than allowed are our own bug (`crash`, thrown).
 */
export class ModbusTcpClient implements ModbusClient {
  readonly #host: string;
  readonly #port: number;
  readonly #tls: TlsSettings | undefined;
  readonly #pipelining: number;
  #wire: Wire | undefined;
  #isOpen = false;
  /** The connection has brought an answer. */
  #isProven = false;
  /** Any connection has: the other end speaks Modbus TCP. */
  #hasAnswered = false;
  /** Not answered yet, in the order they were asked. */
  #pending: Pending[] = [];
  /** Answered, but not to be believed before the others under way are answered too. */
  #answered: Pending[] = [];
  #transaction = 0;
  /** Reused where only one request is under way: the one before is answered, so the system has long taken its bytes. */
  readonly #request = Buffer.alloc(12);
  readonly #rest: Buffer;
  #restBytes = 0;
  readonly #timer = new DeadlineTimer((nowMs) => this.#endOverdue(nowMs));

  /** Connects when first asked. Throws a RangeError where pipelining is not 1 .. 16. */
  constructor(host: string, port: number, options: TcpClientOptions = {}) {
    const { tls, pipelining = 1 } = options;
    if (!Number.isInteger(pipelining) || pipelining < 1 || pipelining > PIPELINING_MAX)
      throw new RangeError(`cannot have ${pipelining} requests under way`);
    this.#host = host;
    this.#port = port;
    this.#tls = tls;
    this.#pipelining = pipelining;
    this.#rest = Buffer.allocUnsafe(FRAME_BYTES_MAX * pipelining);
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

  /** Ends the connection; requests under way are rejected with `closed`. The client may be used again. */
  close(): void {
    this.#fail((where) => closedError(where));
    this.#timer.stop();
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
    if (this.#pending.length + this.#answered.length >= this.#pipelining)
      throw new MillwattError('crash', 'busy', 'A Modbus client was asked while a request was under way.');
    // What is not on this list changes a device, and is never sent.
    if (![1, 2, 3, 4, 43].includes(functionCode))
      throw new RangeError(`function ${functionCode} does not read`);
    if (address < 0 || address + count > 65_536)
      throw new RangeError(`no registers at ${address} .. +${count}`);
    const transaction = this.#nextTransaction();
    const buffer = this.#pipelining === 1 ? this.#request : Buffer.allocUnsafe(12);
    const length = writeRequest(buffer, { transaction, unit, functionCode, address, count });
    return new Promise((resolve, reject) => {
      const nowMs = performance.now();
      const pending: Pending = {
        expected: { transaction, unit, functionCode, length: replyLength },
        bytes: length === buffer.length ? buffer : buffer.subarray(0, length),
        isSent: false,
        isSecondTry: false,
        deadlineMs: nowMs + timeoutMs,
        timeoutMs,
        parse,
        resolve,
        reject,
        outcome: undefined,
      };
      this.#pending.push(pending);
      this.#timer.watch(pending.deadlineMs, nowMs);
      if (this.#isOpen) this.#send(pending);
      else if (this.#wire === undefined) this.#connect();
    });
  }

  #nextTransaction(): number {
    do this.#transaction = (this.#transaction + 1) & 0xffff;
    while (this.#pending.some(({ expected }) => expected.transaction === this.#transaction));
    return this.#transaction;
  }

  /** Waits with a request whose answer could be taken for that of another under way, or would hold others up. */
  #send(pending: Pending): void {
    if (this.#answered.length > 0) return;
    const { unit, functionCode, length } = pending.expected;
    for (const { isSent, expected } of this.#pending) {
      if (
        isSent &&
        expected.length === length &&
        expected.functionCode === functionCode &&
        expected.unit === unit
      )
        return;
    }
    pending.isSent = true;
    this.#wire?.write(pending.bytes);
  }

  #sendWaiting(): void {
    if (!this.#isOpen) return;
    for (const pending of this.#pending) if (!pending.isSent) this.#send(pending);
  }

  #connect(): void {
    // Whatever an old connection still says, it says to events of its own, which look at nothing.
    let wire: Wire | undefined;
    const isCurrent = () => wire === undefined || wire === this.#wire;
    const events: WireEvents = {
      onOpen: () => {
        if (!isCurrent()) return;
        this.#isOpen = true;
        this.#sendWaiting();
      },
      onBytes: (bytes, count) => {
        if (isCurrent()) this.#receive(bytes, count);
      },
      onLost: (describe) => {
        if (isCurrent() && !this.#tryAgain()) this.#fail(describe);
      },
    };
    try {
      wire =
        this.#tls === undefined
          ? openTcpWire(this.#host, this.#port, events)
          : openTlsWire(this.#host, this.#port, this.#tls, events);
    } catch (error) {
      this.#fail((where) => (error instanceof MillwattError ? error : refusedError(where, error as Error)));
      return;
    }
    this.#wire = wire;
  }

  /**
   * Many devices end a connection that was idle for a while, and some after each answer: just then the next request may
   * be on its way. One that lost a connection which had worked goes through a new one, once, and within its deadline.
   */
  #tryAgain(): boolean {
    const isLostBetweenAnswers = this.#isProven && this.#restBytes === 0 && this.#answered.length === 0;
    if (!isLostBetweenAnswers || this.#pending.length === 0) return false;
    if (this.#pending.some(({ isSecondTry }) => isSecondTry)) return false;
    for (const pending of this.#pending) {
      pending.isSecondTry = true;
      pending.isSent = false;
    }
    this.#dropWire();
    this.#connect();
    return true;
  }

  #dropWire(): void {
    const wire = this.#wire;
    this.#wire = undefined;
    this.#isOpen = false;
    this.#isProven = false;
    this.#restBytes = 0;
    wire?.destroy();
  }

  /** Takes the frames out of what came. */
  #receive(bytes: Buffer, count: number): void {
    let data = bytes;
    let length = count;
    if (this.#restBytes > 0) {
      length += this.#restBytes;
      if (length > this.#rest.length) {
        this.#failFrame(undefined, `${length} bytes, more than its answers may have`);
        return;
      }
      bytes.copy(this.#rest, this.#restBytes, 0, count);
      data = this.#rest;
    }
    let at = 0;
    while (at < length) {
      if (this.#pending.length === 0) {
        // Nobody asked. Whatever it is, no later request may find it in front of its own answer.
        this.#failFrame(undefined, `${length - at} bytes nobody asked for`);
        return;
      }
      if (length - at < 8) break;
      const frame = at === 0 ? data : data.subarray(at, length);
      const index = this.#findAsker(frame);
      const pending = this.#pending[index] as Pending;
      const total = frameBytes(frame);
      // What follows the last answer that is due is part of no answer.
      const received = this.#pending.length > 1 ? Math.min(length - at, total) : length - at;
      const fault = pending.isSent
        ? findFault(frame, received, pending.expected)
        : 'an answer before it was asked';
      if (fault !== undefined) {
        this.#failFrame(pending, fault);
        return;
      }
      if (received < total) break;
      try {
        pending.outcome =
          ((frame[7] ?? 0) & 0x80) !== 0
            ? new ModbusExceptionError(this.#where(pending), frame[8] ?? 0)
            : pending.parse(frame.subarray(0, total));
      } catch (error) {
        this.#failFrame(pending, error instanceof Error ? error.message : String(error));
        return;
      }
      this.#isProven = true;
      this.#hasAnswered = true;
      this.#answered.push(pending);
      this.#pending.splice(index, 1);
      at += total;
    }
    this.#restBytes = length - at;
    if (this.#restBytes > 0) {
      if (this.#restBytes > this.#rest.length) {
        this.#failFrame(undefined, `${this.#restBytes} bytes, more than its answers may have`);
        return;
      }
      data.copy(this.#rest, 0, at, length);
    }
    if (this.#restBytes === 0 && !this.#pending.some(({ isSent }) => isSent)) this.#handOn();
  }

  #handOn(): void {
    const answered = this.#answered;
    this.#answered = [];
    for (const { outcome, resolve, reject } of answered) {
      if (outcome instanceof ModbusExceptionError) reject(outcome);
      else resolve(outcome as never);
    }
    if (this.#pending.length > 0) this.#sendWaiting();
  }

  /** The request with the frame's transaction id; the oldest where none has it, and is then found to be lied to. */
  #findAsker(frame: Buffer): number {
    if (this.#pending.length === 1) return 0;
    const transaction = ((frame[0] ?? 0) << 8) | (frame[1] ?? 0);
    return Math.max(
      0,
      this.#pending.findIndex(({ expected }) => expected.transaction === transaction),
    );
  }

  #endOverdue(nowMs: number): number {
    // A timer may fire a little early by the clock we compare with.
    const overdue = this.#pending.find(({ deadlineMs }) => deadlineMs <= nowMs + 0.5);
    if (overdue !== undefined) {
      const { timeoutMs } = overdue;
      const isTls = this.#tls !== undefined;
      const isHandshake = isTls && !this.#isOpen;
      this.#fail(
        (where) =>
          isHandshake
            ? tlsSilenceError(where, timeoutMs)
            : timeoutError(where, timeoutMs, isTls || this.#hasAnswered),
        overdue,
      );
    }
    return Math.min(...this.#pending.map(({ deadlineMs }) => deadlineMs));
  }

  #failFrame(culprit: Pending | undefined, what: string): void {
    this.#fail((where) => badFrameError(where, what), culprit ?? this.#answered[0] ?? this.#pending[0]);
  }

  /** Ends the connection and rejects all: the culprit, where there is one, with its error, and the others as cut off. */
  #fail(describe: (where: string) => MillwattError, culprit?: Pending): void {
    const all = [...this.#answered, ...this.#pending];
    this.#pending = [];
    this.#answered = [];
    this.#dropWire();
    for (const pending of all) {
      const where = this.#where(pending);
      pending.reject(
        culprit === undefined || culprit === pending
          ? describe(where)
          : cutOffError(where, this.#where(culprit)),
      );
    }
  }

  #where(pending: Pending): string {
    return `${describeHost(this.#host, this.#port)} unit ${pending.expected.unit}`;
  }
}

/** The request was well, but shared its connection with one that was not. */
function cutOffError(where: string, culprit: string): MillwattError {
  return new MillwattError(
    'retry',
    'closed',
    `${where} could not answer, because the connection was cut after a failure of ${culprit}.`,
    { cure: 'Look at what that request failed of; this one is simply asked again.' },
  );
}
