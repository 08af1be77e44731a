import { expect, test } from 'vitest';
import { namesAlsoThinned } from '../../../collector/evidence/resting-records.ts';

const range = (from: number, to: number, agent = 'gw-1') => ({ agent, epoch: 'aaaaaaaaaaaa', from, to });
const used = [range(1, 10), range(15, 20), range(3, 4, 'gw-2')];
/** Record 12 is a thinned one. */
const isThinned = (agent: string, _: string, seq: number) => agent === 'gw-1' && seq === 12;

test('an hour may name a thinned record beside those that it rests on, and nothing else more, nor less', () => {
  expect(namesAlsoThinned(used, used, isThinned)).toBe(true);
  expect(namesAlsoThinned([...used, range(12, 12)], used, isThinned)).toBe(true);
  const refused: unknown[] = [
    [...used, range(11, 12)],
    [...used, range(12, 12, 'gw-2')],
    used.slice(0, 2),
    [range(1, 9), ...used.slice(1)],
    [range(1, 20), range(3, 4, 'gw-2')],
    [...used, range(12, 9e15)],
    [...used, range(14, 12)],
    [...used, { agent: 'gw-1', epoch: 7, from: 12, to: 12 }],
    [...used, null],
    'all',
    undefined,
  ];
  for (const named of refused)
    expect(namesAlsoThinned(named, used, isThinned), JSON.stringify(named)).toBe(false);
});
