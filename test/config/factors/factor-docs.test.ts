import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkHourlyFactors } from '../../../config/library/factor-hours.ts';
import { loadShippedFactors } from '../../../config/library/factor-library.ts';
import { FACTOR_COLUMNS } from '../../../config/library/factor-row.ts';
import { checkFactorTable } from '../../../config/library/factor-table.ts';
import { requireTool } from '../../support/tools.ts';

const page = readFileSync(join(import.meta.dirname, '../../../docs/factors.md'), 'utf8');
/** The indented block that begins with this. */
const blockOf = (start: string): string => {
  const lines = page.split('\n');
  const at = lines.findIndex((line) => line.startsWith(`    ${start}`));
  const end = lines.findIndex((line, index) => index > at && !line.startsWith('    '));
  return lines
    .slice(at, end)
    .map((line) => line.slice(4))
    .join('\n');
};

describe('docs/factors.md', () => {
  it('shows tables that can be used', () => {
    const table = checkFactorTable(blockOf('id,region'), 'my-contracts', 'docs/factors.md');
    expect(table.findings).toEqual([]);
    expect(table.rows).toHaveLength(4);
    const known = new Set(table.rows?.map(({ id }) => id));
    const hours = checkHourlyFactors(blockOf('factor,begin'), 'docs/factors.md', known);
    expect(hours.findings).toEqual([]);
    expect(hours.series?.[0]?.gCo2ePerKwh.size).toBe(2);
  });

  it('counts the rows of each shipped table', () => {
    for (const { name, rows } of loadShippedFactors()) {
      const line = page.split('\n').find((one) => one.startsWith(`| \`${name}\` |`)) ?? '';
      expect(line.split('|').at(-2)?.trim(), name).toBe(String(rows.length));
    }
  });

  it('names every column, and its order in the canonical text', () => {
    for (const column of FACTOR_COLUMNS) expect(page).toContain(`\`${column}\``);
    expect(page.replaceAll('\n', ' ')).toContain(FACTOR_COLUMNS.join(', '));
  });

  it('says how a stranger computes the hash of a row', () => {
    requireTool('python3');
    const hash = execFileSync('bash', ['-c', blockOf('python3 -c')], { encoding: 'utf8' }).trim();
    const row = loadShippedFactors()
      .flatMap(({ rows }) => rows)
      .find(({ id }) => id === 'vn-dcc/VN/2023');
    expect(hash).toBe(row?.sha256);
  });
});
