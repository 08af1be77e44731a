import { apportion } from '../../../collector/energy/apportion.ts';
import { STATE_COUNT } from '../../../collector/energy/hour-account.ts';
import type { HourBase } from '../../../collector/energy/hour-base.ts';
import type { MachineHour } from '../../../collector/energy/machine-hour.ts';
import type { Views } from '../../../collector/ledger/views.ts';
import type { ConfigSnapshot, SourceDescription } from '../../../protocols/telemetry/snapshot.ts';
import { OPERATING_STATES } from '../../../protocols/telemetry/operating-state.ts';
import { milliwattHours, watts } from '../../../protocols/telemetry/unit.ts';
import { meteredMill, MINUTE_MS, minutesOf, START_MS, type Moment } from './plant-minutes.ts';

const HOUR_MS = 3_600_000;

/** The wiring of the mill as its agent told it. */
export function millSnapshot(about: Partial<SourceDescription> = {}): ConfigSnapshot {
  const { channels, sources } = meteredMill();
  return {
    v: 1,
    site: 'plant',
    agent: 'gateway-1',
    software: { name: 'millwatt', version: '0.1.0' },
    sources: sources.map((source) => ({ ...source, ...about })),
    channels: [...channels, { ...WORD }],
  };
}

const WORD = {
  kind: 'status',
  id: 'mill.control.execution',
  machine: 'mill',
  component: 'control',
  status: 'execution',
  source: 'meter',
  point: 'execution',
  vocabulary: 'mtconnect/Execution',
} as const;

/** Writes these moments into views as a collector would: minutes, hours that are all measured, states, the wiring. */
export function keepPlant(
  views: Views,
  moments: Iterable<Moment>,
  about: { hour?: Partial<MachineHour>; source?: Partial<SourceDescription>; energyMwhAnHour?: number } = {},
): void {
  const minutes = [...minutesOf(moments)];
  const endMs = (minutes.at(-1)?.minuteMs ?? START_MS) + MINUTE_MS;
  const hours = Array.from({ length: Math.ceil((endMs - START_MS) / HOUR_MS) }, (_, index) =>
    measuredHour(START_MS + index * HOUR_MS, about.energyMwhAnHour ?? 1_000_000, about.hour),
  );
  views.commit({
    reader: 'derive',
    ordinal: 1,
    minutes: minutes.flatMap(({ minuteMs, readings }) =>
      [...readings].map(([channel, reading]) => ({
        channel,
        minuteMs,
        ...reading,
        lastMs: minuteMs + MINUTE_MS - 1,
        squares: 0,
        steps: 0,
      })),
    ),
    hours,
    bases: hours.map(baseOfHour),
    spans: [
      {
        machine: 'mill',
        spans: minutes.map(({ minuteMs, controlState }) => ({
          fromMs: minuteMs,
          toMs: minuteMs + MINUTE_MS,
          state: controlState ?? 'unknown',
          decider: controlState === null ? ('none' as const) : ('control' as const),
          basis: controlState ?? '',
        })),
      },
    ],
    snapshots: [{ hash: 'snapshot-1', snapshot: millSnapshot(about.source) }],
  });
}

/** Its minutes: a sixtieth of it in each, all in the state `processing`. */
export function baseOfHour({ machine, hourMs, energy }: MachineHour): HourBase {
  const state = OPERATING_STATES.indexOf('processing');
  const minutes = apportion(
    energy.supplyMwh ?? milliwattHours(0),
    Array.from({ length: 60 }, () => 1),
  );
  const grid = (valueOf: (minute: number) => number) =>
    Array.from({ length: 60 * STATE_COUNT }, (_, cell) =>
      cell % STATE_COUNT === state ? valueOf(Math.floor(cell / STATE_COUNT)) : 0,
    );
  return {
    machine,
    hourMs,
    timeMs: grid(() => MINUTE_MS),
    measuredMs: Array.from({ length: 60 }, () => MINUTE_MS),
    components: {
      supply: { counter: grid((minute) => minutes[minute] ?? 0), integrated: null, bridged: null },
    },
    exportMwh: null,
    media: {},
    marks: [],
    decisions: [],
  };
}

/** An hour that is all measured by the counter. */
export function measuredHour(
  hourMs: number,
  supplyMwh: number,
  about: Partial<MachineHour> = {},
): MachineHour {
  const none = Object.fromEntries(OPERATING_STATES.map((state) => [state, 0]));
  const mwh = milliwattHours;
  return {
    v: 1,
    site: 'plant',
    machine: 'mill',
    hourMs,
    timeMs: { ...none, processing: HOUR_MS } as MachineHour['timeMs'],
    spanMs: HOUR_MS,
    decidedMs: Object.fromEntries(OPERATING_STATES.map((state) => [state, {}])) as MachineHour['decidedMs'],
    measuredMs: HOUR_MS,
    energy: {
      supplyMwh: mwh(supplyMwh),
      exportMwh: mwh(0),
      stateMwh: { ...none, processing: mwh(supplyMwh) } as MachineHour['energy']['stateMwh'],
      componentMwh: { supply: mwh(supplyMwh) },
      residualMwh: null,
      residuals: {},
    },
    media: {},
    obtained: {
      counterMwh: mwh(supplyMwh),
      integratedMwh: mwh(0),
      bridgedMwh: mwh(0),
      bridgedBy: { stateMean: mwh(0), linear: mwh(0), profile: mwh(0) },
    },
    meanPowerW: {
      ...Object.fromEntries(OPERATING_STATES.map((state) => [state, null])),
      processing: watts(supplyMwh / 1000),
    } as MachineHour['meanPowerW'],
    closure: 1,
    coverage: { time: 1, energy: 1 },
    quality: 'measured',
    reasons: [],
    status: 'final',
    finalBy: 'watermark',
    revision: 1,
    basis: {
      algorithm: 'test',
      records: [{ agent: 'gateway-1', epoch: 'e', from: 1, to: 9 }],
      configs: ['snapshot-1'],
      amendments: [],
    },
    ...about,
  };
}
