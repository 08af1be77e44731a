import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LongKind } from './kinds.ts';
import { mergeFigures, type Figures } from './long-record.ts';

/** How a piece ended. */
export type PieceEnd =
  | { kind: 'passed'; done: number; seconds: number; figures: Figures }
  | { kind: 'failed'; message: string; command: string; output: string }
  | { kind: 'interrupted' };

const END_WITHIN_MS = 10_000;

/** Runs one piece of a kind in a folder that holds the repository; an abort ends it within seconds. */
export async function runPiece(
  kind: LongKind,
  piece: { from: number; to: number },
  around: { folder: string; signal: AbortSignal },
): Promise<PieceEnd> {
  const own = mkdtempSync(join(tmpdir(), 'millwatt-piece-'));
  const figuresFile = join(own, 'figures');
  const env = kind.env(piece);
  const files = kind.filesOf?.(piece) ?? kind.files;
  const startedMs = performance.now();
  const child = spawn(
    process.execPath,
    ['node_modules/vitest/vitest.mjs', 'run', ...files, '--maxWorkers=1'],
    {
      cwd: around.folder,
      env: {
        ...process.env,
        ...env,
        NO_COLOR: '1',
        MILLWATT_TEST_LONG: '1',
        // A test that cannot find its tool has not run.
        MILLWATT_REQUIRE_TOOLS: '1',
        MILLWATT_LONG_FIGURES: figuresFile,
        // What a test that is ended leaves behind goes with the piece.
        TMPDIR: own,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
      // A group of its own: what a terminal sends on Ctrl-C is for us, and we end the piece.
      detached: true,
    },
  );
  let output = '';
  const gather = (chunk: Buffer) => {
    output = (output + chunk.toString('utf8')).slice(-200_000);
  };
  child.stdout.on('data', gather);
  child.stderr.on('data', gather);
  const end = (signal: NodeJS.Signals) => {
    if (child.pid === undefined) return;
    try {
      process.kill(-child.pid, signal);
    } catch {
      // The group has ended.
    }
  };
  let timer: NodeJS.Timeout | undefined;
  const onAbort = () => {
    end('SIGTERM');
    timer = setTimeout(() => end('SIGKILL'), END_WITHIN_MS);
  };
  around.signal.addEventListener('abort', onAbort);
  if (around.signal.aborted) onAbort();
  const [code] = (await once(child, 'close')) as [number | null];
  around.signal.removeEventListener('abort', onAbort);
  clearTimeout(timer);
  // Whatever the tests left behind in their group.
  end('SIGKILL');
  const told = existsSync(figuresFile) ? readFileSync(figuresFile, 'utf8').trim().split('\n') : [];
  rmSync(own, { recursive: true, force: true });
  if (around.signal.aborted) return { kind: 'interrupted' };

  const command = replayOf(output) ?? commandOf(env, files);
  if (code !== 0) return { kind: 'failed', message: failureIn(output), command, output };
  const all = told.map((line) => JSON.parse(line) as Figures).reduce(mergeFigures, {});
  const { done = kind.isSilent === true ? piece.to - piece.from : 0, ...figures } = all;
  if (done === 0) return { kind: 'failed', message: 'It passed, but told of nothing done.', command, output };
  return { kind: 'passed', done, seconds: Math.round((performance.now() - startedMs) / 1000), figures };
}

function commandOf(env: Record<string, string>, files: readonly string[]): string {
  const settings = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  return [...settings, 'MILLWATT_TEST_LONG=1 npx vitest run', ...files].join(' ');
}

/** The command that a failing test names by itself: it is narrower than ours. */
function replayOf(output: string): string | undefined {
  const said = /MILLWATT_[A-Z_]+=\S+ (?:[A-Z_]+=\S+ )*(?:npx )?vitest run [^\n"'`;]+/
    .exec(output)?.[0]
    ?.trim();
  return said?.replace(/ (npx )?vitest run/, ' npx vitest run');
}

/** What a person reads first: the error, or else the test that failed. */
function failureIn(output: string): string {
  const lines = output.split('\n').map((line) => line.trim());
  const line =
    lines.find((text) => /^\w*Error: /.test(text)) ??
    lines.find((text) => text.startsWith('× ')) ??
    lines.at(-1);
  return (line === undefined || line === '' ? 'It failed without a word.' : line).slice(0, 300);
}
