import type { SeededRandom } from '../../protocols/simulator/seeded-random.ts';

/** Texts that often do harm when they stand where something else should. */
const TOKENS = (
  'null -0 1e999 -1 0.5 9007199254740993 "" [] {} true "__proto__":{} "constructor" "\\ud800" [[[[[[[[ "\\u0000" ' +
  ', } ] 1e-400 [null] {"d":[1]} {"e":0} "v":2 \0 *a &a !!js - : ? | > # %20 %ff 1s -1d 2026-02-30'
)
  .split(' ')
  .map((token) => Buffer.from(token));

/** One to four changes: bytes flipped, overwritten, cut out, doubled or cut off, or a harmful token put in. */
export function mutate(input: Uint8Array, random: SeededRandom): Buffer {
  let bytes = Buffer.from(input);
  const below = (limit: number) => Math.floor(random.next() * limit);
  for (let change = below(4); change >= 0; change--) {
    const at = below(bytes.length + 1);
    const length = below(12);
    const rest = bytes.subarray(Math.min(bytes.length, at + length));
    const token = TOKENS[below(TOKENS.length)] ?? Buffer.alloc(0);
    switch (below(7)) {
      case 0:
        if (at < bytes.length) bytes[at] = (bytes[at] ?? 0) ^ (1 << below(8));
        break;
      case 1:
        if (at < bytes.length) bytes[at] = below(256);
        break;
      case 2:
        bytes = Buffer.concat([bytes.subarray(0, at), rest]);
        break;
      case 3:
        bytes = Buffer.concat([bytes.subarray(0, at + length), bytes.subarray(at)]);
        break;
      case 4:
        bytes = Buffer.concat([bytes.subarray(0, at), token, bytes.subarray(at)]);
        break;
      case 5:
        bytes = Buffer.concat([bytes.subarray(0, at), token, rest]);
        break;
      default:
        bytes = Buffer.from(bytes.subarray(0, at));
    }
  }
  return bytes;
}
