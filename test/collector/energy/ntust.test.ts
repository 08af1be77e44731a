import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { defineCounter } from '../../../collector/energy/counter-value.ts';
import type { MachineHour } from '../../../collector/energy/machine-hour.ts';
import { unconfiguredMachine } from '../../../collector/energy/machine-model.ts';
import { feedOf, foldHours } from './fold-feed.ts';
import { watts } from '../../../protocols/telemetry/unit.ts';

const RECORDING = resolve('../shared/data/cnc-power-ntust/data.csv');

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
});

function deriveRecording(): MachineHour[] {
  const [head = '', ...lines] = readFileSync(RECORDING, 'utf8').trim().split('\n');
  const names = head.split(',');
  const column = (name: string) => lines.map((line) => line.split(',')[names.indexOf(name)] ?? '');
  const numbers = (name: string) => column(name).map((text) => Number(text) * 1000);
  const timesMs = column('time').map((text) => Date.parse(`${text.replace(' ', 'T')}+08:00`));
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
