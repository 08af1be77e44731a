import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { memoryFolder } from './spool-image.ts';

/* T5: call number n of a spool's life fails, for every n. */
const SOURCE = fileURLToPath(new URL('./failing-disk.c', import.meta.url));
const LIVES = fileURLToPath(new URL('./nth-failure.ts', import.meta.url));
const folder = memoryFolder();
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('every call to the disk may fail, once or for ever: nothing acknowledged is lost, nothing is there twice', () => {
  const library = join(folder, 'failing-disk.so');
  execFileSync('gcc', ['-shared', '-fPIC', '-O1', '-o', library, SOURCE, '-ldl']);
  const output = execFileSync(process.execPath, [LIVES, folder], {
    env: { ...process.env, LD_PRELOAD: library, MILLWATT_FAULT_FOLDER: folder },
    encoding: 'utf8',
  });
  console.log(`${output.trim()} lives of a spool, each with another call that fails`);
  expect(Number(output)).toBeGreaterThan(300);
}, 300_000);
