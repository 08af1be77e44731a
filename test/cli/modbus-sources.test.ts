import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { wireModbusSources } from '../../cli/modbus-sources.ts';
import { buildDrivers } from '../../cli/build-drivers.ts';
import { agentConfig, type SourceConfig } from '../../config/agent-config.ts';
import { systemClock } from '../../protocols/clock.ts';
import { silentLog } from '../../protocols/log.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'millwatt-wired-'));
  writeFileSync(join(folder, 'ca.pem'), 'the authority');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function sourcesOf(...sources: object[]): SourceConfig[] {
  const wiring = { machine: 'm1', profile: 'eastron/sdm630' };
  return agentConfig.parse({
    site: 's',
    agent: 'a',
    broker: { url: 'mqtt://127.0.0.1:1883' },
    sources: sources.map((source, n) => ({ id: `s${n}`, ...wiring, ...source })),
  }).sources;
}

const SERIAL = { protocol: 'modbus-rtu', serialPort: '/dev/ttyUSB0' };

test('everything that the file says of a device reaches its driver', () => {
  const wired = wireModbusSources(
    sourcesOf({
      protocol: 'modbus-tcp',
      host: '10.0.0.1',
      tls: { ca: 'ca.pem', serverName: 'meter-1' },
      unit: 7,
      profile: 'mitsubishi/fr-a700:output-power',
      component: 'spindle',
      every: '500ms',
      read: ['activePower.total'],
      addressOffset: 1,
      wordOrder: 'little',
      timeout: '300ms',
      ct: { primary: 100, secondary: 5 },
      vt: { primary: 1000, secondary: 100 },
      ratedPower: '7.5kW',
      scales: { 'activePower.total': 0.1 },
      importOnly: true,
      meter: { serial: 'A1', class: '1' },
    }),
    folder,
  );
  expect(wired.get('s0')?.map(({ source }) => source)).toEqual([
    {
      id: 's0',
      machine: 'm1',
      component: 'spindle',
      endpoint: {
        transport: 'tcp',
        host: '10.0.0.1',
        port: 802,
        tls: { ca: 'the authority', serverName: 'meter-1' },
      },
      unit: 7,
      read: ['activePower.total'],
      addressOffset: 1,
      wordOrder: 'little',
      timeout: 300,
      every: 500,
      ct: { primary: 100, secondary: 5 },
      vt: { primary: 1000, secondary: 100 },
      ratedPowerW: 7500,
      scales: { activePower: '0.1' },
      importOnly: true,
      meter: { serial: 'A1', class: '1' },
    },
  ]);
  expect(wired.get('s0')?.[0]?.profile.id).toBe('mitsubishi/fr-a700:output-power');
});

test('a certificate that is not there is told with its path', () => {
  const sources = sourcesOf({ protocol: 'modbus-tcp', host: '10.0.0.1', tls: { ca: 'nowhere.pem' } });
  expect(() => wireModbusSources(sources, folder)).toThrow(join(folder, 'nowhere.pem'));
});

test('the sources of a port share its settings even where only one of them is wanted', async () => {
  const sources = sourcesOf(
    { ...SERIAL, unit: 1, baudRate: 38_400, parity: 'odd' },
    { ...SERIAL, unit: 2, slower: [{ every: '1min', read: ['frequency'] }] },
  );
  const drivers = await buildDrivers(
    { sources },
    { folder, dataFolder: folder, clock: systemClock, log: silentLog },
    ({ id }) => id === 's1',
  );
  expect(drivers.map(({ description: { id, address } }) => [id, address])).toEqual([
    ['s1', '/dev/ttyUSB0 38400 8O1 unit 2'],
    ['s1-1min', '/dev/ttyUSB0 38400 8O1 unit 2'],
  ]);
  const channels = drivers.map((driver) => driver.channels.map(({ id }) => id));
  expect(channels[1]).toEqual(['m1.supply.frequency']);
  expect(channels[0]).not.toContain('m1.supply.frequency');
  expect(new Set(channels.flat()).size).toBe(channels.flat().length);
  await Promise.all(drivers.map((driver) => driver.close()));
});
