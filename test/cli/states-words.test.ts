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

test('each stretch with what decided it, and the sum of each state', () => {
  const lines = stateLines(SPANS, 120, false);
  expect(lines).toContainEqual(
    expect.stringMatching(
      /^2026-03-03 06:10:00 +5 min +processing +control +mill\.control\.execution=ACTIVE$/,
    ),
  );
  expect(lines).toContainEqual(expect.stringMatching(/^off +10 min +63 % +10 min$/));
  expect(lines).toContainEqual(expect.stringMatching(/^processing +6 min +38 % +5 min +60 s$/));
  expect(Math.max(...stateLines(SPANS, 60, false).map((line) => line.length))).toBeLessThanOrEqual(60);
});

test('the newest are shown where there are very many, and it is said', () => {
  const many = Array.from({ length: 500 }, (_, index): StateSpan => ({
    fromMs: START_MS + index * 1000,
    toMs: START_MS + index * 1000 + 1000,
    state: index % 2 === 0 ? 'ready' : 'processing',
    decider: 'bands',
    basis: '',
  }));
  expect(stateLines(many, 100, false)[0]).toContain('300 earlier stretches');
  expect(stateLines(many, 100, true)).toHaveLength(stateLines(many, 100, false).length + 299);
  expect(stateLines([], 100, false)).toEqual(['No states in this time.']);
});

test('a narrow terminal is told what it does not show, and a control cannot command it', () => {
  const narrow = stateLines(SPANS, 60, false).join(' ');
  expect(narrow).toMatch(/1 column left out \(which said\): .*--csv\./);
  expect(narrow).toMatch(/state +time +share +power +control +bridged/);
  expect(stateLines(SPANS, 120, false).join('\n')).not.toContain('left out');
  const [span] = SPANS;
  const hostile = { ...span!, basis: 'm.execution=A\u001b[2J\r\nB\u009b1m' };
  expect(stateLines([hostile], 120, false)).toContainEqual(
    expect.stringMatching(/m\.execution=A \[2J B 1m$/),
  );
});

test('more stretches than are read at once are refused, not cut', () => {
  expect(() => requireWhole(500_000)).not.toThrow();
  expect(() => requireWhole(500_001)).toThrow('more than 500000 times');
});
