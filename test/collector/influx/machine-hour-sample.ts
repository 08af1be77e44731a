import type { MachineHour } from '../../../collector/energy/machine-hour.ts';
import { milliwattHours, watts } from '../../../protocols/telemetry/unit.ts';

/** A final hour of 5.4 kWh with a spindle, 12 minutes of it unknown. */
export function sampleHour(hourMs: number, change: Partial<MachineHour> = {}): MachineHour {
  return {
    v: 1,
    site: 'plant',
    machine: 'mill',
    hourMs,
    timeMs: {
      off: 0,
      standby: 480_000,
      extendedStandby: 0,
      warmUp: 0,
      ready: 0,
      processing: 2_400_000,
      unknown: 720_000,
    },
    spanMs: 3_600_000,
    decidedMs: {
      off: {},
      standby: { bands: 480_000 },
      extendedStandby: {},
      warmUp: {},
      ready: {},
      processing: { control: 2_000_000, bridged: 400_000 },
      unknown: { none: 720_000 },
    },
    measuredMs: 2_880_000,
    energy: {
      supplyMwh: milliwattHours(5_400_001),
      exportMwh: milliwattHours(0),
      stateMwh: {
        off: milliwattHours(0),
        standby: milliwattHours(200_000),
        extendedStandby: milliwattHours(0),
        warmUp: milliwattHours(0),
        ready: milliwattHours(0),
        processing: milliwattHours(4_200_001),
        unknown: milliwattHours(1_000_000),
      },
      componentMwh: { supply: milliwattHours(5_400_001), spindle: milliwattHours(2_000_000) },
      residualMwh: milliwattHours(3_400_001),
      residuals: {},
    },
    obtained: {
      counterMwh: milliwattHours(4_400_001),
      integratedMwh: milliwattHours(0),
      bridgedMwh: milliwattHours(1_000_000),
      bridgedBy: {
        stateMean: milliwattHours(0),
        linear: milliwattHours(1_000_000),
        profile: milliwattHours(0),
      },
    },
    meanPowerW: {
      off: null,
      standby: watts(1500),
      extendedStandby: null,
      warmUp: null,
      ready: null,
      processing: watts(6300),
      unknown: watts(5000),
    },
    closure: 1.001,
    coverage: { time: 0.8, energy: 0.81 },
    quality: 'partial',
    reasons: ['gap'],
    status: 'final',
    finalBy: 'watermark',
    revision: 1,
    media: {},
    basis: { algorithm: '1', records: [], configs: [], amendments: [] },
    ...change,
  };
}
