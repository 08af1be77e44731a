import { readRtuReply, RTU_FRAME_BYTES_MAX, type RtuReply } from './rtu-frame.ts';
import { couldAnswer, type ReplyShape } from './rtu-reply-memory.ts';

/** Bytes that a line driver may add in front of or behind a frame when it is switched; no frame is as short. */
const NOISE_BYTES_MAX = 3;
const BUFFER_BYTES = RTU_FRAME_BYTES_MAX * 4;

/** Finds replies in what comes from a line. */
export class ReplyReader {
  readonly #buffer = Buffer.alloc(BUFFER_BYTES);
  #length = 0;
  #isSpoilt = false;
  #hasSkipped = false;
  #expected: ReplyShape | undefined;
  #start = 0;
  #end = 0;

  /** What has come and was not taken; only to be looked at. */
  get rest(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  /** Whether nothing has come but the frames that were taken. */
  get isClean(): boolean {
    return this.#length === 0 && !this.#isSpoilt && !this.#hasSkipped;
  }

  /** Whether what is left can be no part of a reply that matters. */
  get isNoise(): boolean {
    return this.#length <= NOISE_BYTES_MAX && !this.#isSpoilt && !this.#hasSkipped;
  }

  /** Forgets what came, and what is expected. */
  clear(): void {
    this.#length = 0;
    this.#isSpoilt = false;
    this.#hasSkipped = false;
    this.#expected = undefined;
  }

  /** A request was sent; its answer may have a little noise in front. */
  expect(shape: ReplyShape): void {
    this.clear();
    this.#expected = shape;
  }

  /** Takes bytes from the line. More than four frames at once spoil all of it. */
  add(bytes: Buffer): void {
    if (this.#length + bytes.length > BUFFER_BYTES) {
      this.#length = 0;
      this.#isSpoilt = true;
      return;
    }
    bytes.copy(this.#buffer, this.#length);
    this.#length += bytes.length;
  }

  /** The next whole reply, which stays until `take`; `more` while one may still become whole; undefined when none can. */
  next(): RtuReply | 'more' | undefined {
    if (this.#isSpoilt) return undefined;
    const first = readRtuReply(this.#buffer, 0, this.#length);
    if (typeof first === 'object') return this.#found(0, first);
    let mayCome = first === 'more' || this.#length <= NOISE_BYTES_MAX;
    const expected = this.#expected;
    if (expected === undefined) return mayCome ? 'more' : undefined;
    for (let start = 1; start <= Math.min(NOISE_BYTES_MAX, this.#length - 2); start++) {
      if (this.#buffer[start] !== expected.unit) continue;
      if (((this.#buffer[start + 1] ?? 0) & 0x7f) !== expected.functionCode) continue;
      const reply = readRtuReply(this.#buffer, start, this.#length);
      if (reply === 'more') mayCome = true;
      else if (reply !== undefined && couldAnswer(expected, reply)) return this.#found(start, reply);
    }
    return mayCome ? 'more' : undefined;
  }

  /** The bytes of the reply that `next` found, which are taken away with the noise in front. */
  take(): Buffer {
    const frame = Buffer.from(this.#buffer.subarray(this.#start, this.#end));
    this.#drop(this.#end);
    return frame;
  }

  /** Looks for a reply one byte further on: what begins here is none. */
  skip(): void {
    this.#isSpoilt = false;
    this.#hasSkipped = true;
    if (this.#length > 0) this.#drop(1);
  }

  #found(start: number, reply: RtuReply): RtuReply {
    this.#start = start;
    this.#end = start + reply.length;
    return reply;
  }

  #drop(count: number): void {
    this.#buffer.copyWithin(0, count, this.#length);
    this.#length -= count;
    this.#start = 0;
    this.#end = 0;
  }
}
