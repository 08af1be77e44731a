import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { explainLines } from '../../cli/hours-page.ts';
import { drawStrip } from '../../cli/hours-strip.ts';
import { openViews } from '../../collector/ledger/sqlite-views.ts';
import { explainHour } from '../../collector/reports/explain-hour.ts';
import type { ExplainedHour } from '../../collector/reports/explained-hour.ts';
import { explainedParts, explainedPlant, HOUR_MS } from '../collector/reports/explained-plant.ts';
import { makeFolder, writeCollectorFile } from '../e2e/fault-rig.ts';
import { startMillwatt } from '../e2e/millwatt-process.ts';

function explained(): ExplainedHour {
  const { views, close } = explainedPlant();
  const found = explainHour({ views, journal: null, assess: () => 'nobody said' }, 'mill', HOUR_MS);
  close();
  if (found === undefined) throw new Error('There is no such hour.');
  return found;
}

/** A collector's folder with the hour made by hand in its views, and the command run there. */
function plantFolder(): (
  columns: number,
  ...args: string[]
) => Promise<{ code: number | null; output: string }> {
  const folder = makeFolder();
  writeCollectorFile(folder, { broker: '{ embedded: { port: 1883 } }', httpPort: 8484 });
  mkdirSync(join(folder, 'collector'), { recursive: true });
  const views = openViews({ folder: join(folder, 'collector') });
  views.commit({ reader: 'derive', ordinal: 1, ...explainedParts() });
  views.close();
  return async (columns, ...args) => {
    const started = startMillwatt(['hours', '-c', 'collector.yaml', ...args], {
      cwd: folder,
      env: { COLUMNS: String(columns) },
    });
    return { code: await started.exited, output: started.output() };
  };
}

test('the command explains an hour in columns that the terminal has, and as JSON', async () => {
  const hours = plantFolder();
  for (const columns of [80, 120]) {
    const { code, output } = await hours(columns, '--machine', 'mill', '--explain', '2026-11-22T06:40Z');
    expect(code, output).toBe(0);
    const lines = output.trimEnd().split('\n');
    expect(lines[0]).toBe('mill, 2026-11-22 06:00 to 07:00 UTC');
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(columns);
    expect(output).toMatch(/^ {2}it rose by +41\.25 kWh - 38\.05 kWh = 3\.2 kWh$/m);
    expect(output).toMatch(/^ {2}ready +0\.42 kWh \/ 0\.35 h = 1\.2 kW; decided by control 21 min/m);
    expect(output).toMatch(/^ {2}moved from processing to unknown +2\.4 kWh - 2\.3 kWh = 0\.1 kWh$/m);
    expect(output).toMatch(/^ {2}06:51 to 07:00 +540 s without readings; 0\.38 kWh bridged/m);
    expect(output).toMatch(/^ {2}06:30:00 supply: glitch +39\.19 kWh rose to 99 kWh in 1 s/m);
    expect(output).toContain('gateway-1, epoch epoch0000001, records 118 to 179');
    expect(output).toMatch(/serial\s+LQN\/123/);
  }
  const json = await hours(80, '--explain', '2026-11-22T06:00Z', '--json');
  expect(json.code, json.output).toBe(0);
  const { ok, explanation } = JSON.parse(json.output) as { ok: boolean; explanation: ExplainedHour };
  expect(ok).toBe(true);
  expect(explanation.hour.energy.supplyMwh).toBe(3_200_000);
  expect(explanation.curve).toHaveLength(60);
});

test('what cannot be explained is said with a cure', async () => {
  const hours = plantFolder();
  for (const [args, named] of [
    [['--machine', 'saw', '--explain', '2026-11-22T06:00Z'], /no machine saw\.\n {2}cure: .*mill/],
    [
      ['--machine', 'mill', '--explain', '2026-11-22T09:00Z'],
      /no machine-hour at 2026-11-22T09:00Z\.\n {2}cure: /,
    ],
    [['--machine', 'mill', '--explain', 'noon'], /--explain "noon" is not a time/],
    [['--machine', 'mill', '--explain', '2026-11-22T06:00Z', '--csv'], /no table\.\n {2}cure: Use --json/],
  ] as const) {
    const { code, output } = await hours(80, ...args);
    expect(code, output).toBe(1);
    expect(output).toMatch(named);
  }
});

test('the page wraps at any width and loses no figure', () => {
  const wide = explainLines(explained(), 200).join(' ');
  const figures = (text: string) => text.match(/\d[\d,]*\.?\d* (?:kWh|kW|h|s)\b/g) ?? [];
  const told = figures(wide);
  expect(told.length).toBeGreaterThan(40);
  for (const width of [44, 60, 80, 100]) {
    const lines = explainLines(explained(), width);
    expect(Math.max(...lines.map((line) => line.length)), String(width)).toBeLessThanOrEqual(width);
    // The scale of the picture is drawn at every width.
    expect(figures(lines.join(' ')), String(width)).toEqual(told);
  }
});

test('the picture: power in blocks, states in letters, gaps marked, time below', () => {
  const { curve, gaps } = explained();
  expect(drawStrip(curve, gaps, 80)).toEqual([
    `  4.60 kW │${' '.repeat(21)}${'█'.repeat(30)}`,
    `          │${' '.repeat(21)}${'█'.repeat(30)}`,
    `          │${' '.repeat(21)}${'█'.repeat(30)}`,
    `  2.30 kW │${' '.repeat(21)}${'█'.repeat(30)}`,
    // 1.2 of 4.6 kW are 13 of 48 eighths: one whole row and five of the next.
    `          │${'▅'.repeat(21)}${'█'.repeat(30)}`,
    `          │${'█'.repeat(51)}`,
    `   states │${'R'.repeat(21)}${'P'.repeat(30)}${'?'.repeat(9)}`,
    `     gaps │${' '.repeat(51)}${'x'.repeat(9)}`,
    '           06:00          06:15          06:30          06:45',
  ]);
  expect(drawStrip(curve, [], 42).at(-2)).toBe('   states │RRRRRRRRRRRPPPPPPPPPPPPPPP????');
});

test('a control cannot command the terminal', () => {
  const hostile = explained();
  const [first] = hostile.states;
  if (first === undefined) throw new Error('There is no state.');
  const decided = [{ decider: 'control', ms: 1000, bases: ['execution=A\u001b[2J\u009b1mB'] }];
  const lines = explainLines({ ...hostile, states: [{ ...first, decided }] }, 120);
  expect(lines.join('')).not.toMatch(/\p{Cc}/u);
  expect(lines.join('')).toContain('execution=A [2J 1mB');
});

test('the explanation of an hour that rests on nothing is a page all the same', () => {
  const bare = { ...explained(), curve: [], gaps: [], states: [], counters: [], spans: [], meters: [] };
  const lines = explainLines({ ...bare, decisions: [], closure: [], components: [] }, 80);
  expect(lines[0]).toContain('mill');
  expect(lines.join('\n')).not.toMatch(/NaN|Infinity|undefined/);
});
