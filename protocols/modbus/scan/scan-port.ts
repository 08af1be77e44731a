import { connect } from 'node:net';

/** Whether a TCP port lets anybody in. */
export type PortState = 'open' | 'closed' | 'silent';

/** Connects and hangs up at once; never rejects. Ends as `silent` when the signal is aborted. */
export function tryTcpPort(
  host: string,
  port: number,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<PortState> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const finish = (state: PortState) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      socket.destroy();
      resolve(state);
    };
    const onAbort = () => finish('silent');
    const timer = setTimeout(() => finish('silent'), timeoutMs);
    signal.addEventListener('abort', onAbort, { once: true });
    socket.on('connect', () => finish('open'));
    socket.on('error', (error: NodeJS.ErrnoException) =>
      finish(error.code === 'ECONNREFUSED' ? 'closed' : 'silent'),
    );
  });
}
