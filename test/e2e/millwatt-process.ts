import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../cli/millwatt.ts', import.meta.url));

/** A millwatt command running as a process of its own. */
export interface MillwattProcess {
  readonly pid: number;
  /** All it has written so far, stdout and stderr together. */
  output(): string;
  /** Resolves when the output matches; rejects with the output when the process ends first or the deadline passes. */
  waitFor(pattern: RegExp, deadlineMs?: number): Promise<RegExpExecArray>;
  /** SIGTERM, and the exit code. */
  stop(): Promise<number | null>;
  /** SIGKILL: what a power cut or the kernel does. */
  kill9(): Promise<void>;
  readonly exited: Promise<number | null>;
}

/** Starts `millwatt ARGS` on this very Node. */
export function startMillwatt(
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): MillwattProcess {
  const child: ChildProcess = spawn(process.execPath, [MAIN, ...args], {
    cwd: options.cwd,
    env: { ...process.env, NO_COLOR: '1', ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  const listeners = new Set<() => void>();
  const collect = (chunk: Buffer) => {
    text += chunk.toString('utf8');
    for (const listener of listeners) listener();
  };
  child.stdout?.on('data', collect);
  child.stderr?.on('data', collect);
  let ended = false;
  const exited = once(child, 'close').then(([code]) => {
    ended = true;
    for (const listener of listeners) listener();
    return code as number | null;
  });
  return {
    pid: child.pid ?? -1,
    exited,
    output: () => text,
    waitFor: (pattern, deadlineMs = 60_000) =>
      new Promise((resolve, reject) => {
        const deadline = setTimeout(
          () => finish(new Error(`no ${pattern} within ${deadlineMs} ms:\n${text}`)),
          deadlineMs,
        );
        const finish = (result: RegExpExecArray | Error) => {
          clearTimeout(deadline);
          listeners.delete(look);
          if (result instanceof Error) reject(result);
          else resolve(result);
        };
        const look = () => {
          const match = pattern.exec(text);
          if (match !== null) finish(match);
          else if (ended) finish(new Error(`the process ended without ${pattern}:\n${text}`));
        };
        listeners.add(look);
        look();
      }),
    async stop() {
      child.kill('SIGTERM');
      return exited;
    },
    async kill9() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

/** Resolves when the condition holds; rejects with what it last said. Polls every 50 ms. */
export async function eventually<T>(
  condition: () => T | Promise<T>,
  what: string,
  deadlineMs = 60_000,
): Promise<NonNullable<T>> {
  const endMs = Date.now() + deadlineMs;
  let last: unknown;
  while (Date.now() < endMs) {
    try {
      last = await condition();
      if (last !== undefined && last !== null && last !== false) return last as NonNullable<T>;
    } catch (error) {
      last = error;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(
    `not within ${deadlineMs} ms: ${what}; last: ${last instanceof Error ? last.message : JSON.stringify(last)}`,
  );
}
