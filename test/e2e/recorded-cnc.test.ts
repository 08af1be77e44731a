import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { footprintPlanOf } from '../../cli/footprint-plan-of.ts';
import { readConfiguredJournal, readKey } from '../../cli/journal-access.ts';
import { sitePlanOf } from '../../cli/site-plan-of.ts';
import { openCalendar } from '../../collector/energy/calendar/site-calendar.ts';
import type { MachineHour } from '../../collector/energy/machine-hour.ts';
import { EXPORT_FORMATS, writeExport, type ExportFormat } from '../../collector/exports/export-formats.ts';
import type { FootprintRecord } from '../../collector/footprint/record/footprint-record.ts';
import { readViews } from '../../collector/ledger/sqlite-views.ts';
import { stepRecord } from '../../collector/reports/footprint/record-subject.ts';
import { loadCollectorConfig } from '../../config/load.ts';
import { uuidOf } from '../../protocols/evidence/uuid5.ts';
import { foreignFaults } from '../collector/footprint/exports/foreign-faults.ts';
import { last } from '../collector/reports/footprint/footprint-plant.ts';
import { startInfluxd } from '../support/influxd.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { requireTool } from '../support/tools.ts';
import { findRecording, MACHINE, replayRecording, type RecordedRun } from './recorded-cnc.ts';

const tools = requireTool('mosquitto') !== undefined && requireTool('influxd') !== undefined;

// From the recording itself: kWh columns, last minus first, and the steps of its time column.
const SUPPLY_MWH = 18_339_247;
const SPINDLE_MWH = 214_290;
const FORMATS = Object.keys(EXPORT_FORMATS).filter(
  (format): format is Exclude<ExportFormat, 'parquet'> => format !== 'parquet',
);
const MEASURED_MS = 1_276_000;
const SPAN_MS = 59_394_000;

describe.skipIf(findRecording() === undefined || !tools)('a recorded CNC through the whole line', () => {
  const runs = new Map<string, RecordedRun>();

  it('gives the energy of its counters, over mosquitto and into InfluxDB', async () => {
    const broker = await startMosquitto();
    const influx = await startInfluxd();
    try {
      let record: FootprintRecord | undefined;
      let inInflux: { supplyWh: number; spindleWh: number; bridgedWh: number } | undefined;
      const run = await replayRecording({
        brokerUrl: broker.url,
        influxUrl: influx.url,
        look: async (_, collectorFile) => {
          inInflux = await queryEnergies(influx.url);
          record = recordOf(collectorFile);
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

      // One footprint of it, in every format: 93 % of its energy lies in gaps, and it says so.
      expect(Number(record?.activity.energyKwh) * 1e6).toBe(supplyMwh);
      expect(record?.coverage.isComplete).toBe(false);
      for (const format of FORMATS) {
        const { files, faults } = await writeExport(format, record!);
        expect(faults, format).toEqual([]);
        expect(await foreignFaults(format, files), format).toEqual([]);
      }

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
      const lines = {
        'embedded with InfluxDB': { influxUrl: influx.url },
        embedded: {},
        mosquitto: { brokerUrl: broker.url },
      };
      // All at once: nearly all of it is waiting for meters that do not answer.
      await Promise.all(
        Object.entries(lines).map(async ([name, options]) => runs.set(name, await replayRecording(options))),
      );
    } finally {
      await broker.stop();
      await influx.stop();
    }
    const reference = runs.get('mosquitto with InfluxDB')?.finalHours.map(withoutProvenance);
    expect(reference?.length).toBeGreaterThan(15);
    for (const [name, run] of runs) expect(run.finalHours.map(withoutProvenance), name).toEqual(reference);
  }, 300_000);
});

/** The record of the two days, as `millwatt export` makes it beside a running collector. */
function recordOf(collectorFile: string): FootprintRecord {
  const { config, folder } = loadCollectorConfig(collectorFile);
  const plan = sitePlanOf(config, process.versions['tz'] ?? '');
  const dataFolder = resolve(folder, config.data);
  const { publicKey } = readKey(dataFolder);
  const views = readViews({ folder: dataFolder });
  const journal = readConfiguredJournal(config, folder);
  try {
    const from = {
      source: { views, plan, journal },
      plan: footprintPlanOf(config, folder, { key: publicKey, sitePlanHash: plan.hash }),
      calendar: openCalendar(plan.calendar),
      ports: { uuidOf, issuedMs: Date.UTC(2023, 5, 1), issue: 1 },
    };
    const range = { fromMs: Date.UTC(2023, 4, 4), toMs: Date.UTC(2023, 4, 6) };
    return last(stepRecord(from, { kind: 'machine', id: MACHINE }, range));
  } finally {
    journal.close();
    views.close();
  }
}

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
