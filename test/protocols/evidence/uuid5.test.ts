import { expect, it } from 'vitest';
import { uuidOf } from '../../../protocols/evidence/uuid5.ts';

it('names are the UUIDs that other implementations of RFC 9562 give them', () => {
  // Python's uuid.uuid5 with the same namespace.
  expect(uuidOf('mill-1/2026-10')).toBe('5a334dfb-eaf4-53fe-b4d2-3bd6cb120e9d');
  expect(uuidOf('Fräse 1')).toBe('a541a1d0-1f75-5b90-80f9-d1df4edc2a64');
});
