import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { checkConfig } from '../../config/check.ts';
import { meaningOf } from '../../protocols/mtconnect/item-meaning.ts';
import type { DataItem } from '../../protocols/mtconnect/mtconnect-document.ts';

const PAGE = readFileSync(join(import.meta.dirname, '../../docs/mtconnect.md'), 'utf8');
const BLOCKS = [...PAGE.matchAll(/(?<=\n\n)((?: {4}.*\n?)+)/g)].map(([, block = '']) => block);

const source = { id: 'c', machine: 'm', protocol: 'mtconnect', url: 'http://127.0.0.1:5000' };
const findingsOf = (sources: unknown) =>
  checkConfig(
    JSON.stringify({ site: 's', agent: 'a', broker: { url: 'mqtt://127.0.0.1:1883' }, sources }),
    'agent.yaml',
    'agent',
  ).findings;

test('what docs/mtconnect.md tells people to write is good', () => {
  const sources = BLOCKS.filter((block) => block.trim().startsWith('sources:'));
  const items = BLOCKS.filter((block) => block.trim().startsWith('items:'));
  expect([sources.length, items.length]).toEqual([1, 2]);
  for (const block of sources) expect(findingsOf((parse(block) as { sources: unknown }).sources)).toEqual([]);
  for (const block of items)
    expect(findingsOf([{ ...source, ...(parse(block) as { items: unknown }) }])).toEqual([]);
});

test('what docs/mtconnect.md says is read is read', () => {
  const table = PAGE.slice(PAGE.indexOf('| of the agent'), PAGE.indexOf('What is wanted'));
  const types = [
    ...table.matchAll(/\b[A-Z]+(?:_[A-Z]+)+\b|\b(?:WATTAGE|LOAD|TORQUE|EXECUTION|PROGRAM)\b/g),
  ].map(([type]) => type);
  expect(types.length).toBeGreaterThan(20);
  for (const type of types) {
    const item: DataItem = {
      id: 'x',
      name: undefined,
      category: 'SAMPLE',
      type,
      subType: undefined,
      units: undefined,
      nativeUnits: undefined,
      coordinateSystem: undefined,
      representation: 'VALUE',
      statistic: undefined,
      isReset: false,
      composition: undefined,
      path: [{ kind: 'Device', id: 'd', name: 'M', nativeName: undefined }],
    };
    expect(meaningOf(item) ?? meaningOf({ ...item, category: 'EVENT' }), type).toBeDefined();
  }
});
