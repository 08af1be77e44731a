import { Worker } from 'node:worker_threads';
import type { Pruned } from './prune-month.ts';
import type { PruneWorkerData, PruneWorkerWord } from './prune-worker.ts';

/** What came of a thread that lets readings of a month go. */
export interface PruneOutcome {
  /** The month is written anew beside itself; undefined where that failed. */
  pruned: Pruned | undefined;
  /** Why it failed. */
  message: string;
  /** The month's file is damaged: the next start salvages what is sound of it. */
  damaged: boolean;
}

/**
 * Freezes hours and writes a month anew in a thread of its own; never rejects.
 * @param onFrozen is called when frozen hours are durable
 */
export function pruneInThread(data: PruneWorkerData, onFrozen: () => void): Promise<PruneOutcome> {
  const file = import.meta.url.endsWith('.ts') ? './prune-worker.ts' : './prune-worker.js';
  const worker = new Worker(new URL(file, import.meta.url), { workerData: data, name: 'retention' });
  const outcome: PruneOutcome = { pruned: undefined, message: 'the thread ended', damaged: false };
  return new Promise((resolve) => {
    worker.on('message', (word: PruneWorkerWord) => {
      if (word.step === 'frozen') onFrozen();
      else if (word.step === 'written') outcome.pruned = word.pruned;
      else ({ message: outcome.message, damaged: outcome.damaged } = word);
    });
    worker.on('error', (error) => (outcome.message = error.message));
    worker.on('exit', () => resolve(outcome));
  });
}
