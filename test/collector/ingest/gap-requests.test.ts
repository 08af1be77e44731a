import { expect, test } from 'vitest';
import { GapRequests } from '../../../collector/ingest/gap-requests.ts';

const chain = { agent: 'gw-1', epoch: 'epoch0000001', contiguousSeq: 2, headSeq: 9 };

test('a gap is asked for after a minute, then every half minute, a long one every minute, and never when it is filled', () => {
  let nowMs = 0;
  const gaps = new GapRequests(() => nowMs);
  let missing = [{ from: 3, to: 5 }];
  const due = () => gaps.due(chain, () => missing);
  expect(due()).toEqual([]);
  nowMs = 59_999;
  expect(due()).toEqual([]);
  nowMs = 60_000;
  expect(due()).toEqual([{ from: 3, to: 5 }]);
  nowMs = 89_999;
  expect(due()).toEqual([]);
  nowMs = 90_000;
  expect(due()).toEqual([{ from: 3, to: 5 }]);
  nowMs = 120_000;
  // It fills from below: the same gap. Another one is young.
  missing = [
    { from: 5, to: 5 },
    { from: 7, to: 8 },
  ];
  expect(due()).toEqual([{ from: 5, to: 5 }]);
  nowMs = 180_000;
  expect(due()).toEqual(missing);
  nowMs = 209_999;
  expect(due()).toEqual([]);
  nowMs = 300_000;
  const tall = { ...chain, epoch: 'epoch0000002', headSeq: 90_000 };
  expect(gaps.due(tall, () => [{ from: 3, to: 89_999 }])).toEqual([]);
  nowMs = 360_000;
  expect(gaps.due(tall, () => [{ from: 3, to: 89_999 }])).toEqual([{ from: 3, to: 1002 }]);
  nowMs = 365_000;
  // What is long takes its time. The rest follows when that has come, and not before.
  expect(gaps.due(tall, () => [{ from: 1002, to: 89_999 }])).toEqual([]);
  expect(gaps.due(tall, () => [{ from: 1003, to: 89_999 }])).toEqual([{ from: 1003, to: 2002 }]);
  nowMs = 424_999;
  expect(gaps.due(tall, () => [{ from: 1003, to: 89_999 }])).toEqual([]);
  nowMs = 425_000;
  expect(gaps.due(tall, () => [{ from: 1003, to: 89_999 }])).toEqual([{ from: 1003, to: 2002 }]);
  expect(gaps.due({ ...chain, contiguousSeq: 9 }, () => [])).toEqual([]);
});

test('a gap that is parted is no younger for it, and those that are soon due go with one that is', () => {
  let nowMs = 0;
  const gaps = new GapRequests(() => nowMs);
  const due = (...missing: { from: number; to: number }[]) =>
    gaps.due({ ...chain, headSeq: 20 }, () => missing);
  const first = { from: 1, to: 1 };
  const second = { from: 9, to: 13 };
  const young = { from: 15, to: 15 };
  expect(due(first)).toEqual([]);
  nowMs = 30_000;
  expect(due(first, second)).toEqual([]);
  nowMs = 31_000;
  expect(due(first, second, young)).toEqual([]);
  nowMs = 60_000;
  expect(due(first, second, young)).toEqual([first, second]);
  nowMs = 70_000;
  // 11 and 12 are told to be gone.
  const parted = [
    { from: 9, to: 10 },
    { from: 13, to: 13 },
  ];
  expect(due(first, ...parted, young)).toEqual([]);
  // The young one comes of age, and the others were asked for long enough ago.
  nowMs = 91_000;
  expect(due(first, ...parted, young)).toEqual([first, ...parted, young]);
  nowMs = 120_999;
  expect(due(first, ...parted, young)).toEqual([]);
  nowMs = 121_000;
  expect(due(first, ...parted, young)).toEqual([first, ...parted, young]);
});

test('an agent that names ever new epochs does not fill the memory: the chain looked at longest ago is forgotten', () => {
  let nowMs = 0;
  const gaps = new GapRequests(() => nowMs);
  const due = (epoch: string) => gaps.due({ ...chain, epoch }, () => [{ from: 3, to: 5 }]);
  due('first');
  due('second');
  for (let epoch = 0; epoch < 9_999; epoch++) due(`epoch ${epoch}`);
  nowMs = 60_000;
  expect(due('second')).toHaveLength(1);
  expect(due('first')).toEqual([]);
});
