import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openCollectorJournal } from '../../../cli/journal-access.ts';
import { openViews } from '../../../collector/ledger/sqlite-views.ts';
import { silentLog } from '../../../protocols/log.ts';
import { keepSpans } from '../../collector/reports/job-plant.ts';

const run = promisify(execFile);
const MILLWATT = join(import.meta.dirname, '../../../cli/millwatt.ts');
const FROM_MS = Date.UTC(2026, 5, 1);
const HOUR_MS = 3_600_000;
/** Spindle kW and kWh in each processing hour: 3, 4, 4.5 and 6, as the line that is computed by hand in fit-line.test.ts. */
const MACHINES = [
  ['mill-1', 10, 3],
  ['mill-2', 15, 4],
  ['mill-3', 20, 4.5],
  ['mill-4', 25, 6],
] as const;
const TIME = ['--from', '2026-06-01T00:00', '--to', '2026-06-01T04:00'];
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'millwatt-'));
  const views = openViews({ folder });
  for (const [machine, , kwh] of MACHINES) {
    const state = 'processing' as const;
    keepSpans(views, machine, [{ fromMs: FROM_MS, toMs: FROM_MS + 4 * HOUR_MS, state, mwh: 4e6 * kwh }]);
  }
  keepSpans(views, 'off-1', [{ fromMs: FROM_MS, toMs: FROM_MS + 4 * HOUR_MS, state: 'off', mwh: 5000 }]);
  views.close();
  openCollectorJournal(folder, silentLog).close();
  const machine = (id: string, parameters: string) =>
    `  - { id: ${id}, ratedPower: 15kW, product: { parameters: ${parameters} } }`;
  writeFileSync(
    join(folder, 'collector.yaml'),
    [
      'site: plant',
      'broker: { url: mqtt://127.0.0.1:1883 }',
      'data: .',
      'calendar: { zone: UTC }',
      'footprint:',
      '  company: { name: Example Machining Co, ids: [urn:lei:5493001KJTIIGC8Y1R12], country: VN }',
      '  region: VN',
      '  models: [{ id: small, machines: [mill-1, mill-2] }]',
      'machines:',
      ...MACHINES.map(([id, spindleKw]) =>
        machine(id, `{ spindleKw: ${spindleKw}, bed: cast iron, axes: 5 }`),
      ),
      machine('off-1', '{ spindleKw: 30 }'),
      machine('saw-1', '{ bladeMm: 400 }'),
      '',
    ].join('\n'),
  );
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function regress(...args: string[]): Promise<{ code: number; out: string }> {
  const asked = [MILLWATT, 'regress', '-c', join(folder, 'collector.yaml'), ...args, ...TIME];
  try {
    const { stdout, stderr } = await run(process.execPath, asked, {
      cwd: folder,
      env: { ...process.env, COLUMNS: '100', NO_COLOR: '1' },
    });
    return { code: 0, out: stdout + stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, out: stdout + stderr };
  }
}

describe('millwatt regress', () => {
  test('fits the line that is computed by hand, and tells of one that is not metered', async () => {
    const { code, out } = await regress('--over', 'spindleKw', '--at', '22,40', '--json');
    expect(code).toBe(0);
    const report = JSON.parse(out);
    expect(report).toMatchObject({
      format: 'millwatt-regression/1',
      over: 'spindleKw',
      basis: 'operating',
      line: {
        count: '4',
        slope: '0.19',
        intercept: '1.05',
        residualDeviation: '0.295804',
        slopeStandard: '0.0264575',
        interceptStandard: '0.486056',
        rSquared: '0.962667',
      },
      predictions: [
        { x: '22', y: '5.23', lineHalf: '0.816938', pointHalf: '1.51237', isExtrapolated: false },
        { x: '40', y: '8.65', isExtrapolated: true },
      ],
      leftOut: [{ machine: 'off-1', because: 'had no operating hours in this time' }],
    });
    expect(report.units[1]).toEqual({
      machine: 'mill-2',
      parameter: '15',
      hours: '4',
      energyKwh: '16',
      kwhPerHour: '4',
      expandedPercent: null,
      watchedPercent: '100',
    });
    expect(report.remarks.join()).toContain('spindleKw 40 lies outside of the machines (10 to 25)');
    expect(report.remarks.join()).toContain('4 machines are few');
    expect(out).not.toMatch(/: -?\d/);
  }, 60_000);

  test('draws it on the terminal, and as SVG only where no file is, or --force', async () => {
    const asked = ['--over', 'spindleKw', '--at', '22', '--svg', 'spindles.svg'];
    const { code, out } = await regress(...asked);
    expect(code).toBe(0);
    expect(out).toMatch(/U +watched +off the line/);
    expect(out.match(/ 100 % /g)).toHaveLength(4);
    expect(out).toContain('kWh/h = 1.05 + 0.19 x spindleKw');
    expect(out).toContain(
      'spindleKw 22: 5.23 kWh/h; the mean of such machines +- 0.8169, one of them +- 1.512 (95 %)',
    );
    expect(out.match(/●/g)).toHaveLength(5);
    expect(out).toContain('left out: off-1 had no operating hours');
    const svg = readFileSync(join(folder, 'spindles.svg'), 'utf8');
    expect(svg.match(/class="unit"/g)).toHaveLength(4);
    expect(svg).not.toContain('NaN');
    expect(await regress(...asked)).toMatchObject({
      code: 1,
      out: expect.stringContaining('spindles.svg is there'),
    });
    expect((await regress(...asked, '--force')).code).toBe(0);
  }, 60_000);

  test('refuses what has no line, with a cure', async () => {
    const [few, words, unknown, machine, both, at, same] = await Promise.all([
      regress('--over', 'spindleKw', '--model', 'small'),
      regress('--over', 'bed'),
      regress('--over', 'spindelKw'),
      regress('--over', 'spindleKw', '--machines', 'mill-1,mill-9'),
      regress('--over', 'spindleKw', '--machines', 'mill-1', '--model', 'small'),
      regress('--over', 'spindleKw', '--at', '1e3'),
      regress('--over', 'axes'),
    ]);
    expect(few).toMatchObject({ code: 1, out: expect.stringContaining('2 machines are too few for a line') });
    expect(words).toMatchObject({ code: 1, out: expect.stringContaining('0 machines are too few') });
    expect(unknown).toMatchObject({
      code: 1,
      out: expect.stringContaining('Parameters of theirs are axes, bed, bladeMm, spindleKw.'),
    });
    expect(machine).toMatchObject({ code: 1, out: expect.stringContaining('no machine mill-9') });
    expect(both).toMatchObject({ code: 2, out: expect.stringContaining('--model') });
    expect(at).toMatchObject({ code: 2, out: expect.stringContaining('Write 22 or 15,22.5') });
    expect(same).toMatchObject({ code: 1, out: expect.stringContaining('same value of the parameter, 5') });
  }, 60_000);
});
