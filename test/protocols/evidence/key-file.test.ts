import type * as Fs from 'node:fs';
import { chmodSync, existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { loadKeyFile } from '../../../protocols/evidence/key-file.ts';

const disk = vi.hoisted(() => ({ isFull: false }));
vi.mock('node:fs', async (importOriginal) => {
  const fs = await importOriginal<typeof Fs>();
  const refuse = (write: (...all: never[]) => unknown) =>
    ((...all: never[]) => {
      if (disk.isFull) throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
      return write(...all);
    }) as never;
  return { ...fs, writeSync: refuse(fs.writeSync), writeFileSync: refuse(fs.writeFileSync) };
});

const folders: string[] = [];
afterEach(() => {
  disk.isFull = false;
  for (const path of folders.splice(0)) rmSync(path, { recursive: true, force: true });
});

const load = (path: string) => loadKeyFile(join(path, 'agent-key.pem'), 'Restore it.');

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'millwatt-key-'));
  folders.push(path);
  return path;
}

test('a key is drawn once, for its owner only', () => {
  const path = folder();
  const { publicKey } = load(path);
  expect(load(path).publicKey).toBe(publicKey);
  expect(statSync(join(path, 'agent-key.pem')).mode & 0o777).toBe(0o600);
});

test('a first start that ended while the key was written does not keep the next from starting', () => {
  const path = folder();
  disk.isFull = true;
  expect(() => load(path)).toThrow(/no space/);
  expect(existsSync(join(path, 'agent-key.pem'))).toBe(false);
  disk.isFull = false;
  const { publicKey } = load(path);
  expect(load(path).publicKey).toBe(publicKey);
});

test('a file that is no key is refused and left alone', () => {
  const path = folder();
  writeFileSync(join(path, 'agent-key.pem'), 'something else', { mode: 0o600 });
  expect(() => load(path)).toThrow(/not an Ed25519 private key/);
  expect(statSync(join(path, 'agent-key.pem')).size).toBe(14);
});

test('a key that other users can read is refused, and the cure names the command', () => {
  const path = folder();
  load(path);
  chmodSync(join(path, 'agent-key.pem'), 0o644);
  expect(() => load(path)).toThrow(
    expect.objectContaining({ code: 'open-key', cure: expect.stringContaining('chmod 600') }),
  );
});
