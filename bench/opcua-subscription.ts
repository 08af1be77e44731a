/**
 * What it costs to be told by an OPC UA server: our driver, by subscription and by reading each time, against a bare
 * subscription of node-opcua that only counts. One server process changes every node each time; the listeners take turns,
 * each in a process of its own, without security (which costs both the same).
 *
 *   node bench/opcua-subscription.ts [--seconds 10] [--turns 3]
 *
 * Goals, at 1,000 nodes ten times a second: no more than 1.5 x the bare subscription's CPU a value; the first value no
 * later than the bare one's. Once a second little of the code is ever compiled, so a value costs more there.
 */
import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import type { Listener, ListenerFigures } from './opcua-subscription-client.ts';

const { values: flags } = parseArgs({
  options: {
    seconds: { type: 'string', default: '10' },
    turns: { type: 'string', default: '3' },
    help: { type: 'boolean', default: false },
  },
});
const CASES = [
  { nodes: 1000, everyMs: 100 },
  { nodes: 5000, everyMs: 1000 },
] as const;
const LISTENERS = ['bare', 'subscribe', 'read'] as const;
const NAMES = { bare: 'bare subscription', subscribe: 'ours, subscribed', read: 'ours, reading' } as const;

if (flags.help) {
  process.stdout.write('node bench/opcua-subscription.ts [--seconds 10] [--turns 3]\n');
  process.exit();
}

interface BenchServer {
  endpoint: string;
  /** Values that it has told so far. */
  told(): Promise<number>;
  end(): Promise<void>;
}

async function startServer(nodes: number, everyMs: number): Promise<BenchServer> {
  const script = join(import.meta.dirname, 'opcua-server-process.ts');
  const child = spawn(process.execPath, [script, String(nodes), String(everyMs)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout });
  const [endpoint] = (await once(lines, 'line')) as [string];
  return {
    endpoint,
    told: async () => {
      const answer = once(lines, 'line');
      child.stdin.write('told\n');
      return Number((await answer)[0]);
    },
    end: async () => {
      const gone = once(child, 'exit');
      child.stdin.end();
      await gone;
    },
  };
}

/** What a listener cost, and how many values it was told or read meanwhile. */
async function listen(
  server: BenchServer,
  listener: Listener,
  args: readonly string[],
): Promise<ListenerFigures & { values: number }> {
  const child = fork(
    join(import.meta.dirname, 'opcua-subscription-client.ts'),
    [listener, server.endpoint, ...args],
    { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] },
  );
  const gone = once(child, 'exit');
  const next = async <Message>() =>
    (
      await Promise.race([
        once(child, 'message') as Promise<[Message]>,
        gone.then(() => {
          throw new Error(`the listener ${listener} ended too early`);
        }),
      ])
    )[0];
  await next<string>();
  const before = await server.told();
  const figures = await next<ListenerFigures>();
  const told = (await server.told()) - before;
  child.send('end');
  await gone;
  return { ...figures, values: listener === 'read' ? figures.polled : told };
}

function median(of: readonly number[]): number {
  return of.toSorted((a, b) => a - b)[of.length >> 1] ?? Number.NaN;
}

const folder = mkdtempSync(join(tmpdir(), 'millwatt-bench-opcua-'));
try {
  for (const { nodes, everyMs } of CASES) {
    const server = await startServer(nodes, everyMs);
    const figures: Record<Listener, Awaited<ReturnType<typeof listen>>[]> = {
      bare: [],
      subscribe: [],
      read: [],
    };
    for (let turn = 0; turn < Number(flags.turns); turn++)
      for (const listener of LISTENERS)
        figures[listener].push(
          await listen(server, listener, [
            String(nodes),
            String(everyMs),
            flags.seconds,
            join(folder, listener),
          ]),
        );
    await server.end();
    process.stdout.write(`${nodes} nodes, each ${1000 / everyMs} times a second\n`);
    const costUs = (listener: Listener) =>
      median(figures[listener].map(({ cpuUs, values }) => cpuUs / values));
    for (const listener of LISTENERS) {
      const of = (figure: (one: (typeof figures)[Listener][number]) => number) =>
        median(figures[listener].map(figure)).toFixed(0);
      process.stdout.write(
        `  ${NAMES[listener].padEnd(18)} ${costUs(listener).toFixed(2).padStart(6)} us a value (${(costUs(listener) / costUs('bare')).toFixed(2)} x), ` +
          `${of(({ values, ms }) => (values / ms) * 1000).padStart(6)} values/s, ${of(({ rssMb }) => rssMb).padStart(4)} MB, ` +
          `first value ${of(({ firstValueMs }) => firstValueMs)} ms, all ${of(({ allValuesMs }) => allValuesMs)} ms after connect\n`,
      );
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
