import { OPERATING_STATES, type OperatingState } from '../../protocols/telemetry/operating-state.ts';
import { byState } from '../energy/by-state.ts';
import { HOUR_MS, MINUTE_MS } from '../energy/hour-account.ts';
import type { MachineHour } from '../energy/machine-hour.ts';
import { DECIDERS } from '../energy/state-span.ts';
import type { PeriodSource } from './period-source.ts';

/** One stretch lasts a millisecond at least. */
const SPANS_MAX = HOUR_MS;

/** Time in each state by what decided it, ms; what decided none of it is left out. */
export type DecidedMs = MachineHour['decidedMs'];

/** Nothing decided yet. */
export function noDecided(): DecidedMs {
  return byState(() => ({}));
}

/** Adds what decided the minutes [from, to) of an hour: its record where that is all of it, else the stretches of states. */
export function addDecided(
  decided: DecidedMs,
  { views }: Pick<PeriodSource, 'views'>,
  record: MachineHour,
  fromMinute: number,
  toMinute: number,
): void {
  const add = (state: OperatingState, decider: (typeof DECIDERS)[number], ms: number): void => {
    if (ms > 0) decided[state][decider] = (decided[state][decider] ?? 0) + ms;
  };
  if (fromMinute === 0 && toMinute * MINUTE_MS === HOUR_MS) {
    for (const state of OPERATING_STATES)
      for (const decider of DECIDERS) add(state, decider, record.decidedMs[state][decider] ?? 0);
    return;
  }
  const [fromMs, toMs] = [fromMinute, toMinute].map((minute) => record.hourMs + minute * MINUTE_MS);
  for (const span of views.states(record.machine, fromMs ?? 0, toMs ?? 0, SPANS_MAX))
    add(span.state, span.decider, span.toMs - span.fromMs);
}
