import { describe, expect, it } from 'vitest';
import { ConditionBoard } from '../../../protocols/mtconnect/condition-board.ts';
import type { ConditionReport, Observation } from '../../../protocols/mtconnect/mtconnect-document.ts';

function report(level: ConditionReport['level'], code = '', text = ''): Observation {
  return {
    item: 'c',
    sequence: 1,
    timestampMs: 0,
    value: text,
    condition: { level, code, severity: undefined, qualifier: undefined },
  };
}

describe('a condition', () => {
  it('with several faults at once says the worst, and how many more', () => {
    const board = new ConditionBoard();
    const words = [
      report('Normal'),
      report('Warning', '7', 'Warm'),
      report('Fault', '404', 'No oil'),
      report('Fault', '500', 'No air'),
      report('Warning', '8', 'Worn'),
      // Raised anew with another text it is one fault still, and the latest.
      report('Fault', '404', 'Still no oil'),
      report('Normal', '404'),
      report('Normal', 'never raised'),
      report('Normal', '500'),
      report('Unavailable'),
      report('Warning', '8', 'Worn'),
      report('Normal'),
    ].map((one) => board.take(one));
    expect(words).toEqual([
      'Normal',
      'Warning 7: Warm',
      'Fault 404: No oil (+1)',
      'Fault 500: No air (+2)',
      'Fault 500: No air (+3)',
      'Fault 404: Still no oil (+3)',
      'Fault 500: No air (+2)',
      'Fault 500: No air (+2)',
      'Warning 8: Worn (+1)',
      null,
      'Warning 8: Worn',
      'Normal',
    ]);
  });

  it('forgets no fault however many warnings follow it', () => {
    const board = new ConditionBoard();
    board.take(report('Fault', 'first', 'No oil'));
    for (let n = 0; n < 1000; n++) board.take(report('Warning', `w${n}`));
    expect(board.word()).toMatch(/^Fault first: No oil /);
    for (let n = 0; n < 1000; n++) board.take(report('Normal', `w${n}`));
    expect(board.word()).toMatch(/^Fault first: No oil/);
  });

  it('says nothing of being normal while more than it could tell apart may hold', () => {
    const board = new ConditionBoard();
    for (let n = 0; n < 1000; n++) board.take(report('Fault', `f${n}`));
    for (let n = 0; n < 999; n++) board.take(report('Normal', `f${n}`));
    expect(board.word()).toBe('Fault f999');
    expect(board.take(report('Normal'))).toBe('Normal');
  });

  it('of half a character is whole text', () => {
    const board = new ConditionBoard();
    const word = board.take(report('Fault', '1', `${'x'.repeat(150)}\u{1f680}`)) ?? '';
    expect(word.isWellFormed()).toBe(true);
  });
});
