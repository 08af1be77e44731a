import { hash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, expect, test } from 'vitest';
import { seedRandom } from '../../../protocols/simulator/seeded-random.ts';
import { requireTool } from '../../support/tools.ts';
import { holds } from '../spool-rig.ts';
import { committedBytes } from './committed-log.ts';
import { SCENARIOS } from './crash-scenarios.ts';
import { CrashableDisk, type DiskState } from './crash-states.ts';
import { recordCalls } from './recorded-calls.ts';
import { openWatched } from './spool-digest.ts';
import { memoryFolder } from './spool-image.ts';

/*
 * T4: the power goes at every moment of a spool's life. States that differ only in what SQLite does not read of the log, behind
 * its last whole commit, are opened once; MILLWATT_TEST_LONG=1 opens each that differs on the disk. MILLWATT_TEST_SEED draws the
 * others.
 */
const WORKLOAD = fileURLToPath(new URL('./crash-workload.ts', import.meta.url));
const LONG = process.env['MILLWATT_TEST_LONG'] === '1';
const SEED = process.env['MILLWATT_TEST_SEED'] ?? '1';
const hasStrace = requireTool('strace') !== undefined;
const base = memoryFolder();
afterAll(() => rmSync(base, { recursive: true, force: true }));
afterEach(() => rmSync(join(base, 'spool'), { recursive: true, force: true }));

const counts = { states: 0, onDisk: 0, opened: 0 };

function write(state: DiskState): void {
  for (const [path, bytes] of state) {
    mkdirSync(path.endsWith('/') ? path : dirname(path), { recursive: true });
    if (!path.endsWith('/')) writeFileSync(path, bytes);
  }
}

function nameOf(state: DiskState, isWhole: boolean): string {
  const parts = [...state].map(([path, bytes]) => {
    const read = !isWhole && path.endsWith('-wal') ? bytes.subarray(0, committedBytes(bytes)) : bytes;
    return `${path} ${hash('sha1', read)}`;
  });
  return hash('sha1', parts.sort().join('\n'));
}

/** Gives what the spool holds. Throws where its accounts do not hold, or where the next append is not there at the next start. */
function openAfterCrash(folder: string, goesOn: boolean): string {
  const { spool, digest } = openWatched(folder);
  const found = digest();
  try {
    if (!holds(spool)) throw new Error('accounts do not hold');
    if (goesOn) {
      const { sampled } = spool.accounts().samples;
      const anchor = { boot: 'next', config: 'c', mono: 1, wall: 1, state: 'synced' as const };
      spool.append([{ number: 1, machine: 'mill', samples: 2, part: '{}' }], anchor);
      spool.close();
      const again = openWatched(folder).spool;
      const next = again.leftovers('other').find(({ boot }) => boot === 'next');
      const told = again.accounts().samples.sampled;
      again.close();
      if (next?.rows[0]?.part !== '{}' || told !== sampled + 2) throw new Error('the next append is gone');
    }
  } finally {
    spool.close();
  }
  return found;
}

test.skipIf(!hasStrace).each(Object.entries(SCENARIOS))(
  '%s: whenever the power goes, what was acknowledged is there, and nothing else',
  (name, { before }) => {
    const folder = join(base, 'spool');
    const files = Object.entries(before?.() ?? {}).map(
      ([file, bytes]) => [join(folder, file), bytes] as const,
    );
    mkdirSync(folder);
    for (const [file, bytes] of files) writeFileSync(file, bytes);
    const digestFile = join(base, 'digests.json');
    const calls = recordCalls(
      [WORKLOAD, name, folder, digestFile],
      folder,
      files.map(([file]) => file),
    );
    rmSync(folder, { recursive: true });
    const digests = JSON.parse(readFileSync(digestFile, 'utf8')) as { digest: string; lazy: boolean }[];
    const disk = new CrashableDisk(folder, new Map(files));
    const random = seedRandom(SEED, name);
    const [onDisk, opened] = [new Set<string>(), new Set<string>()];
    let acknowledged = 0;
    for (const [index, call] of calls.entries()) {
      if (call.kind === 'mark') acknowledged = call.number;
      // What the power may undo again: commits of `os` since the last one that was synced.
      let oldest = acknowledged;
      while (digests[oldest]?.lazy === true) oldest -= 1;
      const allowed = digests.slice(Math.max(1, oldest), acknowledged + 2).map(({ digest }) => digest);
      if (!disk.apply(call)) continue;
      for (const state of disk.states(random)) {
        counts.states += 1;
        const whole = `${nameOf(state, true)} ${acknowledged}`;
        if (onDisk.has(whole)) continue;
        onDisk.add(whole);
        const read = LONG ? whole : `${nameOf(state, false)} ${acknowledged}`;
        if (opened.has(read)) continue;
        opened.add(read);
        mkdirSync(folder);
        write(state);
        const what = `call ${index} (${call.kind} of ${'path' in call ? call.path.slice(folder.length) : ''}) after commit ${acknowledged}, files ${[...state].map(([file, bytes]) => `${file.slice(folder.length)} ${bytes.length}`).join(', ')}: replay with MILLWATT_TEST_SEED=${SEED}`;
        let found: string;
        try {
          found = openAfterCrash(folder, opened.size % 20 === 0);
        } catch (cause) {
          throw new Error(what, { cause });
        }
        if (!allowed.includes(found)) {
          const at = digests.findIndex(({ digest }) => digest === found);
          throw new Error(
            `${what}: it holds ${at < 0 ? 'what it never held' : `what it held after commit ${at}`}`,
          );
        }
        rmSync(folder, { recursive: true });
      }
    }
    counts.onDisk += onDisk.size;
    counts.opened += opened.size;
    console.log(`${name}: ${calls.length} calls, so far`, counts);
  },
  900_000,
);

test.skipIf(!hasStrace)('the states are as many as the rules want', () => {
  expect(counts.states).toBeGreaterThanOrEqual(50_000);
});
