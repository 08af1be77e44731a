const EVERY_MS = 60_000;

/**
 * Lets the first call through, and after that one a minute with the number of those that were not: strangers decide how
 * often they knock, and must not decide how much we write.
 */
export function createSeldom(nowMs: () => number): (say: (unsaid: number) => void) => void {
  let saidMs = -Infinity;
  let unsaid = 0;
  return (say) => {
    if (nowMs() - saidMs < EVERY_MS) {
      unsaid++;
      return;
    }
    saidMs = nowMs();
    say(unsaid);
    unsaid = 0;
  };
}
