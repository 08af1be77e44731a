import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { splitChain } from '../../../../protocols/opcua/trust/certificate-bytes.ts';
import { readDer } from '../../../../protocols/opcua/trust/der-reader.ts';
import { parseRevocationList } from '../../../../protocols/opcua/trust/revocation-list.ts';

test('whatever bytes come, they are read or refused, and nothing else happens', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.boolean(), (random, asSequence) => {
      const bytes = Buffer.from(asSequence ? [0x30, 0x82, 0x00, random.length & 0xff, ...random] : random);
      expect(parseRevocationList(bytes)).toBeUndefined();
      expect(splitChain(bytes)).toBeUndefined();
    }),
  );
});

test('values that stand behind each other are told apart, however long they are', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 400 }), { maxLength: 6 }), (contents) => {
      const bytes = Buffer.concat(contents.map((content) => encode(content)));
      expect(readDer(bytes).map(({ content }) => [...content])).toEqual(contents.map((one) => [...one]));
    }),
  );
  expect(() => readDer(Buffer.from([0x30, 0x05, 0x01]))).toThrow(RangeError);
  expect(() => readDer(Buffer.from([0x30, 0x80]))).toThrow(RangeError);
});

function encode(content: Uint8Array): Buffer {
  const { length } = content;
  const header = length < 0x80 ? [0x04, length] : [0x04, 0x82, length >> 8, length & 0xff];
  return Buffer.from([...header, ...content]);
}
