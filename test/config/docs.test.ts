import { globSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { ALGORITHM } from '../../collector/energy/close-hour.ts';
import { checkConfig } from '../../config/check.ts';
import { listProfiles, loadProfile } from '../../config/library/profile-library.ts';
import { readSurroundings } from '../../config/surroundings.ts';

const ROOT = join(import.meta.dirname, '../..');
/** Every file that the pages name is there, and its owner's alone. */
const world = { ...readSurroundings(), stat: () => ({ mode: 0o600 }) };

function read(page: string): string {
  return readFileSync(join(ROOT, page), 'utf8');
}

function strip(block: string): string {
  const indent = /^ */.exec(block)?.[0].length ?? 0;
  return block
    .split('\n')
    .map((line) => line.slice(indent))
    .join('\n');
}

describe('what the pages tell people to write', () => {
  test('docs/simulation.md: the plant, its agent and its collector are good, and fit together', () => {
    const files = ['plant', 'plant-agent', 'plant-collector'].map((name) => {
      const file = `config/samples/${name}.yaml`;
      const text = read(file);
      const { findings, config } = checkConfig(text, file, undefined, world);
      expect(findings).toEqual([]);
      expect(read('docs/simulation.md')).toContain(`${name}.yaml`);
      return { text, config };
    });
    const [plant, agent, collector] = files.map(({ config }) => JSON.parse(JSON.stringify(config)));
    const idsOf = (list: { id: string }[]) => list.map(({ id }) => id);
    expect(idsOf(agent.sources)).toEqual(expect.arrayContaining(idsOf(plant.devices)));
    expect(idsOf(collector.machines)).toEqual(idsOf(plant.machines));
    const portsOf = (text = '') =>
      new Set([...text.matchAll(/(?:port: |0\.1:)(\d{5})\b/g)].map(([, port]) => port));
    expect(portsOf(files[1]?.text)).toEqual(portsOf(files[0]?.text));
  });

  const fenced = [...read('README.md').matchAll(/```yaml\n(.*?)\n *```/gs)].map(([, block = '']) =>
    strip(block),
  );

  test.each(fenced)('README.md: the file %# is good as it stands', (text) => {
    const { findings, config } = checkConfig(text, '/etc/millwatt/file.yaml', undefined, world);
    expect(findings).toEqual([]);
    expect(config).toBeDefined();
  });

  const guide = read('docs/plant-engineer.md');
  const blocks = [...guide.matchAll(/(?<=\n\n)((?: {4}.*\n?)+)/g)]
    .map(([, block = '']) => strip(block))
    .filter((block) => /^(broker|http|influx|sources):/.test(block));
  const [ofAgent, ofCollector] = [
    blocks.filter((block) => block.startsWith('sources:')),
    blocks.filter((block) => !block.startsWith('sources:')),
  ];

  test('docs/plant-engineer.md: there are such parts', () => {
    expect(ofCollector.map((block) => block.split(':')[0])).toEqual([
      'broker',
      'http',
      'broker',
      'broker',
      'influx',
    ]);
    expect(ofAgent.length).toBeGreaterThanOrEqual(7);
  });

  test.each(ofCollector)('docs/plant-engineer.md: the part %# is good in a file', (block) => {
    const part = parse(block) as Record<string, unknown>;
    const file = { site: 'plant-1', broker: { embedded: {} }, ...part };
    const { findings } = checkConfig(JSON.stringify(file), '/etc/millwatt/file.yaml', 'collector', world);
    expect(findings).toEqual([]);
  });

  const withSources = (parts: readonly string[]) => {
    const sources = parts.flatMap((part) => (parse(part) as { sources: object[] }).sources);
    const file = { site: 'plant-1', agent: 'hall-1', broker: { url: 'mqtt://127.0.0.1:1883' }, sources };
    return checkConfig(JSON.stringify(file), '/etc/millwatt/file.yaml', 'agent', world).findings;
  };

  test.each(ofAgent)('docs/plant-engineer.md: the sources %# are good in a file', (block) => {
    expect(withSources([block])).toEqual([]);
  });

  test('docs/plant-engineer.md: the sources of one line get along', () => {
    for (const port of ['/dev/ttyUSB0', '/dev/ttyUSB1'])
      expect(withSources(ofAgent.filter((block) => block.includes(port)))).toEqual([]);
  });
});

test('README.md counts the device profiles right', () => {
  const kinds = listProfiles().map(({ id }) => loadProfile(id).profile.kind);
  const count = (kind: string) => kinds.filter((one) => one === kind).length;
  expect(read('README.md')).toContain(`profiles of ${count('meter')} meters and ${count('drive')} drives`);
});

describe('what the pages rest on', () => {
  const pages = ['README.md', ...readdirSync(join(ROOT, 'docs')).filter((name) => name.endsWith('.md'))];
  const named = pages.flatMap((name) => {
    const page = name === 'README.md' ? name : `docs/${name}`;
    // Addresses of others have folders of the same names.
    const own = read(page).replaceAll(/https?:\/\/\S+/g, '');
    return [...own.matchAll(/\b((?:test|bench|deploy|docs|config)\/[\w./*-]*\w\/?)/g)].map(
      ([path]) => [page, path] as const,
    );
  });

  test('docs/machine-hour.md describes the algorithm that stands in records', () => {
    const [algorithm] = /millwatt-energy\/\d+/.exec(read('docs/machine-hour.md')) ?? [];
    expect(algorithm).toBe(ALGORITHM);
  });

  test('there are such files', () => {
    expect(named.length).toBeGreaterThan(40);
  });

  test.each(named)('%s names %s, which is there', (_page, path) => {
    expect(globSync(path, { cwd: ROOT })).not.toEqual([]);
  });
});
