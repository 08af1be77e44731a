import { describe, expect, it } from 'vitest';
import type { MachineHour } from '../../collector/energy/machine-hour.ts';
import { startInfluxd } from '../support/influxd.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { requireTool } from '../support/tools.ts';
import { findRecording, replayRecording, type RecordedRun } from './recorded-cnc.ts';

const tools = requireTool('mosquitto') !== undefined && requireTool('influxd') !== undefined;

// From the recording itself: kWh columns, last minus first, and the steps of its time column.
const SUPPLY_MWH = 18_339_247;
const SPINDLE_MWH = 214_290;
const MEASURED_MS = 1_276_000;
const SPAN_MS = 59_394_000;

describe.skipIf(findRecording() === undefined || !tools)('a recorded CNC through the whole line', () => {
  const runs = new Map<string, RecordedRun>();

  it('gives the energy of its counters, over mosquitto and into InfluxDB', async () => {
    const broker = await startMosquitto();
    const influx = await startInfluxd();
    try {
      let inInflux: { supplyWh: number; spindleWh: number; bridgedWh: number } | undefined;
      const run = await replayRecording({
        brokerUrl: broker.url,
        influxUrl: influx.url,
        look: async () => {
          inInflux = await queryEnergies(influx.url);
        },
      });
      runs.set('mosquitto with InfluxDB', run);
      const { hours } = run;

      const supplyMwh = sum(hours, (hour) => hour.energy.supplyMwh ?? 0);
      const spindleMwh = sum(hours, (hour) => hour.energy.componentMwh['spindle'] ?? 0);
      expect(Math.abs(supplyMwh - SUPPLY_MWH)).toBeLessThanOrEqual(1);
      expect(Math.abs(spindleMwh - SPINDLE_MWH)).toBeLessThanOrEqual(1);
      expect(sum(hours, (hour) => hour.measuredMs)).toBe(MEASURED_MS);
      expect(sum(hours, (hour) => hour.spanMs)).toBe(SPAN_MS);

      // The long gaps: their energy is there, bridged, and nobody claims to know the state.
      const bridgedMwh = sum(hours, (hour) => hour.obtained.bridgedMwh);
      const counterMwh = sum(hours, (hour) => hour.obtained.counterMwh);
      expect(bridgedMwh + counterMwh).toBe(supplyMwh);
      expect(bridgedMwh).toBeGreaterThan(17_500_000);
      expect(sum(hours, (hour) => hour.energy.stateMwh.unknown)).toBeGreaterThanOrEqual(bridgedMwh);
      expect(sum(hours, (hour) => hour.timeMs.unknown)).toBeGreaterThanOrEqual(SPAN_MS - MEASURED_MS);
      for (const hour of hours) {
        expect(sum(Object.values(hour.energy.stateMwh), (value) => value)).toBe(hour.energy.supplyMwh);
        expect(sum(Object.values(hour.timeMs), (value) => value)).toBe(hour.spanMs);
      }

      // Silence afterwards adds neither energy nor measured time. The hours before are final; that of the last reading waits
      // for what the counter says next, or for seven days.
      const { finalHours } = run;
      expect(
        finalHours
          .slice(0, hours.length)
          .map((hour) => (hour.status === 'final' ? hour.finalBy : 'provisional')),
      ).toEqual([...hours.slice(1).map(() => 'watermark'), 'provisional']);
      expect(sum(finalHours, (hour) => hour.energy.supplyMwh ?? 0)).toBe(supplyMwh);
      expect(sum(finalHours, (hour) => hour.measuredMs)).toBe(MEASURED_MS);

      expect(inInflux?.supplyWh).toBeCloseTo(supplyMwh / 1000, 6);
      expect(inInflux?.spindleWh).toBeCloseTo(spindleMwh / 1000, 6);
      expect(inInflux?.bridgedWh).toBeCloseTo(bridgedMwh / 1000, 6);
    } finally {
      await broker.stop();
      await influx.stop();
    }
  }, 180_000);

  it('gives the same machine-hours over the embedded broker, and without InfluxDB', async () => {
    const influx = await startInfluxd();
    const broker = await startMosquitto();
    try {
      runs.set('embedded with InfluxDB', await replayRecording({ influxUrl: influx.url }));
      runs.set('embedded', await replayRecording({}));
      runs.set('mosquitto', await replayRecording({ brokerUrl: broker.url }));
    } finally {
      await broker.stop();
      await influx.stop();
    }
    const reference = runs.get('mosquitto with InfluxDB')?.finalHours.map(withoutProvenance);
    expect(reference?.length).toBeGreaterThan(15);
    for (const [name, run] of runs) expect(run.finalHours.map(withoutProvenance), name).toEqual(reference);
  }, 300_000);
});

/** An hour without what names this run's epochs, keys and configurations. */
function withoutProvenance(hour: MachineHour): unknown {
  return { ...hour, basis: hour.basis.algorithm };
}

async function queryEnergies(
  url: string,
): Promise<{ supplyWh: number; spindleWh: number; bridgedWh: number }> {
  const query = 'SELECT SUM("energy_wh"), SUM("energy_spindle_wh"), SUM("bridged_wh") FROM "machine_hour"';
  const response = await fetch(`${url}/query?db=millwatt&q=${encodeURIComponent(query)}`);
  const body = (await response.json()) as { results: { series: { values: number[][] }[] }[] };
  const [, supplyWh = NaN, spindleWh = NaN, bridgedWh = NaN] = body.results[0]?.series[0]?.values[0] ?? [];
  return { supplyWh, spindleWh, bridgedWh };
}

function sum<T>(items: readonly T[], valueOf: (item: T) => number): number {
  return items.reduce((total, item) => total + valueOf(item), 0);
}
