import { expect } from 'vitest';
import { crc16 } from '../../protocols/modbus/rtu/rtu-crc.ts';
import { bitsOfRtu, identificationOfRtu, registersOfRtu } from '../../protocols/modbus/rtu/rtu-answer.ts';
import { ReplyReader } from '../../protocols/modbus/rtu/rtu-reply-reader.ts';
import {
  bitsOf,
  FRAME_BYTES_MAX,
  findFault,
  frameBytes,
  identificationOf,
  registersOf,
  type Expected,
} from '../../protocols/modbus/tcp/tcp-frame.ts';
import type { FuzzTarget } from './fuzz-target.ts';

const UNIT = 17;
/** Good answers without unit: registers, coils, an exception, an identification. */
const ANSWERS: readonly { functionCode: Expected['functionCode']; count: number; pdu: Buffer }[] = [
  { functionCode: 3, count: 4, pdu: Buffer.from('03080001ffff7fc00000', 'hex') },
  { functionCode: 1, count: 12, pdu: Buffer.from('0102cd0b', 'hex') },
  { functionCode: 4, count: 2, pdu: Buffer.from('8402', 'hex') },
  {
    functionCode: 43,
    count: 0,
    pdu: Buffer.concat([
      Buffer.from('2b0e01010000020007', 'hex'),
      Buffer.from('Siemens'),
      Buffer.from('0103', 'hex'),
      Buffer.from('PAC'),
    ]),
  },
];
const lengthOf = (answer: (typeof ANSWERS)[number]): number =>
  answer.functionCode === 43
    ? 0
    : 3 + (answer.functionCode <= 2 ? Math.ceil(answer.count / 8) : answer.count * 2);

const TCP_FRAMES = ANSWERS.map(({ pdu }) => {
  const head = Buffer.from([0, 7, 0, 0, 0, pdu.length + 1, UNIT]);
  return Buffer.concat([head, pdu]);
});
const RTU_FRAMES = ANSWERS.map(({ pdu }) => {
  const frame = Buffer.concat([Buffer.of(UNIT), pdu, Buffer.alloc(2)]);
  frame.writeUInt16LE(crc16(frame, 0, frame.length - 2), frame.length - 2);
  return frame;
});

const isFrameWord = (error: unknown): boolean =>
  error instanceof RangeError && error.message.startsWith('an identification');

/** What devices answer. */
export const MODBUS_TARGETS: readonly FuzzTarget[] = [
  {
    name: 'a frame of Modbus TCP is faulty in words, or holds what was asked',
    share: 60,
    inputs: TCP_FRAMES,
    isRefusal: isFrameWord,
    isAlwaysTaken: true,
    read: (input) => {
      if (input.length < 8 || input.length > FRAME_BYTES_MAX) return;
      for (const answer of ANSWERS) {
        const { functionCode, count } = answer;
        const expected = { transaction: 7, unit: UNIT, functionCode, length: lengthOf(answer) };
        if (findFault(input, input.length, expected) !== undefined || frameBytes(input) !== input.length)
          continue;
        // An exception is an answer of its own.
        if ((input[7] ?? 0) >= 0x80) continue;
        if (functionCode === 43) {
          for (const word of identificationOf(input).values()) expect(word.length).toBeLessThan(256);
        } else if (functionCode <= 2) expect(bitsOf(input, count)).toHaveLength(count);
        else expect(registersOf(input)).toHaveLength(count);
      }
    },
  },
  {
    name: 'a line of Modbus RTU gives whole replies with a right checksum, in any pieces',
    share: 60,
    inputs: [...RTU_FRAMES, Buffer.concat(RTU_FRAMES)],
    isRefusal: isFrameWord,
    isAlwaysTaken: true,
    read: (input, random) => {
      const reader = new ReplyReader();
      const answer = ANSWERS[random.whole(0, ANSWERS.length - 1)] ?? ANSWERS[0]!;
      reader.expect({
        unit: UNIT,
        functionCode: answer.functionCode,
        length: answer.functionCode === 43 ? 0 : lengthOf(answer) + 2,
      });
      let taken = 0;
      for (let at = 0; at < input.length;) {
        const end = Math.min(input.length, at + random.whole(1, 40));
        reader.add(input.subarray(at, end));
        at = end;
        for (let reply = reader.next(); typeof reply === 'object'; reply = reader.next()) {
          const frame = reader.take();
          taken += frame.length;
          expect(frame.readUInt16LE(frame.length - 2)).toBe(crc16(frame, 0, frame.length - 2));
          if (reply.isException) continue;
          if (reply.functionCode === 43) identificationOfRtu(frame);
          else if (reply.functionCode <= 2) bitsOfRtu(frame, (frame[2] ?? 0) * 8);
          else expect(registersOfRtu(frame)).toHaveLength((frame.length - 5) / 2);
        }
        if (random.chance(0.1)) reader.skip();
      }
      expect(taken).toBeLessThanOrEqual(input.length);
    },
  },
];
