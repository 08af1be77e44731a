import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** Debian's own Python: the one that sees Debian's pymodbus. */
const PYTHON = '/usr/bin/python3';
const RUN_DEADLINE_MS = 20_000;

/** A server that others wrote, serving one unit. */
export interface ForeignServer {
  /** What it printed when it was ready: `ready`, or the port the system gave it. */
  readonly said: string;
  stop(): Promise<void>;
}

/** Compiles `NAME.c` of this folder against libmodbus; gives back the program. */
export function compileForeign(gcc: string, name: string, folder: string): string {
  const program = join(folder, name);
  const source = join(import.meta.dirname, `${name}.c`);
  const args = ['-O1', '-Wall', '-Werror', '-o', program, source, '-lmodbus', '-lpthread'];
  const { status, stderr } = spawnSync(gcc, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${name}.c does not compile: ${stderr}`);
  return program;
}

/** libmodbus in C, as `libmodbus-server.c` says. */
export function startLibmodbusServer(program: string, args: readonly string[]): Promise<ForeignServer> {
  return start(program, args);
}

/** pymodbus in Python, as `pymodbus-server.py` says. */
export function startPymodbusServer(args: readonly string[]): Promise<ForeignServer> {
  return start(PYTHON, ['-W', 'ignore', join(import.meta.dirname, 'pymodbus-server.py'), ...args]);
}

/** Runs a client that others wrote to its end, and gives the lines it printed. */
export async function runForeignClient(
  program: string,
  args: readonly string[],
  input: readonly string[],
): Promise<string[]> {
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const timer = setTimeout(() => child.kill('SIGKILL'), RUN_DEADLINE_MS);
  child.stdin.end(`${input.join('\n')}\n`);
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString('utf8');
  });
  const [code] = await once(child, 'close');
  clearTimeout(timer);
  if (code !== 0) throw new Error(`a foreign client ended with ${String(code)} after: ${output}`);
  return output.trimEnd().split('\n');
}

/** pymodbus in Python, as `pymodbus-client.py` says. */
export function runPymodbusClient(args: readonly string[], input: readonly string[]): Promise<string[]> {
  const script = join(import.meta.dirname, 'pymodbus-client.py');
  return runForeignClient(PYTHON, ['-W', 'ignore', script, ...args], input);
}

async function start(program: string, args: readonly string[]): Promise<ForeignServer> {
  const child: ChildProcess = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const { stdout } = child;
  if (stdout === null) throw new Error('the server has no output');
  const ended = once(child, 'exit');
  const said = await Promise.race([
    once(createInterface({ input: stdout }), 'line').then(([line]) => String(line)),
    ended.then(([code]) => {
      throw new Error(`the foreign server ended at once with ${String(code)}`);
    }),
  ]);
  return {
    said,
    async stop() {
      child.stdin?.destroy();
      const timer = setTimeout(() => child.kill('SIGKILL'), 3000);
      await ended;
      clearTimeout(timer);
    },
  };
}
