import { bitsIn, identificationIn, registersIn } from '../answer-data.ts';

/** Where the function code of a frame stands, after the unit. */
const FUNCTION_AT = 1;
const CRC_BYTES = 2;

/** The registers of a whole, faultless answer. */
export function registersOfRtu(frame: Buffer): Uint16Array {
  return registersIn(frame, FUNCTION_AT);
}

/** The first `count` bits of a whole, faultless answer. */
export function bitsOfRtu(frame: Buffer, count: number): boolean[] {
  return bitsIn(frame, FUNCTION_AT, count);
}

/** The objects of an identification; throws words that follow "sent" when they do not add up. */
export function identificationOfRtu(frame: Buffer): Map<number, string> {
  return identificationIn(frame, FUNCTION_AT, frame.length - CRC_BYTES);
}
