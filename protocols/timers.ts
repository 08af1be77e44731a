/** Ends a timer; ending it twice does nothing. */
export type Cancel = () => void;

/**
 * Real time and what waits on it: keep-alives, back-off, deadlines, the beat of flushing and publishing. It is not the
 * clock that readings are dated by (`clock.ts`); a simulation of delivery injects both.
 */
export interface Timers {
  /** Real monotonic time, ms with fractions; never steps back. */
  nowMs(): number;
  /** Acts once, so many real ms from now. */
  after(ms: number, act: () => void): Cancel;
  /** Acts again and again, every so many real ms. */
  every(ms: number, act: () => void): Cancel;
}

/** The timers of the process. */
export const systemTimers: Timers = {
  nowMs: () => performance.now(),
  after: (ms, act) => {
    const timer = setTimeout(act, ms);
    return () => clearTimeout(timer);
  },
  every: (ms, act) => {
    const timer = setInterval(act, ms);
    return () => clearInterval(timer);
  },
};
