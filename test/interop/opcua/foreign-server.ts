import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ASYNCUA_PYTHON, MILO_CLASSES, MILO_LIBRARIES } from './installed.ts';

/** Libraries whose servers are tried; both programs obey the same orders. */
export const LIBRARIES = ['asyncua', 'milo'] as const;
export type Library = (typeof LIBRARIES)[number];

export type Policy = 'None' | 'Basic256Sha256' | 'Aes256_Sha256_RsaPss';

/** What the server is, as its one argument. */
export interface ForeignOptions {
  /** Where certificates are kept. */
  folder: string;
  /** Wall ms at which its counter began. */
  originMs: number;
  /** Policies it offers, encrypted and signed except `None`; `None` alone by default. */
  security?: readonly Policy[];
  user?: { name: string; password: string };
  /** Serves a machine tool beside the meter. */
  machineTool?: boolean;
  /** Takes no client's certificate. */
  stranger?: boolean;
  /** Has another namespace before the others, so that all of them are numbered otherwise. */
  renumbered?: boolean;
}

/** What the machine tool says. */
export interface MachineWords {
  state?: 'Initializing' | 'Running' | 'Interrupted' | 'Ended' | 'Aborted';
  /** Of the machine as such (OPC 40001-1). */
  item?: 'NotAvailable' | 'OutOfService' | 'NotExecuting' | 'Executing';
  mode?: number;
  warmUp?: boolean;
  program?: string;
  parts?: number;
}

/** What an order may be; `stop` and `start` keep port, words and counter. */
type Order =
  | { do: 'stop' | 'dropSessions' | 'dropConnections' | 'counts' }
  | { do: 'start'; certificate?: 'same' | 'new'; stranger?: boolean; renumbered?: boolean }
  | { do: 'tell'; words: MachineWords }
  | { do: 'status'; node: string; code: number }
  | { do: 'add' | 'remove'; node: string };

/** An OPC UA server that others wrote, in a process of its own. */
export interface ForeignServer {
  readonly endpoint: string;
  readonly originMs: number;
  order(order: Order): Promise<void>;
  /** What clients hold just now, and how many sessions there ever were. */
  counts(): Promise<{ connections: number; subscriptions: number; sessionsEver: number }>;
  /** Stops the whole process where it is: sockets stay, nothing is answered. */
  fallSilent(): void;
  wake(): void;
  close(): Promise<void>;
}

const ANSWER_MS = 30_000;

/** Starts a server; resolves when it listens. */
export async function startForeign(library: Library, options: ForeignOptions): Promise<ForeignServer> {
  const [program, args] = commandOf(library);
  const { machineTool = false, ...rest } = options;
  const nodeSets = join(import.meta.dirname, '../../../node_modules/node-opcua-nodesets/nodesets');
  const child = spawn(program, [...args, JSON.stringify({ ...rest, ...(machineTool ? { nodeSets } : {}) })], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const ended = once(child, 'exit');
  let complaints = '';
  child.stderr.on('data', (chunk: Buffer) => {
    complaints = `${complaints}${chunk.toString('utf8')}`.slice(-4000);
  });
  const waiting = new Map<number, (answer: Record<string, unknown>) => void>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    const answer = JSON.parse(line) as Record<string, unknown>;
    waiting.get(Number(answer['id']))?.(answer);
  });

  const answerTo = (id: number) =>
    new Promise<Record<string, unknown>>((resolve, reject) => {
      const fail = (why: string) => reject(new Error(`${library} ${why}: ${complaints}`));
      const timer = setTimeout(() => fail('does not answer'), ANSWER_MS);
      waiting.set(id, (answer) => {
        clearTimeout(timer);
        waiting.delete(id);
        if (answer['error'] === undefined) resolve(answer);
        else fail(JSON.stringify(answer['error']));
      });
      ended.then(
        ([code]) => fail(`ended with ${String(code)}`),
        () => {},
      );
    });
  let lastId = 0;
  const ask = (order: Order) => {
    lastId += 1;
    const answer = answerTo(lastId);
    child.stdin.write(`${JSON.stringify({ id: lastId, ...order })}\n`);
    return answer;
  };

  const ready = await answerTo(0);
  return {
    endpoint: String(ready['endpoint']),
    originMs: options.originMs,
    order: async (order) => void (await ask(order)),
    counts: async () => {
      const { connections, subscriptions, sessionsEver } = await ask({ do: 'counts' });
      return {
        connections: Number(connections),
        subscriptions: Number(subscriptions),
        sessionsEver: Number(sessionsEver),
      };
    },
    fallSilent: () => void child.kill('SIGSTOP'),
    wake: () => void child.kill('SIGCONT'),
    close: () => closeProcess(child, ended),
  };
}

function commandOf(library: Library): [program: string, args: string[]] {
  if (library === 'asyncua')
    return [ASYNCUA_PYTHON, ['-B', '-W', 'ignore', join(import.meta.dirname, 'asyncua', 'server.py')]];
  const classPath = `${MILO_CLASSES}:${join(MILO_LIBRARIES, '*')}`;
  // One collector thread and the quick compiler only: it starts faster, and others need the cores.
  return [
    'java',
    ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xmx256m', '-cp', classPath, 'foreign.Foreign'],
  ];
}

async function closeProcess(child: ChildProcess, ended: Promise<unknown>): Promise<void> {
  child.kill('SIGCONT');
  child.stdin?.end();
  const timer = setTimeout(() => child.kill('SIGKILL'), 3000);
  await ended;
  clearTimeout(timer);
}
