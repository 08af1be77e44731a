import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cleanText, encodePoint, type Field } from '../../../collector/influx/line-protocol.ts';
import { parseLine } from './line-parser.ts';

const name = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/);
const field = fc.oneof<fc.Arbitrary<Field>[]>(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.boolean(),
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.constantFrom('a" b', 'back\\', '\\"', 'x,y=z 1', 'two\nlines', 'ä\u2028ö', '\ud800', ''),
);

describe('encodePoint', () => {
  test('what is encoded is read back the same by a parser of its own, and stays one line', () => {
    fc.assert(
      fc.property(
        name,
        fc.uniqueArray(fc.tuple(name, name), { selector: ([key]) => key, maxLength: 5 }),
        fc.uniqueArray(fc.tuple(name, field), { selector: ([key]) => key, minLength: 1, maxLength: 6 }),
        fc.integer({ min: -8.64e15, max: 8.64e15 }),
        (measurement, tags, fields, timeMs) => {
          const line = encodePoint({ measurement, tags, fields, timeMs });
          expect(line).not.toMatch(/[\n\r\u2028\u2029]/);
          const parsed = parseLine(line);
          expect(parsed.measurement).toBe(measurement);
          expect([...parsed.tags]).toEqual(tags);
          expect(parsed.timeMs).toBe(timeMs);
          const stored = fields.map(([key, value]) => [
            key,
            typeof value === 'string' ? cleanText(value) : value === 0 ? 0 : value,
          ]);
          expect([...parsed.fields]).toEqual(stored);
        },
      ),
      { numRuns: 500 },
    );
  });

  test.each([
    ['a tag value that would add a field', { tags: [['machine', 'a b=1']] as [string, string][] }],
    ['a tag value with a line feed', { tags: [['machine', 'a\nb x=1 1']] as [string, string][] }],
    ['an empty tag value', { tags: [['machine', '']] as [string, string][] }],
    ['a measurement with a comma', { measurement: 'power,machine=other' }],
    ['not a number', { fields: [['p_w', Number.NaN]] as [string, Field][] }],
    ['infinity', { fields: [['p_w', Number.POSITIVE_INFINITY]] as [string, Field][] }],
    ['an integer beyond 64 bits', { fields: [['n', 2n ** 63n]] as [string, Field][] }],
    ['no field', { fields: [] }],
    ['half a millisecond', { timeMs: 0.5 }],
  ])('refuses %s', (_what, change) => {
    const point = { measurement: 'power', tags: [], fields: [['p_w', 1]] as [string, Field][], timeMs: 0 };
    expect(() => encodePoint({ ...point, ...change })).toThrow(/cannot carry/);
  });

  test('types never depend on the value: 3 is a float, 3n an integer', () => {
    const line = encodePoint({
      measurement: 'm',
      tags: [],
      fields: [
        ['a', 3],
        ['b', 3n],
        ['c', -0],
      ],
      timeMs: 1,
    });
    expect(line).toBe('m a=3,b=3i,c=0 1');
  });

  test('a text is cut at 1,024 units and cleaned of control characters', () => {
    expect(cleanText('x'.repeat(2000))).toHaveLength(1024);
    expect(cleanText('O1000\u0000\u001b[2J')).toBe('O1000\uFFFD\uFFFD[2J');
  });
});
