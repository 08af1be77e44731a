import { unfoldPart } from '../../../protocols/evidence/seal.ts';
import { decodePart } from '../../../protocols/telemetry/part.ts';

/** The bytes of a record with one bit flipped in the last part, so that it can still be read and says something else. */
export function flipReadably(bytes: Uint8Array, partAt: number): Uint8Array {
  const said = unfoldPart(bytes.subarray(partAt));
  for (let at = bytes.length - 1; at >= partAt; at--)
    for (let bit = 0; bit < 8; bit++) {
      const flipped = Uint8Array.from(bytes);
      flipped[at] = (flipped[at] ?? 0) ^ (1 << bit);
      try {
        const text = unfoldPart(flipped.subarray(partAt));
        decodePart(text);
        if (text !== said) return flipped;
      } catch {
        // This one would have been seen by itself.
      }
    }
  throw new Error('every flipped bit shows');
}
