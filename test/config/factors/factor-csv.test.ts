import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readCsv } from '../../../config/library/factor-csv.ts';

const texts = (csv: string) => readCsv(csv).records.map((record) => record.map(({ text }) => text));
const faultOf = (csv: string) => {
  const { fault } = readCsv(csv);
  return fault === undefined ? 'none' : `${fault.line}:${fault.column} ${fault.message}`;
};

describe('CSV', () => {
  it('is read as RFC 4180 writes it', () => {
    expect(texts('a,b\r\n1,"2,5"\r\n')).toEqual([
      ['a', 'b'],
      ['1', '2,5'],
    ]);
    expect(texts('a,"say ""no"""\n,\n')).toEqual([
      ['a', 'say "no"'],
      ['', ''],
    ]);
    expect(texts('\uFEFFa')).toEqual([['a']]);
    expect(texts('')).toEqual([]);
    expect(texts('a, b ')).toEqual([['a', ' b ']]);
  });

  it('tells where each field begins, line ends inside fields counted', () => {
    const { records } = readCsv('a,"two\nlines",c\nd,"",f\n');
    expect(records.flat().map(({ line, column }) => `${line}:${column}`)).toEqual([
      '1:1',
      '1:3',
      '2:8',
      '3:1',
      '3:3',
      '3:6',
    ]);
  });

  it('is refused where it is none, with the place', () => {
    expect(faultOf('a,b"c\n')).toMatch(/^1:4 has a double quote inside/);
    expect(faultOf('a,b\nc,"d"e\n')).toMatch(/^2:6 goes on with "e" behind/);
    expect(faultOf('a,b\n"c,d\n')).toMatch(/^2:1 begins a field with a double quote that is never closed/);
    expect(faultOf('a,b\rc,d\n')).toMatch(/^1:4 has a carriage return/);
    expect(faultOf('a,"b"\rc\n')).toMatch(/^1:6 goes on with "\\r"/);
  });

  it('gives back whatever fields were written', () => {
    const field = fc.string({ unit: fc.constantFrom('a', 'ö', ',', '"', '\n', '\r', ' ', ';') });
    const record = fc.array(field, { minLength: 2, maxLength: 5 });
    fc.assert(
      fc.property(fc.array(record, { minLength: 1 }), fc.constantFrom('\n', '\r\n'), (records, end) => {
        const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
        expect(texts(records.map((fields) => fields.map(quoted).join(',') + end).join(''))).toEqual(records);
      }),
    );
  });
});
