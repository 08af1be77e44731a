import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

/** The kernel counts CPU in ticks of 10 ms. */
const MS_PER_TICK = 10;

/** A process of bench/line.ts that answers questions. */
export interface Asked {
  pid: number;
  ask<Answer>(question: string): Promise<Answer>;
  /** Ends it in order, so that a profile is written. */
  end(): Promise<void>;
}

/** Starts a script of this folder; resolves when it answers `ready`. */
export async function startAsked(script: string, args: string[], profileFolder?: string): Promise<Asked> {
  const child: ChildProcess = fork(join(import.meta.dirname, script), args, {
    execArgv: profileFolder === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileFolder}`],
  });
  const killWithUs = () => child.kill('SIGKILL');
  process.once('exit', killWithUs);
  const gone = once(child, 'exit').then(() => {
    process.removeListener('exit', killWithUs);
  });
  const lost = gone.then(() => {
    throw new Error(`${script} ended too early`);
  });
  lost.catch(() => {});
  const ask = async <Answer>(question: string): Promise<Answer> => {
    child.send(question);
    const [answer] = (await Promise.race([once(child, 'message'), lost])) as [Answer];
    return answer;
  };
  await ask('ready');
  return {
    pid: child.pid ?? -1,
    ask,
    end: async () => {
      child.disconnect();
      await gone;
    },
  };
}

/** In the started process: answers each question by its name, and ends when the parent lets go. */
export function answerQuestions(answers: Record<string, () => unknown>): void {
  process.on('message', (question: string) => {
    void (async () => process.send?.((await answers[question]?.()) ?? null))();
  });
  process.on('disconnect', () => process.exit());
}

/** Waits until the condition holds, or the deadline has passed. */
export async function waitUntil(condition: () => boolean, deadlineMs: number): Promise<void> {
  const endMs = performance.now() + deadlineMs;
  while (!condition() && performance.now() < endMs) await pause(20);
}

/** CPU of all threads of a process since its start, ms. */
export function readCpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK;
}

/** Resident memory of a process, MB. */
export function readRssMb(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
}

/** The process of that program that this one started last. */
export function findChild(program: string): number {
  const own = readdirSync('/proc').filter((name) => {
    if (!/^\d+$/.test(name)) return false;
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      return stat.includes(`(${program})`) && stat.split(') ').at(-1)?.split(' ')[1] === String(process.pid);
    } catch {
      return false; // It ended while we looked.
    }
  });
  const pid = Math.max(...own.map(Number));
  if (!Number.isFinite(pid)) throw new Error(`${program} does not run`);
  return pid;
}
