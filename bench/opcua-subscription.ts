/**
 * What it costs to be told by an OPC UA server: our driver, by subscription and by reading each time, against a bare
 * subscription of node-opcua that only counts. One server process changes every node each time; the listeners take turns,
 * each in a process of its own, without security (which costs both the same).
 *
 *   node bench/opcua-subscription.ts [--seconds 10] [--turns 3]
 *
 * Goals: no more than 1.5 x the bare subscription's CPU a value; the first value no later than twice as late.
 */
import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import type { ListenerFigures } from './opcua-subscription-client.ts';

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

async function startServer(
  nodes: number,
  everyMs: number,
): Promise<{ endpoint: string; end(): Promise<void> }> {
  const script = join(import.meta.dirname, 'opcua-server-process.ts');
  const child = spawn(process.execPath, [script, String(nodes), String(everyMs)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [endpoint] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return {
    endpoint,
    end: async () => {
      const gone = once(child, 'exit');
      child.stdin.end();
      await gone;
    },
  };
}

async function listen(args: readonly string[]): Promise<ListenerFigures> {
  const child = fork(join(import.meta.dirname, 'opcua-subscription-client.ts'), args, {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const gone = once(child, 'exit');
  const [figures] = (await Promise.race([
    once(child, 'message'),
    gone.then(() => {
      throw new Error(`the listener ${args[0]} ended too early`);
    }),
  ])) as [ListenerFigures];
  await gone;
  return figures;
}

function median(of: readonly number[]): number {
  return of.toSorted((a, b) => a - b)[of.length >> 1] ?? Number.NaN;
}

const folder = mkdtempSync(join(tmpdir(), 'millwatt-bench-opcua-'));
try {
  for (const { nodes, everyMs } of CASES) {
    const server = await startServer(nodes, everyMs);
    const figures: Record<(typeof LISTENERS)[number], ListenerFigures[]> = {
      bare: [],
      subscribe: [],
      read: [],
    };
    for (let turn = 0; turn < Number(flags.turns); turn++)
      for (const listener of LISTENERS)
        figures[listener].push(
          await listen([
            listener,
            server.endpoint,
            String(nodes),
            String(everyMs),
            flags.seconds,
            join(folder, listener),
          ]),
        );
    await server.end();
    process.stdout.write(`${nodes} nodes, each ${1000 / everyMs} times a second\n`);
    const bareUs = median(figures.bare.map(({ cpuUs }) => cpuUs));
    for (const listener of LISTENERS) {
      const of = (name: keyof ListenerFigures) => median(figures[listener].map((one) => one[name]));
      process.stdout.write(
        `  ${NAMES[listener].padEnd(18)} ${of('cpuUs').toFixed(2).padStart(6)} us a value (${(of('cpuUs') / bareUs).toFixed(2)} x), ` +
          `${of('valuesPerS').toFixed(0).padStart(6)} values/s, ${of('rssMb').toFixed(0).padStart(4)} MB, ` +
          `first value ${of('firstValueMs').toFixed(0)} ms, all ${of('allValuesMs').toFixed(0)} ms after connect\n`,
      );
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
