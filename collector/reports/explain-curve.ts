import { OPERATING_STATES } from '../../protocols/telemetry/operating-state.ts';
import { HOUR_MS, MINUTE_MS, STATE_COUNT } from '../energy/hour-account.ts';
import type { HourBase } from '../energy/hour-base.ts';
import type { Views } from '../ledger/views.ts';
import type { CounterSight, CurveMinute } from './explained-hour.ts';

/** W x ms per mWh. */
const WATT_MS_PER_MWH = 3600;

/**
 * The sixty minutes of an hour: power, states, and counter beside power x time.
 * @param before what the counter showed last before the hour; without it the counter is told from its first minute on
 */
export function explainCurve(
  views: Pick<Views, 'minutes'>,
  base: HourBase,
  before: CounterSight | null,
): CurveMinute[] {
  const { machine, hourMs } = base;
  const minutesOf = (quantity: string) =>
    new Map(
      views
        .minutes(`${machine}.supply.${quantity}`, hourMs, hourMs + HOUR_MS)
        .map((minute) => [minute.minuteMs, minute]),
    );
  const power = minutesOf('activePower');
  const counter = minutesOf('activeEnergyImport');
  const first = counter.values().next().value;
  const startMwh = before?.mwh ?? (first === undefined ? 0 : Math.round(first.min * 1000));
  let integralMwh = 0;
  return Array.from({ length: HOUR_MS / MINUTE_MS }, (_, index) => {
    const minuteMs = hourMs + index * MINUTE_MS;
    const read = power.get(minuteMs);
    const counted = counter.get(minuteMs);
    const measuredMs = base.measuredMs[index] ?? 0;
    const meanW = read === undefined ? null : read.sum / read.count;
    integralMwh += ((meanW ?? 0) * measuredMs) / WATT_MS_PER_MWH;
    return {
      minuteMs,
      minW: read?.min ?? null,
      meanW,
      maxW: read?.max ?? null,
      timeMs: timesOf(base, index),
      measuredMs,
      countedMwh: counted === undefined ? null : Math.round(counted.last * 1000) - startMwh,
      integralMwh: Math.round(integralMwh),
      bookedMwh: bookedIn(base, index),
    };
  });
}

function timesOf(base: HourBase, minute: number): CurveMinute['timeMs'] {
  return Object.fromEntries(
    OPERATING_STATES.flatMap((state, index) => {
      const ms = base.timeMs[minute * STATE_COUNT + index] ?? 0;
      return ms > 0 ? [[state, ms]] : [];
    }),
  );
}

function bookedIn({ components }: HourBase, minute: number): number {
  const supply = components['supply'];
  if (supply === undefined) return 0;
  let mwh = 0;
  for (const cells of [supply.counter, supply.integrated, supply.bridged]) {
    if (cells === null) continue;
    for (let cell = minute * STATE_COUNT; cell < (minute + 1) * STATE_COUNT; cell++) mwh += cells[cell] ?? 0;
  }
  return mwh;
}
