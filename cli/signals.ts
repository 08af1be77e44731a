import { once } from 'node:events';

/**
 * Aborted by the first Ctrl-C or termination signal; its reason is the signal's name. A second one more than a second
 * later ends the process at once: what is durable stays durable, and the next start goes on from there.
 */
export function listenForStop(): AbortSignal {
  const controller = new AbortController();
  let firstAt: number | undefined;
  const onSignal = (signal: NodeJS.Signals) => {
    if (firstAt === undefined) {
      firstAt = Date.now();
      controller.abort(signal);
    } else if (Date.now() - firstAt > 1000) {
      // A terminal and our launcher may both deliver the same Ctrl-C, hence the second of grace.
      process.exit(130);
    }
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
  return controller.signal;
}

/** Resolves when the signal is aborted, or after the span, ms, whichever comes first. */
export async function untilAborted(signal: AbortSignal, spanMs?: number): Promise<void> {
  if (signal.aborted) return;
  const timer = new AbortController();
  const aborted = once(signal, 'abort', { signal: timer.signal }).catch(() => {});
  const pause =
    spanMs === undefined
      ? []
      : [
          new Promise<void>((resolve) => {
            const handle = setTimeout(resolve, spanMs);
            timer.signal.addEventListener('abort', () => clearTimeout(handle), { once: true });
          }),
        ];
  await Promise.race([aborted, ...pause]);
  timer.abort();
}
