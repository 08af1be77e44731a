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
    /agent\.yaml: \/dev\/ttyUSB0 9600 8N1 \(factory settings of its devices\): 2 sources, \d\.\d requests a second, about \d\d % busy\n.*agent\.yaml: good/,
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
