import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { agentKeyPath, loadAgentKey, readAgentKey, rotateAgentKey } from '../../agent/agent-key.ts';
import { loadKeyFile } from '../../protocols/evidence/key-file.ts';
import { isRotationSigned } from '../../protocols/evidence/key-rotation.ts';

const WHOSE = { site: 'plant', agent: 'gw-1' };
const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});
function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'millwatt-key-'));
  folders.push(folder);
  return folder;
}

test('a rotated key is told by the old one, which is gone; earlier versions read the file as well', () => {
  const folder = makeFolder();
  const first = loadAgentKey(folder, WHOSE);
  expect(first.rotation).toBeUndefined();
  const { old, key } = rotateAgentKey(folder, WHOSE);
  expect(old.publicKey).toBe(first.key.publicKey);
  const now = loadAgentKey(folder, WHOSE);
  expect(now.key.publicKey).toBe(key.publicKey);
  const { from = '', by = '' } = now.rotation ?? {};
  expect(from).toBe(old.publicKey);
  expect(isRotationSigned({ ...WHOSE, from, to: key.publicKey }, by)).toBe(true);
  expect(loadKeyFile(agentKeyPath(folder), '').publicKey).toBe(key.publicKey);
  expect(readdirSync(folder)).toEqual(['agent-key.pem']);
  expect(statSync(agentKeyPath(folder)).mode & 0o777).toBe(0o600);
  // Under another name or at another site it says nothing.
  for (const other of [
    { ...WHOSE, agent: 'gw-2' },
    { ...WHOSE, site: 'other' },
  ])
    expect(readAgentKey(folder, other)).toEqual({
      key: expect.objectContaining({ publicKey: key.publicKey }),
    });
});

test.each(['linked', 'replaced', 'destroyed'] as const)(
  'killed when the key is %s, one whole key is there, and the next start leaves no other',
  (last) => {
    const folder = makeFolder();
    const { key: old } = loadAgentKey(folder, WHOSE);
    const secret = old.exportPem().split('\n')[1] ?? '';
    let inode = -1;
    const killed = () =>
      rotateAgentKey(folder, WHOSE, (step) => {
        if (step === 'linked') inode = statSync(agentKeyPath(folder)).ino;
        if (step === last) throw new Error('killed');
      });
    expect(killed).toThrow('killed');
    const now = readAgentKey(folder, WHOSE);
    expect(now.key.publicKey === old.publicKey).toBe(last === 'linked');
    expect(now.rotation?.from).toBe(last === 'linked' ? undefined : old.publicKey);
    // What is left under another name is the old key, until the next start has overwritten it.
    expect(existsSync(`${agentKeyPath(folder)}.old`)).toBe(last !== 'destroyed');
    if (last === 'replaced') expect(statSync(`${agentKeyPath(folder)}.old`).ino).toBe(inode);

    expect(loadAgentKey(folder, WHOSE).key.publicKey).toBe(now.key.publicKey);
    expect(readdirSync(folder)).toEqual(['agent-key.pem']);
    expect(readFileSync(agentKeyPath(folder), 'utf8').includes(secret)).toBe(last === 'linked');
    // And it can be done again.
    const again = rotateAgentKey(folder, WHOSE);
    expect(again.old.publicKey).toBe(now.key.publicKey);
    expect(readAgentKey(folder, WHOSE).rotation?.from).toBe(now.key.publicKey);
  },
);

test('the old key is overwritten where it lies, not only let go', () => {
  const folder = makeFolder();
  loadAgentKey(folder, WHOSE);
  const { size } = statSync(agentKeyPath(folder));
  // Whoever has it open still reaches its bytes.
  const file = openSync(agentKeyPath(folder), 'r');
  try {
    rotateAgentKey(folder, WHOSE);
    expect(readFileSync(file, 'utf8')).toBe('0'.repeat(size));
  } finally {
    closeSync(file);
  }
});

test('a key that was cut off before it had its place is thrown away', () => {
  const folder = makeFolder();
  const { key } = loadAgentKey(folder, WHOSE);
  writeFileSync(`${agentKeyPath(folder)}.new`, '-----BEGIN PRIVATE');
  expect(loadAgentKey(folder, WHOSE).key.publicKey).toBe(key.publicKey);
  expect(readdirSync(folder)).toEqual(['agent-key.pem']);
});

test('where somebody took the current key away, what is left of the old one is not destroyed', () => {
  const folder = makeFolder();
  const { key } = loadAgentKey(folder, WHOSE);
  expect(() =>
    rotateAgentKey(folder, WHOSE, () => {
      throw new Error('killed');
    }),
  ).toThrow('killed');
  unlinkSync(agentKeyPath(folder));
  loadAgentKey(folder, WHOSE);
  expect(loadKeyFile(`${agentKeyPath(folder)}.old`, '').publicKey).toBe(key.publicKey);
});
