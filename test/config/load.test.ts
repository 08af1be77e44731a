import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadAgentConfig, loadCollectorConfig } from '../../config/load.ts';
import { describeError, MillwattError } from '../../protocols/errors.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'millwatt-load-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const GOOD_AGENT = `
site: my-plant
agent: hall-1
broker: { url: "mqtt://127.0.0.1:1883" }
sources:
  - &first
    { id: a, protocol: modbus-tcp, machine: mill-1, host: 10.0.0.1, profile: siemens/pac3200, every: 1.5s, meter: { class: '1' } }
`;

function write(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

function refusalOf(load: () => unknown): MillwattError {
  try {
    load();
  } catch (error) {
    if (error instanceof MillwattError) return error;
    throw error;
  }
  throw new Error('was not refused');
}

test('a good file comes with its defaults, its folder and no warnings', () => {
  const loaded = loadAgentConfig(write('agent.yaml', GOOD_AGENT));
  expect(loaded.folder).toBe(folder);
  expect(loaded.warnings).toEqual([]);
  expect(loaded.config.spool).toEqual({
    maxSize: 1_000_000_000,
    maxAge: 365 * 86_400_000,
    durability: 'group',
    keep: 259_200_000,
    batchSamples: 1000,
    batchAge: 60_000,
  });
  expect(loaded.config.sources[0]).toMatchObject({
    every: 1500,
    timeout: 1000,
    component: 'supply',
  });
});

test('warnings come along and do not refuse', () => {
  const loaded = loadAgentConfig(write('far.yaml', GOOD_AGENT.replace('127.0.0.1', '10.0.0.9')));
  expect(loaded.warnings.map((finding) => finding.severity)).toEqual(['warning', 'warning', 'warning']);
});

test('a bad file is refused with every finding, its place and its cure', () => {
  const file = write('bad.yaml', GOOD_AGENT.replace('every', 'evry').replace('hall-1', '"hall 1"'));
  const error = refusalOf(() => loadAgentConfig(file));
  expect(error.remedy).toBe('refuse');
  expect(error.message).toContain(`${file}:3:8: agent: `);
  expect(error.message).toMatch(/:7:\d+: sources\[0\]\.evry: .*Did you mean "every"/);
  expect(describeError(error)).toContain('millwatt check -c');
});

test('profiles of the operator are found beside the file', () => {
  const text = GOOD_AGENT.replace('siemens/pac3200', 'acme/own-meter');
  expect(refusalOf(() => loadAgentConfig(write('own.yaml', text))).message).toContain('no device profile');
  mkdirSync(join(folder, 'profiles/acme'), { recursive: true });
  const shipped = join(import.meta.dirname, '../../config/profiles/siemens/pac3200.yaml');
  copyFileSync(shipped, join(folder, 'profiles/acme/own-meter.yaml'));
  expect(loadAgentConfig(write('own.yaml', text)).config.sources).toHaveLength(1);
});

test('a file of another kind is refused, not half understood', () => {
  const error = refusalOf(() => loadCollectorConfig(write('agent-2.yaml', GOOD_AGENT)));
  expect(error.message).toContain('sources: is not a key that is known here');
});

test('a file that is not there, or is a folder, is refused with a cure', () => {
  expect(refusalOf(() => loadAgentConfig(join(folder, 'none.yaml'))).message).toContain('is not there');
  expect(refusalOf(() => loadAgentConfig(folder)).message).toContain('is a folder');
});
