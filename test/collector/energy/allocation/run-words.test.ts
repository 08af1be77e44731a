import { expect, it } from 'vitest';
import { readRunWords, type TimedWord } from '../../../../collector/energy/allocation/run-words.ts';
import { MTCONNECT_WORDS } from '../../../../collector/energy/mtconnect-words.ts';
import { OPCUA_WORDS } from '../../../../collector/energy/opcua-words.ts';

const word = (
  atMs: number,
  status: TimedWord['status'],
  vocabulary: string,
  value: TimedWord['value'],
  path = '',
): TimedWord => ({ atMs, status, vocabulary, value, path });
const execution = (atMs: number, value: string | number) =>
  word(atMs, 'execution', 'mtconnect/Execution', value);

it('marks where what a path says of its program changes, and every count', () => {
  expect(
    readRunWords([
      execution(10, 'READY'),
      word(20, 'program', 'raw', 'O1001'),
      execution(30, 'ACTIVE'),
      execution(35, 'ACTIVE'),
      execution(40, 'FEED_HOLD'),
      word(50, 'partCount', 'raw', '7'),
      word(51, 'partCount', 'raw', 8),
      word(52, 'partCount', 'raw', 'UNAVAILABLE'),
      word(55, 'mode', 'mtconnect/ControllerMode', 'MANUAL'),
      execution(60, 'UNAVAILABLE'),
    ]),
  ).toEqual([
    { kind: 'program', atMs: 10, channel: '', run: 'ended', program: null },
    { kind: 'program', atMs: 20, channel: '', run: 'ended', program: 'O1001' },
    { kind: 'program', atMs: 30, channel: '', run: 'running', program: 'O1001' },
    { kind: 'program', atMs: 40, channel: '', run: 'held', program: 'O1001' },
    { kind: 'count', atMs: 50, channel: '', counts: 'all', count: 7 },
    { kind: 'count', atMs: 51, channel: '', counts: 'all', count: 8 },
    { kind: 'program', atMs: 60, channel: '', run: 'unknown', program: 'O1001' },
  ]);
});

it('knows the run of every word that tells a state of execution, and guesses no other', () => {
  const runOf = (vocabulary: string, value: string) =>
    readRunWords([word(0, 'execution', vocabulary, value)]).map((mark) => 'run' in mark && mark.run);
  for (const [vocabulary, words] of [
    ['mtconnect/Execution', MTCONNECT_WORDS['mtconnect/Execution']],
    ['umati/ProductionState', OPCUA_WORDS['umati/ProductionState']],
    ['umati/ChannelState', OPCUA_WORDS['umati/ChannelState']],
  ] as const) {
    expect(Object.keys(words?.words ?? {}).length).toBeGreaterThan(5);
    for (const [value, state] of Object.entries(words?.words ?? {})) {
      expect([vocabulary, value, runOf(vocabulary, value)[0] === 'unknown']).toEqual([
        vocabulary,
        value,
        false,
      ]);
      expect(runOf(vocabulary, value)[0] === 'running').toBe(state === 'processing');
    }
  }
  expect(runOf('umati/ProductionState', '3')).toEqual(['held']);
  expect(runOf('mtconnect/Execution', 'toString')).toEqual(['unknown']);
  expect(runOf('acme/Run', 'ACTIVE')).toEqual(['unknown']);
});
