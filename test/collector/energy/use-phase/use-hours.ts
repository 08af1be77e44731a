import type { UseHour } from '../../../../collector/energy/use-phase/state-totals.ts';
import { byState } from '../../../../collector/energy/by-state.ts';
import type { OperatingState } from '../../../../protocols/telemetry/operating-state.ts';
import { milliwattHours } from '../../../../protocols/telemetry/unit.ts';

/** An hour from minutes and Wh by state; `supply: null` for an hour in which nobody measured the supply. */
export function hour(
  minutes: Partial<Record<OperatingState, number>>,
  wh: Partial<Record<OperatingState, number>>,
  more: Partial<Pick<UseHour, 'hourMs' | 'quality' | 'measuredMs'>> & {
    isMeasured?: boolean;
    bridgedWh?: number;
  } = {},
): UseHour {
  const { isMeasured = true, bridgedWh = 0, ...rest } = more;
  const stateMwh = byState((state) => milliwattHours(isMeasured ? (wh[state] ?? 0) * 1000 : 0));
  const total = Object.values(stateMwh).reduce<number>((sum, mwh) => sum + mwh, 0);
  const timeMs = byState((state) => (minutes[state] ?? 0) * 60_000);
  const spanMs = Object.values(timeMs).reduce((sum, ms) => sum + ms, 0);
  return {
    hourMs: 0,
    timeMs,
    spanMs,
    measuredMs: spanMs,
    quality: isMeasured ? 'measured' : 'null',
    energy: { supplyMwh: isMeasured ? milliwattHours(total) : null, stateMwh },
    obtained: {
      counterMwh: milliwattHours(total - bridgedWh * 1000),
      integratedMwh: milliwattHours(0),
      bridgedMwh: milliwattHours(bridgedWh * 1000),
      bridgedBy: {
        stateMean: milliwattHours(0),
        linear: milliwattHours(bridgedWh * 1000),
        profile: milliwattHours(0),
      },
    },
    ...rest,
  };
}
