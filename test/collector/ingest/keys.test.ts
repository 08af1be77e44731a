import { expect, test } from 'vitest';
import { AgentKeys } from '../../../collector/ingest/keys.ts';
import { makeTempFolder } from '../ledger/temp-folder.ts';

test('the first key of an agent is seen, another one is not trusted until it is confirmed', () => {
  const folder = makeTempFolder();
  const chains = [
    { agent: 'gw-1', key: 'second', firstOrdinal: 7 },
    { agent: 'gw-1', key: 'first', firstOrdinal: 2 },
  ];
  const keys = new AgentKeys(folder, chains);
  expect(keys.meet('gw-1', 'first')).toBe('seen');
  expect(keys.meet('gw-1', 'second')).toBe('other');
  expect(keys.meet('gw-1', 'third')).toBe('other');
  expect(keys.meet('gw-2', 'first')).toBe('seen');
  keys.confirm('gw-1', 'second');
  expect(keys.meet('gw-1', 'second')).toBe('confirmed');
  const again = new AgentKeys(folder, chains);
  expect(again.meet('gw-1', 'second')).toBe('confirmed');
  // A person has spoken: a key nobody confirmed is not the agent's any more.
  expect(again.meet('gw-1', 'first')).toBe('other');
  expect(again.list()).toContainEqual(
    expect.objectContaining({ agent: 'gw-1', key: 'second', standing: 'confirmed' }),
  );
});
