import { describe, expect, it } from 'vitest';
import { checkFactors, checkShipped } from '../../../collector/evidence/check-inputs.ts';
import { CheckLines } from '../../../collector/evidence/check-line.ts';
import { loadShippedFactors } from '../../../config/library/factor-library.ts';
import { canonicalFactorText, sha256Of, type FactorRow } from '../../../config/library/factor-row.ts';

const shipped = loadShippedFactors().flatMap(({ rows }) => rows);
const row = shipped.find(({ id }) => id === 'vn-dcc/VN/2023')!;
/** A row with another value and the hash that belongs to it, as anybody can make it. */
const rehashed = (change: Partial<FactorRow>): FactorRow => {
  const other = { ...row, ...change };
  return { ...other, sha256: sha256Of(canonicalFactorText(other)) };
};

function told(rows: FactorRow[]): string[] {
  const lines = new CheckLines();
  checkShipped(checkFactors(rows, 'factors.json', lines), 'factors.json', lines);
  return lines.lines.map(({ result, saying }) => `${result}: ${saying}`);
}

describe('factors of a package', () => {
  it('are the rows that come with millwatt, whatever hash they were given', () => {
    expect(told([row])).toEqual([]);
    expect(told([rehashed({ gCo2ePerKwh: '329.6' })])).toEqual([
      'fail: vn-dcc/VN/2023 is not the row that millwatt ships under this id: a value was changed.',
    ]);
  });

  it("are the plant's word where no shipped table has them", () => {
    expect(told([rehashed({ id: 'own/VN/2026', table: 'own' })])).toEqual([
      expect.stringMatching(/^not-proven: own\/VN\/2026: of a table of the plant's own\./),
    ]);
    expect(told([rehashed({ id: 'vn-dcc/VN/2099' })])).toEqual([
      expect.stringMatching(/^not-proven: vn-dcc\/VN\/2099: .* this version has no such row\./),
    ]);
  });
});
