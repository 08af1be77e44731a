/** The two running sums of a write-ahead log. */
export type Sums = readonly [number, number];

/** A bit of a buffer. */
export interface FlippedBit {
  at: number;
  mask: number;
}

/**
 * The bits of a range any one of which, flipped, makes its checksum come out as `wanted` and not as `found`. The sum is linear in its
 * words, so what a bit adds follows from its place alone; what comes out by chance fits no single bit. The upper bits of words have
 * few different weights: then several fit, of the uppermost a third of the words.
 *
 * @param ranges parts of the log that were summed up one after the other, each a multiple of eight bytes
 */
export function findFlippedBits(
  bytes: Buffer,
  ranges: readonly (readonly [from: number, length: number])[],
  sums: { found: Sums; wanted: Sums; isBigEndian: boolean },
): FlippedBit[] {
  const { found, wanted, isBigEndian } = sums;
  const missing: Sums = [(wanted[0] - found[0]) | 0, (wanted[1] - found[1]) | 0];
  const pairs = ranges.flatMap(([from, length]) =>
    Array.from({ length: length / 8 }, (_, pair) => from + pair * 8),
  );
  const fitting: FlippedBit[] = [];
  // What one more in the first or second word of a pair adds to the sums in the end; from the last pair to the first.
  let first: Sums = [1, 1];
  let second: Sums = [0, 1];
  for (const at of pairs.reverse()) {
    for (const [word, weight] of [
      [at, first],
      [at + 4, second],
    ] as const) {
      const value = isBigEndian ? bytes.readUInt32BE(word) : bytes.readUInt32LE(word);
      for (let bit = 0; bit < 32; bit++) {
        const change = (value >>> bit) & 1 ? -(2 ** bit) : 2 ** bit;
        if (Math.imul(weight[0], change) !== missing[0] || Math.imul(weight[1], change) !== missing[1])
          continue;
        const byte = isBigEndian ? 3 - (bit >> 3) : bit >> 3;
        fitting.push({ at: word + byte, mask: 1 << (bit & 7) });
      }
    }
    first = stepOf(first);
    second = stepOf(second);
  }
  return fitting;
}

/** Flips a bit in place. */
export function flipBit(bytes: Buffer, { at, mask }: FlippedBit): void {
  bytes.writeUInt8(bytes.readUInt8(at) ^ mask, at);
}

/** True where two pairs of numbers differ in a single bit. */
export function differInOneBit(a: Sums, b: Sums): boolean {
  const flipped = [a[0] ^ b[0], a[1] ^ b[1]].filter((bits) => bits !== 0);
  const [bits = 0] = flipped;
  return flipped.length === 1 && (bits & (bits - 1)) === 0;
}

/** What becomes of sums over a pair of zeros. */
function stepOf([one, two]: Sums): Sums {
  const sum = (one + two) | 0;
  return [sum, (two + sum) | 0];
}
