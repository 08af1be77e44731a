import { byState } from '../../collector/energy/by-state.ts';
import { HOUR_MS, MINUTE_MS, STATE_COUNT } from '../../collector/energy/hour-account.ts';
import type { HourBase } from '../../collector/energy/hour-base.ts';
import type { MachineHour } from '../../collector/energy/machine-hour.ts';
import type { StateSpan } from '../../collector/energy/state-span.ts';
import type { Views } from '../../collector/ledger/views.ts';
import { OPERATING_STATES, type OperatingState } from '../../protocols/telemetry/operating-state.ts';
import { milliwattHours, watts } from '../../protocols/telemetry/unit.ts';

/*
 * Hours of many machines over a long time, each made from its number, so that none of them need be kept.
 */

/** 00:00 UTC on the first of January 2025. */
export const PLANT_FROM_MS = Date.UTC(2025, 0, 1);
const HOURS_A_COMMIT = 24 * 7;
/** Minutes of an hour in each state, and mWh in each of those minutes. */
const HOUR_OF: readonly [OperatingState, minutes: number, minuteMwh: number][] = [
  ['standby', 10, 5_000],
  ['ready', 15, 20_000],
  ['processing', 35, 100_000],
];

/** `mill-001` of 0. */
export const machineName = (index: number): string => `mill-${String(index + 1).padStart(3, '0')}`;

/** Writes so many days of a machine into views, as a derivation leaves them: hours, their minutes, and spans of states. */
export function writeMachine(views: Views, index: number, days: number): void {
  const machine = machineName(index);
  for (let first = 0; first < days * 24; first += HOURS_A_COMMIT) {
    const count = Math.min(HOURS_A_COMMIT, days * 24 - first);
    const starts = Array.from({ length: count }, (_, hour) => PLANT_FROM_MS + (first + hour) * HOUR_MS);
    views.commit({
      reader: 'derive',
      ordinal: 1,
      hours: starts.map((hourMs) => hourOf(machine, index, hourMs)),
      bases: starts.map((hourMs) => baseOf(machine, index, hourMs)),
      spans: [{ machine, spans: starts.flatMap(spansOf) }],
    });
  }
}

/** Machines differ by up to a tenth, hours by some mWh. */
const minuteMwh = (mwh: number, index: number, hourMs: number) =>
  milliwattHours(Math.round(mwh * (1 + (index % 11) / 100)) + ((hourMs / HOUR_MS) % 7));

/** An hour of a machine, made from its number alone. */
export function hourOf(machine: string, index: number, hourMs: number): MachineHour {
  const told = new Map(HOUR_OF.map(([state, minutes, mwh]) => [state, { minutes, mwh }]));
  const stateMwh = byState((state) => {
    const { minutes, mwh } = told.get(state) ?? { minutes: 0, mwh: 0 };
    return milliwattHours(minutes === 0 ? 0 : minutes * minuteMwh(mwh, index, hourMs));
  });
  const timeMs = byState((state) => (told.get(state)?.minutes ?? 0) * MINUTE_MS);
  const supplyMwh = milliwattHours(Object.values(stateMwh).reduce((sum: number, mwh) => sum + mwh, 0));
  const none = milliwattHours(0);
  return {
    v: 1,
    site: 'plant',
    machine,
    hourMs,
    timeMs,
    spanMs: HOUR_MS,
    decidedMs: byState((state) => (timeMs[state] === 0 ? {} : { control: timeMs[state] })),
    measuredMs: HOUR_MS,
    energy: {
      supplyMwh,
      exportMwh: none,
      stateMwh,
      componentMwh: { supply: supplyMwh },
      residualMwh: null,
      residuals: {},
    },
    obtained: {
      counterMwh: supplyMwh,
      integratedMwh: none,
      bridgedMwh: none,
      bridgedBy: { stateMean: none, linear: none, profile: none },
    },
    meanPowerW: byState((state) =>
      timeMs[state] === 0 ? null : watts((stateMwh[state] * 3600) / timeMs[state]),
    ),
    closure: 1,
    coverage: { time: 1, energy: 1 },
    quality: 'measured',
    reasons: [],
    status: 'final',
    finalBy: 'watermark',
    revision: 1,
    media: {},
    basis: {
      algorithm: 'millwatt-energy/5',
      records: [{ agent: 'gateway', epoch: 'first', from: hourMs / HOUR_MS, to: hourMs / HOUR_MS + 1 }],
      configs: [],
      amendments: [],
    },
  };
}

/** Its minutes. */
export function baseOf(machine: string, index: number, hourMs: number): HourBase {
  const counter = Array.from({ length: 60 * STATE_COUNT }, () => 0);
  const timeMs = Array.from({ length: 60 * STATE_COUNT }, () => 0);
  let minute = 0;
  for (const [state, minutes, mwh] of HOUR_OF)
    for (let n = 0; n < minutes; n++, minute++) {
      const cell = minute * STATE_COUNT + OPERATING_STATES.indexOf(state);
      counter[cell] = minuteMwh(mwh, index, hourMs);
      timeMs[cell] = MINUTE_MS;
    }
  return {
    machine,
    hourMs,
    timeMs,
    measuredMs: Array.from({ length: 60 }, () => MINUTE_MS),
    components: { supply: { counter, integrated: null, bridged: null } },
    exportMwh: null,
    media: {},
    marks: [],
    decisions: [],
  };
}

/** Its states. */
export function spansOf(hourMs: number): StateSpan[] {
  let atMs = hourMs;
  return HOUR_OF.map(([state, minutes]) => {
    const fromMs = atMs;
    atMs += minutes * MINUTE_MS;
    return { fromMs, toMs: atMs, state, decider: 'control' as const, basis: 'plant' };
  });
}
