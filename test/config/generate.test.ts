import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { checkConfig } from '../../config/check.ts';
import { GENERATE_COMMAND, generateFiles } from '../../config/generate.ts';
import { CONFIG_KINDS, CONFIG_SCHEMAS } from '../../config/kinds.ts';

const CONFIG = join(import.meta.dirname, '../../config');
const SAMPLES = join(CONFIG, 'samples');

describe('generated files are what the declarations say now', () => {
  for (const { path, text } of generateFiles())
    test(path, () => {
      expect(readFileSync(join(CONFIG, path), 'utf8'), `out of date: run ${GENERATE_COMMAND}`).toBe(text);
    });
});

describe('every sample passes the check without a remark', () => {
  // Whoever tries a sample where it stands leaves a data folder beside it.
  for (const name of readdirSync(SAMPLES).filter((entry) => entry.endsWith('.yaml')))
    test(name, () => {
      const file = join(SAMPLES, name);
      const { config, findings } = checkConfig(readFileSync(file, 'utf8'), file);
      expect(findings).toEqual([]);
      expect(config).toBeDefined();
    });
});

test('one meter takes at most 25 lines', () => {
  const lines = readFileSync(join(SAMPLES, 'one-meter.yaml'), 'utf8').trimEnd().split('\n');
  expect(lines.length).toBeLessThanOrEqual(25);
});

describe('a sample with every # taken away', () => {
  for (const [kind, contradictions] of [
    // What stands for itself may contradict its neighbour: two ways to name a broker, files that are not there.
    [
      'agent',
      /is not there|are given|collectorKey|both a quantity and a status|a status has no unit|stands for a user|without TLS, but ca|belongs to a status|states the scale|changes nothing|already read by this same|no source says whether/,
    ],
    ['collector', /is not there|which of them|is no machine of this file|InfluxDB 2\.x takes a token/],
  ] as const)
    test(`${kind}: is valid, key for key`, () => {
      const sample = readFileSync(join(SAMPLES, `${kind}.yaml`), 'utf8');
      const opened = sample.replaceAll(/^( *)#(?=\S)/gm, '$1');
      const { findings } = checkConfig(opened, 'opened.yaml', kind);
      const others = findings.filter((one) => !contradictions.test(`${one.path} ${one.message}`));
      expect(others).toEqual([]);
      expect(findings.filter((one) => one.message.includes('not a key'))).toEqual([]);
    });
});

describe('a JSON Schema for editors', () => {
  for (const kind of CONFIG_KINDS)
    test(`${kind}: names every key, and its defaults are what an operator may write`, () => {
      const schema = JSON.parse(
        readFileSync(join(CONFIG, `schema/${kind}.schema.json`), 'utf8'),
      ) as JsonSchema;
      expect(Object.keys(schema.properties ?? {})).toEqual(Object.keys(CONFIG_SCHEMAS[kind].shape));
      expect(schema.additionalProperties).toBe(false);
      const checked = checkDefaults(schema);
      expect(checked).toBeGreaterThan(0);
    });
});

interface JsonSchema {
  properties?: Record<string, JsonSchema>;
  items?: JsonSchema;
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  type?: string;
  pattern?: string;
  default?: unknown;
  additionalProperties?: unknown;
}

/** How many defaults of text there were; each must fit its own pattern. */
function checkDefaults(schema: JsonSchema): number {
  let count = 0;
  if (schema.pattern !== undefined && schema.default !== undefined) {
    expect(schema.default).toMatch(new RegExp(schema.pattern));
    count += 1;
  }
  const inner = [
    ...Object.values(schema.properties ?? {}),
    ...(schema.anyOf ?? []),
    ...(schema.oneOf ?? []),
    ...(schema.items === undefined ? [] : [schema.items]),
  ];
  for (const one of inner) count += checkDefaults(one);
  return count;
}
