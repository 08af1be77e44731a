import { expect, test } from 'vitest';
import { AgentKeys } from '../../../collector/ingest/keys.ts';
import type { KeyAct, KeyActBody } from '../../../collector/journal/key-acts.ts';

const CHAINS = [
  { agent: 'gw-1', key: 'first', firstOrdinal: 3 },
  { agent: 'gw-1', key: 'second', firstOrdinal: 8 },
];

function decided(...bodies: KeyActBody[]) {
  const acts = bodies.map((body): KeyAct => ({ ...body, id: 'entry', atMs: 1, by: 'ann' }));
  return {
    acts: () => acts,
    version: () => acts.length,
    add: (body: KeyActBody) => void acts.push({ ...body, id: 'entry', atMs: 1, by: 'ann' }),
  };
}
const confirm = (key: string, agent = 'gw-1'): KeyActBody => ({ v: 1, act: 'confirm', agent, key, note: '' });
const revoke = (key: string, sinceMs: number): KeyActBody => ({
  v: 1,
  act: 'revoke',
  agent: 'gw-1',
  key,
  sinceMs,
  reason: 'stolen',
});

test('the first key of an agent in the ledger stays the first, whatever order chains come in', () => {
  const keys = new AgentKeys([...CHAINS].reverse());
  expect(keys.meet('gw-1', 'first')).toBe('seen');
  expect(keys.meet('gw-1', 'second')).toBe('other');
  expect(keys.meet('gw-1', 'third')).toBe('other');
  expect(keys.meet('gw-2', 'first')).toBe('seen');
  expect(keys.refresh()).toBe(false);
});

test('of the decisions about a key the last one counts; those about another agent with the same key do not', () => {
  const source = decided(confirm('second', 'gw-2'));
  const keys = new AgentKeys(CHAINS, source);
  expect(keys.meet('gw-1', 'second')).toBe('other');
  source.add(confirm('second'));
  // Nothing is read before it is asked for.
  expect(keys.meet('gw-1', 'second')).toBe('other');
  expect(keys.refresh()).toBe(true);
  expect(keys.meet('gw-1', 'second')).toBe('confirmed');
  source.add(revoke('second', 500));
  keys.refresh();
  expect([keys.meet('gw-1', 'second'), keys.isRevoked('gw-1', 'second')]).toEqual(['revoked', true]);
  expect(keys.isRevoked('gw-1', 'first')).toBe(false);
  // What it was before holds for what was taken in before.
  expect(keys.evidenceOf('gw-1', 'second')).toEqual({ standing: 'confirmed', revokedMs: 500 });
  source.add(confirm('second'));
  keys.refresh();
  expect(keys.evidenceOf('gw-1', 'second')).toEqual({ standing: 'confirmed' });
});

test('a key that was revoked before it was ever used is refused at once', () => {
  const keys = new AgentKeys([], decided(revoke('stolen', 0)));
  expect(keys.isRevoked('gw-1', 'stolen')).toBe(true);
  expect(keys.isRevoked('gw-1', 'own')).toBe(false);
  expect(keys.list()).toEqual([]);
});

test('more keys than are remembered are other keys, and a revoked one stays revoked', () => {
  const keys = new AgentKeys([], decided(revoke('stolen', 0)));
  for (let index = 0; index < 10_000; index++) keys.meet(`gw-${index}`, 'own');
  expect(keys.meet('gw-10001', 'own')).toBe('other');
  expect(keys.meet('gw-1', 'stolen')).toBe('revoked');
  expect(keys.list()).toHaveLength(10_000);
});
