import { describe, expect, it } from 'vitest';
import { describeError, MillwattError } from '../../protocols/errors.ts';

describe('MillwattError', () => {
  it('says what happened, what to do, and how to cure it', () => {
    const cause = new Error('ECONNREFUSED');
    const error = new MillwattError('retry', 'refused', 'The meter refused.', {
      cure: 'Switch it on.',
      cause,
    });
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({
      name: 'MillwattError',
      remedy: 'retry',
      code: 'refused',
      cure: 'Switch it on.',
    });
    expect(error.cause).toBe(cause);
    expect('cause' in new MillwattError('crash', 'x', 'y')).toBe(false);
  });

  it('describes anything thrown in one line', () => {
    expect(describeError(new MillwattError('refuse', 'bad', 'Bad.', { cure: 'Mend it.' }))).toBe(
      'Bad. Cure: Mend it.',
    );
    expect(describeError(new MillwattError('crash', 'bad', 'Bad.'))).toBe('Bad.');
    expect(describeError(new TypeError('no'))).toBe('no');
    expect(describeError('text')).toBe('text');
    expect(describeError(null)).toBe('null');
  });
});
