import { MillwattError } from '../../errors.ts';
import type { ModbusClient } from '../client.ts';
import { ModbusExceptionError } from '../modbus-error.ts';
import { bitsOfRtu, identificationOfRtu, registersOfRtu } from './rtu-answer.ts';
import {
  badRtuFrameError,
  broadcastError,
  DistrustError,
  lineClosedError,
  modbusTcpAnswerError,
  rtuTimeoutError,
} from './rtu-errors.ts';
import { buildRtuRequest, type RtuReply, type RtuRequest } from './rtu-frame.ts';
import type { ByteLink } from './rtu-link.ts';
import { looksLikeModbusTcp } from '../tcp/tcp-frame.ts';
import { couldAnswer, ReplyMemory, type DistrustTimes, type ReplyShape } from './rtu-reply-memory.ts';
import { ReplyReader } from './rtu-reply-reader.ts';
import { shapeOf, SyncReads } from './rtu-sync-read.ts';

/** A request on the line, and what ends it. */
interface Exchange {
  request: RtuRequest;
  shape: ReplyShape;
  sentMs: number;
  isSync: boolean;
  /** The reply that is the answer when silence follows it. */
  answer: { reply: RtuReply; frame: Buffer } | undefined;
  resolve: (frame: Buffer) => void;
  reject: (error: MillwattError) => void;
}

/** One call of the client's user; `close` ends it. */
interface Call {
  isClosed: boolean;
  /** Ends a wait early. */
  wake: (() => void) | undefined;
}

/**
 * For a line where nothing is known: copies come within 25 ms, what is out of order within 300 ms. Ten minutes of silence
 * end every doubt, so that a device that answers nothing but one request does not stay mute for ever.
 */
export const DISTRUST_TIMES: DistrustTimes = {
  echoMs: 25,
  listenMs: 300,
  suspicionMs: 60_000,
  ageMs: 600_000,
};

/** Synchronising reads in front of one request; those without an answer count twice. */
const SYNC_TRIES_MAX = 4;
/** Listening in front of one request: once, and once more where a stray comes meanwhile. */
const LISTENINGS_MAX = 2;

/**
 * A strict client of Modbus RTU that can only read, over a serial port or a TCP connection to one. Replies of RTU do not
 * say what they answer; what this client does about it is written in rtu-reply-memory.ts. One request at a time: a
 * second one before the first has settled is our own bug (`crash`). Failures reject with a MillwattError of class
 * `retry` (codes `timeout`, `refused`, `closed`, `bad-frame`, `exception`); unit 0 is refused (`broadcast`).
 */
export class ModbusRtuClient implements ModbusClient {
  readonly #link: ByteLink;
  readonly #memory: ReplyMemory;
  readonly #syncReads: SyncReads;
  readonly #listenMsMax: number;
  readonly #reader = new ReplyReader();
  #call: Call | undefined;
  #exchange: Exchange | undefined;
  /** Of performance.now(): the last byte that came or went. */
  #lastByteMs = 0;
  #openedMs: number | undefined;
  #listenedMs = 0;

  constructor(link: ByteLink, times: DistrustTimes = DISTRUST_TIMES) {
    this.#link = link;
    this.#listenMsMax = times.listenMs * LISTENINGS_MAX;
    this.#memory = new ReplyMemory(times);
    this.#syncReads = new SyncReads(this.#memory);
  }

  /** 1 .. 125 holding (3) or input (4) registers. `timeoutMs` covers opening, making sure, and the whole answer, but no listening. */
  async readRegisters(
    unit: number,
    functionCode: 3 | 4,
    address: number,
    count: number,
    timeoutMs: number,
  ): Promise<Uint16Array> {
    return registersOfRtu(await this.#ask({ unit, functionCode, address, count }, timeoutMs));
  }

  /** 1 .. 2000 coils (1) or discrete inputs (2). */
  async readBits(
    unit: number,
    functionCode: 1 | 2,
    address: number,
    count: number,
    timeoutMs: number,
  ): Promise<boolean[]> {
    return bitsOfRtu(await this.#ask({ unit, functionCode, address, count }, timeoutMs), count);
  }

  /** Vendor (0), product code (1) and revision (2), as far as the device tells (function 43, type 14). */
  async readIdentification(unit: number, timeoutMs: number): Promise<Map<number, string>> {
    const frame = await this.#ask({ unit, functionCode: 43, address: 0, count: 0 }, timeoutMs);
    try {
      return identificationOfRtu(frame);
    } catch (error) {
      throw badRtuFrameError(this.#whereOf(unit), error instanceof Error ? error.message : String(error));
    }
  }

  /** Ends the connection; a request under way is rejected with `closed`. The client may be used again. */
  close(): void {
    const call = this.#call;
    this.#call = undefined;
    if (call !== undefined) call.isClosed = true;
    this.#fail(lineClosedError(this.#link.where));
    this.#closeLink();
    call?.wake?.();
  }

  async #ask(request: RtuRequest, timeoutMs: number): Promise<Buffer> {
    if (this.#call !== undefined)
      throw new MillwattError('crash', 'busy', 'A Modbus client was asked while a request was under way.');
    const where = this.#whereOf(request.unit);
    if (request.unit === 0) throw broadcastError(where);
    // Throws before anything is done for a request that must not be sent.
    buildRtuRequest(request);
    this.#syncReads.noteReal(request);
    const call: Call = { isClosed: false, wake: undefined };
    this.#call = call;
    try {
      const deadlineMs = await this.#makeSure(call, request, timeoutMs);
      const frame = await this.#send(call, request, deadlineMs, timeoutMs, false);
      if (((frame[1] ?? 0) & 0x80) !== 0) throw new ModbusExceptionError(where, frame[2] ?? 0);
      return frame;
    } finally {
      if (this.#call === call) this.#call = undefined;
    }
  }

  /**
   * Resolves when no reply of the unit may still come that could be taken for the answer to this request, with the time
   * by which that must be there. Listening is our own caution and not the device's slowness: it does not use up the
   * timeout, which may be no longer than it.
   */
  async #makeSure(call: Call, request: RtuRequest, timeoutMs: number): Promise<number> {
    const shape = shapeOf(request);
    const startedMs = performance.now();
    let listenedMs = 0;
    for (let tries = 0; ;) {
      const deadlineMs = startedMs + timeoutMs + listenedMs;
      const doubt = this.#memory.doubtAbout(shape, this.#listenedNowMs());
      if (doubt === undefined) return deadlineMs;
      // An exception that may be an older one's is not taken, and its absence is no reason to ask nothing.
      if (tries >= SYNC_TRIES_MAX && !doubt.isOfValue) return deadlineMs;
      const nowMs = performance.now();
      const waitMs = Math.max(0, doubt.untilMs - nowMs);
      // The line belongs to other devices as well, so that nobody waits on it in vain.
      if (tries >= SYNC_TRIES_MAX || nowMs >= deadlineMs || listenedMs + waitMs > this.#listenMsMax)
        throw new DistrustError(this.#whereOf(request.unit), timeoutMs, this.#link.medium);
      if (!this.#link.isOpen) {
        await this.#open(call, deadlineMs);
        continue;
      }
      await this.#sleepUntil(call, doubt.untilMs);
      listenedMs += performance.now() - nowMs;
      if (doubt.needsProof)
        tries += await this.#synchronise(
          call,
          request,
          doubt.untilMs,
          startedMs + timeoutMs + listenedMs,
          timeoutMs,
        );
      else {
        const readMs = performance.now();
        await this.#link.catchUp();
        this.#check(call);
        this.#memory.forgetEchoes(request.unit, readMs);
      }
    }
  }

  /** One synchronising read; says how many tries it is worth. */
  async #synchronise(
    call: Call,
    request: RtuRequest,
    beforeMs: number,
    deadlineMs: number,
    timeoutMs: number,
  ): Promise<number> {
    const read = this.#syncReads.choose(request, beforeMs, this.#listenedNowMs());
    const sentMs = performance.now();
    const allowedMs = this.#syncReads.allowMs(request.unit, deadlineMs - sentMs);
    try {
      await this.#send(call, read, sentMs + allowedMs, allowedMs, true);
    } catch (error) {
      this.#check(call);
      if (!(error instanceof MillwattError) || error.code === 'refused') throw error;
      this.#syncReads.note(read, undefined);
      return 2;
    }
    const tookMs = performance.now() - sentMs;
    this.#syncReads.note(read, tookMs);
    // A request that would be given up too early makes new doubt; the next call finds the way clear.
    if (deadlineMs - performance.now() < tookMs * 1.5)
      throw new DistrustError(this.#whereOf(request.unit), timeoutMs, this.#link.medium);
    return 1;
  }

  /** Resolves with the answer, which is surely the request's own unless it is a synchronising read. */
  async #send(
    call: Call,
    request: RtuRequest,
    deadlineMs: number,
    timeoutMs: number,
    isSync: boolean,
  ): Promise<Buffer> {
    await this.#open(call, deadlineMs);
    await this.#waitForSilence(call, request.unit, deadlineMs);
    return new Promise((resolve, reject) => {
      const sentMs = performance.now();
      const timer = setTimeout(
        () => {
          // A process that was held up finds the clock run out before it has read what came in time.
          void this.#link.catchUp().then(() => {
            if (this.#exchange === exchange && exchange.answer === undefined)
              this.#fail(this.#describeSilence(exchange, timeoutMs));
          });
        },
        Math.max(1, deadlineMs - sentMs),
      );
      const exchange: Exchange = {
        request,
        shape: shapeOf(request),
        sentMs,
        isSync,
        answer: undefined,
        resolve: (frame) => {
          clearTimeout(timer);
          resolve(frame);
        },
        reject: (error) => {
          clearTimeout(timer);
          reject(error);
        },
      };
      this.#exchange = exchange;
      this.#reader.expect(exchange.shape);
      this.#lastByteMs = sentMs;
      this.#link.write(buildRtuRequest(request));
    });
  }

  async #open(call: Call, deadlineMs: number): Promise<void> {
    this.#check(call);
    if (this.#link.isOpen) return;
    await this.#link.open(
      {
        onBytes: (bytes) => this.#receive(bytes),
        onClosed: (cause) => {
          this.#noteClosed();
          // Nothing follows an answer that is the last word.
          if (this.#exchange?.answer !== undefined) this.#settle(this.#exchange);
          this.#fail(lineClosedError(this.#link.where, cause, this.#link.medium));
        },
      },
      Math.max(1, deadlineMs - performance.now()),
    );
    this.#openedMs = performance.now();
    this.#memory.noteMissed(this.#openedMs);
    this.#reader.clear();
    this.#check(call);
  }

  /** Half a frame of somebody else must not stand in front of the answer. */
  async #waitForSilence(call: Call, unit: number, deadlineMs: number): Promise<void> {
    for (;;) {
      const quietAtMs = this.#lastByteMs + this.#link.silenceMs;
      const nowMs = performance.now();
      if (nowMs >= quietAtMs) break;
      if (nowMs >= deadlineMs) throw badRtuFrameError(this.#whereOf(unit), 'bytes without end');
      await this.#sleepUntil(call, Math.min(quietAtMs, deadlineMs));
    }
    if (this.#reader.isClean) return;
    const isNoise = this.#reader.isNoise;
    this.#reader.clear();
    if (isNoise) return;
    this.#memory.noteMissed(performance.now());
    if (!this.#link.isRenewable) return;
    this.#closeLink();
    await this.#open(call, deadlineMs);
  }

  #receive(bytes: Buffer): void {
    const nowMs = performance.now();
    this.#lastByteMs = nowMs;
    this.#reader.add(bytes);
    for (;;) {
      const exchange = this.#exchange;
      if (exchange?.answer !== undefined) {
        if (!this.#reader.isNoise) this.#failSurplus(exchange, exchange.answer.reply, nowMs);
        return;
      }
      const reply = this.#reader.next();
      if (reply === 'more') return;
      if (exchange === undefined) {
        // Nobody asked. A frame among it tells that the unit sends what is not due.
        if (reply === undefined) {
          if (this.#reader.isNoise) return;
          this.#reader.skip();
        } else {
          this.#memory.noteStray(reply, nowMs);
          this.#reader.take();
        }
      } else if (reply === undefined) {
        this.#fail(this.#describeNoFrame(exchange));
        return;
      } else if (couldAnswer(exchange.shape, reply)) this.#judge(exchange, reply, nowMs);
      else {
        this.#reader.take();
        // A late reply of a unit that owes one disturbs nobody.
        if (!this.#memory.noteStray(reply, nowMs)) {
          this.#fail(badRtuFrameError(this.#link.where, describeStray(reply)));
          return;
        }
      }
    }
  }

  /** A reply that may be the answer: it is, when no older request can have brought it. */
  #judge(exchange: Exchange, reply: RtuReply, nowMs: number): void {
    const { shape, sentMs } = exchange;
    const frame = this.#reader.take();
    const firstSourceMs = this.#memory.firstSourceMs(reply);
    if (firstSourceMs !== undefined) {
      // Whichever request it answers, what is older than the oldest of these has passed.
      this.#memory.prove(shape.unit, Math.min(firstSourceMs, sentMs));
      this.#memory.noteAmbiguous(reply, nowMs);
      if (!exchange.isSync) return;
      this.#memory.noteSilence(shape, sentMs, nowMs, this.#listenedNowMs());
      this.#exchange = undefined;
      exchange.resolve(frame);
      return;
    }
    exchange.answer = { reply, frame };
    // A frame ends with silence. What follows at once may be the answer, and this a copy of an older one.
    if (this.#reader.isNoise)
      setTimeout(() => setImmediate(() => this.#settle(exchange)), this.#link.silenceMs);
    else this.#failSurplus(exchange, reply, nowMs);
  }

  #settle(exchange: Exchange): void {
    if (this.#exchange !== exchange || exchange.answer === undefined) return;
    const { reply, frame } = exchange.answer;
    const nowMs = performance.now();
    this.#reader.clear();
    this.#memory.noteAnswer(exchange.shape, reply, exchange.sentMs, nowMs, this.#listenedNowMs());
    this.#exchange = undefined;
    exchange.resolve(frame);
  }

  /** Whoever sends more than was asked for is watched from then on. */
  #failSurplus({ shape }: Exchange, reply: RtuReply, nowMs: number): void {
    this.#memory.noteStray(reply, nowMs);
    this.#fail(badRtuFrameError(this.#whereOf(shape.unit), 'more bytes than its answer'));
  }

  /** Bytes came that are not, and do not begin, an answer. */
  #describeNoFrame({ request }: Exchange): MillwattError {
    const where = this.#whereOf(request.unit);
    return this.#link.medium === 'tcp' && looksLikeModbusTcp(buildRtuRequest(request), this.#reader.rest)
      ? modbusTcpAnswerError(where)
      : badRtuFrameError(where, 'what is no frame of Modbus RTU');
  }

  /** The time is over, with nothing or with less than an answer. */
  #describeSilence(exchange: Exchange, timeoutMs: number): MillwattError {
    const { rest } = this.#reader;
    const { medium } = this.#link;
    const { request } = exchange;
    if (medium === 'tcp' && looksLikeModbusTcp(buildRtuRequest(request), rest))
      return this.#describeNoFrame(exchange);
    return rtuTimeoutError(this.#whereOf(request.unit), timeoutMs, { medium, bytes: rest.length });
  }

  /** Ends the exchange without an answer. What it asked for may still come. */
  #fail(error: MillwattError): void {
    if (this.#link.isRenewable) this.#closeLink();
    const exchange = this.#exchange;
    this.#exchange = undefined;
    if (exchange === undefined) return;
    this.#memory.noteSilence(exchange.shape, exchange.sentMs, performance.now(), this.#listenedNowMs());
    exchange.reject(error);
  }

  #closeLink(): void {
    this.#noteClosed();
    this.#link.close();
  }

  #noteClosed(): void {
    this.#listenedMs = this.#listenedNowMs();
    this.#openedMs = undefined;
  }

  /** How long the line was listened to in all, ms. */
  #listenedNowMs(): number {
    return this.#listenedMs + (this.#openedMs === undefined ? 0 : performance.now() - this.#openedMs);
  }

  async #sleepUntil(call: Call, untilMs: number): Promise<void> {
    for (let leftMs = untilMs - performance.now(); leftMs > 0; leftMs = untilMs - performance.now()) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs);
        call.wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      call.wake = undefined;
      this.#check(call);
    }
  }

  #check(call: Call): void {
    if (call.isClosed) throw lineClosedError(this.#link.where);
  }

  #whereOf(unit: number): string {
    return `${this.#link.where} unit ${unit}`;
  }
}

function describeStray({ isException, functionCode, unit, length }: RtuReply): string {
  const what = isException ? 'an exception to function' : 'an answer to function';
  return `${what} ${functionCode} of unit ${unit} with ${length} bytes, which nobody asked for`;
}
