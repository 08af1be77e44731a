import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findTool, missingToolMessage } from './tools.ts';

/** Where one broker lives: its port on 127.0.0.1 and a folder of its own (persistence in `folder/data`). */
export interface MosquittoPlace {
  port: number;
  folder: string;
}

export interface Mosquitto extends MosquittoPlace {
  /** mqtt://127.0.0.1:PORT */
  url: string;
  /** What the broker wrote so far. */
  output(): string;
  /** Ends it in order and removes its folder. */
  stop(): Promise<void>;
  /** Kills it (SIGKILL); its folder stays, so that `restart` finds what was saved. */
  kill9(): Promise<void>;
  /** Starts it again on the same port and folder, ending it in order first where it still runs. */
  restart(): Promise<void>;
}

const START_DEADLINE_MS = 10_000;
const STOP_DEADLINE_MS = 5000;

/**
 * Starts a real mosquitto on 127.0.0.1 and resolves when it accepts connections. Without options: anonymous, a free
 * port, persistence in a temporary folder (autosave 1 s, 100,000 queued messages).
 *
 * @param options.config extra lines for the configuration file
 * @param options.port the port to take; a free one by default
 * @param options.write writes the whole configuration instead, and may put files into the folder
 */
export async function startMosquitto(
  options: { config?: string; port?: number; write?: (place: MosquittoPlace) => string } = {},
): Promise<Mosquitto> {
  const program = findTool('mosquitto');
  if (program === undefined) throw new Error(missingToolMessage('mosquitto'));
  const folder = mkdtempSync(join(tmpdir(), 'millwatt-mosquitto-'));
  mkdirSync(join(folder, 'data'));

  let port = options.port ?? 0;
  const launch = (): Promise<Running> => {
    const text = options.write?.({ port, folder }) ?? plainConfig({ port, folder }, options.config ?? '');
    // Started by root, mosquitto would become a user who cannot write our folder; for anyone else the line means nothing.
    const path = join(folder, 'test.conf');
    writeFileSync(path, `${text}\nuser root\n`);
    return run(program, path, port);
  };
  const launchOnFreePort = async (attempts: number): Promise<Running> => {
    if (options.port === undefined) port = await findFreePort();
    try {
      return await launch();
    } catch (error) {
      // Another process may take a port between our finding it free and mosquitto binding it.
      if (attempts > 1 && options.port === undefined && String(error).includes('in use'))
        return launchOnFreePort(attempts - 1);
      rmSync(folder, { recursive: true, force: true });
      throw error;
    }
  };
  let running = await launchOnFreePort(5);

  return {
    port,
    folder,
    url: `mqtt://127.0.0.1:${port}`,
    output: () => running.output(),
    stop: async () => {
      await running.end('SIGTERM');
      rmSync(folder, { recursive: true, force: true });
    },
    kill9: () => running.end('SIGKILL'),
    restart: async () => {
      await running.end('SIGTERM');
      running = await launch();
    },
  };
}

function plainConfig({ port, folder }: MosquittoPlace, extra: string): string {
  const lines = [
    `listener ${port} 127.0.0.1`,
    'persistence true',
    `persistence_location ${join(folder, 'data')}/`,
    'autosave_interval 1',
    'max_queued_messages 100000',
  ];
  if (!/^\s*allow_anonymous\b/m.test(extra)) lines.push('allow_anonymous true');
  return [...lines, extra].join('\n');
}

interface Running {
  output(): string;
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>;
}

async function run(program: string, configPath: string, port: number): Promise<Running> {
  const child = spawn(program, ['-c', configPath], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  const gather = (chunk: Buffer) => {
    output = (output + chunk.toString('utf8')).slice(-100_000);
  };
  child.stdout.on('data', gather);
  child.stderr.on('data', gather);
  const killWithUs = () => child.kill('SIGKILL');
  process.once('exit', killWithUs);
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => {
      process.removeListener('exit', killWithUs);
      resolve();
    });
  });

  const deadlineMs = Date.now() + START_DEADLINE_MS;
  while (!(await accepts(port))) {
    if (child.exitCode !== null || child.signalCode !== null || Date.now() > deadlineMs) {
      child.kill('SIGKILL');
      await exited;
      throw new Error(`mosquitto did not start on port ${port}: ${output.trim()}`);
    }
    await pause(20);
  }
  // A stranger on the port would also have answered; ours says so when it cannot bind.
  await pause(20);
  if (child.exitCode !== null) throw new Error(`mosquitto ended at once: ${output.trim()}`);
  return { output: () => output, end: (signal) => end(child, exited, signal) };
}

async function end(child: ChildProcess, exited: Promise<void>, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  child.kill(signal);
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_DEADLINE_MS);
  await exited;
  clearTimeout(timer);
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/** A TCP port of 127.0.0.1 that was free a moment ago. */
export function findFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
