import { expect, test } from 'vitest';
import { rectangular } from '../../../../collector/energy/uncertainty/contribution.ts';
import { stateUncertainty } from '../../../../collector/energy/uncertainty/uncertainty-statement.ts';
import type { MachineFacts } from '../../../../collector/reports/footprint/gather-machine.ts';
import { recordUncertainty } from '../../../../collector/reports/footprint/record-uncertainty.ts';

const MWH = 10_000_000;

/** A machine of 10 kWh, all of it processing, whose meter has a half width of 3 %: u = 3 / sqrt(3) = 1.7321 %, U = 3.46 %. */
function machineOf(machine: string, meter: string): MachineFacts {
  const half = { percent: 3, isQualified: true, note: 'class' };
  const total = stateUncertainty(MWH, [rectangular('meter', MWH, half)]);
  const supply = { total, states: { processing: total }, meters: [{ meter, total }], missing: [] };
  return { machine, span: { uncertainty: { supply } }, hours: [], records: [] } as unknown as MachineFacts;
}

test('a line: in quadrature between meters, linear within one', () => {
  const [one, other] = [machineOf('mill-1', 'serial A'), machineOf('mill-2', 'serial B')];
  expect(recordUncertainty([one]).expandedPercent).toBe('3.46');
  // 3.4641 x sqrt(2) / 2 = 2.4495 %
  expect(recordUncertainty([one, other])).toMatchObject({
    expandedPercent: '2.45',
    states: { processing: '2.45' },
  });
  expect(recordUncertainty([one, machineOf('mill-2', 'serial A')])).toMatchObject({
    expandedPercent: '3.46',
    states: { processing: '3.46' },
    missing: [],
  });
});

test('where nothing tells how a machine is metered, it is said what to enter', () => {
  const missing = [
    { fact: 'accuracy class of the meter', remedy: 'x', key: 'machines.mill-1.metering.supply.class' },
  ];
  const supply = { total: { kind: 'unknown', energyMwh: MWH, missing }, states: {}, meters: [], missing };
  const facts = { machine: 'mill-1', span: { uncertainty: { supply } } } as unknown as MachineFacts;
  expect(recordUncertainty([facts])).toMatchObject({
    expandedPercent: null,
    missing: ['mill-1: accuracy class of the meter (machines.mill-1.metering.supply.class)'],
  });
});
