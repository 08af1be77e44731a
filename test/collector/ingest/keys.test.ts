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

test('more keys than are remembered are other keys, a revoked one stays revoked, and a new agent has its first one', () => {
  const keys = new AgentKeys([], decided(revoke('stolen', 0)));
  for (let index = 0; index < 10_000; index++) keys.meet(`gw-${index}`, 'own');
  expect(keys.meet('gw-10001', 'own')).toBe('seen');
  expect(keys.meet('gw-10001', 'next')).toBe('other');
  expect(keys.meet('gw-1', 'stolen')).toBe('revoked');
  expect(keys.list()).toHaveLength(10_001);
  expect(keys.keyOf('gw-10001', 'next')).toMatchObject({ agent: 'gw-10001', key: 'next', standing: 'other' });
});

const handover = (from: string, to: string, receivedMs = 100) => ({ agent: 'gw-1', from, to, receivedMs });

test('a key that was handed over to is trusted as far as the one before it, whatever came first', () => {
  const keys = new AgentKeys([{ agent: 'gw-1', key: 'first', firstOrdinal: 1 }]);
  // The third one is here before anything is known of the second.
  keys.learn(handover('second', 'third'));
  expect(keys.meet('gw-1', 'third')).toBe('other');
  keys.learn(handover('first', 'second'));
  expect(keys.meet('gw-1', 'second')).toBe('rotated');
  expect(keys.meet('gw-1', 'third')).toBe('rotated');
  expect(keys.meet('gw-1', 'first')).toBe('seen');
  // Of another agent it says nothing.
  expect(keys.meet('gw-2', 'first')).toBe('seen');
  expect(keys.meet('gw-2', 'second')).toBe('other');
});

test('a key hands over once: whoever finds it afterwards can give it to nobody', () => {
  const keys = new AgentKeys(CHAINS, undefined, [handover('first', 'second'), handover('first', 'thief')]);
  expect(keys.meet('gw-1', 'second')).toBe('rotated');
  expect(keys.meet('gw-1', 'thief')).toBe('other');
});

test('keys that hand over to each other are no nearer to one that is trusted', () => {
  const circle = [handover('a', 'b'), handover('b', 'c'), handover('c', 'a')];
  const keys = new AgentKeys([{ agent: 'gw-1', key: 'first', firstOrdinal: 1 }], undefined, circle);
  for (const key of ['a', 'b', 'c']) expect(keys.meet('gw-1', key)).toBe('other');
});

test('a key that was revoked before its statement came hands over nothing; one that was revoked later did', () => {
  for (const [sinceMs, standing] of [
    [100, 'other'],
    [101, 'rotated'],
  ] as const) {
    const keys = new AgentKeys(CHAINS, decided(revoke('first', sinceMs)), [handover('first', 'second')]);
    expect(keys.meet('gw-1', 'second')).toBe(standing);
  }
  const source = decided();
  const keys = new AgentKeys(CHAINS, source, [handover('first', 'second'), handover('second', 'third')]);
  expect(keys.meet('gw-1', 'third')).toBe('rotated');
  source.add(revoke('first', 50));
  keys.refresh();
  expect([keys.meet('gw-1', 'second'), keys.meet('gw-1', 'third')]).toEqual(['other', 'other']);
  source.add(confirm('second'));
  keys.refresh();
  expect([keys.meet('gw-1', 'second'), keys.meet('gw-1', 'third')]).toEqual(['confirmed', 'rotated']);
});

test('of a ledger that was lost the newest key comes first: those that handed over to it are seen as well', () => {
  const keys = new AgentKeys([], undefined, [handover('b', 'c'), handover('a', 'b')]);
  expect(keys.meet('gw-1', 'c')).toBe('seen');
  expect(keys.meet('gw-1', 'a')).toBe('seen');
  expect(keys.meet('gw-1', 'b')).toBe('seen');
  expect(keys.meet('gw-1', 'd')).toBe('other');
});

test('a first key vouches for those before it only while nobody revoked it or one on the way, and not once it was confirmed without them', () => {
  const lost = [handover('b', 'c', 200), handover('a', 'b', 300)];
  const standings = (...acts: (KeyActBody & { atMs?: number })[]) => {
    const made = acts.map(({ atMs = 1000, ...body }): KeyAct => ({ ...body, id: 'entry', atMs, by: 'ann' }));
    const keys = new AgentKeys(
      [{ agent: 'gw-1', key: 'c', firstOrdinal: 1 }],
      { acts: () => made, version: () => 1 },
      lost,
    );
    return ['a', 'b', 'c'].map((key) => keys.meet('gw-1', key)).join();
  };
  expect(standings()).toBe('seen,seen,seen');
  // Since when does not matter: whoever holds the key could have said so at any time.
  expect(standings(revoke('c', 9999))).toBe('other,other,revoked');
  expect(standings(revoke('b', 9999))).toBe('other,revoked,seen');
  expect(standings(revoke('c', 9999), confirm('c'))).toBe('seen,seen,confirmed');
  // A person knew nothing of `a` when comparing `c`.
  expect(standings({ ...confirm('c'), atMs: 301 })).toBe('seen,seen,confirmed');
  expect(standings({ ...confirm('c'), atMs: 300 })).toBe('other,seen,confirmed');
  expect(standings({ ...confirm('c'), atMs: 200 })).toBe('other,other,confirmed');
  expect(standings({ ...confirm('b'), atMs: 300 })).toBe('other,confirmed,seen');
});

test('an agent that rotates without an end keeps nobody waiting: 200 of its statements count, and each is looked at once', () => {
  const names = Array.from({ length: 241 }, (_, at) => `key-${at}`);
  const chains = names.map((key, at) => ({ agent: 'gw-1', key, firstOrdinal: at + 1 }));
  const all = names.slice(1).map((to, at) => handover(`key-${at}`, to));
  const keys = new AgentKeys(chains, decided(revoke('key-240', 0)), all.slice(0, 120));
  for (const one of all) keys.learn(one);
  expect(['key-0', 'key-1', 'key-200', 'key-201', 'key-240'].map((key) => keys.meet('gw-1', key))).toEqual([
    'seen',
    'rotated',
    'rotated',
    'other',
    'revoked',
  ]);
  expect(keys.evidenceOf('gw-1', 'key-200')).toEqual({ standing: 'rotated' });
  expect(keys.evidenceOf('gw-2', 'key-200')).toEqual({ standing: 'other' });
});

test('what a person confirmed holds for an agent of which nothing came yet', () => {
  const keys = new AgentKeys([], decided(confirm('own', 'gw-9')));
  expect(keys.evidenceOf('gw-9', 'own')).toEqual({ standing: 'confirmed' });
});

test('an agent that draws keys without an end uses up no places of other agents, and its confirmed key stays one', () => {
  const keys = new AgentKeys([], decided(confirm('late', 'bad')));
  for (let at = 0; at < 300; at++) keys.meet('bad', `key-${at}`);
  expect(keys.list()).toHaveLength(200);
  expect(keys.meet('bad', 'key-299')).toBe('other');
  expect(keys.meet('bad', 'late')).toBe('confirmed');
  expect(keys.meet('good', 'own')).toBe('seen');
  expect(keys.list().at(-1)).toMatchObject({ agent: 'good', key: 'own' });
});
