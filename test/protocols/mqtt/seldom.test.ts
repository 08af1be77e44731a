import { expect, test } from 'vitest';
import { createSeldom } from '../../../protocols/mqtt/seldom.ts';

test('the first is said at once, then one a minute with the number of those that were not', () => {
  let nowMs = 5;
  const said: number[] = [];
  const seldom = createSeldom(() => nowMs);
  const knock = () => seldom((unsaid) => said.push(unsaid));
  for (let i = 0; i < 10; i++) knock();
  expect(said).toEqual([0]);
  nowMs += 59_999;
  knock();
  nowMs += 1;
  knock();
  nowMs += 60_000;
  knock();
  expect(said).toEqual([0, 10, 0]);
});
