import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { rootNode, type ServerNode } from '../../../../protocols/opcua/browse/server-node.ts';
import { energyMeaning } from '../../../../protocols/opcua/model/energy-names.ts';
import { findEnergyPoints } from '../../../../protocols/opcua/model/energy-profile.ts';
import { applyOverrides } from '../../../../protocols/opcua/model/found-overrides.ts';
import type { Found } from '../../../../protocols/opcua/model/found.ts';
import { levelName } from '../../../../protocols/opcua/model/level-name.ts';
import { chooseMachine } from '../../../../protocols/opcua/model/machine-list.ts';
import { makePrintable } from '../../../../protocols/opcua/model/printable-found.ts';
import { unitOf } from '../../../../protocols/opcua/model/unece-units.ts';
import { isLevelId } from '../../../../protocols/telemetry/ids.ts';

const FOLDER = fileURLToPath(new URL('../../../../protocols/opcua', import.meta.url));
const UNECE = 'http://www.opcfoundation.org/UA/units/un/cefact';

describe('names of energy values', () => {
  test.each([
    ['AcActivePowerTotal', 'activePower', 'total'],
    ['AcActivePowerL2', 'activePower', 'l2'],
    ['AcReactivePowerTotal', 'reactivePower', 'total'],
    ['AcApparentPowerL3', 'apparentPower', 'l3'],
    ['AcActiveEnergyTotalImportHp', 'activeEnergyImport', 'total'],
    ['AcActiveEnergyTotalExportLp', 'activeEnergyExport', 'total'],
    ['AcReactiveEnergyTotalExportHp', 'reactiveEnergyExport', 'total'],
    ['AcApparentEnergyTotalLp', 'apparentEnergy', 'total'],
    ['AcVoltageL1N', 'voltage', 'l1'],
    ['AcVoltageL3L1', 'voltage', 'l31'],
    ['AcCurrentN', 'current', 'n'],
    ['AcPowerFactorL1', 'powerFactor', 'l1'],
    ['AcFrequency', 'frequency', 'total'],
  ])('%s is %s %s', (name, quantity, phase) => {
    expect(energyMeaning(name)).toMatchObject({ quantity, phase });
  });

  test.each([
    'AcActivePowerTotalMax',
    'AcActivePowerTotalImport15minCompleted',
    'AcActiveEnergyTotalSumHp',
    'AcActiveEnergyTotalImport5',
    'AcVoltageL1N3s',
    'AcCurrentL1600s',
    'AcCurrentPe',
    'AcReactivePowerQnTotal',
    'DcActivePower',
    'ActPower',
  ])('%s is none of them', (name) => {
    expect(energyMeaning(name)).toBeUndefined();
  });
});

describe('units of servers', () => {
  const unit = (unitId: number, text = '', namespaceUri = UNECE) =>
    unitOf({ namespaceUri, unitId, displayName: { text } });
  test('go by their common code, or else by their text', () => {
    expect(unit(5_723_220)).toBe('W');
    expect(unit(5_720_146, 'W·h')).toBe('Wh');
    expect(unit(4_469_812, 'var')).toBe('var');
    expect(unit(4_279_632, 'A')).toBe('A');
    expect(unit(5_394_509, 'r/min')).toBe('1/min');
    expect(unit(-1, 'kW h')).toBe('kWh');
    expect(unit(0, 'U/min')).toBe('1/min');
    expect(unit(7, 'kW', 'urn:maker')).toBe('kW');
  });
  test('are unknown where there is none, another one, or two that differ', () => {
    expect(unit(0)).toBeUndefined();
    expect(unit(5_067_858, 'mm')).toBeUndefined();
    expect(unit(5_723_220, 'kW')).toBeUndefined();
    expect(unit(5_723_220, '', 'urn:maker')).toBeUndefined();
    expect(unit(-1, 'constructor')).toBeUndefined();
  });
});

test('of two machines with one name none is taken', () => {
  const named = (nodeId: string) => ({ name: 'Mill', nodeId, type: 'MachineToolType', isMachineTool: true });
  const machines = [named('ns=2;i=1'), named('ns=3;i=1')];
  expect(chooseMachine(machines, 'Mill')).toEqual({
    remarks: [expect.stringContaining('2 machines that are called Mill')],
  });
  expect(chooseMachine(machines.slice(1), 'Mill').machine?.nodeId).toBe('ns=3;i=1');
});

test('meters of one name keep their components, in whatever order the server tells them', () => {
  const points = (order: readonly string[]) => {
    const root = rootNode('ns=1;s=machine');
    const nodes = order.flatMap((cell) => {
      const below = (parent: ServerNode, name: string, kind: ServerNode['kind'] = 'object'): ServerNode => ({
        ...rootNode(`${parent.nodeId}/${name}`, name),
        kind,
        parent,
        path: [...parent.path, name],
      });
      const meter = below(below(root, cell), 'Meter');
      return [meter, below(meter, 'AcActivePowerTotal', 'variable')];
    });
    return findEnergyPoints(nodes, new Map(), true).measured.map(({ point, component }) => [
      point,
      component,
    ]);
  };
  expect(points(['Left', 'Right'])).toEqual(points(['Right', 'Left']));
  expect(points(['Left', 'Right'])).toEqual([
    ['Left/Meter/AcActivePowerTotal', 'meter'],
    ['Right/Meter/AcActivePowerTotal', 'meter-2'],
  ]);
});

test('what was found can be printed, and told otherwise by what was printed', () => {
  const point = 'Mill\u001b[2J"x/AcActivePowerTotal';
  const found: Found = {
    device: { manufacturer: 'Evil\u202e\u0007' },
    measured: [
      {
        nodeId: `ns=1;s=${point}`,
        point,
        component: 'm',
        quantity: 'activePower',
        phase: 'total',
        scale: ['1', '1'],
      },
    ],
    statuses: [],
    remarks: [
      `write found: [{ point: ${JSON.stringify('Mill\u001b[2J"x')}, component: supply }].`,
      'a\u009bb',
    ],
  };
  const printed = makePrintable(found);
  const { nodeId, ...shown } = printed.measured[0] ?? { nodeId: '' };
  expect(nodeId).toBe(`ns=1;s=${point}`);
  expect(
    [shown, printed.device, printed.remarks].flatMap((one) => Object.values(one ?? {})).join(''),
  ).not.toMatch(/\p{C}/u);
  const told = applyOverrides(printed, [
    { point: printed.measured[0]?.point ?? '', component: 'supply', skip: false },
  ]);
  expect(told.measured[0]?.component).toBe('supply');
});

test('names of servers become names of components', () => {
  expect(levelName('Kühlung 2', 'x')).toBe('Kuhlung-2');
  expect(levelName('主轴', 'spindle')).toBe('spindle');
  expect(levelName('constructor', 'part')).toBe('part');
  for (const name of ['a'.repeat(200), '..a..', '-', '_x', 'S1/A.b'])
    expect(isLevelId(levelName(name, 'x'))).toBe(true);
});

test('no file of the OPC UA client calls a method or writes to a server', () => {
  const files = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  );
  expect(files.length).toBeGreaterThan(20);
  const calling = files.filter((name) =>
    /\.(?:call|callMethod|write|writeSingleNode|performCall|historyUpdate|addNodes|deleteNodes)\(/.test(
      readFileSync(join(FOLDER, name), 'utf8').replaceAll(/\/\/.*$/gm, ''),
    ),
  );
  expect(calling).toEqual([]);
});
