/**
 * Resolves on the first Ctrl-C or termination signal. A second one more than a second later ends the process at once:
 * what is durable stays durable, and the next start goes on from there.
 */
export function untilStopped(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let firstAt: number | undefined;
    const onSignal = (signal: NodeJS.Signals) => {
      if (firstAt === undefined) {
        firstAt = Date.now();
        resolve(signal);
      } else if (Date.now() - firstAt > 1000) {
        // A terminal and our launcher may both deliver the same Ctrl-C, hence the second of grace.
        process.exit(130);
      }
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
  });
}
