import { expect, test } from 'vitest';
import { fuzz } from './fuzz-target.ts';

/** A fuzz that lets anything pass tries nothing. */
const TARGET = { name: 'a reader', share: 1, inputs: [Buffer.from('abc')], isAlwaysTaken: true as const };

test('a reader that takes too long is found', () => {
  const read = () => {
    const endMs = performance.now() + 15;
    while (performance.now() < endMs);
  };
  expect(() => fuzz({ ...TARGET, read }, 3, 'seed')).toThrow(/seed seed: \d+\.\d ms/);
});

test('a reader that takes too much memory is found', () => {
  const kept: unknown[] = [];
  const read = () => void kept.push(Array.from({ length: 500_000 }, () => 1));
  expect(() => fuzz({ ...TARGET, msMax: 10_000, read }, 3, 'seed')).toThrow(/bytes for an input/);
});

test('any other error than the promised one is found, with what brings it back', () => {
  const read = () => {
    throw new TypeError('undefined is not an object');
  };
  expect(() => fuzz({ ...TARGET, read }, 3, 'seed')).toThrow(/round 0, seed seed: .*undefined is not/);
});
