import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { STATE_COUNT } from '../../../collector/energy/hour-account.ts';
import type { HourBase } from '../../../collector/energy/hour-base.ts';
import type { MachineHour } from '../../../collector/energy/machine-hour.ts';
import type { StateSpan } from '../../../collector/energy/state-span.ts';
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
 * An hour by hand. The counter shows 38.05 kWh one second before 06:00 and 41.25 kWh one second before 07:00, which is
 * booked as it stands: 3.2 kWh.
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
    hours: [change(handMadeHour())],
    bases: [handMadeBase()],
    minutes: handMadeMinutes(),
    snapshots: [{ hash: 'snapshot-1', snapshot: SNAPSHOT }],
    spans: [{ machine: 'mill', spans: SPANS }],
  };
}

const SPANS: StateSpan[] = [
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

function handMadeBase(): HourBase {
  const cells = (): number[] => Array.from({ length: 60 * STATE_COUNT }, () => 0);
  const [timeMs, counter, bridged] = [cells(), cells(), cells()];
  const put = (from: number, to: number, state: OperatingState, grid: number[], mwh: number): void => {
    for (let minute = from; minute < to; minute++) {
      const cell = minute * STATE_COUNT + OPERATING_STATES.indexOf(state);
      timeMs[cell] = MINUTE_MS;
      grid[cell] = mwh / (to - from);
    }
  };
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
  const minutes: MinuteRollup[] = [rollup('activeEnergyImport', -1, 38_050)];
  for (let minute = 0; minute < 51; minute++) {
    const isReady = minute < 21;
    minutes.push(rollup('activePower', minute, isReady ? 1200 : 4600));
    const countedWh = isReady ? 20 * (minute + 1) : 420 + 80 * (minute - 20);
    minutes.push(rollup('activeEnergyImport', minute, 38_050 + countedWh));
  }
  return [...minutes, rollup('activeEnergyImport', 59, 41_250)];
}
