import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  detailRequest,
  judgeIdentity,
  readDetail,
} from '../../../../protocols/modbus/profile/identity-reader.ts';
import {
  TEXT_LAYOUTS,
  type IdentityCheck,
  type StatusPoint,
} from '../../../../protocols/modbus/profile/profile.ts';
import { makeStatusReader } from '../../../../protocols/modbus/profile/status-reader.ts';
import { decodeText, encodeText } from '../../../../protocols/modbus/profile/text.ts';

const BIG = { wordOrder: 'big', byteOrder: 'big', notAvailable: {}, functionCode: 3 } as const;

const decode = (layout: (typeof TEXT_LAYOUTS)[number], ...registers: number[]) =>
  decodeText(Uint16Array.from(registers), 0, registers.length, layout);

describe('text in registers', () => {
  it('is read as the manuals print it', () => {
    expect(decode('plain', 0x4232, 0x3320)).toBe('B23');
    // EMpro: "12" is 0x3231.
    expect(decode('swapped', 0x3231, 0x0033)).toBe('123');
    expect(decode('one-per-register', 0x53, 0x4f, 0x43, 0x4f)).toBe('SOCO');
    expect(decode('one-per-register', 0x5300, 0x4f00)).toBe('SO');
  });

  it('ends at the first NUL and loses blanks at its ends', () => {
    expect(decode('plain', 0x2041, 0x4200, 0x4344)).toBe('AB');
    expect(decode('plain', 0x4120, 0x4220, 0x2020)).toBe('A B');
  });

  it('is none where nothing printable stands', () => {
    expect(decode('plain', 0xffff, 0xffff)).toBeNull();
    expect(decode('plain', 0, 0)).toBeNull();
    expect(decode('plain', 0x2020)).toBeNull();
    expect(decode('plain', 0x4101)).toBeNull();
    expect(decode('one-per-register', 0x4142)).toBeNull();
  });

  it('comes back from every layout', () => {
    const text = fc
      .string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 30 })
      .filter((one) => one.trim() === one && one !== '');
    fc.assert(
      fc.property(text, fc.constantFrom(...TEXT_LAYOUTS), fc.nat(3), (one, layout, spare) => {
        const count = (layout === 'one-per-register' ? one.length : Math.ceil(one.length / 2)) + spare;
        const registers = new Uint16Array(count + 2);
        encodeText(one, registers, 1, count, layout);
        expect(decodeText(registers, 1, count, layout)).toBe(one);
        expect([registers[0], registers[count + 1]]).toEqual([0, 0]);
      }),
    );
    expect(() => encodeText('ABC', new Uint16Array(1), 0, 1, 'plain')).toThrow(RangeError);
  });
});

describe('identification', () => {
  const check = (more: Partial<IdentityCheck>): IdentityCheck => ({
    title: 'id',
    functionCode: 3,
    address: 11,
    count: 1,
    type: 'u16',
    ...more,
  });

  it('takes the numbers it names, and no others', () => {
    expect(judgeIdentity(check({ oneOf: [331, 341] }), Uint16Array.of(341), BIG)).toBe(true);
    expect(judgeIdentity(check({ oneOf: [331, 341] }), Uint16Array.of(340), BIG)).toBe(false);
    const range = check({ between: { first: 1744, last: 1763 } });
    expect([1743, 1744, 1763, 1764].map((id) => judgeIdentity(range, Uint16Array.of(id), BIG))).toEqual([
      false,
      true,
      true,
      false,
    ]);
  });

  it('reads 32 bits in the order of the device, whatever it shows where it has no value', () => {
    const wide = check({ type: 'u32', count: 2, oneOf: [0xffff_ffff, 0x0001_0002] });
    const little = { ...BIG, wordOrder: 'little', notAvailable: { u32: ['0xFFFFFFFF'] } } as const;
    expect(judgeIdentity(wide, Uint16Array.of(1, 2), BIG)).toBe(true);
    expect(judgeIdentity(wide, Uint16Array.of(1, 2), little)).toBe(false);
    expect(judgeIdentity(wide, Uint16Array.of(0xffff, 0xffff), little)).toBe(true);
    expect(judgeIdentity(wide, Uint16Array.of(1), BIG)).toBe(false);
  });

  it('compares the beginning of text, whatever the case', () => {
    const text = check({ type: 'ascii', count: 4, startsWith: ['countis e2'], layout: 'plain' });
    expect(judgeIdentity(text, Uint16Array.of(0x434f, 0x554e, 0x5449, 0x5320), BIG)).toBe(false);
    const longer = { ...text, count: 6 };
    const registers = Uint16Array.of(0x434f, 0x554e, 0x5449, 0x5320, 0x4532, 0x3300);
    expect(judgeIdentity(longer, registers, BIG)).toBe(true);
    expect(judgeIdentity(longer, new Uint16Array(6), BIG)).toBe(false);
  });

  it('finds details inside of blocks', () => {
    const serial = {
      is: 'serial',
      functionCode: 3,
      address: 64_012,
      type: 'ascii',
      length: 2,
      block: { address: 64_001, count: 27 },
    } as const;
    expect(detailRequest(serial)).toEqual({ functionCode: 3, address: 64_001, count: 27 });
    const registers = new Uint16Array(27);
    registers.set([0x4c51, 0x4e00], 11);
    expect(readDetail(serial, registers, BIG)).toBe('LQN');
    expect(readDetail(serial, registers.subarray(0, 12), BIG)).toBeNull();
    const number = { is: 'serial', functionCode: 3, address: 5, type: 'u32' } as const;
    expect(readDetail(number, Uint16Array.of(0x00bc, 0x614e), BIG)).toBe('12345678');
  });
});

describe('status words', () => {
  const read = (status: Partial<StatusPoint>, ...registers: number[]) =>
    makeStatusReader(BIG, {
      status: 'execution',
      address: 40,
      type: 'u16',
      vocabulary: 'test/word',
      ...status,
    }).read({ registers: Uint16Array.from([0, ...registers]), offset: 1 });

  it('are carried as the device wrote them', () => {
    expect(read({}, 3)).toBe(3);
    expect(read({ type: 'i16' }, 0xffff)).toBe(-1);
    expect(read({ type: 'u64' }, 0x20, 0, 0, 1)).toBe('9007199254740993');
    expect([0x0800, 0xf7ff, 0].map((word) => read({ type: 'bit', bit: 11 }, word))).toEqual([
      true,
      false,
      false,
    ]);
    expect(read({ type: 'bit', bit: 15 }, 0x8000)).toBe(true);
    expect(read({ type: 'ascii', length: 2, layout: 'swapped' }, 0x2342, 0x0031)).toBe('B#1');
    expect(read({ type: 'ascii', length: 1 }, 0)).toBeNull();
  });

  it('are null where they were not read, and when the device says so', () => {
    const status: StatusPoint = { status: 'mode', address: 1, type: 'bit', bit: 0, vocabulary: 'test/word' };
    const reader = makeStatusReader({ ...BIG, notAvailable: { u16: ['0xFFFF'] } }, status);
    expect(reader.part).toEqual({ functionCode: 3, address: 1, count: 1 });
    expect(reader.read(null)).toBeNull();
    expect(reader.read({ registers: Uint16Array.of(0xffff), offset: 0 })).toBeNull();
  });
});
