import { OPERATING_STATES } from '../../protocols/telemetry/operating-state.ts';
import { STATE_COUNT } from '../energy/hour-account.ts';
import type { HourBase, HourClosing } from '../energy/hour-base.ts';
import { OVER_FLOOR_MWH } from '../energy/close-hour.ts';
import type { MachineHour } from '../energy/machine-hour.ts';
import { sayKwh } from '../energy/use-phase/say-kwh.ts';
import { sayDifference, sayRounded } from './explain-sums.ts';
import type { CurveMinute, Figure } from './explained-hour.ts';

/**
 * Counter against integrated power, and what the closure moved from each state to `unknown`.
 * @param everyMs how far apart readings of power were; null where that is not known
 */
export function explainClosure(
  hour: MachineHour,
  base: HourBase,
  curve: readonly CurveMinute[],
  everyMs: number | null,
): Figure[] {
  const { counterMwh } = hour.obtained;
  const { closing } = base;
  const counter: Figure[] =
    counterMwh > 0
      ? [
          {
            label: 'counter',
            value: counterMwh,
            unit: 'mWh',
            saying: `${sayKwh(counterMwh)} read by the counter`,
          },
        ]
      : [];
  if (closing !== undefined)
    return [...counter, ...sayClosing(hour, closing), ...explainMoved(hour, base, closing, everyMs)];
  // Power alone, or a counter alone: nothing is compared.
  const integralMwh = curve.at(-1)?.integralMwh ?? 0;
  if (integralMwh <= 0) return counter;
  return [
    ...counter,
    {
      label: 'power x time',
      value: integralMwh,
      unit: 'mWh',
      saying: `${sayKwh(integralMwh)}: the mean power of each minute x its measured time, added up${sayDrawn(curve)}`,
    },
  ];
}

function sayClosing({ obtained, closure }: MachineHour, { counterMwh, powerMwh }: HourClosing): Figure[] {
  const restMwh = obtained.counterMwh - counterMwh;
  const figures: Figure[] = [
    {
      label: 'while power was read',
      value: counterMwh,
      unit: 'mWh',
      saying:
        restMwh > 0
          ? `${sayKwh(obtained.counterMwh)} - ${sayKwh(restMwh)} without power = ${sayKwh(counterMwh)}`
          : `${sayKwh(counterMwh)} of the counter`,
    },
    {
      label: 'power x time',
      value: powerMwh,
      unit: 'mWh',
      saying: `${sayKwh(powerMwh)} meanwhile, from reading to reading`,
    },
  ];
  if (powerMwh > 0)
    figures.push({
      label: 'counter over power',
      value: counterMwh / powerMwh,
      unit: 'share',
      saying: `${sayKwh(counterMwh)} / ${sayKwh(powerMwh)} = ${sayRounded(counterMwh / powerMwh)}${closure === null ? '' : ` (closure ${closure} in the record)`}`,
    });
  return figures;
}

function sayDrawn(curve: readonly CurveMinute[]): string {
  const drawn = curve.filter(({ meanW, measuredMs }) => meanW === null && measuredMs > 0).length;
  if (drawn === 0) return '';
  return `; ${drawn} ${drawn === 1 ? 'minute' : 'minutes'} between slow readings drawn straight`;
}

function explainMoved(
  { energy, reasons }: MachineHour,
  { components }: HourBase,
  closing: HourClosing,
  everyMs: number | null,
): Figure[] {
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
  const isFlagged = reasons.includes('integral-over-counter');
  return [sayDecided(closing, everyMs, figures.length > 0, isFlagged), ...figures];
}

/** Why the closure moved something, or nothing. */
function sayDecided(
  { counterMwh, powerMwh, slackMwh }: HourClosing,
  everyMs: number | null,
  isMoved: boolean,
  isFlagged: boolean,
): Figure {
  const [label, value] = ['difference', counterMwh - powerMwh];
  const figure = (saying: string): Figure => ({ label, value, unit: 'mWh', saying });
  if (value === 0) return figure('none: nothing moved to unknown');
  const difference =
    value > 0
      ? sayDifference(counterMwh, powerMwh)
      : `power says more: ${sayDifference(powerMwh, counterMwh)}`;
  const every =
    everyMs === null ? 'at its readings' : `about every ${Number((everyMs / 1000).toPrecision(2))} s`;
  const allowance = `${sayKwh(slackMwh)}, because power is known only ${every}`;
  if (isMoved) return figure(`${difference}; more than the allowance of ${allowance}: moved to unknown`);
  if (value > 0)
    return figure(
      value <= slackMwh
        ? `${difference}; up to ${allowance}: nothing moved`
        : `${difference}; more than the allowance of ${allowance}, but no state had less power than that: nothing moved`,
    );
  if (isFlagged)
    return figure(
      `${difference}; more than the allowance of ${allowance}, 2 % and 1 Wh: the counter stands, and the hour is flagged`,
    );
  const because =
    -value <= slackMwh
      ? `up to ${allowance}`
      : -value <= OVER_FLOOR_MWH
        ? 'no more than 1 Wh'
        : 'no more than 2 % of the counter';
  return figure(`${difference}; ${because}: the counter stands, not flagged`);
}
