import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bitsOf,
  findFault,
  identificationOf,
  registersOf,
  writeRequest,
  type Expected,
} from '../../../../protocols/modbus/tcp/tcp-frame.ts';

/** A request for registers or bits, the head its answer must have, and a right answer with any data. */
const exchanges = fc
  .record({
    transaction: fc.nat(0xffff),
    unit: fc.nat(255),
    functionCode: fc.constantFrom(1 as const, 2 as const, 3 as const, 4 as const),
    size: fc.integer({ min: 1, max: 125 }),
    seed: fc.uint8Array({ minLength: 250, maxLength: 250 }),
  })
  .map(({ transaction, unit, functionCode, size, seed }) => {
    const dataBytes = functionCode > 2 ? size * 2 : size;
    const expected: Expected = { transaction, unit, functionCode, length: 3 + dataBytes };
    const answer = Buffer.concat([Buffer.alloc(9), seed.subarray(0, dataBytes)]);
    answer.writeUInt16BE(transaction, 0);
    answer.writeUInt16BE(expected.length, 4);
    answer[6] = unit;
    answer[7] = functionCode;
    answer[8] = dataBytes;
    return { expected, answer };
  });

const RUNS = { numRuns: 3000 };
const isException = (frame: Buffer, { functionCode }: Expected) =>
  frame[7] === (functionCode | 0x80) && frame.readUInt16BE(4) === 3 && frame.length === 9;

describe('the head of an answer', () => {
  it('is right in one way only: any other value of any field is a fault', () => {
    fc.assert(
      fc.property(
        exchanges,
        fc.nat(8),
        fc.integer({ min: 1, max: 255 }),
        ({ expected, answer }, at, flip) => {
          expect(findFault(answer, answer.length, expected)).toBeUndefined();
          const wrong = Buffer.from(answer);
          wrong[at] = (wrong[at] ?? 0) ^ flip;
          expect(findFault(wrong, wrong.length, expected)).toEqual(expect.any(String));
        },
      ),
      RUNS,
    );
  });

  it('is right in one way only: any other bytes in its place are a fault', () => {
    fc.assert(
      fc.property(exchanges, fc.uint8Array({ minLength: 9, maxLength: 9 }), ({ expected, answer }, head) => {
        const wrong = Buffer.concat([head, answer.subarray(9)]);
        fc.pre(!wrong.equals(answer));
        expect(findFault(wrong, wrong.length, expected)).toEqual(expect.any(String));
      }),
      RUNS,
    );
  });

  it('is refused however few or many bytes of a wrong head have come', () => {
    fc.assert(
      fc.property(
        exchanges,
        fc.nat(7),
        fc.integer({ min: 1, max: 255 }),
        fc.nat(1000),
        ({ expected, answer }, at, flip, cut) => {
          const wrong = Buffer.from(answer);
          wrong[at] = (wrong[at] ?? 0) ^ flip;
          const received = 8 + (cut % (wrong.length - 7));
          expect(findFault(wrong, received, expected)).toEqual(expect.any(String));
          expect(findFault(answer, received, expected)).toBeUndefined();
        },
      ),
      RUNS,
    );
  });

  it('is refused with bytes behind the answer, and is never longer or shorter than what was asked', () => {
    fc.assert(
      fc.property(
        exchanges,
        fc.uint8Array({ minLength: 1, maxLength: 300 }),
        fc.integer({ min: -260, max: 260 }),
        ({ expected, answer }, tail, shift) => {
          const longer = Buffer.concat([answer, tail]);
          expect(findFault(longer, longer.length, expected)).toEqual(expect.any(String));
          const length = expected.length + shift;
          fc.pre(shift !== 0 && length >= 0);
          // Length and byte count agree with each other, and not with the question.
          const other = Buffer.concat([answer.subarray(0, 9), Buffer.alloc(600)]);
          other.writeUInt16BE(length, 4);
          other[8] = (length - 3) & 0xff;
          expect(findFault(other, Math.min(other.length, Math.max(9, 6 + length)), expected)).toEqual(
            expect.any(String),
          );
        },
      ),
      RUNS,
    );
  });

  it('accepts of all bytes only the right head, or an exception to the function that was asked', () => {
    // Small numbers, so that chance comes close to the right ones.
    const byte = fc.nat(5);
    fc.assert(
      fc.property(
        fc.tuple(byte, byte, byte, byte),
        fc.array(fc.constantFrom(0, 1, 2, 3, 4, 5, 7, 0x81, 0x83, 0x84), { minLength: 9, maxLength: 13 }),
        ([transaction, unit, which, registers], bytes) => {
          const functionCode = ([1, 2, 3, 4] as const)[which % 4] ?? 3;
          const expected: Expected = { transaction, unit, functionCode, length: 5 + registers * 2 };
          const frame = Buffer.from(bytes);
          if (findFault(frame, frame.length, expected) !== undefined) return;
          expect(frame.readUInt16BE(0)).toBe(transaction);
          expect(frame.readUInt16BE(2)).toBe(0);
          expect(frame[6]).toBe(unit);
          if (isException(frame, expected)) return;
          expect(frame[7]).toBe(functionCode);
          expect(frame.readUInt16BE(4)).toBe(expected.length);
          expect(frame[8]).toBe(expected.length - 3);
          expect(frame.length).toBeLessThanOrEqual(6 + expected.length);
        },
      ),
      { numRuns: 20_000 },
    );
  });
});

describe('what an answer holds', () => {
  it('is what the device put into it', () => {
    fc.assert(
      fc.property(exchanges, ({ expected, answer }) => {
        if (expected.functionCode > 2) {
          const registers = registersOf(answer);
          expect(registers).toHaveLength((expected.length - 3) / 2);
          registers.forEach((value, i) => expect(value).toBe(answer.readUInt16BE(9 + i * 2)));
        } else {
          bitsOf(answer, (expected.length - 3) * 8).forEach((bit, i) =>
            expect(bit).toBe(((answer[9 + (i >> 3)] ?? 0) & (1 << (i & 7))) !== 0),
          );
        }
      }),
      { numRuns: 300 },
    );
  });

  it('is no identification when its objects do not fill it exactly', () => {
    const objects = fc.array(fc.string({ maxLength: 20, unit: 'binary-ascii' }), { maxLength: 5 });
    fc.assert(
      fc.property(objects, fc.integer({ min: -20, max: 20 }), (texts, shift) => {
        const parts = texts.map((text, id) =>
          Buffer.concat([Buffer.of(id, text.length), Buffer.from(text, 'latin1')]),
        );
        const frame = Buffer.concat([
          Buffer.of(0, 1, 0, 0, 0, 0, 1, 43, 14, 1, 1, 0, 0, texts.length),
          ...parts,
        ]);
        expect([...identificationOf(frame)]).toEqual(texts.map((text, id) => [id, text]));
        if (shift === 0) return;
        const wrong =
          shift > 0
            ? Buffer.concat([frame, Buffer.alloc(shift, 65)])
            : frame.subarray(0, Math.max(8, frame.length + shift));
        expect(() => identificationOf(wrong)).toThrow(RangeError);
      }),
      RUNS,
    );
  });
});

it('a request is of one of the functions that read, and as long as it says', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(1 as const, 2 as const, 3 as const, 4 as const, 43 as const),
      fc.nat(0xffff),
      fc.nat(255),
      (functionCode, number, unit) => {
        const bytes = Buffer.alloc(12, 0xee);
        const length = writeRequest(bytes, {
          transaction: number,
          unit,
          functionCode,
          address: number,
          count: 7,
        });
        expect(bytes.readUInt16BE(4) + 6).toBe(length);
        expect(bytes.readUInt16BE(0)).toBe(number);
        expect([...bytes.subarray(6, length)]).toEqual(
          functionCode === 43 ? [unit, 43, 14, 1, 0] : [unit, functionCode, number >> 8, number & 0xff, 0, 7],
        );
      },
    ),
  );
});
