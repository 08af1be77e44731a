import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test, vi } from 'vitest';
import { sharedFile } from './shared-files.ts';

const folder = mkdtempSync(join(tmpdir(), 'millwatt-shared-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('a file that is there is its path', () => {
  mkdirSync(join(folder, 'schemas'));
  writeFileSync(join(folder, 'schemas', 'a.json'), '{}');
  expect(sharedFile('schemas/a.json', folder)).toBe(join(folder, 'schemas', 'a.json'));
});

test('one that was moved fails, where the folder is there', () => {
  expect(() => sharedFile('schemas/moved.json', folder)).toThrow('schemas/moved.json is not in ../shared');
});

test('without the folder it is said that something is skipped', () => {
  const warn = vi.spyOn(console, 'warn').mockReturnValue();
  const nowhere = join(folder, 'not-there');
  expect(sharedFile('schemas/a.json', nowhere)).toBe(join(nowhere, 'schemas', 'a.json'));
  expect(warn).toHaveBeenCalledWith(expect.stringContaining('SKIPPED: ../shared/schemas/a.json'));
  warn.mockRestore();
});
