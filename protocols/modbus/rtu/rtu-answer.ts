import { RTU_FRAME_BYTES_MAX } from './rtu-frame.ts';

/** The registers of a whole, faultless answer. */
export function registersOfRtu(frame: Buffer): Uint16Array {
  const registers = new Uint16Array((frame.length - 5) >> 1);
  for (let i = 0; i < registers.length; i++) registers[i] = frame.readUInt16BE(3 + i * 2);
  return registers;
}

/** The first `count` bits of a whole, faultless answer. */
export function bitsOfRtu(frame: Buffer, count: number): boolean[] {
  return Array.from({ length: count }, (_, i) => (((frame[3 + (i >> 3)] ?? 0) >> (i & 7)) & 1) === 1);
}

/** The objects of an identification; throws words that follow "sent" when they do not add up. */
export function identificationOfRtu(frame: Buffer): Map<number, string> {
  if (frame[2] !== 14 || frame[3] !== 1) throw new RangeError('an identification of another type');
  const objects = new Map<number, string>();
  const end = Math.min(frame.length, RTU_FRAME_BYTES_MAX) - 2;
  let at = 8;
  for (let left = frame[7] ?? 0; left > 0; left--) {
    const next = at + 2 + (frame[at + 1] ?? 0);
    if (next > end) throw new RangeError('an identification that is cut off');
    objects.set(frame[at] ?? 0, frame.toString('latin1', at + 2, next));
    at = next;
  }
  return objects;
}
