import { setFlagsFromString } from 'node:v8';

/** Nothing that runs for long is loaded after this, real ms. */
const STARTED_MS = 5000;
/** From so many polls a second on, a small heap costs more CPU than its memory is worth: a seventh at 500, a fifth at 1500. */
const BUSY_POLLS_PER_SECOND = 300;
/** Garbage that the old generation may hold before it is collected, % of what lives. V8's own limit is about 100. */
const GARBAGE_PERCENT = 40;

/**
 * Keeps garbage from widening the heap for good: V8 doubles its young generation while modules are loaded and
 * configurations checked, and never gives it back (up to 27 MB), and lets the old one grow to twice what lives in it. To
 * be called before the command is imported.
 */
export function startWithSmallHeap(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
  setFlagsFromString(`--heap-growing-percent=${GARBAGE_PERCENT}`);
}

/** Gives V8 its own defaults again, once started, where the work is worth a heap that grows with it. */
export function growHeapFor(pollsPerSecond: number): void {
  if (pollsPerSecond < BUSY_POLLS_PER_SECOND) return;
  setTimeout(() => {
    setFlagsFromString('--semi-space-growth-factor=2');
    setFlagsFromString('--heap-growing-percent=0');
  }, STARTED_MS).unref();
}
