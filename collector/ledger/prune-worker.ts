import { parentPort, workerData } from 'node:worker_threads';
import { describeError } from '../../protocols/errors.ts';
import { writeFrozen, type FrozenMachine } from './frozen-store.ts';
import { markDamaged } from './month-file.ts';
import { isDamage } from './month-schema.ts';
import { pruneMonth, type LettingGo, type Pruned } from './prune-month.ts';

/** What the thread is started with. */
export interface PruneWorkerData {
  /** Where frozen hours are kept, and the views that hold them now. */
  frozenPath: string;
  viewsPath: string;
  frozen: readonly FrozenMachine[];
  monthPath: string;
  newPath: string;
  letting: LettingGo;
}

/** What the thread tells, step by step. */
export type PruneWorkerWord =
  | { step: 'frozen' }
  | { step: 'written'; pruned: Pruned }
  /** `damaged`: it is the month's file that cannot be read, and is noted to be so. */
  | { step: 'failed'; message: string; damaged: boolean };

const port = parentPort;
if (port === null) throw new Error('prune-worker runs only as a worker thread');
const data = workerData as PruneWorkerData;
const say = (word: PruneWorkerWord) => port.postMessage(word);
let isReading = false;
try {
  // First what cannot be computed again, then what it was computed from.
  writeFrozen(data.frozenPath, data.viewsPath, data.frozen);
  say({ step: 'frozen' });
  isReading = true;
  const steps = pruneMonth(data.monthPath, data.newPath, data.letting);
  let step = steps.next();
  while (step.done !== true) step = steps.next();
  say({ step: 'written', pruned: step.value });
} catch (error) {
  const damaged = isReading && isDamage(error);
  if (damaged) markDamaged(data.monthPath);
  say({ step: 'failed', message: describeError(error), damaged });
}
