import { setImmediate } from 'node:timers/promises';

const STEPS_A_TURN = 32;

/** Runs work that yields its share, 0..1, with a turn for Ctrl-C and the bar after every so many steps. Rejects when aborted. */
export async function takeTurns<T>(
  steps: Generator<number, T>,
  show: (share: number) => void,
  signal: AbortSignal,
  stepsATurn = STEPS_A_TURN,
): Promise<T> {
  try {
    for (let count = 1; ; count++) {
      const step = steps.next();
      if (step.done === true) return step.value;
      if (count % stepsATurn !== 0) continue;
      show(step.value);
      await setImmediate();
      signal.throwIfAborted();
    }
  } finally {
    // Closes what it has open, where it did not end by itself.
    steps.return(undefined as never);
  }
}
