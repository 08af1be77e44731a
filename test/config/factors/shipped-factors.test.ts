import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { canonicalFactorText, sha256Of } from '../../../config/library/factor-row.ts';
import { loadShippedFactors } from '../../../config/library/factor-library.ts';

const ROOT = join(import.meta.dirname, '../../..');
const tables = loadShippedFactors();
const rows = tables.flatMap((table) => table.rows);
const valueOf = (id: string) => rows.find((row) => row.id === id)?.gCo2ePerKwh;

describe('the shipped factors', () => {
  it('are what they ever were: a row never changes, and another vintage is another table', () => {
    const held = JSON.parse(
      readFileSync(join(ROOT, 'test/cases/factors/shipped-rows.json'), 'utf8'),
    ) as Record<string, string>;
    const found = Object.fromEntries(rows.map(({ id, sha256 }) => [id, sha256]));
    // A row that a record names must be there for ever; new ones are added here with their hash.
    expect(found).toEqual(held);
    expect(rows.length).toBe(Object.keys(found).length);
  });

  it('hash every column', () => {
    const [row] = rows;
    if (row === undefined) throw new Error('no rows');
    expect(sha256Of(canonicalFactorText(row))).toBe(row.sha256);
    for (const [column, value] of Object.entries(row)) {
      if (column === 'table' || column === 'sha256') continue;
      const other = typeof value === 'boolean' ? !value : typeof value === 'number' ? value + 1 : `${value}x`;
      const changed = { ...row, [column]: other };
      expect(sha256Of(canonicalFactorText(changed)), column).not.toBe(row.sha256);
    }
  });

  it('have no faults and no doubts', () => {
    expect(tables.flatMap(({ warnings }) => warnings)).toEqual([]);
    expect(tables.map(({ name }) => name)).toEqual([
      'cn-mee',
      'cn-mee-footprint',
      'ember-2026',
      'in-cea-v20',
      'th-tgo',
      'us-eia',
      'vn-dcc',
    ]);
  });

  it('are the values that their sources state', () => {
    expect(
      Object.fromEntries(
        ['CN', 'VN', 'TH', 'DE', 'US', 'JP', 'KR', 'TW', 'IN', 'CH', 'WORLD', 'EU'].map((region) => [
          region,
          valueOf(`ember-2026/${region}/2025`),
        ]),
      ),
    ).toEqual({
      CN: '525.3',
      VN: '460.7',
      TH: '545.7',
      DE: '329.6',
      US: '384.4',
      JP: '477.3',
      KR: '417.1',
      TW: '633.2',
      IN: '670.1',
      CH: '39.2',
      WORLD: '458.29',
      EU: '209.897',
    });
    expect(valueOf('ember-2026/ID/2024')).toBe('680.3');
    expect(valueOf('vn-dcc/VN/2023')).toBe('659.2');
    expect(valueOf('cn-mee/CN-N/2023')).toBe('636.1');
    expect(Number(valueOf('th-tgo/TH/2026')) + Number(valueOf('th-tgo/TH/2026/upstream'))).toBeCloseTo(556.2);
  });

  it('are life cycle by default, and say of official ones what they leave out and where they were read', () => {
    for (const row of rows) {
      expect(row.basis, row.id).not.toBe('marginal');
      expect(row.licence, row.id).not.toMatch(/ODbL|SA/);
      expect(row.isSupplierSpecific, row.id).toBe(false);
      expect(row.isOfficial, row.id).toBe(row.table !== 'ember-2026');
      expect(row.readIn, row.id).toBe(row.isOfficial ? 'secondary' : 'source');
      if (row.table === 'ember-2026') {
        expect(row).toMatchObject({
          gases: 'CO2e',
          gwp: 'AR5',
          boundary: 'life-cycle',
          basis: 'generation',
          losses: 'excluded',
          licence: 'CC BY 4.0',
        });
      }
    }
    const direct = rows.filter((row) => row.isOfficial && row.boundary === 'direct');
    expect([...new Set(direct.filter(({ gases }) => gases === 'CO2e').map(({ region }) => region))]).toEqual([
      'TH',
    ]);
  });

  it('are published with the attribution that their licence asks for', () => {
    const { files } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { files: string[] };
    expect(files).toEqual(expect.arrayContaining(['config/factors', 'NOTICE']));
    const notice = readFileSync(join(ROOT, 'NOTICE'), 'utf8');
    expect(notice).toMatch(/Ember[^]*Our World in Data[^]*creativecommons\.org\/licenses\/by\/4\.0/);
    expect(notice).toMatch(/Changes/);
  });
});
