import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { STATE_COUNT } from '../../../collector/energy/hour-account.ts';
import type { HourBase } from '../../../collector/energy/hour-base.ts';
import type { MachineHour } from '../../../collector/energy/machine-hour.ts';
import type { StateSpan } from '../../../collector/energy/state-span.ts';
import { plainCalendar } from '../../../collector/energy/calendar/calendar-model.ts';
import type { SitePlan } from '../../../collector/reports/site-plan.ts';
import { openViews } from '../../../collector/ledger/sqlite-views.ts';
import type { MinuteRollup, Views } from '../../../collector/ledger/views.ts';
import { OPERATING_STATES, type OperatingState } from '../../../protocols/telemetry/operating-state.ts';
import type { ConfigSnapshot } from '../../../protocols/telemetry/snapshot.ts';
import { milliwattHours, watts } from '../../../protocols/telemetry/unit.ts';

/** 2026-11-22 06:00 UTC. */
export const HOUR_MS = Date.UTC(2026, 10, 22, 6);
const MINUTE_MS = 60_000;

/** The wiring of its meter. */
const SNAPSHOT: ConfigSnapshot = {
  v: 1,
  site: 'plant',
  agent: 'gateway-1',
  software: { name: 'millwatt', version: '0.1.0' },
  sources: [
    {
      id: 'mill-meter',
      protocol: 'modbus-tcp',
      address: '192.0.2.7:502 unit 1',
      everyMs: 1000,
      profile: { id: 'siemens/pac3200', version: '1', sha256: 'x'.repeat(43) },
      meter: { serial: 'LQN/123', class: '0.5S' },
      ct: { primary: 200, secondary: 5 },
    },
  ],
  channels: (
    [
      ['activePower', 'register 65'],
      ['activeEnergyImport', 'register 801'],
    ] as const
  ).map(([quantity, point]) => ({
    kind: 'measured',
    id: `mill.supply.${quantity}`,
    machine: 'mill',
    component: 'supply',
    quantity,
    phase: 'total',
    source: 'mill-meter',
    point,
    scale: ['40', '1'],
  })),
};

/**
 * Two hours by hand. The first, from 05:00, is measured all the time: the counter goes from 35.15 to 38.05 kWh, and booked
 * are 0.6 kWh in 30 minutes of ready and 2.3 kWh in 30 minutes of processing, all of it what power explains.
 *
 * The second, from 06:00, is the one that most tests ask about. The counter shows 38.05 kWh one second before it and
 * 41.25 kWh one second before its end, which is booked as it stands: 3.2 kWh.
 *
 *   06:00 to 06:21  ready       0.42 kWh, the counter read           21 min = 0.35 h
 *   06:21 to 06:51  processing  2.4 kWh read, of which closure moves 0.1 kWh to unknown
 *   06:51 to 07:00  unknown     0.38 kWh bridged over a gap of 9 min
 */
export function explainedPlant(change: (hour: MachineHour) => MachineHour = (hour) => hour): {
  views: Views;
  close: () => void;
} {
  const folder = mkdtempSync(join(tmpdir(), 'millwatt-explain-'));
  const views = openViews({ folder });
  views.commit({ reader: 'derive', ordinal: 1, ...explainedParts(change) });
  return {
    views,
    close: () => {
      views.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** What the views hold of that hour. */
export function explainedParts(change: (hour: MachineHour) => MachineHour = (hour) => hour): {
  hours: MachineHour[];
  bases: HourBase[];
  minutes: MinuteRollup[];
  snapshots: { hash: string; snapshot: ConfigSnapshot }[];
  spans: { machine: string; spans: StateSpan[] }[];
} {
  return {
    hours: [wholeHour(), change(handMadeHour())],
    bases: [wholeBase(), handMadeBase()],
    minutes: handMadeMinutes(),
    snapshots: [{ hash: 'snapshot-1', snapshot: SNAPSHOT }],
    spans: [{ machine: 'mill', spans: SPANS }],
  };
}

/** What was declared: a 0.5S meter of 5 A behind transformers of class 0.5. */
export const explainedPlan = (): SitePlan => ({
  site: 'plant',
  calendar: plainCalendar('Europe/Berlin'),
  machines: [
    {
      machine: 'mill',
      ratedPowerW: 7500,
      tree: {},
      metering: {
        supply: {
          meter: { class: '0.5S', ratedA: 5 },
          ct: { class: '0.5' },
          calibration: { calibratedMs: null, everyYears: null, certificate: null },
          driftPerYear: null,
        },
      },
      media: {},
      jobs: { rule: 'time', window: 'day' },
      duty: null,
    },
  ],
  mainMeters: [],
  sharedLoads: [],
  hash: 'p'.repeat(43),
});

const SPANS: StateSpan[] = [
  [-60, -30, 'ready', 'control', 'mill.control.execution=READY'] as const,
  [-30, 0, 'processing', 'control', 'mill.control.execution=ACTIVE'] as const,
  [0, 21, 'ready', 'control', 'mill.control.execution=READY'] as const,
  [21, 51, 'processing', 'control', 'mill.control.execution=ACTIVE'] as const,
  [51, 60, 'unknown', 'none', ''] as const,
].map(([from, to, state, decider, basis]) => ({
  fromMs: HOUR_MS + from * MINUTE_MS,
  toMs: HOUR_MS + to * MINUTE_MS,
  state,
  decider,
  basis,
}));

function zeros<T extends number>(zero: T): Record<OperatingState, T> {
  return Object.fromEntries(OPERATING_STATES.map((state) => [state, zero])) as Record<OperatingState, T>;
}

function handMadeHour(): MachineHour {
  const none = milliwattHours(0);
  const mwh = milliwattHours;
  return {
    v: 1,
    site: 'plant',
    machine: 'mill',
    hourMs: HOUR_MS,
    timeMs: { ...zeros(0), ready: 1_260_000, processing: 1_800_000, unknown: 540_000 },
    spanMs: 3_600_000,
    decidedMs: {
      ...(Object.fromEntries(OPERATING_STATES.map((state) => [state, {}])) as MachineHour['decidedMs']),
      ready: { control: 1_260_000 },
      processing: { control: 1_800_000 },
      unknown: { none: 540_000 },
    },
    measuredMs: 3_060_000,
    energy: {
      supplyMwh: mwh(3_200_000),
      exportMwh: none,
      stateMwh: { ...zeros(none), ready: mwh(420_000), processing: mwh(2_300_000), unknown: mwh(480_000) },
      componentMwh: { spindle: mwh(1_100_000), supply: mwh(3_200_000), coolant: mwh(300_000) },
      residualMwh: mwh(1_800_000),
      residuals: {},
    },
    obtained: {
      counterMwh: mwh(2_820_000),
      integratedMwh: none,
      bridgedMwh: mwh(380_000),
      bridgedBy: { stateMean: none, linear: mwh(380_000), profile: none },
    },
    meanPowerW: {
      ...(Object.fromEntries(OPERATING_STATES.map((state) => [state, null])) as MachineHour['meanPowerW']),
      ready: watts(1200),
      processing: watts(4600),
      unknown: watts(3200),
    },
    closure: 1.036765,
    coverage: { time: 0.85, energy: 0.88125 },
    quality: 'partial',
    reasons: ['gap', 'source-down', 'state-unknown'],
    status: 'final',
    finalBy: 'watermark',
    revision: 2,
    media: {},
    basis: {
      algorithm: 'millwatt-energy/3',
      records: [{ agent: 'gateway-1', epoch: 'epoch0000001', from: 118, to: 179 }],
      configs: ['snapshot-1'],
      amendments: [],
    },
  };
}

const cells = (): number[] => Array.from({ length: 60 * STATE_COUNT }, () => 0);

/** Puts time and energy evenly into minutes. */
function fill(
  timeMs: number[],
  grid: number[],
  [from, to]: readonly [number, number],
  state: OperatingState,
  mwh: number,
): void {
  for (let minute = from; minute < to; minute++) {
    const cell = minute * STATE_COUNT + OPERATING_STATES.indexOf(state);
    timeMs[cell] = MINUTE_MS;
    grid[cell] = mwh / (to - from);
  }
}

function wholeHour(): MachineHour {
  const hour = handMadeHour();
  const [none, ready, processing] = [milliwattHours(0), milliwattHours(600_000), milliwattHours(2_300_000)];
  const supply = milliwattHours(2_900_000);
  return {
    ...hour,
    hourMs: HOUR_MS - 60 * MINUTE_MS,
    timeMs: { ...zeros(0), ready: 1_800_000, processing: 1_800_000 },
    decidedMs: {
      ...hour.decidedMs,
      ready: { control: 1_800_000 },
      processing: { control: 1_800_000 },
      unknown: {},
    },
    measuredMs: 3_600_000,
    energy: {
      ...hour.energy,
      supplyMwh: supply,
      stateMwh: { ...zeros(none), ready, processing },
      componentMwh: { supply },
      residualMwh: null,
    },
    obtained: {
      counterMwh: supply,
      integratedMwh: none,
      bridgedMwh: none,
      bridgedBy: { stateMean: none, linear: none, profile: none },
    },
    meanPowerW: { ...hour.meanPowerW, ready: watts(1200), processing: watts(4600), unknown: null },
    closure: 1,
    coverage: { time: 1, energy: 1 },
    quality: 'measured',
    reasons: [],
    revision: 1,
  };
}

function wholeBase(): HourBase {
  const [timeMs, counter] = [cells(), cells()];
  fill(timeMs, counter, [0, 30], 'ready', 600_000);
  // 2.3 kWh in 30 minutes are no whole mWh each: 76,666 of them, and 20 more in the last.
  fill(timeMs, counter, [30, 60], 'processing', 30 * 76_666);
  const last = 59 * STATE_COUNT + OPERATING_STATES.indexOf('processing');
  counter[last] = (counter[last] ?? 0) + 20;
  return {
    ...handMadeBase(),
    hourMs: HOUR_MS - 60 * MINUTE_MS,
    timeMs,
    measuredMs: Array.from({ length: 60 }, () => MINUTE_MS),
    components: { supply: { counter, integrated: null, bridged: null } },
    closing: { counterMwh: 2_900_000, powerMwh: 2_900_000, slackMwh: 1000 },
    marks: [],
    decisions: [],
  };
}

function handMadeBase(): HourBase {
  const [timeMs, counter, bridged] = [cells(), cells(), cells()];
  const put = (from: number, to: number, state: OperatingState, grid: number[], mwh: number): void =>
    fill(timeMs, grid, [from, to], state, mwh);
  put(0, 21, 'ready', counter, 420_000);
  put(21, 51, 'processing', counter, 2_400_000);
  put(51, 54, 'unknown', bridged, 126_000);
  put(54, 60, 'unknown', bridged, 254_000 - 2);
  // Whole mWh do not always divide.
  const last = 59 * STATE_COUNT + OPERATING_STATES.indexOf('unknown');
  bridged[last] = (bridged[last] ?? 0) + 2;
  return {
    machine: 'mill',
    hourMs: HOUR_MS,
    timeMs,
    measuredMs: Array.from({ length: 60 }, (_, minute) => (minute < 51 ? MINUTE_MS : 0)),
    components: { supply: { counter, integrated: null, bridged } },
    closing: { counterMwh: 2_820_000, powerMwh: 2_720_000, slackMwh: 2000 },
    exportMwh: null,
    media: {},
    marks: [
      { reason: 'gap', fromMinute: 51, toMinute: 60 },
      { reason: 'source-down', fromMinute: 51, toMinute: 60 },
    ],
    decisions: [
      {
        atMs: HOUR_MS + 30 * MINUTE_MS,
        component: 'supply',
        direction: 'import',
        kind: 'glitch',
        beforeMwh: 39_190_000,
        nowMwh: 99_000_000,
        boundMwh: 9_000,
        bookedMwh: 2_000,
        amendment: null,
        saying: '39.19 kWh rose to 99 kWh in 1 s; at most 0.009 kWh fit: held, and it came back',
      },
    ],
  };
}

function handMadeMinutes(): MinuteRollup[] {
  const rollup = (quantity: string, minute: number, value: number): MinuteRollup => ({
    channel: `mill.supply.${quantity}`,
    minuteMs: HOUR_MS + minute * MINUTE_MS,
    count: 60,
    min: value * 0.9,
    max: value * 1.1,
    sum: value * 60,
    last: value,
    lastMs: HOUR_MS + (minute + 1) * MINUTE_MS - 1000,
    squares: 0,
    steps: 0,
  });
  const minutes: MinuteRollup[] = [rollup('activeEnergyImport', -61, 35_150)];
  // Current and power factor, so that the load of the meter is known.
  const read = (minute: number, isReady: boolean, countedWh: number): void => {
    minutes.push(
      rollup('activePower', minute, isReady ? 1200 : 4600),
      rollup('activeEnergyImport', minute, countedWh),
      rollup('powerFactor', minute, isReady ? 0.5 : 0.7),
      ...(['l1', 'l2', 'l3'] as const).map((line) => rollup(`current.${line}`, minute, isReady ? 3.5 : 9.5)),
    );
  };
  for (let minute = 0; minute < 60; minute++) {
    const rise = minute < 30 ? 20 * (minute + 1) : 600 + (2300 / 30) * (minute - 29);
    read(minute - 60, minute < 30, 35_150 + rise);
  }
  for (let minute = 0; minute < 51; minute++)
    read(minute, minute < 21, 38_050 + (minute < 21 ? 20 * (minute + 1) : 420 + 80 * (minute - 20)));
  return [...minutes, rollup('activeEnergyImport', 59, 41_250)];
}
