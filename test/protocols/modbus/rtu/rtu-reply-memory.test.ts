import { beforeEach, describe, expect, it } from 'vitest';
import type { RtuReply } from '../../../../protocols/modbus/rtu/rtu-frame.ts';
import {
  couldAnswer,
  ReplyMemory,
  type ReplyShape,
} from '../../../../protocols/modbus/rtu/rtu-reply-memory.ts';

const TIMES = { echoMs: 25, listenMs: 300, suspicionMs: 60_000, ageMs: 600_000 };
const real: ReplyShape = { unit: 1, functionCode: 3, length: 25 };
const sync: ReplyShape = { unit: 1, functionCode: 4, length: 9 };
const value = ({ unit, functionCode, length }: ReplyShape): RtuReply => ({
  unit,
  functionCode,
  isException: false,
  length,
});
const exception = (shape: ReplyShape): RtuReply => ({ ...value(shape), isException: true, length: 5 });

let memory: ReplyMemory;
beforeEach(() => {
  memory = new ReplyMemory(TIMES);
});

describe('which request can have brought a reply', () => {
  it('is told by unit, function and length, and by no length where the device decides', () => {
    expect(couldAnswer(real, value(real))).toBe(true);
    expect(couldAnswer(real, exception(real))).toBe(true);
    expect(couldAnswer(real, value(sync))).toBe(false);
    expect(couldAnswer(real, { ...value(real), length: 27 })).toBe(false);
    expect(couldAnswer(real, { ...value(real), unit: 2 })).toBe(false);
    const identification: ReplyShape = { unit: 1, functionCode: 43, length: 0 };
    expect(couldAnswer(identification, { ...value(identification), length: 77 })).toBe(true);
  });
});

describe('a request without an answer', () => {
  beforeEach(() => memory.noteSilence(real, 1000, 1100, 0));

  it('is in doubt until a request is answered that was sent after the listening', () => {
    expect(memory.doubtAbout(real, 0)).toEqual({ untilMs: 1400, needsProof: true, isOfValue: true });
    memory.prove(1, 1399);
    memory.forgetEchoes(1, 5000);
    expect(memory.doubtAbout(real, 0)).toBeDefined();
    memory.prove(1, 1400);
    expect(memory.doubtAbout(real, 0)).toBeUndefined();
  });

  it('leaves other functions and units alone, and of its own function the exceptions in doubt', () => {
    expect(memory.doubtAbout(sync, 0)).toBeUndefined();
    expect(memory.doubtAbout({ ...real, unit: 2 }, 0)).toBeUndefined();
    expect(memory.doubtAbout({ ...real, length: 9 }, 0)).toMatchObject({ isOfValue: false });
    expect(memory.clarityOf(sync, 1400, 0)).toBe(2);
    expect(memory.clarityOf({ ...real, length: 9 }, 1400, 0)).toBe(1);
    expect(memory.clarityOf(real, 1400, 0)).toBe(0);
  });

  it('is distrusted anew with every late reply', () => {
    expect(memory.noteStray(value(real), 1350)).toBe(true);
    memory.prove(1, 1400);
    expect(memory.doubtAbout(real, 0)).toMatchObject({ untilMs: 1650 });
    expect(memory.noteStray(value({ ...real, length: 99 }), 1350)).toBe(false);
  });

  it('is distrusted anew when something may have passed unread, if the unit is one that sends copies', () => {
    memory.noteMissed(1390);
    expect(memory.doubtAbout(real, 0)).toMatchObject({ untilMs: 1400 });
    memory.noteStray(value(sync), 1395);
    memory.noteMissed(1390);
    memory.prove(1, 1400);
    expect(memory.doubtAbout(real, 0)).toMatchObject({ untilMs: 1690 });
  });

  it('is given up only after long listening with the line open', () => {
    expect(memory.doubtAbout(real, TIMES.ageMs - 1)).toBeDefined();
    expect(memory.doubtAbout(real, TIMES.ageMs)).toBeUndefined();
  });

  it('is not proven by an answer that may be an older synchronising read’s', () => {
    // Sent before the request, and not answered either: its reply comes when it is asked again.
    memory.noteSilence(sync, 500, 600, 0);
    expect(memory.firstSourceMs(value(sync))).toBe(500);
    memory.prove(1, memory.firstSourceMs(value(sync)) ?? 2000);
    expect(memory.doubtAbout(real, 0)).toBeDefined();
    expect(memory.clarityOf(sync, 1400, 0)).toBe(0);
  });

  it('is proven by an answer that may be another try’s of the same synchronising read, if all were sent after it', () => {
    memory.noteSilence(sync, 1500, 1600, 0);
    memory.noteSilence(sync, 9000, 9100, 0);
    expect(memory.clarityOf(sync, 1400, 0)).toBe(2);
    memory.prove(1, memory.firstSourceMs(value(sync)) ?? 0);
    expect(memory.doubtAbout(real, 0)).toBeUndefined();
    expect(memory.doubtAbout(sync, 0)).toBeDefined();
  });
});

describe('an answered request', () => {
  it('may come once more for a short time, and only as what it was', () => {
    memory.noteAnswer(real, value(real), 1000, 1010, 0);
    expect(memory.doubtAbout(real, 0)).toEqual({ untilMs: 1035, needsProof: false, isOfValue: true });
    expect(memory.doubtAbout({ ...real, length: 9 }, 0)).toBeUndefined();
    memory.forgetEchoes(1, 1034);
    expect(memory.doubtAbout(real, 0)).toBeDefined();
    memory.forgetEchoes(1, 1035);
    expect(memory.doubtAbout(real, 0)).toBeUndefined();
  });

  it('of a unit that has sent a stray is distrusted like one without an answer', () => {
    memory.noteAnswer(real, value(real), 1000, 1010, 0);
    memory.noteStray(value(real), 1020);
    expect(memory.doubtAbout(real, 0)).toMatchObject({ untilMs: 1320, needsProof: true });
    memory.prove(1, 1320);
    memory.noteAnswer(real, value(real), 2000, 2010, 0);
    expect(memory.doubtAbout(real, 0)).toMatchObject({ untilMs: 2310, needsProof: true });
    memory.prove(1, 70_000);
    memory.noteAnswer(real, value(real), 70_000, 70_010, 0);
    expect(memory.doubtAbout(real, 0)).toMatchObject({ needsProof: false });
  });
});
