import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** Code that was compiled once is kept here, so that a start is mostly ours and not the compiler's. */
const CACHE = fileURLToPath(new URL('../../node_modules/.cache/millwatt-kill', import.meta.url));
const ENV = { ...process.env, NODE_COMPILE_CACHE: CACHE };
const UP_WITHIN_MS = 60_000;

/** Runs a script to an end that is in order: only such an end keeps what was compiled. */
export function warmUp(script: string, args: readonly string[]): void {
  const { status, stderr } = spawnSync(process.execPath, [script, ...args], { env: ENV, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${script} does not start: ${stderr}`);
}

/** A process to be killed and started again and again; what it says on stdout comes line by line. */
export class KillChild {
  /** From the start of the process to its being at work, ms, by its own clock; one a start that came so far. */
  readonly upMs: number[] = [];
  /** The same in time of the processor, which does not depend on who else is at work. */
  readonly upCpuMs: number[] = [];
  readonly #script: string;
  readonly #onLine: (line: string) => void;
  #child: ChildProcess | undefined;
  #closed: Promise<unknown> = Promise.resolve();
  #up: Promise<void> = Promise.resolve();

  constructor(script: string, onLine: (line: string) => void = () => {}) {
    this.#script = script;
    this.#onLine = onLine;
  }

  start(args: readonly string[]): void {
    const child = spawn(process.execPath, [this.#script, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: ENV,
    });
    this.#child = child;
    this.#closed = once(child, 'close');
    let errors = '';
    child.stderr.on('data', (chunk: Buffer) => {
      errors = (errors + chunk.toString('utf8')).slice(-4000);
    });
    this.#up = new Promise((resolve, reject) => {
      const tooLate = setTimeout(
        () => reject(new Error(`${this.#script} was not up in time: ${errors}`)),
        UP_WITHIN_MS,
      );
      let rest = '';
      child.stdout.on('data', (chunk: Buffer) => {
        const lines = (rest + chunk.toString('utf8')).split('\n');
        // A line that was cut by the kill was not said.
        rest = lines.pop() ?? '';
        for (const line of lines) {
          if (!line.startsWith('up ')) {
            this.#onLine(line);
            continue;
          }
          const [, ms, cpuMs] = line.split(' ').map(Number);
          this.upMs.push(ms ?? NaN);
          this.upCpuMs.push(cpuMs ?? NaN);
          clearTimeout(tooLate);
          resolve();
        }
      });
      child.once('close', (code, signal) => {
        clearTimeout(tooLate);
        if (signal === 'SIGKILL') resolve();
        else reject(new Error(`${this.#script} ended by itself with ${code ?? signal}: ${errors}`));
      });
    });
    // Whoever waits hears of it; a kill may come before anybody does.
    this.#up.catch(() => {});
  }

  /** Of the process that was started last; -1 before. */
  get pid(): number {
    return this.#child?.pid ?? -1;
  }

  /** Resolves when it is at work, or was killed; rejects when it ended by itself. */
  up(): Promise<void> {
    return this.#up;
  }

  async kill9(): Promise<void> {
    this.#child?.kill('SIGKILL');
    await this.#closed;
    await this.#up;
  }

  /** SIGTERM; rejects unless it ends in order. */
  async stop(): Promise<void> {
    await this.#up;
    const child = this.#child;
    child?.kill('SIGTERM');
    await this.#closed;
    if (child !== undefined && child.exitCode !== 0)
      throw new Error(`${this.#script} ended with ${child.exitCode ?? child.signalCode}`);
  }

  /** Ends it whatever it does; never rejects. */
  async end(): Promise<void> {
    if (this.#child?.exitCode === null && this.#child.signalCode === null) this.#child.kill('SIGKILL');
    await this.#closed;
  }
}
