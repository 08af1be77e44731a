import { OPERATING_STATES, type OperatingState } from '../../protocols/telemetry/operating-state.ts';
import type { EnergySpan } from '../energy/allocation/energy-span.ts';
import { spreadHours, type SpreadHour } from '../energy/allocation/spread-hours.ts';
import { HOUR_MS, STATE_COUNT } from '../energy/hour-account.ts';
import { BasisTally, type PeriodBasis } from './period-basis.ts';
import { readPeriodHours, type PeriodHour } from './period-hours.ts';
import type { PeriodSource } from './period-source.ts';

/** A state lasts a millisecond at least. */
const SPANS_A_DAY_MAX = 24 * HOUR_MS;
const DAY_MS = 24 * HOUR_MS;

/**
 * What a machine drew in [fromMs, toMs), by stretch of a state: the minutes of its hours after closure, so that any whole
 * minutes of it sum to what the periods of the calendar say. `loose` is what closure or a counter booked to minutes in
 * which the machine was not in that state. Gives a null after each day that was read, so that others have their turn.
 */
export function* stepJobEnergy(
  source: Pick<PeriodSource, 'views' | 'plan'>,
  machine: string,
  fromMs: number,
  toMs: number,
): Generator<null, { spans: EnergySpan[]; loose: EnergySpan[]; basis: PeriodBasis }> {
  const tally = new BasisTally();
  const spans: EnergySpan[] = [];
  const loose: EnergySpan[] = [];
  // Hours are spread as a whole, a day at a time.
  const firstMs = Math.floor(fromMs / HOUR_MS) * HOUR_MS;
  const endMs = Math.ceil(toMs / HOUR_MS) * HOUR_MS;
  for (let at = firstMs; at < endMs; at += DAY_MS) {
    const untilMs = Math.min(at + DAY_MS, endMs);
    const read = [...readPeriodHours(source, machine, at, untilMs)];
    for (const { record } of read) tally.add(record);
    const hours = read.map(toSpreadHour);
    if (hours.length === 0) continue;
    const day = spreadHours(hours, source.views.states(machine, at, untilMs, SPANS_A_DAY_MAX));
    for (const span of day.spans) spans.push(span);
    for (const span of day.loose) loose.push(span);
    yield null;
  }
  return { spans, loose, basis: tally.close(source.plan.hash) };
}

function toSpreadHour({ record, components }: PeriodHour): SpreadHour {
  const grids = [
    components['supply']?.counter,
    components['supply']?.integrated,
    components['supply']?.bridged,
  ];
  return {
    hourMs: record.hourMs,
    energy: record.energy,
    minuteMwh: Array.from({ length: 60 }, (_, minute) => {
      const byState: Partial<Record<OperatingState, number>> = {};
      for (const [state, name] of OPERATING_STATES.entries()) {
        let mwh = 0;
        for (const grid of grids) mwh += grid?.[minute * STATE_COUNT + state] ?? 0;
        if (mwh !== 0) byState[name] = mwh;
      }
      return byState;
    }),
  };
}
