import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findFreePort } from './mosquitto.ts';
import { findTool, missingToolMessage } from './tools.ts';

export interface Influxd {
  /** http://127.0.0.1:PORT */
  url: string;
  port: number;
  /** Kills it (SIGKILL); its data stays, so that `restart` finds what was stored. */
  kill9(): Promise<void>;
  /** Starts it again on the same port and data. */
  restart(): Promise<void>;
  /** Ends it and removes its folder. */
  stop(): Promise<void>;
}

const START_DEADLINE_MS = 20_000;

/** Starts a real InfluxDB 1.x with its own configuration, data folder and ports on 127.0.0.1; resolves when it answers. */
export async function startInfluxd(): Promise<Influxd> {
  const program = findTool('influxd');
  if (program === undefined) throw new Error(missingToolMessage('influxd'));
  const folder = mkdtempSync(join(tmpdir(), 'millwatt-influxd-'));
  const port = await findFreePort();
  const rpcPort = await findFreePort();
  const configPath = join(folder, 'influxdb.conf');
  writeFileSync(configPath, configText(folder, port, rpcPort));
  let end = await launch(program, configPath, port);
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    kill9: () => end('SIGKILL'),
    restart: async () => {
      end = await launch(program, configPath, port);
    },
    stop: async () => {
      // Its data is thrown away, so there is nothing to end in order.
      await end('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function configText(folder: string, port: number, rpcPort: number): string {
  return `
reporting-disabled = true
bind-address = "127.0.0.1:${rpcPort}"
[meta]
  dir = "${folder}/meta"
  logging-enabled = false
[data]
  dir = "${folder}/data"
  wal-dir = "${folder}/wal"
  query-log-enabled = false
[monitor]
  store-enabled = false
[http]
  bind-address = "127.0.0.1:${port}"
  log-enabled = false
[logging]
  level = "error"
`;
}

async function launch(
  program: string,
  configPath: string,
  port: number,
): Promise<(signal: 'SIGTERM' | 'SIGKILL') => Promise<void>> {
  const child = spawn(program, ['-config', configPath], { stdio: ['ignore', 'ignore', 'pipe'] });
  let output = '';
  child.stderr.on('data', (chunk: Buffer) => {
    output = (output + chunk.toString('utf8')).slice(-10_000);
  });
  const killWithUs = () => child.kill('SIGKILL');
  process.once('exit', killWithUs);
  let ended = false;
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => {
      ended = true;
      process.removeListener('exit', killWithUs);
      resolve();
    });
  });
  const deadlineMs = Date.now() + START_DEADLINE_MS;
  while (!(await answers(port))) {
    if (ended || Date.now() > deadlineMs) {
      child.kill('SIGKILL');
      throw new Error(`influxd did not start on port ${port}: ${output.trim()}`);
    }
    await new Promise((resolve) => {
      setTimeout(resolve, 50);
    });
  }
  return async (signal) => {
    child.kill(signal);
    await exited;
  };
}

async function answers(port: number): Promise<boolean> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/ping`, { signal: AbortSignal.timeout(1000) });
    await response.arrayBuffer();
    return response.status === 204;
  } catch {
    return false;
  }
}
