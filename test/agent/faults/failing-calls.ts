import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Calls of a running process that fail until they are released. */
export interface FailingCalls {
  /** Lets them succeed again; gives how many failed. */
  release(): Promise<number>;
}

const PTRACE_DENIED = 'SKIPPED: this user may not attach strace to a running process (ptrace is not allowed)';
let traces = 0;

/** Undefined where strace may attach to processes that we started; else a word that says why not. */
export function whyNoPtrace(): string | undefined {
  const probe = spawnSync('sh', [
    '-c',
    'sleep 5 & strace -p $! -e trace=none -o /dev/null & sleep 0.5; kill %2 2>/dev/null; wait %2; kill %1',
  ]);
  return /attached/.test(probe.stderr.toString('utf8')) ? undefined : PTRACE_DENIED;
}

/**
 * Attaches strace to a process, and lets calls fail with EIO: `calls` as strace names them, `when` as its `when=` (each call by
 * default), on these files alone where some are given. Resolves when every thread is attached.
 */
export async function failCalls(
  pid: number,
  options: { calls: string; when?: string; paths?: readonly string[] },
): Promise<FailingCalls> {
  const trace = join(tmpdir(), `millwatt-strace-${process.pid}-${++traces}`);
  const when = options.when === undefined ? '' : `:when=${options.when}`;
  const paths = (options.paths ?? []).flatMap((path) => ['-P', path]);
  const inject = `inject=${options.calls}:error=EIO${when}`;
  const strace = spawn(
    'strace',
    ['-f', '-p', String(pid), ...paths, '-e', `trace=${options.calls}`, '-e', inject, '-o', trace],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const closed = once(strace, 'close');
  let said = '';
  await new Promise<void>((resolve, reject) => {
    strace.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString('utf8');
      if (/Process \d+ attached/.test(said)) resolve();
    });
    strace.once('close', () => reject(new Error(`strace does not attach: ${said}`)));
  });
  return {
    release: async () => {
      strace.kill('SIGTERM');
      await closed;
      const failed = readFileSync(trace, 'latin1').match(/\(INJECTED\)/g)?.length ?? 0;
      rmSync(trace);
      return failed;
    },
  };
}
