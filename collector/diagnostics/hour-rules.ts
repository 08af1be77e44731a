import type { MachineHour } from '../energy/machine-hour.ts';
import { say, sayPercent } from './say-figure.ts';
import type { Verdict } from './stretch.ts';

/** Counter and integral may differ by so much of the integral: two registers of one meter, sampled once a second. */
const CLOSURE = 0.05;

/** Counter difference against integrated power of one hour, with two steps of the counter for its resolution. */
export function judgeClosure(hour: MachineHour, stepWh: number | null): Verdict {
  const { closure } = hour;
  const counterWh = hour.obtained.counterMwh / 1000;
  // Where part of the energy was bridged, power was not read all along.
  if (closure === null || hour.obtained.bridgedMwh > 0.02 * hour.obtained.counterMwh) return 'unknown';
  if (hour.coverage.time < 0.98) return 'unknown';
  // A counter that stands has a closure of 0 and no integral to be compared with; its minutes tell that.
  if (closure === 0 || counterWh === 0) return 'unknown';
  const integralWh = counterWh / closure;
  const offWh = Math.abs(counterWh - integralWh);
  // A meter books each instant as drawn or as fed back; of power read once a second only what is left of both is seen. The
  // two counters are too large by the same energy, which is at most all that was fed back.
  const brakedWh = counterWh > integralWh ? hour.energy.exportMwh / 1000 : 0;
  if (offWh <= CLOSURE * integralWh + 2 * (stepWh ?? 0) + brakedWh) return 'fine';
  return {
    weight: Math.abs(Math.log(closure)),
    say: () =>
      `${say(counterWh, 'Wh')} by the counter over ${say(integralWh, 'Wh')} by the power = ${say(closure)} in an hour; 0.95 to 1.05 ${stepWh === null ? '' : `and two steps of ${say(stepWh, 'Wh')} `}are allowed.`,
  };
}

/** Components that took more than the supply. */
export function judgeChildren(hour: MachineHour, stepWh: number): Verdict {
  const { supplyMwh, residualMwh } = hour.energy;
  if (supplyMwh === null || residualMwh === null) return 'unknown';
  const overWh = (0 - residualMwh) / 1000;
  const supplyWh = supplyMwh / 1000;
  if (overWh <= 0.02 * supplyWh + 2 * stepWh) return 'fine';
  return {
    weight: overWh,
    say: () =>
      `The components took ${say(supplyWh + overWh, 'Wh')} of ${say(supplyWh, 'Wh')} of the supply in an hour: ${sayPercent(overWh / Math.max(supplyWh, 1e-9))} more.`,
  };
}

/** Hours without export before the first one means anything. */
const HISTORY_HOURS = 24;

/** Energy fed back by a machine that never did. */
export function judgeExport(hour: MachineHour, history: { hours: number; hasExported: boolean }): Verdict {
  if (history.hasExported || history.hours < HISTORY_HOURS) return 'unknown';
  const exportWh = hour.energy.exportMwh / 1000;
  if (exportWh <= 1) return 'fine';
  return {
    weight: exportWh,
    say: () =>
      `${say(exportWh, 'Wh')} were fed back in an hour; in ${history.hours} hours before that nothing was.`,
  };
}
