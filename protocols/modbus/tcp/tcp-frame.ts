import { bitsIn, identificationIn, registersIn } from '../answer-data.ts';

/**
 * Frames of Modbus TCP: transaction (2 bytes), protocol 0 (2), length of what follows (2), unit (1), function (1), data.
 * The longest has 260 bytes.
 */
export const FRAME_BYTES_MAX = 260;

/** What the answer to a request must look like. */
export interface Expected {
  transaction: number;
  unit: number;
  functionCode: 1 | 2 | 3 | 4 | 43;
  /** The length field of a good answer, fixed by what was asked; 0 where the device decides (43). */
  length: number;
}

/**
 * Why the beginning of a frame (at least 8 bytes) cannot be the expected answer, as words that follow "sent";
 * undefined while it still can. An exception to the function that was asked is an answer.
 */
export function findFault(frame: Buffer, received: number, expected: Expected): string | undefined {
  const transaction = ((frame[0] ?? 0) << 8) | (frame[1] ?? 0);
  if (transaction !== expected.transaction)
    return `transaction ${transaction} where ${expected.transaction} was asked`;
  if (frame[2] !== 0 || frame[3] !== 0) return 'a protocol id that is not Modbus';
  if (frame[6] !== expected.unit) return `an answer of unit ${frame[6]} where ${expected.unit} was asked`;
  const length = ((frame[4] ?? 0) << 8) | (frame[5] ?? 0);
  const functionCode = frame[7] ?? 0;
  if (functionCode === (expected.functionCode | 0x80)) {
    if (length !== 3) return `an exception of length ${length}`;
  } else if (functionCode !== expected.functionCode) {
    return `function ${functionCode} where ${expected.functionCode} was asked`;
  } else if (expected.length === 0) {
    if (length < 8 || length > FRAME_BYTES_MAX - 6) return `an identification of length ${length}`;
  } else {
    if (length !== expected.length) return `length ${length} where ${expected.length} was due`;
    if (received > 8 && frame[8] !== length - 3) return `${frame[8]} data bytes where ${length - 3} were due`;
  }
  if (received > length + 6) return `${received - length - 6} bytes more than its answer`;
  return undefined;
}

/**
 * Whether these bytes are what a server of Modbus TCP makes of a request that was sent to it as a frame of RTU: it takes
 * the first two bytes for its transaction and gives them back.
 */
export function looksLikeModbusTcp(request: Buffer, received: Buffer): boolean {
  return (
    received.length >= 8 &&
    received.readUInt16BE(0) === request.readUInt16BE(0) &&
    received.readUInt16BE(2) === 0 &&
    received.readUInt16BE(4) === received.length - 6
  );
}

/** What a request says; address and count are 0 with function 43. */
export interface Request {
  transaction: number;
  unit: number;
  functionCode: Expected['functionCode'];
  address: number;
  count: number;
}

/** Writes a request into 12 bytes and returns how many of them it takes. */
export function writeRequest(into: Buffer, request: Request): number {
  const { transaction, unit, functionCode, address, count } = request;
  const isIdentification = functionCode === 43;
  into[0] = transaction >> 8;
  into[1] = transaction & 0xff;
  into[2] = 0;
  into[3] = 0;
  into[4] = 0;
  into[5] = isIdentification ? 5 : 6;
  into[6] = unit;
  into[7] = functionCode;
  into[8] = isIdentification ? 14 : address >> 8;
  into[9] = isIdentification ? 1 : address & 0xff;
  into[10] = isIdentification ? 0 : count >> 8;
  if (isIdentification) return 11;
  into[11] = count & 0xff;
  return 12;
}

/** Where the frame ends that begins here; only with 6 bytes or more. */
export function frameBytes(frame: Buffer): number {
  return 6 + (((frame[4] ?? 0) << 8) | (frame[5] ?? 0));
}

/** Where the function code of a frame stands, after the header. */
const FUNCTION_AT = 7;

/** The registers of a whole, faultless answer. */
export function registersOf(frame: Buffer): Uint16Array {
  return registersIn(frame, FUNCTION_AT);
}

/** The first `count` bits of a whole, faultless answer. */
export function bitsOf(frame: Buffer, count: number): boolean[] {
  return bitsIn(frame, FUNCTION_AT, count);
}

/** The objects of an identification; throws words that follow "sent" when they do not add up. */
export function identificationOf(frame: Buffer): Map<number, string> {
  return identificationIn(frame, FUNCTION_AT, frame.length);
}
