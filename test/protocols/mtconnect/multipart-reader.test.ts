import { describe, expect, it } from 'vitest';
import { boundaryOf, MultipartReader } from '../../../protocols/mtconnect/multipart-reader.ts';

const DOCUMENTS = [
  '<?xml version="1.0"?>\n<MTConnectStreams>\u00e4\u20ac</MTConnectStreams>',
  '<m:MTConnectStreams xmlns:m="x"/>\n<!-- --b0undar and \r\n\r\n inside --></m:MTConnectStreams>',
  '<MTConnectError></MTConnectError>',
];

function partsOf(bytes: Uint8Array, cuts: readonly number[], boundary = 'b0undary'): string[] {
  const parts: string[] = [];
  const reader = new MultipartReader('agent', boundary, (text) => parts.push(text));
  let from = 0;
  for (const cut of [...cuts, bytes.length]) {
    // A copy of its own: a reader that looks beyond its chunk would not be found out otherwise.
    reader.write(new Uint8Array(bytes.slice(from, cut)));
    from = cut;
  }
  return parts;
}

function encode(withLength: boolean, lineEnd = '\r\n', between = lineEnd): Buffer {
  return Buffer.concat(
    DOCUMENTS.map((text) => {
      const length = withLength ? `Content-length: ${Buffer.byteLength(text)}${lineEnd}` : '';
      return Buffer.from(
        `--b0undary${lineEnd}Content-type: text/xml${lineEnd}${length}${lineEnd}${text}${between}`,
      );
    }),
  );
}

describe('a multipart answer', () => {
  it.each([
    ['with lengths', encode(true)],
    ['without lengths', encode(false)],
    ['with bare line feeds', encode(true, '\n')],
    ['with blank lines between', encode(true, '\r\n', '\r\n\r\n')],
    ['with nothing between', encode(true, '\r\n', '')],
  ])('%s is cut into its parts wherever its bytes are cut', (_, bytes) => {
    const wanted = DOCUMENTS.map((text) => text.trimEnd());
    const cutOnce = Array.from({ length: bytes.length + 1 }, (_unused, cut) => partsOf(bytes, [cut]));
    for (const parts of cutOnce) expect(parts.map((part) => part.trimEnd())).toEqual(wanted);
    const everywhere = Array.from({ length: bytes.length }, (_unused, cut) => cut);
    expect(partsOf(bytes, everywhere).map((part) => part.trimEnd())).toEqual(wanted);
  });

  it('hands a part without length on before the next one begins', () => {
    const parts: string[] = [];
    const reader = new MultipartReader('agent', 'b', (text) => parts.push(text));
    reader.write(Buffer.from('--b\r\nContent-type: text/xml\r\n\r\n<MTConnectStreams>'));
    expect(parts).toEqual([]);
    reader.write(Buffer.from('</MTConnectStreams>\r\n'));
    expect(parts).toHaveLength(1);
  });

  it.each([
    ['with a length', `content-length: ${2 ** 23}\r\n`],
    ['without a length', ''],
  ])('takes a giant part %s in tiny chunks without going through it anew each time', (_, length) => {
    const parts: number[] = [];
    const reader = new MultipartReader('agent', 'b', (text) => parts.push(text.length));
    reader.write(Buffer.from(`--b\r\n${length}\r\n`));
    // Gone through anew, this would be 32 GiB.
    const chunk = Buffer.alloc(1024, 'x');
    const startedMs = performance.now();
    for (let n = 0; n < 8192 && performance.now() - startedMs < 5000; n++) reader.write(chunk);
    reader.write(Buffer.from('\r\n--b\r\n'));
    expect(parts).toHaveLength(1);
    expect((parts[0] ?? 0) - 2 ** 23).toBeLessThanOrEqual(2);
  });

  it('finds a boundary wherever it is cut, in a part of many chunks', () => {
    for (let cut = 1; cut < 10; cut++) {
      const parts: string[] = [];
      const reader = new MultipartReader('agent', 'b0undary', (text) => parts.push(text));
      reader.write(Buffer.from('--b0undary\r\n\r\n'));
      for (let n = 0; n < 100; n++) reader.write(Buffer.from('-'.repeat(n % 7)));
      const end = Buffer.from('--b0undary\r\n');
      reader.write(end.subarray(0, cut));
      reader.write(end.subarray(cut));
      expect(parts).toEqual([
        '-'.repeat(Array.from({ length: 100 }, (_u, n) => n % 7).reduce((a, b) => a + b)),
      ]);
    }
  });

  it.each([
    ['what is no multipart', '<html>'.repeat(2000)],
    ['headers without end', `--b\r\n${'x-a: b\r\n'.repeat(2000)}`],
    ['a boundary without end', `--b${' '.repeat(10_000)}`],
    ['a part of a terabyte', '--b\r\ncontent-length: 999999999999\r\n\r\n'],
  ])('refuses %s', (_, text) => {
    expect(() => new MultipartReader('agent', 'b', () => {}).write(Buffer.from(text))).toThrow(/^agent sent/);
  });

  it.each([
    ['multipart/x-mixed-replace;boundary=abc', 'abc'],
    ['multipart/x-mixed-replace; boundary="a b"; charset=utf-8', 'a b'],
    ['Multipart/X-Mixed-Replace; Boundary=--abc', 'abc'],
    ['text/xml', undefined],
    ['text/xml; boundary=abc', undefined],
    ['multipart/x-mixed-replace', undefined],
    [undefined, undefined],
  ])('of type %s has the boundary %s', (type, boundary) => {
    expect(boundaryOf(type)).toBe(boundary);
  });
});
