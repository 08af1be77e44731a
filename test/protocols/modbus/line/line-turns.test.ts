import { expect, test } from 'vitest';
import { LineTurns } from '../../../../protocols/modbus/line/line-turns.ts';

function takeAll(turns: LineTurns<string, string>): string[] {
  const taken: string[] = [];
  while (!turns.isEmpty) taken.push(turns.take() ?? '?');
  return taken;
}

test('holders take turns, and each keeps its own order', () => {
  const turns = new LineTurns<string, string>();
  for (const item of ['a1', 'a2', 'a3', 'b1', 'c1', 'c2']) turns.add(item.charAt(0), item);
  expect(turns.nextHolder()).toBe('a');
  expect(takeAll(turns)).toEqual(['a1', 'b1', 'c1', 'a2', 'c2', 'a3']);
  expect(turns.take()).toBeUndefined();
  expect(turns.nextHolder()).toBeUndefined();
});

test('one that comes late waits for one item of each of the others at most', () => {
  const turns = new LineTurns<string, string>();
  for (let i = 0; i < 50; i++) turns.add('long', `l${i}`);
  expect(turns.take()).toBe('l0');
  turns.add('short', 's');
  expect([turns.take(), turns.take()]).toEqual(['l1', 's']);
});

test('what is no longer wanted is passed over', () => {
  const turns = new LineTurns<string, string>();
  for (const item of ['a1', 'a2', 'b1', 'c1']) turns.add(item.charAt(0), item);
  turns.remove('a', 'a1');
  turns.remove('a', 'nothing');
  turns.remove('b', 'b1');
  expect(turns.removeAll('c')).toEqual(['c1']);
  expect(turns.removeAll('c')).toEqual([]);
  expect(takeAll(turns)).toEqual(['a2']);
});
