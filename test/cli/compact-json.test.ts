import { expect, test } from 'vitest';
import { compactJson } from '../../cli/compact-json.ts';

test('arrays of numbers stand on one line, and nothing else is changed', () => {
  const value = {
    shares: [0, 0.25, -1e-7, 12],
    text: '[\n  1,\n  2\n]',
    none: [],
    mixed: [1, 'a', { deep: [3] }],
  };
  const text = compactJson(value);
  expect(text).toContain('"shares": [0, 0.25, -1e-7, 12]');
  expect(text).toContain('"deep": [3]');
  expect(JSON.parse(text)).toEqual(value);
  expect(text.split('\n').length).toBeLessThan(15);
});
