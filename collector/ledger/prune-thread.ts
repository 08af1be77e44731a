import { Worker } from 'node:worker_threads';
import type { Pruned } from './prune-month.ts';
import type { PruneWorkerData, PruneWorkerWord } from './prune-worker.ts';

/** What came of a thread that lets readings of a month go. */
export interface PruneOutcome {
  /** Frozen hours are durable. */
  isFrozen: boolean;
  /** The month is written anew beside itself; undefined where that failed. */
  pruned: Pruned | undefined;
  /** Why it failed. */
  message: string;
}

/** Freezes hours and writes a month anew in a thread of its own; never rejects. */
export function pruneInThread(data: PruneWorkerData): Promise<PruneOutcome> {
  const file = import.meta.url.endsWith('.ts') ? './prune-worker.ts' : './prune-worker.js';
  const worker = new Worker(new URL(file, import.meta.url), { workerData: data, name: 'retention' });
  const outcome: PruneOutcome = { isFrozen: false, pruned: undefined, message: 'the thread ended' };
  return new Promise((resolve) => {
    worker.on('message', (word: PruneWorkerWord) => {
      if (word.step === 'frozen') outcome.isFrozen = true;
      else if (word.step === 'written') outcome.pruned = word.pruned;
      else outcome.message = word.message;
    });
    worker.on('error', (error) => (outcome.message = error.message));
    worker.on('exit', () => resolve(outcome));
  });
}
