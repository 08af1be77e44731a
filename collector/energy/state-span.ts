import type { OperatingState } from '../../protocols/telemetry/operating-state.ts';

/**
 * What decided a state: `power` below what the machine draws when it is off; the `warmUp` flag; another word of the
 * `control`; power `bands`; `bridged`: the control was silent so briefly, and then said the same again, that it went on; `none`: nothing, it
 * is unknown.
 */
export const DECIDERS = ['power', 'warmUp', 'control', 'bands', 'bridged', 'none'] as const;
export type Decider = (typeof DECIDERS)[number];

/** A stretch of one state, and what decided it. Spans of a machine follow each other without holes. */
export interface StateSpan {
  /** Wall ms. */
  fromMs: number;
  toMs: number;
  state: OperatingState;
  decider: Decider;
  /** In the source's own words: `mill-1.control.execution=ACTIVE`, `below 50 W`, `400 W to 1500 W, calibration 2`; for `none` the word that told no state, or nothing. */
  basis: string;
}

/** The same spans with those joined that follow each other and say the same. */
export function joinSpans(spans: readonly StateSpan[]): StateSpan[] {
  const joined: StateSpan[] = [];
  for (const span of spans) {
    const last = joined[joined.length - 1];
    if (last !== undefined && last.toMs === span.fromMs && saySame(last, span)) last.toMs = span.toMs;
    else joined.push({ ...span });
  }
  return joined;
}

function saySame(a: StateSpan, b: StateSpan): boolean {
  return a.state === b.state && a.decider === b.decider && a.basis === b.basis;
}
