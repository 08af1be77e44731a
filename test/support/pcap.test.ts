import { describe, expect, it } from 'vitest';
import { readFlows, readSegments } from './pcap.ts';

const CLIENT = [10, 0, 0, 1];
const SERVER = [10, 0, 0, 2];

interface Sent {
  isFromServer?: boolean;
  sequence: number;
  text: string;
  ms?: number;
}

/** A packet of Ethernet, IPv4 and TCP, filled up to 60 bytes as cards do. */
function packet({ isFromServer = false, sequence, text }: Sent): Buffer {
  const bytes = Buffer.alloc(Math.max(60, 54 + text.length));
  bytes.writeUInt16BE(0x0800, 12);
  bytes[14] = 0x45;
  bytes.writeUInt16BE(40 + text.length, 16);
  bytes[23] = 6;
  bytes.set(isFromServer ? SERVER : CLIENT, 26);
  bytes.set(isFromServer ? CLIENT : SERVER, 30);
  bytes.writeUInt16BE(isFromServer ? 502 : 4000, 34);
  bytes.writeUInt16BE(isFromServer ? 4000 : 502, 36);
  bytes.writeUInt32BE(sequence >>> 0, 38);
  bytes[46] = 0x50;
  bytes.write(text, 54, 'latin1');
  return bytes;
}

function record(sent: readonly Sent[], isLittle = true): Buffer {
  const number = (value: number) => {
    const bytes = Buffer.alloc(4);
    if (isLittle) bytes.writeUInt32LE(value);
    else bytes.writeUInt32BE(value);
    return bytes;
  };
  const head = [0xa1b2c3d4, 0x0002_0004, 0, 0, 65_535, 1].map(number);
  const packets = sent.flatMap((one, i) => {
    const bytes = packet(one);
    return [...[100, (one.ms ?? i) * 1000, bytes.length, bytes.length].map(number), bytes];
  });
  return Buffer.concat([...head, ...packets]);
}

const textOf = (sent: readonly Sent[]) =>
  readFlows(record(sent), 502).map((flow) => flow.map(({ bytes }) => bytes.toString('latin1')));

describe('a recording', () => {
  it.each([true, false])(
    'is read in both byte orders (little: %s), without the filling of short packets',
    (isLittle) => {
      const segments = readSegments(
        record(
          [
            { sequence: 7, text: 'abc', ms: 0 },
            { sequence: 10, text: '', ms: 5 },
            { sequence: 10, text: 'd', ms: 9 },
          ],
          isLittle,
        ),
      );
      expect(segments.map(({ timeMs, bytes, from, to }) => [timeMs, bytes.toString(), from, to])).toEqual([
        [0, 'abc', '10.0.0.1:4000', '10.0.0.2:502'],
        [9, 'd', '10.0.0.1:4000', '10.0.0.2:502'],
      ]);
    },
  );

  it('shows both directions by time', () => {
    expect(
      textOf([
        { sequence: 1, text: 'ask' },
        { sequence: 9, text: 'answer', isFromServer: true },
        { sequence: 4, text: 'more' },
      ]),
    ).toEqual([['ask', 'answer', 'more']]);
  });

  it('leaves out what was sent again, and puts right what overtook', () => {
    expect(
      textOf([
        { sequence: 1, text: 'abc' },
        { sequence: 1, text: 'abc' },
        { sequence: 7, text: 'ghi' },
        { sequence: 3, text: 'cdef' },
      ]).map((flow) => flow.join('')),
    ).toEqual(['abcdefghi']);
  });

  it('goes on where a segment was never recorded, and over the wrap of the numbers', () => {
    expect(
      textOf([
        { sequence: 0xffff_fffe, text: 'abc' },
        { sequence: 1, text: 'def' },
        { sequence: 9, text: 'xyz' },
      ]).map((flow) => flow.join('')),
    ).toEqual(['abcdefxyz']);
  });

  it('is refused when it is something else', () => {
    expect(() => readSegments(Buffer.from('PCAPNG or whatever else it is'))).toThrow(RangeError);
  });
});
