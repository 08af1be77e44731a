import { crc16 } from './rtu-crc.ts';

/** The longest frame of RTU: unit, a protocol data unit of 253 bytes, checksum. */
export const RTU_FRAME_BYTES_MAX = 256;
/** The shortest reply: unit, function, exception code, checksum. */
export const RTU_EXCEPTION_BYTES = 5;

/** The functions that read; no other is ever sent. */
export type ReadFunction = 1 | 2 | 3 | 4 | 43;

/** What is asked of a unit. Address and count are 0 for an identification (43). */
export interface RtuRequest {
  unit: number;
  functionCode: ReadFunction;
  address: number;
  count: number;
}

/** A whole reply with a right checksum: all that a frame of RTU says about where it comes from. */
export interface RtuReply {
  unit: number;
  /** Without the bit that marks an exception. */
  functionCode: number;
  isException: boolean;
  /** Bytes of the whole frame, checksum included. */
  length: number;
}

/** The bytes of a request. Throws a RangeError for a request that Modbus does not have, or that would not only read. */
export function buildRtuRequest({ unit, functionCode, address, count }: RtuRequest): Buffer {
  if (![1, 2, 3, 4, 43].includes(functionCode))
    throw new RangeError(`function ${functionCode} does not read`);
  const countMax = functionCode <= 2 ? 2000 : 125;
  if (functionCode !== 43 && (count < 1 || count > countMax))
    throw new RangeError(`cannot ask for ${count} ${functionCode <= 2 ? 'bits' : 'registers'}`);
  if (address < 0 || address + count > 65_536)
    throw new RangeError(`no registers at ${address} .. +${count}`);
  const frame =
    functionCode === 43
      ? Buffer.of(unit, 43, 14, 1, 0, 0, 0)
      : Buffer.of(unit, functionCode, address >> 8, address & 0xff, count >> 8, count & 0xff, 0, 0);
  frame.writeUInt16LE(crc16(frame, 0, frame.length - 2), frame.length - 2);
  return frame;
}

/** Bytes of the whole good answer, checksum included; 0 where the device decides (43). */
export function replyBytesOf({ functionCode, count }: RtuRequest): number {
  if (functionCode === 43) return 0;
  return 5 + (functionCode <= 2 ? Math.ceil(count / 8) : count * 2);
}

/**
 * The reply that begins at `start`; `more` while it may still become one; undefined when it is none (another function,
 * an impossible length, a wrong checksum).
 */
export function readRtuReply(bytes: Buffer, start: number, end: number): RtuReply | 'more' | undefined {
  if (end - start < 2) return 'more';
  const functionCode = bytes[start + 1] ?? 0;
  const length = replyLength(bytes, start, end);
  if (length === undefined || length === 'more') return length;
  if (end - start < length) return 'more';
  const last = start + length - 2;
  if (bytes.readUInt16LE(last) !== crc16(bytes, start, last)) return undefined;
  return {
    unit: bytes[start] ?? 0,
    functionCode: functionCode & 0x7f,
    isException: (functionCode & 0x80) !== 0,
    length,
  };
}

function replyLength(bytes: Buffer, start: number, end: number): number | 'more' | undefined {
  const functionCode = bytes[start + 1] ?? 0;
  const isRead = [1, 2, 3, 4, 43].includes(functionCode & 0x7f);
  if (!isRead) return undefined;
  if ((functionCode & 0x80) !== 0) return RTU_EXCEPTION_BYTES;
  if (functionCode === 43) return identificationLength(bytes, start, end);
  if (end - start < 3) return 'more';
  const dataBytes = bytes[start + 2] ?? 0;
  const isPossible = dataBytes >= 1 && dataBytes <= 250 && (functionCode <= 2 || dataBytes % 2 === 0);
  return isPossible ? 5 + dataBytes : undefined;
}

/** An identification says how many objects it has, and each object its length. */
function identificationLength(bytes: Buffer, start: number, end: number): number | 'more' | undefined {
  if (end - start >= 3 && bytes[start + 2] !== 14) return undefined;
  if (end - start < 8) return 'more';
  let at = start + 8;
  for (let left = bytes[start + 7] ?? 0; left > 0; left--) {
    if (at + 2 > end) return at - start > RTU_FRAME_BYTES_MAX ? undefined : 'more';
    at += 2 + (bytes[at + 1] ?? 0);
  }
  const length = at - start + 2;
  return length > RTU_FRAME_BYTES_MAX ? undefined : length;
}
