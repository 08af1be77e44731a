import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startMillwatt } from '../e2e/millwatt-process.ts';

let file = '';
beforeAll(() => {
  const folder = mkdtempSync(join(tmpdir(), 'millwatt-check-lines-'));
  file = join(folder, 'agent.yaml');
  writeFileSync(
    file,
    `site: plant-1
agent: gateway-1
broker: { url: "mqtt://127.0.0.1:1883" }
sources:
  - { id: a, protocol: modbus-rtu, serialPort: /dev/ttyUSB0, unit: 1, profile: eastron/sdm630, machine: m1 }
  - { id: b, protocol: modbus-rtu, serialPort: /dev/ttyUSB0, unit: 2, profile: eastron/sdm630, machine: m2 }
`,
  );
});
afterAll(() => rmSync(join(file, '..'), { recursive: true, force: true }));

test('check tells how each serial line is set and how busy it is', async () => {
  const check = startMillwatt(['check', '-c', file]);
  expect(await check.exited).toBe(0);
  expect(check.output()).toMatch(
    /agent\.yaml: \/dev\/ttyUSB0 9600 8N1 \(all as eastron\/sdm630 leaves the factory\): 2 sources, \d\.\d requests a second, about \d\d % busy\n.*agent\.yaml: good/,
  );
});

test('check tells which settings are written, which come from a profile and which nobody said', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'millwatt-check-settings-'));
  const mixed = join(folder, 'agent.yaml');
  const source = (id: string, port: string, unit: number, profile: string, more = '') =>
    `  - { id: ${id}, protocol: modbus-rtu, serialPort: ${port}, unit: ${unit}, profile: ${profile}, machine: ${id}${more} }\n`;
  const all = ', baudRate: 19200, parity: even, stopBits: 1';
  writeFileSync(
    mixed,
    `site: plant-1\nagent: gateway-1\nbroker: { url: "mqtt://127.0.0.1:1883" }\nsources:\n${[
      source('a', '/dev/ttyS0', 1, 'eastron/sdm630', all),
      source('b', '/dev/ttyS1', 1, 'eastron/sdm630', ', baudRate: 19200'),
      source('c', '/dev/ttyS1', 2, 'acrel/adl3000'),
      source('d', '/dev/ttyS2', 1, 'acrel/adl3000', ', baudRate: 14400'),
    ].join('')}`,
  );
  const check = startMillwatt(['check', '-c', mixed]);
  expect(await check.exited).toBe(0);
  const output = check.output();
  rmSync(folder, { recursive: true, force: true });
  expect(output).toContain('/dev/ttyS0 19200 8E1 (all as written): ');
  expect(output).toContain(
    '/dev/ttyS1 19200 8N1 (baud rate as written, parity and stop bits as eastron/sdm630 leaves the factory; nothing is stated of acrel/adl3000): ',
  );
  expect(output).toContain('/dev/ttyS2 14400 8N1 (baud rate as written, parity and stop bits assumed): ');
  expect(output).toMatch(/warning: sources\[3\]\.baudRate: 14400 is no usual baud rate/);
  expect(output).toMatch(
    /warning: sources\[3\]\.serialPort: nobody says the parity of \/dev\/ttyS2: none is assumed/,
  );
});

test('and so does its JSON', async () => {
  const check = startMillwatt(['check', '-c', file, '--json']);
  expect(await check.exited).toBe(0);
  const { reports } = JSON.parse(check.output()) as {
    reports: { lines: { line: string; busyShare: number; sources: string[] }[] }[];
  };
  expect(reports[0]?.lines).toMatchObject([{ line: '/dev/ttyUSB0 9600 8N1', sources: ['a', 'b'] }]);
  const share = reports[0]?.lines[0]?.busyShare ?? 0;
  expect(share).toBeGreaterThan(0.1);
  expect(share).toBeLessThan(0.8);
});

test('check takes a device profile as what it is', async () => {
  const profile = join(file, '../profiles/acme/wonder.yaml');
  mkdirSync(join(profile, '..'), { recursive: true });
  const good = `version: 1.0.0
title: Acme Wonder
vendor: Acme
models: [Wonder]
confidence: medium
sources: [its manual]
functionCode: 3
points:
  - { quantity: activePower, address: 0, type: f32, unit: W }
`;
  writeFileSync(profile, good);
  const check = startMillwatt(['check', '-c', profile]);
  expect(await check.exited).toBe(0);
  expect(check.output()).toMatch(/wonder\.yaml: good \(device profile acme\/wonder\)/);
  writeFileSync(profile, good.replace('f32', 'float'));
  const again = startMillwatt(['check', '-c', profile]);
  expect(await again.exited).toBe(1);
  expect(again.output()).toMatch(/wonder\.yaml:9:\d+: points\[0\]\.type: "float" .*Cure: /);
});
