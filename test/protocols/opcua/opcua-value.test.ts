import { describe, expect, test } from 'vitest';
import { hasOverflow, readingOf, statusWordOf } from '../../../protocols/opcua/opcua-value.ts';

const GOOD = { value: 0 };
const UNCERTAIN = { value: 0x40900000 };
const BAD = { value: 0x80340000 };

describe('readingOf', () => {
  test.each([
    ['a double', { dataType: 11, value: 1.8163374662399288 }, 1.8163374662399288],
    ['a float, as the shortest decimal', { dataType: 10, value: Math.fround(1.1840348) }, 1.1840348],
    ['an unsigned 64-bit integer', { dataType: 9, value: [1, 2] }, 4_294_967_298],
    ['one beyond 2^53', { dataType: 9, value: [0x200000, 1] }, 9_007_199_254_740_993n],
    ['a negative 64-bit integer', { dataType: 8, value: [0xffffffff, 0xfffffffe] }, -2],
    ['a 32-bit integer', { dataType: 6, value: -5 }, -5],
  ])('reads %s', (_, value, expected) => {
    expect(readingOf({ statusCode: GOOD, value })).toEqual({ value: expected, quality: 'good' });
  });

  test('maps uncertain, and gives null for everything that is no number', () => {
    const double = { dataType: 11, value: 5 };
    expect(readingOf({ statusCode: UNCERTAIN, value: double })).toEqual({ value: 5, quality: 'uncertain' });
    const none = { value: null, quality: 'bad' };
    expect(readingOf({ statusCode: BAD, value: double })).toEqual(none);
    expect(readingOf({ statusCode: GOOD, value: { dataType: 11, value: Number.NaN } })).toEqual(none);
    expect(readingOf({ statusCode: GOOD, value: { dataType: 12, value: '5' } })).toEqual(none);
    expect(readingOf({ statusCode: GOOD, value: { dataType: 11, value: new Float64Array(2) } })).toEqual(
      none,
    );
    expect(readingOf({ statusCode: GOOD, value: null })).toEqual(none);
    expect(readingOf(undefined)).toEqual(none);
  });
});

describe('statusWordOf', () => {
  test('hands words on as the control wrote them', () => {
    const of = (dataType: number, value: unknown) =>
      statusWordOf({ statusCode: GOOD, value: { dataType, value } });
    expect(of(21, { locale: 'de', text: 'Läuft' })).toBe('Läuft');
    expect(of(12, 'O4711')).toBe('O4711');
    expect(of(1, false)).toBe(false);
    expect(of(6, 3)).toBe(3);
    expect(of(9, [0, 41])).toBe(41);
    expect(of(17, {})).toBeNull();
    expect(statusWordOf({ statusCode: BAD, value: { dataType: 12, value: 'old' } })).toBeNull();
  });

  test('sees the overflow bit only where it means overflow', () => {
    expect(hasOverflow({ statusCode: { value: 0x480 } })).toBe(true);
    expect(hasOverflow({ statusCode: { value: 0x80 } })).toBe(false);
    expect(hasOverflow({ statusCode: GOOD })).toBe(false);
  });
});
