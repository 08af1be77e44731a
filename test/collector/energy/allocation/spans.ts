import type { AllocationWindow } from '../../../../collector/energy/allocation/allocation-rule.ts';
import type { EnergySpan } from '../../../../collector/energy/allocation/energy-span.ts';
import type { AllocatedJob } from '../../../../collector/energy/allocation/job.ts';
import type { OperatingState } from '../../../../protocols/telemetry/operating-state.ts';
import { milliwattHours } from '../../../../protocols/telemetry/unit.ts';

/** ms since the start of the day from `7:30` or `7:30:15.5`; past midnight as `25:00`. */
export function at(time: string): number {
  const [hours = 0, minutes = 0, seconds = 0] = time.split(':').map(Number);
  return Math.round(((hours * 60 + minutes) * 60 + seconds) * 1000);
}

/** A span; energy in Wh, null where it is not known. */
export function span(from: string, to: string, state: OperatingState, wh: number | null): EnergySpan {
  return { fromMs: at(from), toMs: at(to), state, mwh: wh === null ? null : milliwattHours(wh * 1000) };
}

/** A window by its name and times. */
export function window(name: string, from: string, to: string): AllocationWindow {
  return { name, fromMs: at(from), toMs: at(to) };
}

/** A job with the segments `7:00-8:30`. */
export function job(id: string, segments: string[], massKg: number | null = null): AllocatedJob {
  return {
    id,
    massKg,
    segments: segments.map((segment) => {
      const [from = '', to = ''] = segment.split('-');
      return { fromMs: at(from), toMs: at(to) };
    }),
  };
}
