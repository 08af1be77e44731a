import type { Clock } from '../clock.ts';

/** A moment by both faces of the injected clock. */
export interface Moment {
  wallMs: number;
  monotonicMs: number;
}

/** Now. */
export function readMoment(clock: Pick<Clock, 'wallMs' | 'monotonicMs'>): Moment {
  return { wallMs: clock.wallMs(), monotonicMs: clock.monotonicMs() };
}
