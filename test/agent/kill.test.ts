import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { SteppedClock } from '../../protocols/clock.ts';
import { generateSigningKey } from '../../protocols/evidence/keys.ts';
import { countSamples } from '../../protocols/telemetry/part.ts';
import { parseRecord } from '../../protocols/telemetry/record.ts';
import { awaitUntil } from '../protocols/mqtt/await-until.ts';
import { checkChain } from './chain-check.ts';
import { partsOf } from './receipting-collector.ts';
import { holds, openSealer, openSpool, recordsOf } from './spool-rig.ts';

const SPOOL_WRITER = fileURLToPath(new URL('./spool-writer.ts', import.meta.url));
const LONG = process.env['MILLWATT_TEST_LONG'] === '1';
const closers: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'millwatt-kill-'));
  closers.push(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** Runs a script until `when` says so about its output and some ms more have passed, then kills it with SIGKILL. */
async function runAndKill(
  script: string,
  args: string[],
  when: (output: string) => boolean,
  moreMs: number,
): Promise<string> {
  const child = spawn(process.execPath, [script, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let errors = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString('utf8');
  });
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString('utf8');
  });
  const closed = new Promise((resolve) => {
    child.once('close', resolve);
  });
  try {
    await awaitUntil(`${script} works`, () => when(output) || child.exitCode !== null);
    if (child.exitCode !== null) throw new Error(`${script} ended by itself: ${errors}`);
    await new Promise((resolve) => {
      setTimeout(resolve, moreMs);
    });
  } finally {
    child.kill('SIGKILL');
    await closed;
  }
  return output;
}

// The whole line is killed in test/e2e/kill-cycles.test.ts; this one does nothing but commit, so that kills fall into commits.
test('kill -9 at random moments loses nothing that was durable, and breaks no chain', async () => {
  const path = folder();
  const key = generateSigningKey();
  const keyFile = join(path, 'key.pem');
  writeFileSync(keyFile, key.exportPem());
  for (let run = 0; run < (LONG ? 200 : 20); run++) {
    const output = await runAndKill(
      SPOOL_WRITER,
      [path, keyFile],
      (text) => text.includes('\n'),
      Math.random() * 60,
    );
    const durable = Number(output.split('\n').at(-2));
    const spool = openSpool(path);
    expect(holds(spool)).toBe(true);
    expect(spool.accounts().samples.sampled).toBeGreaterThanOrEqual(durable);
    spool.close();
  }
  const clock = new SteppedClock(Date.UTC(2026, 2, 3));
  const spool = openSpool(path);
  // Opening seals what the last run left open.
  openSealer(spool, clock, ['mill', 'lathe', 'press'], { key });
  const records = recordsOf(spool);
  const headers = checkChain(records);
  const readings = records.reduce(
    (sum, bytes) =>
      sum + partsOf({ frame: parseRecord(bytes) }).reduce((own, part) => own + countSamples(part), 0),
    0,
  );
  const { samples } = spool.accounts();
  expect(readings).toBe(samples.sampled);
  expect(samples.sampled).toBe(samples.receipted + samples.pending);
  expect(new Set(headers.map(({ boot }) => boot)).size).toBeGreaterThanOrEqual(20);
  spool.close();
}, 120_000);
