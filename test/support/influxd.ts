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
  /** Runs InfluxQL as the administrator; gives the first result's series. */
  execute(influxql: string, database?: string): Promise<InfluxdSeries[]>;
  /** Kills it (SIGKILL); its data stays, so that `restart` finds what was stored. */
  kill9(): Promise<void>;
  /** Starts it again on the same port and data. */
  restart(): Promise<void>;
  /** Ends it and removes its folder. */
  stop(): Promise<void>;
}

export interface InfluxdSeries {
  name: string;
  tags?: Record<string, string>;
  columns: string[];
  values: unknown[][];
}

const ADMIN = 'admin';
const ADMIN_PASSWORD = 'administrator-of-a-test';
const START_DEADLINE_MS = 20_000;

/**
 * Starts a real InfluxDB 1.x with its own configuration, data folder and ports on 127.0.0.1; resolves when it answers.
 * @param options `auth`: it asks for user and password; `folder`: where its data is, such as a small disk
 */
export async function startInfluxd(options: { auth?: boolean; folder?: string } = {}): Promise<Influxd> {
  const program = findTool('influxd');
  if (program === undefined) throw new Error(missingToolMessage('influxd'));
  const folder = mkdtempSync(join(options.folder ?? tmpdir(), 'millwatt-influxd-'));
  const port = await findFreePort();
  const rpcPort = await findFreePort();
  const configPath = join(folder, 'influxdb.conf');
  writeFileSync(configPath, configText(folder, port, rpcPort, options.auth === true));
  let end = await launch(program, configPath, port);
  const url = `http://127.0.0.1:${port}`;
  const execute = (influxql: string, database?: string) => ask(url, influxql, database);
  if (options.auth === true)
    await execute(`CREATE USER ${ADMIN} WITH PASSWORD '${ADMIN_PASSWORD}' WITH ALL PRIVILEGES`);
  return {
    url,
    port,
    execute,
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

async function ask(url: string, q: string, db?: string): Promise<InfluxdSeries[]> {
  const response = await fetch(`${url}/query?epoch=ms`, {
    method: 'POST',
    body: new URLSearchParams({ q, ...(db === undefined ? {} : { db }) }),
    headers: { authorization: `Basic ${Buffer.from(`${ADMIN}:${ADMIN_PASSWORD}`).toString('base64')}` },
  });
  const text = await response.text();
  const answer = JSON.parse(text) as { results?: { error?: string; series?: InfluxdSeries[] }[] };
  const [result] = answer.results ?? [];
  if (!response.ok || result?.error !== undefined) throw new Error(`influxd answered ${text}`);
  return result?.series ?? [];
}

function configText(folder: string, port: number, rpcPort: number, auth: boolean): string {
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
  auth-enabled = ${auth}
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
