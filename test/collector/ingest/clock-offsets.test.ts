import { expect, it } from 'vitest';
import { ClockOffsets, sayOffset } from '../../../collector/ingest/clock-offsets.ts';

it('takes the message that was fastest of late for the truth', () => {
  const clocks = new ClockOffsets();
  expect(clocks.of('gw-1')).toBeUndefined();
  for (const delayMs of [400, 20, 900]) clocks.note('gw-1', 1_000_000 + 5000 - delayMs, 1_000_000);
  expect(clocks.of('gw-1')).toBe(4980);
  // The clock is set right: within eight messages nothing is left of what it was.
  for (let count = 0; count < 8; count++) clocks.note('gw-1', 2_000_000 - 30, 2_000_000);
  expect(clocks.of('gw-1')).toBe(-30);
});

it('finds a clock that is off by more than 5 s once, and again when it was right meanwhile', () => {
  const clocks = new ClockOffsets();
  clocks.noteSet('gw-1', true);
  const say = (offsetMs: number) => {
    for (let count = 0; count < 8; count++) clocks.note('gw-1', offsetMs, 0);
    return clocks.takeFound();
  };
  expect(say(4900)).toEqual([]);
  expect(say(-62_000)).toEqual([{ agent: 'gw-1', offsetMs: -62_000 }]);
  expect(say(-61_000)).toEqual([]);
  expect(say(100)).toEqual([]);
  expect(say(7000)).toEqual([{ agent: 'gw-1', offsetMs: 7000 }]);
});

it('says which way and what to do', () => {
  expect(sayOffset('gw-1', -62_000)).toContain("62 s behind the collector's");
  expect(sayOffset('gw-1', 3_600_000)).toContain('60 min ahead of');
  expect(sayOffset('gw-1', 3_600_000)).toContain('NTP');
});

it('finds nothing of a clock that is not set or not told of yet, and forgets what it told once it is', () => {
  const clocks = new ClockOffsets();
  clocks.note('gw-1', 0, 1e12);
  expect(clocks.takeFound()).toEqual([]);
  clocks.noteSet('gw-1', false);
  expect(clocks.takeFound()).toEqual([]);
  clocks.noteSet('gw-1', true);
  expect(clocks.takeFound()).toEqual([]);
  clocks.note('gw-1', 1e12 + 9000, 1e12);
  expect(clocks.takeFound()).toEqual([{ agent: 'gw-1', offsetMs: 9000 }]);
});

it('says lengths that a person can take in', () => {
  expect(sayOffset('gw-1', 86_400_000)).toContain('24 h ahead of');
  expect(sayOffset('gw-1', -3 * 86_400_000)).toContain('3 d behind');
  expect(sayOffset('gw-1', 8e15)).toContain('more than 1000 d ahead of');
});
