import { ApiError } from './api-error.ts';

/** Lets work of one kind in, a few at a time. */
export interface WorkGate {
  /**
   * Resolves, in the order of asking, once there is room, with what has to be called when the work is done. Throws an
   * ApiError (503) where too many wait already, and at once for whoever has left.
   */
  enter(left: AbortSignal): Promise<() => void>;
}

/** A gate for work that keeps the collector busy: more at once would finish none of it sooner. */
export function createWorkGate({ atOnce, waiting }: { atOnce: number; waiting: number }): WorkGate {
  let inside = 0;
  const queue: { open: () => void }[] = [];
  const leave = (): (() => void) => {
    let isDone = false;
    return () => {
      if (isDone) return;
      isDone = true;
      inside -= 1;
      queue.shift()?.open();
    };
  };
  return {
    enter: (left) => {
      if (left.aborted) return Promise.reject(gone());
      if (inside < atOnce) {
        inside += 1;
        return Promise.resolve(leave());
      }
      if (queue.length >= waiting)
        return Promise.reject(
          new ApiError(503, 'Too many are asking for this just now.', 'Ask again in half a minute.'),
        );
      return new Promise((resolve, reject) => {
        const place = {
          open: () => {
            left.removeEventListener('abort', giveUp);
            inside += 1;
            resolve(leave());
          },
        };
        const giveUp = () => {
          queue.splice(queue.indexOf(place), 1);
          reject(gone());
        };
        left.addEventListener('abort', giveUp, { once: true });
        queue.push(place);
      });
    },
  };
}

/** Nobody reads this: the connection is closed. */
export function gone(): ApiError {
  return new ApiError(499, 'Whoever asked has left.', 'Ask again.');
}
