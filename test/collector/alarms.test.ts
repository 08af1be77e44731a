import { expect, test } from 'vitest';
import { readAlarms } from '../../collector/alarms.ts';

const halted = { state: 'halt', reason: 'InfluxDB answered 401', cure: 'Check the token.' };

test('a projection that a person has to help is an alarm, with how much waits', () => {
  expect(readAlarms({ influx: halted, lagRecords: { influx: 7 } })).toEqual([
    { part: 'influx', reason: 'InfluxDB answered 401', cure: 'Check the token.', lagRecords: 7 },
  ]);
});

test.each([undefined, { ...halted, state: 'retry' }, { ...halted, state: 'ok' }, { lines: 3 }])(
  'what heals by itself, or is not there, is none',
  (influx) => {
    expect(readAlarms({ influx, lagRecords: {} })).toEqual([]);
  },
);
