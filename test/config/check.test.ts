import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkConfig } from '../../config/check.ts';
import { findNearest } from '../../config/nearest.ts';
import { readSurroundings } from '../../config/surroundings.ts';

const CASES = join(import.meta.dirname, '../cases/config');
const texts = readdirSync(CASES).map((name) => readFileSync(join(CASES, name, 'input.yaml'), 'utf8'));

describe('a check never throws, and always says where', () => {
  test('on damaged files', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...texts),
        fc.nat(),
        fc.nat(12),
        fc.string({ unit: 'binary', maxLength: 12 }),
        (text, at, cut, put) => {
          const start = at % (text.length + 1);
          const damaged = text.slice(0, start) + put + text.slice(start + cut);
          const lineCount = damaged.split('\n').length;
          for (const finding of checkConfig(damaged, 'input.yaml').findings) {
            expect(finding.line).toBeGreaterThanOrEqual(1);
            expect(finding.line).toBeLessThanOrEqual(lineCount + 1);
            expect(finding.column).toBeGreaterThanOrEqual(1);
            expect(finding.message).not.toBe('');
            expect(finding.cure).not.toBe('');
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  test.each([
    ['broker: { url: "mqtt://[1" }'],
    ['broker: {}\ninflux: { url: "http://%1" }'],
    ['broker: {}\nevidence: { timeStamp: { url: "http://%1" } }'],
    ['broker: {}\npact: { url: "https://%1", cert: a.pem, key: a.key }'],
  ])('on what looks like an address and is none: %s', (lines) => {
    const { findings } = checkConfig(`site: plant-1\n${lines}\n`, 'input.yaml', 'collector');
    expect(findings.map(({ message }) => message).join('\n')).toMatch(/:\/\/[%[]1/);
  });

  test('on any data where a configuration should be', () => {
    fc.assert(
      fc.property(fc.constantFrom('agent', 'collector'), fc.json(), (kind, json) => {
        const { findings, config } = checkConfig(json, 'input.yaml', kind);
        expect(config === undefined).toBe(findings.length > 0);
      }),
      { numRuns: 300 },
    );
  });

  test('on nesting as deep as a file can hold', () => {
    for (const text of ['['.repeat(500_000), '{a: '.repeat(200_000), '- '.repeat(400_000)])
      expect(checkConfig(text, 'input.yaml').findings.length).toBeGreaterThan(0);
  });

  test('on a file above a mebibyte, which it does not parse', () => {
    const { findings } = checkConfig(`site: ${'x'.repeat(1024 * 1024)}`, 'input.yaml');
    expect(findings.map((finding) => finding.message)).toEqual(['The file is larger than 1 MiB.']);
  });
});

test('a file with reserved keys changes no prototype', () => {
  checkConfig(
    'site: { __proto__: { polluted: 1 } }\nagent: x\nconstructor: { prototype: { polluted: 1 } }',
    'f',
  );
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
});

test('a reserved key cannot hide behind an alias', () => {
  const { findings } = checkConfig('site: &k __proto__\n*k : { polluted: 1 }\nagent: x', 'f', 'agent');
  expect(findings.map((finding) => finding.message)).toContain('A key must be a word.');
});

test('an alias is read where it stands for a value', () => {
  const text = `
site: &plant my-plant
agent: *plant
broker: { url: "mqtt://127.0.0.1:1883" }
sources:
  - { id: a, protocol: modbus-tcp, machine: *plant, host: 10.0.0.1, profile: siemens/pac3200 }
`;
  expect(checkConfig(text, 'f', 'agent').config).toMatchObject({ agent: 'my-plant' });
});

test('a speed at which a source cannot be read as often as asked is a warning', () => {
  const text = `
site: my-plant
agent: hall-1
broker: { url: "mqtt://127.0.0.1:1883" }
sources:
  - { id: a, protocol: modbus-tcp, machine: mill-1, host: 127.0.0.1, profile: siemens/pac3200, meter: { class: '1' } }
`;
  const atSpeed = (speed: number) => checkConfig(text, 'f', 'agent', readSurroundings({ speed }));
  expect(atSpeed(10).findings).toEqual([]);
  const { findings, config } = atSpeed(600);
  expect(findings).toMatchObject([
    {
      severity: 'warning',
      path: 'sources[0].every',
      message: expect.stringContaining('every 60 simulated seconds'),
    },
  ]);
  expect(config).toBeDefined();
});

test('the nearest name is found by letters, swaps, case and beginnings, and none where none is near', () => {
  const known = ['every', 'timeout', 'profile', 'machine', 'kW'];
  expect(findNearest('evry', known)).toBe('every');
  expect(findNearest('tiemout', known)).toBe('timeout');
  expect(findNearest('KW', known)).toBe('kW');
  expect(findNearest('prof', known)).toBe('profile');
  expect(findNearest('kV', known)).toBeUndefined();
  expect(findNearest('colour', known)).toBeUndefined();
});
