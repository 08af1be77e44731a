import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { unconfiguredMachine } from '../../../collector/energy/machine-model.ts';
import { feedOf, foldHours } from './fold-feed.ts';
import { sharedFile } from '../../support/shared-files.ts';

const REGISTERS = sharedFile('data/modbus-captures/derived_modbus_test_registers.csv');
const START_MS = Date.UTC(2026, 2, 2, 10);
/** Power is in registers 12 and 13 of these meters, 0.1 W; reads of 14 registers show it. They show no energy counter. */
const POWER_REGISTER = 12;
const READ_REGISTERS = 14;

interface PowerReading {
  atMs: number;
  powerW: number;
}

/** Three real meters on one line, as they were captured: energy is what their power says, read unevenly over two minutes. */
describe.skipIf(!existsSync(REGISTERS))('the energy meters of the captures', () => {
  it.each(['1', '2', '3'])('give for unit %s the area under the power that was read', (unit) => {
    const readings = readPower(unit);
    expect(readings.length).toBeGreaterThan(90);
    const feed = feedOf(1, {
      timesMs: readings.map(({ atMs }) => atMs),
      everyMs: 2000,
      powers: { supply: readings.map(({ powerW }) => powerW) },
    });
    const [hour, ...others] = foldHours(unconfiguredMachine('m'), [feed], START_MS + 600_000);
    expect(others).toHaveLength(0);
    expect(hour?.energy.supplyMwh).toBe(Math.round(areaMwh(readings)));
    const spanMs = (readings[readings.length - 1]?.atMs ?? 0) - (readings[0]?.atMs ?? 0);
    expect(hour?.spanMs).toBe(spanMs);
    expect(hour?.reasons).toContain('no-counter');
    expect(hour?.energy.stateMwh.unknown).toBe(hour?.energy.supplyMwh);
    const { integratedMwh = 0, bridgedMwh = 0, counterMwh } = hour?.obtained ?? {};
    expect([counterMwh, integratedMwh + bridgedMwh]).toEqual([0, hour?.energy.supplyMwh]);
    expect(hour?.obtained.bridgedBy.linear).toBe(bridgedMwh);
  });

  it('show powers as meters of single loads do: two of some kW, one of less than 100 W', () => {
    const meanW = (unit: string) => {
      const readings = readPower(unit);
      return readings.reduce((sum, { powerW }) => sum + powerW, 0) / readings.length;
    };
    expect(meanW('1')).toBeGreaterThan(2000);
    expect(meanW('2')).toBeLessThan(100);
    expect(meanW('3')).toBeGreaterThan(2000);
  });
});

function readPower(unit: string): PowerReading[] {
  const [, ...lines] = readFileSync(REGISTERS, 'utf8').trim().split('\n');
  const readings: PowerReading[] = [];
  for (const line of lines) {
    const [seconds, ofUnit, , start, count, registers = ''] = line.split(',');
    if (ofUnit !== unit || start !== '0' || Number(count) !== READ_REGISTERS) continue;
    const words = registers.trim().split(/\s+/).map(Number);
    const raw = (words[POWER_REGISTER] ?? 0) * 65_536 + (words[POWER_REGISTER + 1] ?? 0);
    readings.push({ atMs: START_MS + Math.round(Number(seconds) * 1000), powerW: raw / 10 });
  }
  return readings;
}

/** Trapezoids, mWh. */
function areaMwh(readings: readonly PowerReading[]): number {
  let wattMs = 0;
  for (const [row, { atMs, powerW }] of readings.entries()) {
    const before = readings[row - 1];
    if (before !== undefined) wattMs += ((before.powerW + powerW) / 2) * (atMs - before.atMs);
  }
  return wattMs / 3600;
}
