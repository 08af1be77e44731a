import { setFlagsFromString } from 'node:v8';

/** Nothing that runs for long is loaded after this, real ms. */
const STARTED_MS = 5000;

/**
 * Keeps the garbage of a start from widening the heap for good: V8 doubles its young generation while modules are loaded
 * and configurations checked, and never gives it back (13 of 109 MB of an agent with one meter). To be called before the
 * command is imported. A few seconds later V8 has its own default (2) again, and grows as far as the work needs.
 */
export function startWithSmallHeap(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
  setTimeout(() => setFlagsFromString('--semi-space-growth-factor=2'), STARTED_MS).unref();
}
