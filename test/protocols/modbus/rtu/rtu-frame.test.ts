import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crc16 } from '../../../../protocols/modbus/rtu/rtu-crc.ts';
import { buildRtuRequest, readRtuReply, replyBytesOf } from '../../../../protocols/modbus/rtu/rtu-frame.ts';
import { characterMs, frameSilenceMs } from '../../../../protocols/modbus/rtu/serial-timing.ts';
import { rightRtuAnswer, seal } from './rtu-hostile-bus.ts';

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');
const crcOf = (bytes: Buffer) => crc16(bytes, 0, bytes.length);

describe('the checksum', () => {
  it('is the one of the published check value and of known frames', () => {
    expect(crcOf(Buffer.from('123456789'))).toBe(0x4b37);
    // Low byte first: C5 CD, 84 0A, 51 30.
    expect(crcOf(hex('01 03 00 00 00 0a'))).toBe(0xcdc5);
    expect(crcOf(hex('01 03 00 00 00 01'))).toBe(0x0a84);
    expect(crcOf(Buffer.alloc(0))).toBe(0xffff);
  });

  it('sees every error of one to three bits', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 3, maxLength: 253 }),
        fc.uniqueArray(fc.nat(2047), { minLength: 1, maxLength: 3 }),
        (body, bits) => {
          const bent = seal(Buffer.from(body));
          const chosen = new Set(bits.map((bit) => bit % (bent.length * 8)));
          for (const bit of chosen) bent[bit >> 3] = (bent[bit >> 3] ?? 0) ^ (1 << (bit & 7));
          expect(crc16(bent, 0, bent.length - 2)).not.toBe(bent.readUInt16LE(bent.length - 2));
        },
      ),
    );
  });
});

describe('a request', () => {
  it('has the bytes of the standard', () => {
    expect(buildRtuRequest({ unit: 1, functionCode: 3, address: 0, count: 10 })).toEqual(
      hex('01 03 00 00 00 0a c5 cd'),
    );
    expect(buildRtuRequest({ unit: 9, functionCode: 43, address: 0, count: 0 }).subarray(0, 5)).toEqual(
      hex('09 2b 0e 01 00'),
    );
  });

  it('never writes, and never leaves the address space', () => {
    for (const functionCode of [5, 6, 8, 15, 16, 22, 23])
      expect(() =>
        buildRtuRequest({ unit: 1, functionCode: functionCode as 3, address: 0, count: 1 }),
      ).toThrow('does not read');
    for (const [functionCode, address, count] of [
      [3, 0, 126],
      [3, 0, 0],
      [1, 0, 2001],
      [4, 65_535, 2],
      [4, -1, 1],
    ] as const)
      expect(() => buildRtuRequest({ unit: 1, functionCode, address, count })).toThrow(RangeError);
  });
});

describe('a reply', () => {
  const request = fc.record({
    unit: fc.integer({ min: 1, max: 255 }),
    functionCode: fc.constantFrom(1, 2, 3, 4, 43),
    address: fc.integer({ min: 0, max: 60_000 }),
    count: fc.integer({ min: 1, max: 125 }),
  });

  it('is found whole, and not before its last byte', () => {
    fc.assert(
      fc.property(request, ({ unit, functionCode, address, count }) => {
        const frame = rightRtuAnswer({ bytes: Buffer.alloc(0), unit, functionCode, address, count });
        const isException = ((frame[1] ?? 0) & 0x80) !== 0;
        for (let end = 0; end < frame.length; end++) expect(readRtuReply(frame, 0, end)).toBe('more');
        expect(readRtuReply(frame, 0, frame.length)).toEqual({
          unit,
          functionCode,
          isException,
          length: frame.length,
        });
        const due = replyBytesOf({ unit, functionCode, address, count });
        if (!isException && functionCode !== 43) expect(due).toBe(frame.length);
      }),
    );
  });

  it('is none with a wrong checksum, an odd byte count, or a function that nobody asks', () => {
    const frame = seal(hex('01 03 02 12 34'));
    frame[3] = 0x13;
    expect(readRtuReply(frame, 0, frame.length)).toBeUndefined();
    expect(readRtuReply(seal(hex('01 03 03 12 34 56')), 0, 8)).toBeUndefined();
    expect(readRtuReply(seal(hex('01 03 00')), 0, 5)).toBeUndefined();
    expect(readRtuReply(seal(hex('01 10 00 00 00 02')), 0, 8)).toBeUndefined();
    expect(readRtuReply(seal(hex('01 2b 0d 01 01 00')), 0, 8)).toBeUndefined();
  });
});

describe('the silence between frames', () => {
  it('is 3.5 characters, and 1.75 ms above 19200 baud', () => {
    expect(characterMs({ baudRate: 9600, parity: 'even', stopBits: 1 })).toBeCloseTo(11 / 9.6, 6);
    expect(frameSilenceMs({ baudRate: 9600, parity: 'none', stopBits: 1 })).toBeCloseTo(35 / 9.6, 6);
    expect(frameSilenceMs({ baudRate: 19_200, parity: 'none', stopBits: 2 })).toBeCloseTo(38.5 / 19.2, 6);
    expect(frameSilenceMs({ baudRate: 38_400, parity: 'odd', stopBits: 1 })).toBe(1.75);
  });
});
