import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalText } from '../../../../collector/footprint/record/canonical-text.ts';
import { samplePart } from '../sample-record.ts';

const double = (hex: string) => Buffer.from(hex, 'hex').readDoubleBE();

describe('the canonical text', () => {
  it('is that of the example of RFC 8785, 3.2.2 to 3.2.4, byte for byte', () => {
    const example = JSON.parse(
      String.raw`{
        "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
        "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
        "literals": [null, true, false]
      }`,
    ) as unknown;
    const text = String.raw`{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}`;
    expect(canonicalText(example)).toBe(text);
    expect(Buffer.from(text).toString('hex')).toMatch(
      /^7b226c69746572616c73223a5b6e756c6c.*22e282ac245c75303030665c6e4127425c225c5c5c5c5c222f227d$/,
    );
  });

  it('sorts keys by UTF-16 units, as the example of 3.2.3 does', () => {
    const example = {
      '\u20ac': 'Euro Sign',
      '\r': 'Carriage Return',
      '\ufb33': 'Hebrew Letter Dalet With Dagesh',
      '1': 'One',
      '\ud83d\ude00': 'Emoji: Grinning Face',
      '\u0080': 'Control',
      '\u00f6': 'Latin Small Letter O With Diaeresis',
    };
    const values = [...canonicalText(example).matchAll(/:"([^"]+)"/g)].map(([, value]) => value);
    expect(values).toEqual([
      'Carriage Return',
      'One',
      'Control',
      'Latin Small Letter O With Diaeresis',
      'Euro Sign',
      'Emoji: Grinning Face',
      'Hebrew Letter Dalet With Dagesh',
    ]);
  });

  it.each([
    ['0000000000000000', '0'],
    ['8000000000000000', '0'],
    ['0000000000000001', '5e-324'],
    ['8000000000000001', '-5e-324'],
    ['7fefffffffffffff', '1.7976931348623157e+308'],
    ['ffefffffffffffff', '-1.7976931348623157e+308'],
    ['4340000000000000', '9007199254740992'],
    ['c340000000000000', '-9007199254740992'],
    ['4430000000000000', '295147905179352830000'],
    ['44b52d02c7e14af5', '9.999999999999997e+22'],
    ['44b52d02c7e14af6', '1e+23'],
    ['44b52d02c7e14af7', '1.0000000000000001e+23'],
    ['444b1ae4d6e2ef4e', '999999999999999700000'],
    ['444b1ae4d6e2ef4f', '999999999999999900000'],
    ['444b1ae4d6e2ef50', '1e+21'],
    ['3eb0c6f7a0b5ed8c', '9.999999999999997e-7'],
    ['3eb0c6f7a0b5ed8d', '0.000001'],
    ['41b3de4355555553', '333333333.3333332'],
    ['41b3de4355555554', '333333333.33333325'],
    ['41b3de4355555555', '333333333.3333333'],
    ['41b3de4355555556', '333333333.3333334'],
    ['41b3de4355555557', '333333333.33333343'],
    ['becbf647612f3696', '-0.0000033333333333333333'],
    ['43143ff3c1cb0959', '1424953923781206.2'],
  ])('writes the double %s of its appendix B as %s', (hex, text) => {
    expect(canonicalText(double(hex))).toBe(text);
  });

  it.each([
    ['NaN', Number.NaN, '$ is NaN'],
    ['Infinity', { a: [1, Infinity] }, '$.a[1] is Infinity'],
    ['half a pair', { a: 'x\ud83d' }, '$.a is'],
    ['a key with half a pair', { '\ude00': 1 }, '$ is'],
    ['a whole number beyond JSON', { a: 1n }, '$.a is a bigint'],
  ])('refuses %s and says where', (_, value, message) => {
    expect(() => canonicalText(value)).toThrow(message);
  });

  it('does not depend on the order in which a record was written', () => {
    const turn = (value: unknown): unknown =>
      Array.isArray(value)
        ? value.map(turn)
        : typeof value === 'object' && value !== null
          ? Object.fromEntries(
              Object.entries(value)
                .reverse()
                .map(([key, inner]) => [key, turn(inner)]),
            )
          : value;
    const text = canonicalText(samplePart());
    expect(canonicalText(turn(samplePart()))).toBe(text);
    expect(JSON.parse(text)).toEqual(samplePart());
    expect(canonicalText({ ...samplePart(), version: '2' })).not.toBe(text);
  });

  it('is read back as the value it was written of, and is written the same again', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = canonicalText(value);
        expect(canonicalText(JSON.parse(text))).toBe(text);
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });
});
