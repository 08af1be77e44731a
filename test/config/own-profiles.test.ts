import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkConfig } from '../../config/check.ts';
import { checkProfileFile } from '../../config/library/profile-place.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'millwatt-own-'));
  mkdirSync(join(folder, 'profiles/acme'), { recursive: true });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const GOOD = `version: 1.0.0
title: Acme Wonder
vendor: Acme
models: [Wonder]
confidence: medium
sources: [its manual]
functionCode: 3
points:
  - { quantity: activePower, address: 0, type: f32, unit: W }
  - { quantity: activeEnergySum, address: 2, type: u32, unit: Wh }
`;

function check(profile: string, more = '') {
  writeFileSync(join(folder, 'profiles/acme/wonder.yaml'), profile);
  const source = `{ id: a, protocol: modbus-tcp, host: 10.0.0.1, machine: m, profile: acme/wonder, meter: { class: "1" }${more} }`;
  const text = `site: s\nagent: a\nbroker: { url: "mqtt://127.0.0.1:1883" }\nsources:\n  - ${source}\n`;
  return checkConfig(text, join(folder, 'agent.yaml'), 'agent').findings;
}

test("an operator's own profile beside the file is used", () => {
  expect(check(GOOD, ', importOnly: true')).toEqual([]);
});

test('a sum of import and export does not count as import unless the operator says so', () => {
  expect(check(GOOD)).toMatchObject([
    { severity: 'warning', message: expect.stringContaining('does not count as import') },
  ]);
  // With an import of its own beside it, the sum is but one more value.
  const both = `${GOOD}  - { quantity: activeEnergyImport, address: 4, type: u32, unit: Wh }\n`;
  expect(check(both)).toEqual([]);
});

test('a profile that is not usable is told with its own file and line, not only at the start', () => {
  expect(check(GOOD.replace('unit: Wh }', 'unit: W }'))).toMatchObject([
    {
      severity: 'error',
      path: 'sources[0].profile',
      message: expect.stringMatching(/wonder\.yaml:10:\d+: .*activeEnergySum is measured in Wh/),
    },
  ]);
});

test('under importOnly the sum is known as the import too, and the same ratio is never applied twice', () => {
  expect(check(GOOD, ', importOnly: true, read: [activePower, activeEnergyImport]')).toEqual([]);
  const own = GOOD.replace(
    'type: f32, unit: W',
    'type: f32, unit: W, factors: [{ address: 9, type: u16, as: factor }]',
  );
  expect(check(own, ', importOnly: true, ct: { primary: 100, secondary: 5 }')).toMatchObject([
    { severity: 'error', path: 'sources[0].ct', message: expect.stringContaining('multiplied twice') },
  ]);
});

test.each([
  ['profiles/acme/marvel.yml', 'profiles/acme/marvel.yaml'],
  ['profiles/Acme/Marvel.yaml', 'profiles/acme/marvel.yaml'],
  ['profiles/marvel.yaml', 'profiles/vendor/marvel.yaml'],
])('a profile at %s is not found, and the check says that it belongs to %s', (lies, belongs) => {
  const own = mkdtempSync(join(folder, 'stray-'));
  mkdirSync(join(own, lies, '..'), { recursive: true });
  writeFileSync(join(own, lies), GOOD);
  const source = '{ id: a, protocol: modbus-tcp, host: 10.0.0.1, machine: m, profile: acme/marvel }';
  const text = `site: s\nagent: a\nbroker: { url: "mqtt://127.0.0.1:1883" }\nsources:\n  - ${source}\n`;
  const { findings } = checkConfig(text, join(own, 'agent.yaml'), 'agent');
  expect(findings).toMatchObject([
    {
      path: 'sources[0].profile',
      message: expect.stringContaining(join(own, lies)),
      cure: expect.stringContaining(join(own, belongs)),
    },
  ]);
  expect(checkProfileFile(GOOD, join(own, lies))[0]).toMatchObject({
    severity: 'warning',
    cure: expect.stringContaining(belongs),
  });
});
