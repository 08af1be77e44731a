import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';

/* T5: call number n of a ledger's life fails, for every n. */
const SOURCE = fileURLToPath(new URL('../../agent/faults/failing-disk.c', import.meta.url));
const LIVES = fileURLToPath(new URL('./nth-failure-process.ts', import.meta.url));
const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'millwatt-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('every call to the disk may fail, once or for ever: what was acknowledged is there, once, and it goes on', () => {
  const library = join(folder, 'failing-disk.so');
  execFileSync('gcc', ['-shared', '-fPIC', '-O1', '-o', library, SOURCE, '-ldl']);
  const output = execFileSync(process.execPath, [LIVES, folder], {
    env: { ...process.env, LD_PRELOAD: library, MILLWATT_FAULT_FOLDER: folder },
    encoding: 'utf8',
  });
  console.log(`${output.trim()} lives of a ledger, each with another call that fails`);
  expect(Number(output)).toBeGreaterThan(300);
}, 300_000);
