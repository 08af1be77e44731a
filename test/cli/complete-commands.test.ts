import { expect, it } from 'vitest';
import { completeCommands, sideOf } from '../../cli/complete-commands.ts';
import { describeFailure } from '../../cli/failure.ts';
import { MillwattError } from '../../protocols/errors.ts';

it.each([
  ['`millwatt hours --machine m` shows it.', '`millwatt hours -c plant.yaml --machine m` shows it.'],
  [
    'Enter them: millwatt reconcile grid --reading "1 kWh".',
    'Enter them: millwatt reconcile -c plant.yaml grid --reading "1 kWh".',
  ],
  [
    'Look with: millwatt amend show a1. If wrong: millwatt amend revoke a1',
    'Look with: millwatt amend show -c plant.yaml a1. If wrong: millwatt amend revoke -c plant.yaml a1',
  ],
  ['then: millwatt keys confirm gw ab12', 'then: millwatt keys confirm -c plant.yaml gw ab12'],
  [
    '`millwatt keys` lists them; `millwatt pact` too',
    '`millwatt keys -c plant.yaml` lists them; `millwatt pact -c plant.yaml` too',
  ],
  ['run: millwatt check', 'run: millwatt check -c plant.yaml'],
  // It has a file already, reads none, or reads that of the gateway.
  ['run: millwatt check -c other.yaml', undefined],
  ['`millwatt ledger backup --check FOLDER` looks at it', undefined],
  ['`millwatt profiles` lists all', undefined],
  ['Compare with `millwatt keys show` on the gateway', undefined],
  ['Start millwatt anew.', undefined],
])('a command for the collector is named so that it can be pasted: %s', (text, expected = text) => {
  expect(completeCommands(text, 'plant.yaml', 'collector')).toBe(expected);
});

it('names are put in quotes where a shell needs it', () => {
  const said = (file: string) => completeCommands('`millwatt hours`', file, 'collector');
  expect(said('my plant/c.yaml')).toBe('`millwatt hours -c "my plant/c.yaml"`');
  expect(said("$HOME's.yaml")).toBe("`millwatt hours -c '$HOME'\\''s.yaml'`");
});

it('a failure names the file that was given, to people and to scripts', () => {
  const error = new MillwattError('refuse', 'no-hours', 'None.', { cure: 'Try `millwatt hours`.' });
  const { text, report } = describeFailure(error, 80, { config: 'a b.yaml', side: 'collector' });
  expect(text).toContain('cure: Try `millwatt hours -c "a b.yaml"`.');
  expect(report.cure).toBe('Try `millwatt hours -c "a b.yaml"`.');
});

it('knows whose configuration a command reads', () => {
  expect(['keys rotate', 'probe', 'trust add'].map(sideOf)).toEqual(['agent', 'agent', 'agent']);
  expect(['hours', 'jobs list', 'amend offset', 'keys list', 'journal verify'].map(sideOf)).toEqual(
    Array.from({ length: 5 }, () => 'collector'),
  );
  expect(['check', 'doctor', 'scan', 'demo', 'verify'].map(sideOf)).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});
