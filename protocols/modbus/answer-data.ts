/*
 * What an answer holds, the same over every transport. `at` is where its function code stands in the frame: 7 in Modbus
 * TCP, 1 in RTU. The frame is whole and its head was judged before.
 */

/** The registers of an answer to function 3 or 4. */
export function registersIn(frame: Buffer, at: number): Uint16Array {
  const count = (frame[at + 1] as number) >> 1;
  const registers = new Uint16Array(count);
  for (let i = 0, from = at + 2; i < count; i++, from += 2)
    registers[i] = ((frame[from] as number) << 8) | (frame[from + 1] as number);
  return registers;
}

/** The first `count` bits of an answer to function 1 or 2. */
export function bitsIn(frame: Buffer, at: number, count: number): boolean[] {
  return Array.from({ length: count }, (_, i) => (((frame[at + 2 + (i >> 3)] ?? 0) >> (i & 7)) & 1) === 1);
}

/**
 * The objects of an identification (43/14) that ends before `end`. Throws a RangeError, in words that follow "sent", when
 * they do not add up.
 */
export function identificationIn(frame: Buffer, at: number, end: number): Map<number, string> {
  if (frame[at + 1] !== 14 || frame[at + 2] !== 1) throw new RangeError('an identification of another type');
  const objects = new Map<number, string>();
  let from = at + 7;
  for (let left = frame[at + 6] ?? 0; left > 0; left--) {
    const id = frame[from];
    const next = from + 2 + (frame[from + 1] ?? 0);
    if (id === undefined || next > end) throw new RangeError('an identification that is cut off');
    objects.set(id, frame.toString('latin1', from + 2, next));
    from = next;
  }
  if (from !== end) throw new RangeError('an identification with bytes left over');
  return objects;
}
