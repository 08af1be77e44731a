import { expect, test } from 'vitest';
import type { MachineHour } from '../../../../collector/energy/machine-hour.ts';
import { decimalOf, plus, textOf } from '../../../../collector/footprint/figures/decimal.ts';
import { HourlyEnergy } from '../../../../collector/reports/footprint/hourly-energy.ts';

const hour = (hourMs: number, supplyMwh: number, bridgedMwh: number) =>
  ({ hourMs, energy: { supplyMwh }, obtained: { bridgedMwh } }) as unknown as MachineHour;

test('what was measured, hour by hour, sums to the energy less all that was bridged', () => {
  const hourly = new HourlyEnergy();
  // In the second hour a counter fell by 1 kWh after 3 kWh had been bridged: 5 + 2 kWh, less 1 + 3 kWh, is 3 kWh.
  hourly.add(hour(0, 5_000_000, 1_000_000));
  hourly.add(hour(3_600_000, 2_000_000, 3_000_000));
  const kwh = hourly.pieces('measured', () => 2026).map((piece) => piece.kwh);
  expect(kwh.map(textOf)).toEqual(['4', '-1']);
  expect(textOf(kwh.reduce(plus, decimalOf('0')))).toBe('3');
});
