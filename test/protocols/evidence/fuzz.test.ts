import { randomInt } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { describeError, MillwattError } from '../../../protocols/errors.ts';
import { verifyRecord, unfoldPart } from '../../../protocols/evidence/seal.ts';
import { announcedTextBytes } from '../../../protocols/evidence/zstd-frame.ts';
import { decodeAgentLog, encodeAgentLog } from '../../../protocols/telemetry/agent-log.ts';
import { decodePart, encodePart } from '../../../protocols/telemetry/part.ts';
import { parseReceipt } from '../../../protocols/telemetry/receipt.ts';
import { assembleRecord, parseRecord } from '../../../protocols/telemetry/record.ts';
import { decodeSnapshot, encodeSnapshot } from '../../../protocols/telemetry/snapshot-text.ts';
import { logEntries, parts, snapshot } from '../../contracts/golden-content.ts';
import { key, receiptExample, sealExample } from './sealed-examples.ts';

/*
 * Bytes from the network, mutated: readers may refuse them with an error of class `quarantine`, and nothing else. The seed
 * is in the name of every failure; MILLWATT_FUZZ_SEED=<seed> runs it again.
 */
const SEED = Number(process.env['MILLWATT_FUZZ_SEED'] ?? randomInt(2 ** 31));
const ROUNDS = 20_000;

/** Texts that often do harm when they stand where something else should. */
const TOKENS = (
  'null -0 1e999 -1 0.5 9007199254740993 "" [] {} true "__proto__":{} "constructor" "\\ud800" [[[[[[[[ "\\u0000" ' +
  ', } ] 1e-400 [null] {"d":[1]} {"e":0} "v":2 \0'
).split(' ');

/** mulberry32, so that a seed repeats a run anywhere. */
function seededRandom(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

/** One to four changes: bytes flipped, overwritten, cut out, doubled, or a harmful token put in. */
function mutate(input: Uint8Array, below: (limit: number) => number): Uint8Array {
  let bytes = Buffer.from(input);
  for (let change = below(4); change >= 0; change--) {
    const at = below(bytes.length + 1);
    const length = below(12);
    const rest = bytes.subarray(Math.min(bytes.length, at + length));
    const token = Buffer.from(TOKENS[below(TOKENS.length)] ?? '');
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
  return new Uint8Array(bytes);
}

/** Feeds mutated inputs to a reader; returns how many it took and how many it refused. */
function fuzz(inputs: Uint8Array[], read: (bytes: Uint8Array) => void): { taken: number; refused: number } {
  const below = seededRandom(SEED);
  const count = { taken: 0, refused: 0 };
  for (let round = 0; round < ROUNDS; round++) {
    const bytes = mutate(inputs[round % inputs.length] ?? new Uint8Array(), below);
    try {
      read(bytes);
      count.taken++;
    } catch (error) {
      const isExpected =
        error instanceof MillwattError && error.remedy === 'quarantine' && error.message.length < 500;
      if (!isExpected)
        throw new Error(
          `seed ${SEED}, round ${round}, ${Buffer.from(bytes).toString('base64')}: ${describeError(error)}`,
          {
            cause: error,
          },
        );
      count.refused++;
    }
  }
  return count;
}

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('utf8');

describe(`hostile input (seed ${SEED})`, () => {
  it('as a record: is refused, or is a whole record', () => {
    const { bytes } = sealExample();
    const { taken, refused } = fuzz([bytes], (input) => {
      const frame = parseRecord(input);
      verifyRecord(frame);
      // Whatever verifies is what was signed.
      expect(Buffer.from(input).equals(bytes)).toBe(true);
    });
    expect(refused).toBeGreaterThan(taken);
  });

  it('in a header that its own key signed: is refused, or is in the one canonical form', () => {
    const frame = parseRecord(sealExample().bytes);
    const { taken, refused } = fuzz([frame.signedBytes.subarray(8)], (headerText) => {
      const start = Buffer.alloc(8);
      start.write('MWB1', 'latin1');
      start.writeUInt32BE(headerText.length, 4);
      const signedBytes = new Uint8Array(Buffer.concat([start, headerText]));
      const again = parseRecord(assembleRecord(signedBytes, key.sign(signedBytes), frame.parts));
      expect(text(headerText)).toBe(JSON.stringify(again.header));
    });
    expect(refused).toBeGreaterThan(taken);
    expect(taken).toBeGreaterThan(0);
  });

  it('as a receipt: is refused, or keeps to its types', () => {
    const { taken, refused } = fuzz([receiptExample()], (input) => {
      const { receipt } = parseReceipt(input);
      for (const { from, to } of [...receipt.accepted, ...receipt.requested]) expect(from <= to).toBe(true);
    });
    expect(refused).toBeGreaterThan(taken);
  });

  it('as the text of a part: is refused, or is a part that can be written again', () => {
    const inputs = parts.map((part) => new Uint8Array(Buffer.from(encodePart(part))));
    const { taken, refused } = fuzz(inputs, (input) => {
      const part = decodePart(text(input));
      expect(decodePart(encodePart(part))).toEqual(part);
    });
    expect(refused).toBeGreaterThan(taken);
    expect(taken).toBeGreaterThan(0);
  });

  it('as a zstd frame: is refused, or unfolds to what it announces', () => {
    const inputs = parseRecord(sealExample().bytes).parts;
    fuzz(inputs, (input) => {
      const unfolded = unfoldPart(input);
      expect(Buffer.byteLength(unfolded)).toBe(announcedTextBytes(input));
    });
  });

  it('as a config snapshot or a log: is refused, or keeps to its types', () => {
    const snapshotText = new Uint8Array(Buffer.from(encodeSnapshot(snapshot)));
    fuzz([snapshotText], (input) => {
      const read = decodeSnapshot(text(input));
      expect(encodeSnapshot(decodeSnapshot(encodeSnapshot(read)))).toBe(encodeSnapshot(read));
    });
    fuzz([new Uint8Array(Buffer.from(encodeAgentLog(logEntries)))], (input) => {
      const read = decodeAgentLog(text(input));
      expect(encodeAgentLog(decodeAgentLog(encodeAgentLog(read)))).toBe(encodeAgentLog(read));
    });
  });
});
