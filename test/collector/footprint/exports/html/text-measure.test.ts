import { describe, expect, test } from 'vitest';
import {
  beginningOf,
  linesOf,
  widthOf,
} from '../../../../../collector/footprint/exports/html/text-measure.ts';

describe('lines of a text', () => {
  test.each([
    ['', 10, 1],
    ['word', 10, 1],
    ['two words', 3, 2],
    ['五轴加工中心', 3.2, 2],
    ['五轴加工中心', 3, 3],
    [`a ${'x'.repeat(40)}`, 10, 4],
    ['https://example.com/a/long-path/to', 8, 3],
  ])('%j on %d em takes %d', (text, lineEm, lines) => {
    expect(linesOf(text, lineEm)).toBe(lines);
  });

  test('letters with accents are as wide as without, combining marks have no width', () => {
    expect(widthOf('Trục chính')).toBe(widthOf('Truc chinh'));
    expect(widthOf('e\u0301')).toBe(widthOf('e'));
  });
});

test('a beginning fits, and no character is cut in two', () => {
  const text = '👩‍🏭👩‍🏭👩‍🏭 e\u0301e\u0301 五轴加工中心主轴驱动单元 word word word';
  for (let lineEm = 2; lineEm < 20; lineEm++) {
    const beginning = beginningOf(text, lineEm, 2);
    expect(text.startsWith(beginning)).toBe(true);
    expect(linesOf(`${beginning}…`, lineEm)).toBeLessThanOrEqual(2);
    expect(beginning).not.toMatch(/\u200d$/);
    expect(text.slice(beginning.length)).not.toMatch(/^[\u0301\u200d]/);
  }
});
