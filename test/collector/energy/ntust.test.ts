import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { defineCounter } from '../../../collector/energy/counter-value.ts';
import type { MachineHour } from '../../../collector/energy/machine-hour.ts';
import { unconfiguredMachine } from '../../../collector/energy/machine-model.ts';
import { feedOf, foldHours } from './fold-feed.ts';
import { watts } from '../../../protocols/telemetry/unit.ts';
import { sharedFile } from '../../support/shared-files.ts';

const RECORDING = sharedFile('data/cnc-power-ntust/data.csv');

/** The recording of a real CNC: energy that its meter counted, most of it in gaps. Computed once by hand from the file. */
describe.skipIf(!existsSync(RECORDING))('the cnc-power-ntust recording', () => {
  const hours = existsSync(RECORDING) ? deriveRecording() : [];
  const total = (of: (hour: MachineHour) => number) => hours.reduce((sum, hour) => sum + of(hour), 0);

  it('gives the whole energy of supply and spindle, to the mWh', () => {
    // The last reading of each counter minus its first.
    expect(Math.abs(total((hour) => hour.energy.supplyMwh ?? 0) - 18_339_247)).toBeLessThanOrEqual(1);
    expect(Math.abs(total((hour) => hour.energy.componentMwh['spindle'] ?? 0) - 214_290)).toBeLessThanOrEqual(
      1,
    );
  });

  it('measured 1,276 s of 59,394 s', () => {
    expect(total((hour) => hour.measuredMs)).toBe(1_276_000);
    expect(total((hour) => hour.spanMs)).toBe(59_394_000);
  });

  it('books the long gaps as bridged, with the state unknown', () => {
    const inGap = hours.filter((hour) => hour.measuredMs === 0);
    expect(inGap.length).toBeGreaterThan(10);
    for (const hour of inGap) {
      expect(hour.obtained.bridgedMwh).toBe(hour.energy.supplyMwh);
      expect(hour.energy.stateMwh.unknown).toBe(hour.energy.supplyMwh);
      expect(hour.reasons).toContain('gap');
      expect(hour.quality).toBe('partial');
    }
  });

  it('agrees with integrated power within 5 % wherever there was some', () => {
    const closures = hours.flatMap((hour) => (hour.closure === null ? [] : [hour.closure]));
    expect(closures.length).toBe(3);
    for (const closure of closures) expect(Math.abs(closure - 1)).toBeLessThan(0.05);
  });

  it('counts within the segments that were sampled what the description of the recording says', () => {
    expect(total((hour) => hour.obtained.counterMwh) / 1e6).toBeCloseTo(0.46, 2);
  });

  // Counter difference and trapezoid of power of each segment, kWh, as its description prints them.
  const SEGMENTS = [
    [0.0175, 0.0178],
    [0.016, 0.016],
    [0.0364, 0.0348],
    [0.1043, 0.1018],
    [0.0623, 0.0622],
    [0.0183, 0.0183],
    [0.1867, 0.1858],
    [0.0215, 0.0215],
  ] as const;

  it.each(SEGMENTS.map((figures, index) => ({ index, figures })))(
    'gives segment $index by itself as it was described: $figures',
    ({ index, figures: [countedKwh, integratedKwh] }) => {
      const recording = readRecording();
      const segment = segmentsOf(recording.timesMs)[index];
      expect(segmentsOf(recording.timesMs)).toHaveLength(SEGMENTS.length);
      const derived = derive(recording, segment?.from ?? 0, segment?.to ?? 0);
      const supplyMwh = derived.reduce((sum, hour) => sum + (hour.energy.supplyMwh ?? 0), 0);
      const closure = derived[0]?.closure ?? 0;
      expect(derived).toHaveLength(1);
      expect(derived[0]?.obtained.bridgedMwh).toBe(0);
      expect(Math.abs(supplyMwh / 1e6 - countedKwh)).toBeLessThanOrEqual(0.000_05);
      // Power of the last second waits for a step of the counter that is not in the segment any more: 1.2 kW x 1 s.
      expect(Math.abs(supplyMwh / closure / 1e6 - integratedKwh)).toBeLessThanOrEqual(0.000_4);
    },
  );
});

interface Recording {
  timesMs: number[];
  numbers: (name: string) => number[];
}

function readRecording(): Recording {
  const [head = '', ...lines] = readFileSync(RECORDING, 'utf8').trim().split('\n');
  const names = head.split(',');
  const column = (name: string) => lines.map((line) => line.split(',')[names.indexOf(name)] ?? '');
  return {
    timesMs: column('time').map((text) => Date.parse(`${text.replace(' ', 'T')}+08:00`)),
    numbers: (name) => column(name).map((text) => Number(text) * 1000),
  };
}

/** Rows [from, to) with no more than 10 s between them. */
function segmentsOf(timesMs: readonly number[]): { from: number; to: number }[] {
  const begins = timesMs.flatMap((atMs, row) =>
    atMs - (timesMs[row - 1] ?? -Infinity) > 10_000 ? [row] : [],
  );
  return begins.map((from, index) => ({ from, to: begins[index + 1] ?? timesMs.length }));
}

function deriveRecording(): MachineHour[] {
  return derive(readRecording(), 0, Infinity);
}

function derive(recording: Recording, from: number, to: number): MachineHour[] {
  const timesMs = recording.timesMs.slice(from, to);
  const numbers = (name: string) => recording.numbers(name).slice(from, to);
  const feed = feedOf(1, {
    timesMs,
    powers: { supply: numbers('kW_machine'), spindle: numbers('kW_spindle') },
    imports: {
      supply: { values: numbers('kWh_machine'), definition: defineCounter('supply', ['1', '1']) },
      spindle: { values: numbers('kWh_spindle'), definition: defineCounter('spindle', ['1', '1']) },
    },
  });
  const model = { ...unconfiguredMachine('cnc'), ratedPowerW: watts(15_000) };
  return foldHours(model, [feed], (timesMs[timesMs.length - 1] ?? 0) + 1);
}
