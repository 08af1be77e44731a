import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { requireTool } from '../../support/tools.ts';
import { makeTempFolder } from './temp-folder.ts';

const CHILD = fileURLToPath(new URL('./append-until-killed.ts', import.meta.url));
const TOLD = 20;
const CALLS = 'pwrite64,fdatasync,fsync,write';
/** In the order of their ends: a call that another thread interrupts is told in two lines. */
const ENDED = /^(\d+) +(?:<\.\.\. (\w+) resumed>|(\w+)\((\d+)<([^>]*)>).*?(= -?\d+|<unfinished \.\.\.>)/;

/** What a process asked of the kernel, in the order in which it was done. */
function callsOf(trace: string): { call: string; handle: string; path: string }[] {
  const begun = new Map<string, { call: string; handle: string; path: string }>();
  const calls: { call: string; handle: string; path: string }[] = [];
  for (const line of trace.split('\n')) {
    const match = ENDED.exec(line);
    if (match === null) continue;
    const [, thread = '', resumed, call = '', handle = '', path = '', end = ''] = match;
    if (resumed !== undefined) calls.push(begun.get(thread) ?? { call, handle, path });
    else if (end.startsWith('<')) begun.set(thread, { call, handle, path });
    else calls.push({ call, handle, path });
  }
  return calls;
}

test.runIf(requireTool('strace') !== undefined)(
  'no record is told to be durable before the log that it is in was synced after it was written',
  async () => {
    const folder = makeTempFolder();
    const trace = join(folder, 'trace');
    const command = ['-f', '-y', '-s', '16', '-e', `trace=${CALLS}`, '-o', trace, process.execPath, CHILD];
    // One at a time, so that what was written last is what is told of.
    const child = spawn('strace', [...command, join(folder, 'ledger'), 'epoch0000001', '1', String(TOLD)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    child.stdout.resume();
    await once(child, 'close');
    let unsynced = 0;
    let syncs = 0;
    let tellings = 0;
    for (const { call, handle, path } of callsOf(readFileSync(trace, 'utf8'))) {
      if (call === 'pwrite64' && path.endsWith('.db-wal')) unsynced++;
      if (call.startsWith('f') && path.endsWith('.db-wal')) {
        unsynced = 0;
        syncs++;
      }
      if (call !== 'write' || handle !== '1') continue;
      tellings++;
      expect(unsynced, `at telling ${tellings}`).toBe(0);
      expect(syncs, `at telling ${tellings}`).toBeGreaterThanOrEqual(tellings);
    }
    expect(tellings).toBeGreaterThanOrEqual(TOLD);
  },
  60_000,
);
