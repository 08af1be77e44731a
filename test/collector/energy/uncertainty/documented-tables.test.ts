import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  IEC_62053,
  tableOfLetter,
  tableOfPerformance,
  type LimitStep,
} from '../../../../collector/energy/uncertainty/meter-tables.ts';
import {
  CURRENT_TRANSFORMERS,
  VOLTAGE_TRANSFORMERS,
} from '../../../../collector/energy/uncertainty/transformer-tables.ts';

const PAGE = readFileSync(new URL('../../../../docs/uncertainty.md', import.meta.url), 'utf8');
const LINES = PAGE.split('\n');

/** Itr is 5 % of the nominal current behind transformers. */
const sayPercent = (fromItr: number) => `${Number((fromItr * 5).toFixed(6))} %`;
const saySteps = (steps: readonly LimitStep[]) =>
  steps.map(([from, percent]) => `${sayPercent(from)}: ${percent}`).join(', ');

/** The rows of the table below a heading or a header row that starts so. */
function rowsAfter(start: string): string[] {
  const begin = LINES.findIndex((line) => line.startsWith(start));
  expect(begin).toBeGreaterThan(-1);
  const table = LINES.slice(LINES.findIndex((line, index) => index >= begin && line.startsWith('|---')) + 1);
  return table.slice(
    0,
    table.findIndex((line) => !line.startsWith('|')),
  );
}

describe('docs/uncertainty.md', () => {
  it('prints the meter classes as they are used', () => {
    expect(rowsAfter('### Meters')).toEqual(
      [...IEC_62053].map(
        ([word, { standard, atUnity, atHalf, mark }]) =>
          `| ${word} | ${standard} | ${saySteps(atUnity)} | ${saySteps(atHalf)} | ${mark} |`,
      ),
    );
  });

  it('prints the limits of the directive as they are used', () => {
    const bands = [
      { min: 5, max: 30 },
      { min: -10, max: 40 },
      { min: -25, max: 55 },
      { min: -40, max: 70 },
    ];
    expect(rowsAfter('| class | 5 to 30 degC')).toEqual(
      (['A', 'B', 'C'] as const).map(
        (letter) =>
          `| ${letter} | ${bands
            .map((band) =>
              tableOfLetter(letter, band)
                ?.atUnity.map(([, percent]) => percent)
                .join(' / '),
            )
            .join(' | ')} |`,
      ),
    );
  });

  it('prints the formulas of IEC 61557-12 as they are used', () => {
    for (const formula of ['1 %: 2C, 5 %: C', '2 %: 1.7C + 0.15, 10 %: C + 0.1', '2 %: C + 0.5, 5 %: C']) {
      expect(PAGE).toContain(`\`${formula}\``);
    }
    // C = 0.1: 0.2, 0.1; 0.32, 0.2. C = 1.5: 2, 1.5.
    expect(saySteps(tableOfPerformance(0.1).atUnity)).toBe('1 %: 0.2, 5 %: 0.1');
    expect(tableOfPerformance(0.1).atHalf.map(([, percent]) => percent.toFixed(2))).toEqual(['0.32', '0.20']);
    expect(saySteps(tableOfPerformance(1.5).atHalf)).toBe('5 %: 2, 10 %: 1.5');
  });

  it('prints the transformer classes as they are used', () => {
    expect(rowsAfter('### Current transformers')).toEqual(
      [...CURRENT_TRANSFORMERS].map(
        ([word, points]) =>
          `| ${word} | ${points.map(([load, ratio, phase]) => `${load} %: ${ratio} / ${phase ?? 'none'}`).join(', ')} |`,
      ),
    );
    expect(rowsAfter('### Voltage transformers')).toEqual(
      [...VOLTAGE_TRANSFORMERS].map(
        ([word, [ratio, phase]]) => `| ${word} | ${ratio} / ${phase ?? 'none'} |`,
      ),
    );
  });
});
