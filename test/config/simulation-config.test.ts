import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { checkConfig } from '../../config/check.ts';
import { simulatedTimeOf, simulationConfig, zoneOffsetMs } from '../../config/simulation-config.ts';

const minimal = {
  site: 'demo',
  machines: [{ id: 'mill-1', kind: 'mill', ratedPower: '15kW' }],
  devices: [{ type: 'modbus-meter', id: 'm1', port: 5020, profile: 'siemens/pac3200', machine: 'mill-1' }],
};

describe('simulation config', () => {
  test('says which machines there are, and which password file others can read', () => {
    const text = `site: s
machines: [{ id: mill-1, kind: mill, ratedPower: 15kW }]
devices:
  - { type: modbus-meter, id: m1, port: 5020, profile: siemens/pac3200, machine: mill-9 }
  - { type: opcua-machine, id: o, port: 4840, machine: mill-1, username: u, password: "\${file:p}" }
`;
    const folder = mkdtempSync(join(tmpdir(), 'millwatt-simulation-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    writeFileSync(join(folder, 'p'), 'secret', { mode: 0o644 });
    const { findings } = checkConfig(text, join(folder, 'plant.yaml'), 'simulation');
    expect(findings.map(({ cure }) => cure)).toEqual([
      'Add it to machines, or choose one of: mill-1.',
      `Run: chmod 600 ${join(folder, 'p')}`,
    ]);
  });

  test('fills in what is not said', () => {
    const config = simulationConfig.parse(minimal);
    expect(config.machines[0]?.ratedPower).toBe(15_000);
    expect(config.devices[0]).toMatchObject({ host: '127.0.0.1', unit: 1, component: 'supply' });
    expect(simulatedTimeOf(config.time, 1000)).toEqual({
      originMs: 1000,
      startMs: 1000,
      speed: 1,
      untilNow: false,
    });
  });

  test('reads times, offsets and a replay', () => {
    const config = simulationConfig.parse({
      ...minimal,
      time: { origin: '2023-05-04T21:06:25+08:00', start: '2026-01-01T00:00:00Z', speed: 60 },
      devices: [
        {
          type: 'replay',
          id: 'r',
          port: 5021,
          profile: 'siemens/pac3200',
          file: 'data.csv',
          zoneOffset: '+08:00',
          columns: [{ column: 'kWh', quantity: 'activeEnergyImport', unit: 'kWh' }],
        },
      ],
    });
    expect(simulatedTimeOf(config.time, 0)).toEqual({
      originMs: Date.UTC(2023, 4, 4, 13, 6, 25),
      startMs: Date.UTC(2026, 0, 1),
      speed: 60,
      untilNow: false,
    });
    expect(config.devices[0]).toMatchObject({ timeColumn: 'time', maxHold: 2000 });
    expect([zoneOffsetMs('+08:00'), zoneOffsetMs('-05:30')]).toEqual([28_800_000, -19_800_000]);
  });

  test.each([
    ['a machine that is not there', [{ ...minimal.devices[0], machine: 'mill-9' }], 'devices.0.machine'],
    ['two devices of one name', [minimal.devices[0], { ...minimal.devices[0], unit: 2 }], 'devices.1.id'],
    ['two devices at one place', [minimal.devices[0], { ...minimal.devices[0], id: 'm2' }], 'devices.1.port'],
    [
      'OPC UA on a Modbus port',
      [minimal.devices[0], { type: 'opcua-machine', id: 'o', port: 5020, machine: 'mill-1' }],
      'devices.1.port',
    ],
    [
      'an MTConnect agent of nothing',
      [{ type: 'mtconnect-agent', id: 'a', port: 5000, file: 'log.txt' }],
      'devices.0',
    ],
    [
      'an MTConnect agent of a machine and a log',
      [{ type: 'mtconnect-agent', id: 'a', port: 5000, machine: 'mill-1', device: 'Mazak01' }],
      'devices.0',
    ],
    [
      'an MTConnect agent of a machine that is not there',
      [{ type: 'mtconnect-agent', id: 'a', port: 5000, machine: 'mill-9' }],
      'devices.0.machine',
    ],
    [
      'energy in kW',
      [
        {
          type: 'replay',
          id: 'r',
          port: 1,
          profile: 'p',
          file: 'f',
          columns: [{ column: 'c', quantity: 'activeEnergyImport', unit: 'kW' }],
        },
      ],
      'devices.0.columns.0',
    ],
  ])('refuses %s', (_, devices, path) => {
    const result = simulationConfig.safeParse({ ...minimal, devices });
    expect(result.error?.issues.map((issue) => issue.path.join('.'))).toEqual([path]);
  });
});
