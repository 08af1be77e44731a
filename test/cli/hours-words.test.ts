import { expect, test } from 'vitest';
import { readIsoTime } from '../../cli/iso-time.ts';
import { formatTime } from '../../cli/format.ts';
import { explainReasons } from '../../cli/reason-words.ts';
import { tableLines } from '../../cli/hours-command.ts';
import type { MachineHour, Reason } from '../../collector/energy/machine-hour.ts';
import { sampleHour } from '../collector/influx/machine-hour-sample.ts';

test('times are ISO 8601, and days that do not exist are not moved to the next month', () => {
  expect(readIsoTime('2026-11-22')).toBe(Date.UTC(2026, 10, 22));
  expect(readIsoTime('2028-02-29')).toBe(Date.UTC(2028, 1, 29));
  expect(readIsoTime('2026-11-22T06:30:00+01:00')).toBe(Date.UTC(2026, 10, 22, 5, 30));
  expect(readIsoTime('2026-11-22T06:30Z')).toBe(Date.UTC(2026, 10, 22, 6, 30));
  for (const text of ['2026-02-30', '2026-02-29', '2026-13-01', '2026-00-10', '2026-11-22T25:00Z', '5', ''])
    expect(readIsoTime(text), text).toBeUndefined();
});

test('each reason that is given is explained once', () => {
  const hour = (...reasons: Reason[]) => ({ reasons }) as unknown as MachineHour;
  expect(explainReasons([hour()])).toEqual([]);
  expect(explainReasons([hour('gap'), hour('source-down', 'gap')])).toEqual([
    'gap: readings are missing for a while',
    'source-down: a meter or control did not answer',
  ]);
});

test('where the column of reasons has no room, the reasons name their hours', () => {
  const hour = (machine: string, time: number, ...reasons: Reason[]) =>
    ({ machine, hourMs: Date.UTC(2026, 10, 22, time), reasons }) as unknown as MachineHour;
  const hours = [
    hour('mill-1', 6, 'gap'),
    hour('mill-1', 7, 'gap'),
    hour('lathe-2', 6, 'gap', 'no-counter'),
    hour('lathe-2', 9, 'gap'),
  ];
  expect(explainReasons(hours, (hourMs) => formatTime(hourMs, 0).slice(0, 16))).toEqual([
    'gap: readings are missing for a while (mill-1 2026-11-22 06:00, 07:00, lathe-2 2026-11-22 06:00 and 1 more)',
    'no-counter: there is no energy counter; energy is the sum of power over time (lathe-2 2026-11-22 06:00)',
  ]);
});

test('hours are told on the clocks of the site, and the two that they show alike in autumn are told apart', () => {
  const before = process.env['TZ'];
  process.env['TZ'] = 'Europe/Berlin';
  try {
    const linesOf = (...utcHours: number[]) =>
      tableLines(
        utcHours.map((hour) => sampleHour(Date.UTC(2026, 9, 25, hour), { machine: 'mill-1' })),
        160,
      );
    const summer = linesOf(-1, 0);
    expect(summer[0]).toMatch(/machine +hour \(\+02:00\) +energy/);
    expect(summer.join('\n')).toMatch(/^mill-1 +2026-10-25 02:00 +\d/m);
    const both = linesOf(0, 1).filter((line) => /^machine|2026/.test(line));
    expect(both[0]).toMatch(/machine +hour +energy/);
    expect(both[1]).toMatch(/^mill-1 +2026-10-25 02:00 \+02:00 /);
    expect(both[2]).toMatch(/^mill-1 +2026-10-25 02:00 \+01:00 /);
    process.env['TZ'] = 'UTC';
    expect(linesOf(0)[0]).toMatch(/hour \(UTC\)/);
  } finally {
    if (before === undefined) delete process.env['TZ'];
    else process.env['TZ'] = before;
  }
});

test('the states are told at 80 columns too, in letters, and in words where there is room', () => {
  const hours = Array.from({ length: 3 }, (_, index) =>
    sampleHour(Date.UTC(2026, 10, 22, index), { machine: 'mill-1' }),
  );
  const wide = tableLines(hours, 160).join('\n');
  expect(wide).toContain('standby 8 min, processing 40 min, unknown 12 min');
  const narrow = tableLines(hours, 80);
  expect(Math.max(...narrow.map((line) => line.length))).toBeLessThanOrEqual(80);
  expect(narrow[0]).toMatch(/states/);
  expect(narrow.filter((line) => line.includes('S13 P67 ?20'))).toHaveLength(4);
  expect(narrow.join('\n')).toContain('states in % of the time: S standby, P processing, ? unknown');
});

test('at 80 columns a machine in every state keeps its states and reasons, and the rest is said to be left out', () => {
  const timeMs = {
    off: 300_000,
    standby: 200_000,
    extendedStandby: 300_000,
    warmUp: 100_000,
    ready: 400_000,
    processing: 900_000,
    unknown: 100_000,
  };
  const lines = tableLines([sampleHour(Date.UTC(2026, 10, 22), { machine: 'cnc-1', timeMs })], 80);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
  const [head = '', , first = '', second = ''] = lines;
  expect(head).toMatch(/states +measured +status +because/);
  // 300 s of 2,300 s are 13 %.
  const states = [first, second].map((line) => line.slice(head.indexOf('states')).split('  ')[0]?.trim());
  expect(states.join(' ')).toBe('O13 S9 E13 W4 R17 P39 ?4');
  expect(first).toMatch(/final r1 +gap$/);
  expect(lines.join(' ')).toContain('2 columns left out (spindle, mean power)');
});
