import { OPERATING_STATES } from '../../protocols/telemetry/operating-state.ts';
import { STATE_COUNT } from '../energy/hour-account.ts';
import type { HourBase } from '../energy/hour-base.ts';
import type { MachineHour } from '../energy/machine-hour.ts';
import { sayKwh } from '../energy/use-phase/say-kwh.ts';
import { sayDifference, sayRounded } from './explain-sums.ts';
import type { CurveMinute, Figure } from './explained-hour.ts';

/** Counter against integrated power, and what the closure moved from each state to `unknown`. */
export function explainClosure(hour: MachineHour, base: HourBase, curve: readonly CurveMinute[]): Figure[] {
  const { counterMwh } = hour.obtained;
  const integralMwh = curve.at(-1)?.integralMwh ?? 0;
  const figures: Figure[] = [];
  if (counterMwh > 0)
    figures.push({
      label: 'counter',
      value: counterMwh,
      unit: 'mWh',
      saying: `${sayKwh(counterMwh)} read by the counter`,
    });
  if (integralMwh > 0)
    figures.push({
      label: 'power x time',
      value: integralMwh,
      unit: 'mWh',
      saying: `${sayKwh(integralMwh)}: the mean power of each minute x its measured time, added up${sayDrawn(curve)}`,
    });
  if (counterMwh > 0 && integralMwh > 0)
    figures.push({
      label: 'counter over power',
      value: counterMwh / integralMwh,
      unit: 'share',
      saying: `${sayKwh(counterMwh)} / ${sayKwh(integralMwh)} = ${sayRounded(counterMwh / integralMwh)}${sayRecorded(hour)}`,
    });
  return [...figures, ...explainMoved(hour, base)];
}

function sayDrawn(curve: readonly CurveMinute[]): string {
  const drawn = curve.filter(({ meanW, measuredMs }) => meanW === null && measuredMs > 0).length;
  if (drawn === 0) return '';
  return `; ${drawn} ${drawn === 1 ? 'minute' : 'minutes'} between slow readings drawn straight`;
}

function sayRecorded({ closure }: MachineHour): string {
  return closure === null
    ? ''
    : ` (${closure} in the record, which goes from reading to reading, not by the minute)`;
}

function explainMoved({ energy }: MachineHour, { components }: HourBase): Figure[] {
  const { supply } = components;
  if (supply === undefined || energy.supplyMwh === null) return [];
  const figures = OPERATING_STATES.flatMap((state, index): Figure[] => {
    let beforeMwh = 0;
    for (const cells of [supply.counter, supply.integrated, supply.bridged]) {
      if (cells === null) continue;
      for (let cell = index; cell < cells.length; cell += STATE_COUNT) beforeMwh += cells[cell] ?? 0;
    }
    const movedMwh = beforeMwh - energy.stateMwh[state];
    if (movedMwh <= 0 || state === 'unknown') return [];
    return [
      {
        label: `moved from ${state} to unknown`,
        value: movedMwh,
        unit: 'mWh',
        saying: sayDifference(beforeMwh, energy.stateMwh[state]),
      },
    ];
  });
  if (figures.length > 0) return figures;
  return [
    {
      label: 'moved to unknown',
      value: 0,
      unit: 'mWh',
      saying: 'nothing: power explains what the counter moved',
    },
  ];
}
