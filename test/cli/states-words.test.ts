import { expect, test } from 'vitest';
import { requireWhole, stateLines } from '../../cli/states-command.ts';
import type { StateSpan } from '../../collector/energy/state-span.ts';

const START_MS = Date.UTC(2026, 2, 3, 6);
const SPANS: StateSpan[] = [
  { fromMs: START_MS, toMs: START_MS + 600_000, state: 'off', decider: 'power', basis: 'below 50 W' },
  {
    fromMs: START_MS + 600_000,
    toMs: START_MS + 900_000,
    state: 'processing',
    decider: 'control',
    basis: 'mill.control.execution=ACTIVE',
  },
  {
    fromMs: START_MS + 900_000,
    toMs: START_MS + 960_000,
    state: 'processing',
    decider: 'bridged',
    basis: 'mill.control.execution=ACTIVE',
  },
];

const lines = (spans: readonly StateSpan[], width: number, all = false) =>
  stateLines('mill', spans, width, { all, zoneOffsetMin: 330 });

test('each stretch with what decided it, and the sum of each state', () => {
  const wide = lines(SPANS, 120);
  expect(wide).toContainEqual(
    expect.stringMatching(/^11:40:00 +5 min +processing +control +control\.execution=ACTIVE$/),
  );
  expect(wide).toContainEqual(expect.stringMatching(/^off +10 min +63 % +10 min$/));
  expect(wide).toContainEqual(expect.stringMatching(/^processing +6 min +38 % +5 min +60 s$/));
  expect(Math.max(...lines(SPANS, 60).map((line) => line.length))).toBeLessThanOrEqual(60);
});

test('the newest are shown where there are very many, and it is said', () => {
  const many = Array.from({ length: 500 }, (_, index): StateSpan => ({
    fromMs: START_MS + index * 1000,
    toMs: START_MS + index * 1000 + 1000,
    state: index % 2 === 0 ? 'ready' : 'processing',
    decider: 'bands',
    basis: '',
  }));
  expect(lines(many, 100)[0]).toContain('300 earlier stretches');
  expect(lines(many, 100, true)).toHaveLength(lines(many, 100).length + 299);
  expect(lines([], 100)).toEqual(['No states in this time.']);
});

test('a narrow terminal is told what it does not show, and a control cannot command it', () => {
  const narrow = lines(SPANS, 60).join(' ');
  expect(narrow).toMatch(/1 column left out \(decided by\): .*--csv\./);
  expect(narrow).toContain('control.execution=ACTIVE');
  expect(narrow).toMatch(/state +time +share +power +control +bridged/);
  expect(lines(SPANS, 120).join('\n')).not.toContain('left out');
  const [span] = SPANS;
  const hostile = { ...span!, basis: 'm.execution=A\u001b[2J\r\nB\u009b1m' };
  expect(lines([hostile], 120)).toContainEqual(expect.stringMatching(/m\.execution=A \[2J B 1m$/));
});

test('more stretches than are read at once are refused, not cut', () => {
  expect(() => requireWhole(500_000)).not.toThrow();
  expect(() => requireWhole(500_001)).toThrow('more than 500000 times');
});

test('each day is said once, on the clock of the computer, with its zone', () => {
  const laterMs = 13 * 3_600_000;
  const late = SPANS.map((span) => ({
    ...span,
    fromMs: span.fromMs + laterMs,
    toMs: span.toMs + laterMs,
  }));
  expect(lines([...SPANS, ...late], 120).filter((line) => line.includes('UTC'))).toEqual([
    '2026-03-03 (UTC+05:30)',
    '2026-03-04 (UTC+05:30)',
  ]);
});

test('what decided a state is told to the last word at any width, and a stretch below a second is no zero', () => {
  const basis =
    'mill.control.execution.path2=WAIT, mill.control.waitState.path2=PART_LOAD, 400 W to 1500 W, bands';
  const [span] = SPANS;
  const short = { ...span!, toMs: span!.fromMs + 400, basis };
  for (const width of [50, 60, 80]) {
    const told = lines([short], width);
    expect(Math.max(...told.map((line) => line.length))).toBeLessThanOrEqual(width);
    const said = told
      .slice(2, told.indexOf(''))
      .map((line) => line.slice(23))
      .join('');
    for (const part of ['control.execution.path2=WAIT', 'control.waitState.path2=PART_LOAD'])
      expect(said.replaceAll(' ', '')).toContain(part);
    expect(told.join(' ')).toMatch(/ <1 s +off/);
  }
});
