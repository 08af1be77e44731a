import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { FrameGuard } from '../../../protocols/mqtt/frame-guard.ts';

/** A control packet: type, length as a variable byte integer, and a body of zeros. */
function packet(type: number, bodyBytes: number): number[] {
  const header = [type << 4];
  let left = bodyBytes;
  do {
    header.push((left % 128) | (left >= 128 ? 0x80 : 0));
    left = Math.floor(left / 128);
  } while (left > 0);
  return [...header, ...Array.from({ length: bodyBytes }, () => 0)];
}

test('packets within the limit pass in any chunking', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 600 }), { minLength: 1, maxLength: 6 }),
      fc.integer({ min: 1, max: 97 }),
      (sizes, chunkBytes) => {
        const guard = new FrameGuard(600);
        const stream = Uint8Array.from(sizes.flatMap((size, index) => packet(index === 0 ? 1 : 3, size)));
        for (let offset = 0; offset < stream.length; offset += chunkBytes)
          expect(guard.inspect(stream.subarray(offset, offset + chunkBytes))).toBeUndefined();
      },
    ),
  );
});

test('an announced length beyond the limit is refused before its body comes', () => {
  // CONNECT that announces 268,435,455 bytes, the most MQTT can say.
  expect(new FrameGuard(4096).inspect(Uint8Array.of(0x10, 0xff, 0xff, 0xff, 0x7f))).toMatch(
    /4096 are allowed/,
  );
});

test('a fifth length byte is refused', () => {
  expect(new FrameGuard(2 ** 40).inspect(Uint8Array.of(0x10, 0x80, 0x80, 0x80, 0x80))).toMatch(/impossible/);
});

test('a stream that does not begin with CONNECT is refused', () => {
  expect(new FrameGuard(4096).inspect(Buffer.from('GET / HTTP/1.1\r\n'))).toMatch(/CONNECT/);
});

test('a wider limit holds from the next packet on', () => {
  const guard = new FrameGuard(100);
  expect(guard.inspect(Uint8Array.from(packet(1, 90)))).toBeUndefined();
  guard.allow(1000);
  expect(guard.inspect(Uint8Array.from(packet(3, 900)))).toBeUndefined();
  expect(guard.inspect(Uint8Array.from(packet(3, 1001)))).toMatch(/1000 are allowed/);
});
