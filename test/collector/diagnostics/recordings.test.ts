import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { MinuteRollups } from '../../../collector/derivation/minute-rollups.ts';
import type { MachineMinute, MinuteReading } from '../../../collector/diagnostics/machine-minute.ts';
import type { PlausibilityFinding } from '../../../collector/diagnostics/plausibility-finding.ts';
import type { Phase, Quantity } from '../../../protocols/telemetry/quantity.ts';
import { channelOf, scanMinutes } from './plant-minutes.ts';
import { sharedFile } from '../../support/shared-files.ts';

const NTUST = sharedFile('data/cnc-power-ntust/data.csv');
const CAPTURE = sharedFile('data/modbus-captures/derived_modbus_test_registers.csv');

/** One column of a recording as a channel, with its factor to the canonical unit. */
interface Column {
  component: string;
  quantity: Quantity;
  phase?: Phase;
  factor: number;
  timesMs: number[];
  values: number[];
}

/** Minutes as the derivation makes them, and what is found in them. */
function findIn(columns: readonly Column[], ratedPowerW: number | null): PlausibilityFinding[] {
  const rollups = new MinuteRollups({ minute: () => undefined, newestMinuteMs: () => undefined });
  const channels = columns.map(({ component, quantity, phase }) =>
    channelOf(quantity, phase, {
      component,
      source: component,
      // These meters count in floating point: 1 Wh is more than a step of theirs.
      ...(quantity === 'activeEnergyImport' ? { counter: { behaviour: 'monotone' as const } } : {}),
    }),
  );
  for (const [index, { timesMs, values, factor }] of columns.entries())
    rollups.add(channels[index]?.id ?? '', timesMs, values, factor);
  const minutes = new Map<number, Map<string, MinuteReading>>();
  for (const rollup of rollups.take()) {
    const readings = minutes.get(rollup.minuteMs) ?? new Map<string, MinuteReading>();
    minutes.set(rollup.minuteMs, readings.set(rollup.channel, rollup));
  }
  return scanMinutes(
    {
      machine: 'mill',
      ratedPowerW,
      componentRatedPowerW: {},
      channels,
      sources: [...new Set(columns.map(({ component }) => component))].map((id) => ({
        id,
        protocol: 'modbus-tcp',
        address: '192.0.2.1:502 unit 1',
        everyMs: 1000,
      })),
      history: { hours: 0, hasExported: false },
    },
    [...minutes]
      .sort(([a], [b]) => a - b)
      .map(([minuteMs, readings]): MachineMinute => ({ minuteMs, readings, controlState: null })),
  );
}

function readCsv(path: string): { header: string[]; rows: string[][] } {
  const [header = '', ...lines] = readFileSync(path, 'utf8').trim().split(/\r?\n/);
  return { header: header.split(','), rows: lines.map((line) => line.split(',')) };
}

describe.skipIf(!existsSync(NTUST))('the cnc-power-ntust recording', () => {
  const columnsOf = (): Column[] => {
    const { header, rows } = readCsv(NTUST);
    const timesMs = rows.map(([time = '']) => Date.parse(`${time.replace(' ', 'T')}+08:00`));
    const column = (name: string) => rows.map((row) => Number(row[header.indexOf(name)]));
    return (['machine', 'spindle'] as const).flatMap((suffix) =>
      (
        [
          ['V_avg', 'voltage', 1],
          ['I_avg', 'current', 1],
          ['kW', 'activePower', 1000],
          ['kvar', 'reactivePower', 1000],
          ['kVA', 'apparentPower', 1000],
          ['PF', 'powerFactor', 1],
          ['kWh', 'activeEnergyImport', 1000],
        ] as const
      ).map(([name, quantity, factor]) => ({
        component: suffix === 'machine' ? 'supply' : 'spindle',
        quantity,
        factor,
        timesMs,
        values: column(`${name}_${suffix}`),
      })),
    );
  };

  it('is plausible: neither transients between registers, repeated rows nor a drive are taken for faults', () => {
    // V, I and P disagree by up to 4.8 while the spindle speeds up, the voltage of the drive follows the speed, and gaps are
    // hours long; none of this is a fault of a meter.
    expect(findIn(columnsOf(), 10_000)).toEqual([]);
  });

  it('shows a ratio that is wrong by ten at once', () => {
    const wrong = columnsOf().map((column) =>
      column.component === 'supply' && column.quantity === 'apparentPower'
        ? { ...column, factor: column.factor / 10 }
        : column,
    );
    expect(new Set(findIn(wrong, 10_000).map(({ code, component }) => `${component} ${code}`))).toEqual(
      new Set(['supply power-over-apparent']),
    );
  });

  it('shows the supply wired to the rating of a smaller machine', () => {
    expect(findIn(columnsOf(), 1000).map(({ code }) => code)).toContain('power-over-rated');
  });
});

describe.skipIf(!existsSync(CAPTURE))('three energy meters that were captured on the wire', () => {
  const registersOf = (unit: string): { atMs: number; registers: number[] }[] =>
    readCsv(CAPTURE)
      .rows.filter(([, id, , start, count]) => id === unit && start === '0' && Number(count) >= 14)
      .map(([seconds, , , , , registers = '']) => ({
        atMs: Math.round(Number(seconds) * 1000),
        registers: registers.split(' ').map(Number),
      }));
  const columnsOf = (unit: string): Column[] => {
    const reads = registersOf(unit);
    const column = (quantity: Quantity, at: number, factor: number): Column => ({
      component: 'supply',
      quantity,
      phase: 'l1',
      factor,
      timesMs: reads.map(({ atMs }) => atMs),
      values: reads.map(({ registers }) => (registers[at] ?? 0) * 65_536 + (registers[at + 1] ?? 0)),
    });
    return [column('voltage', 0, 0.01), column('current', 6, 0.001), column('activePower', 12, 0.1)];
  };

  it.each(['1', '2', '3'])(
    'meter %s is plausible: its watts are no more than volts times amperes',
    (unit) => {
      expect(registersOf(unit).length).toBeGreaterThan(5);
      expect(findIn(columnsOf(unit), 5000)).toEqual([]);
    },
  );
});
