import { describe, expect, it } from 'vitest';
import { displayWidth, wrapLines } from '../../cli/text-wrap.ts';

describe('text for a terminal', () => {
  it('is broken between words, and what follows is indented', () => {
    expect(wrapLines('millwatt: this is a sentence of several words', 20)).toEqual([
      'millwatt: this is a',
      '  sentence of',
      '  several words',
    ]);
    expect(wrapLines('  cure: look at the cable', 16)).toEqual(['  cure: look at', '    the cable']);
  });

  it('keeps its own lines, and every word whole', () => {
    const path = `/etc/${'x'.repeat(40)}/agent.yaml`;
    expect(wrapLines(`one two\n${path} is not there`, 20)).toEqual(['one two', path, '  is not there']);
  });

  it('is left alone where there is no terminal, and measured without its colours', () => {
    const long = 'word '.repeat(100).trimEnd();
    expect(wrapLines(long, Number.POSITIVE_INFINITY)).toEqual([long]);
    const red = '\u001b[31mred\u001b[0m words here';
    expect(displayWidth(red)).toBe(14);
    expect(wrapLines(red, 14)).toEqual([red]);
  });
});
