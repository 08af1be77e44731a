import { expect, it } from 'vitest';
import { drawKeys } from '../../../cli/keys/key-lines.ts';
import type { KeyReport } from '../../../cli/keys/read-keys.ts';

const report = (fingerprint: string, standing: KeyReport['standing'], agent = 'gw-1'): KeyReport => ({
  agent,
  key: fingerprint,
  fingerprint,
  standing,
  before: 'seen',
  revokedMs: standing === 'revoked' ? 0 : null,
  act: null,
  firstMs: 0,
  chains: [],
});
const advised = (...keys: KeyReport[]) =>
  drawKeys(keys, 200).flatMap((line) => /keys confirm (\S+ \S+)$/.exec(line)?.[1] ?? []);

it('advises to compare what is on the gateway now, and every strange key', () => {
  expect(advised(report('first', 'seen'))).toEqual(['gw-1 first']);
  // The first one was destroyed: nobody can compare it.
  expect(advised(report('first', 'seen'), report('second', 'rotated'))).toEqual(['gw-1 second']);
  expect(advised(report('first', 'confirmed'), report('second', 'rotated'))).toEqual([]);
  expect(advised(report('first', 'confirmed'), report('second', 'other'))).toEqual(['gw-1 second']);
  expect(advised(report('first', 'revoked'), report('second', 'confirmed'))).toEqual([]);
  expect(advised(report('first', 'seen'), report('one', 'seen', 'gw-2'))).toEqual(['gw-1 first', 'gw-2 one']);
});

it('says so where nothing has come yet', () => {
  expect(drawKeys([], 80)).toEqual(['No agent has delivered a record yet.']);
});
