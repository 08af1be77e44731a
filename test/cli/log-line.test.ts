import { expect, test } from 'vitest';
import { formatLogLine } from '../../cli/log-line.ts';

const at = new Date(2026, 10, 22, 5, 18, 17).getTime();
const line = (fields: object) => JSON.stringify({ level: 30, time: at, name: 'agent', ...fields });

test('a line has the time, the level, the message and the fields that the message does not hold', () => {
  expect(formatLogLine(line({ msg: 'The agent runs.', site: 'plant-1', sources: 2, list: [1] }))).toBe(
    '05:18:17 info     The agent runs. (site plant-1, sources 2)',
  );
  expect(
    formatLogLine(line({ page: 'http://127.0.0.1:1/', msg: 'The page is served: http://127.0.0.1:1/' })),
  ).toBe('05:18:17 info     The page is served: http://127.0.0.1:1/');
});

test('a cure is said once, at the end', () => {
  const cure = 'Start the broker.';
  const expected = '05:18:17 warning  no broker  cure: Start the broker.';
  expect(formatLogLine(line({ level: 40, cure, msg: 'no broker' }))).toBe(expected);
  expect(formatLogLine(line({ level: 40, cure, msg: `no broker ${cure}` }))).toBe(expected);
});

test('nothing that a device says steers the terminal, and what is no JSON stays as it is', () => {
  expect(formatLogLine(line({ level: 50, msg: 'meter \u001b[2J\nsays\u009b1m no' }))).toBe(
    '05:18:17 error    meter  [2J says 1m no',
  );
  expect(formatLogLine('plain')).toBe('plain');
});
