import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { periodLines } from '../../cli/periods/period-lines.ts';
import { sitePlanOf } from '../../cli/site-plan-of.ts';
import { openCalendar } from '../../collector/energy/calendar/site-calendar.ts';
import { periodReports } from '../../collector/reports/period-report.ts';
import { loadCollectorConfig } from '../../config/load.ts';
import { derivePlant, plantConfig } from '../collector/reports/period-plant.ts';

const run = promisify(execFile);
const MILLWATT = join(import.meta.dirname, '../../cli/millwatt.ts');
/** 06:00 in Berlin, in summer. */
const FROM_MS = Date.UTC(2026, 6, 6, 4);
let plant: Awaited<ReturnType<typeof derivePlant>>;
let config: string;

const YAML = (more: string) => `
site: plant
broker: { url: mqtt://127.0.0.1:1883 }
data: .
${more}
machines:
  - id: mill-1
    ratedPower: 15kW
    metering: { supply: { ct: { class: '0.5' } } }
    dutyCycle: { hoursPerYear: { processing: 3000, ready: 2000 } }
`;
const SHIFTS = `calendar:
  zone: Europe/Berlin
  dayBegins: 06:00
  shifts: [{ name: early, begins: 06:00, ends: 14:00, days: [mon, tue] }]`;

beforeAll(async () => {
  plant = await derivePlant(FROM_MS, 12, { config: plantConfig() });
  config = join(plant.dataFolder, 'collector.yaml');
  writeFileSync(config, YAML(SHIFTS));
}, 60_000);
afterAll(() => plant.close());

async function millwatt(...args: string[]): Promise<{ code: number; out: string }> {
  try {
    const { stdout, stderr } = await run(process.execPath, [MILLWATT, ...args], {
      env: { ...process.env, COLUMNS: '200', NO_COLOR: '1' },
    });
    return { code: 0, out: stdout + stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, out: stdout + stderr };
  }
}

const DAY = ['--from', '2026-07-06', '--to', '2026-07-07'];

describe('millwatt use-phase --csv', () => {
  test('prints a row for each figure of the report', async () => {
    const asked = ['use-phase', 'mill-1', '-c', config, ...DAY];
    const [csv, json] = await Promise.all([millwatt(...asked, '--csv'), millwatt(...asked, '--json')]);
    const report = JSON.parse(json.out);
    const [header = '', ...rows] = csv.out.trimEnd().split('\r\n');
    expect(header).toBe(
      'machine,from_utc,to_utc,figure,of,hours,energy_mwh,value,unit,expanded_uncertainty,plan',
    );
    const cells = rows.map((row) => row.split(','));
    const figure = (name: string, of: string) =>
      cells.find((row) => row[3] === name && row[4] === of)?.slice(5, 9);
    const { state, timeMs, energyMwh, powerW } = report.powers[0];
    expect(figure('mean_power', state)).toEqual([
      String(timeMs / 3_600_000),
      String(energyMwh),
      String(powerW),
      'W',
    ]);
    expect(figure('energy_per_hour', 'calendar')?.[2]).toBe(String(report.perHour.calendar.kwhPerHour));
    expect(cells.every((row) => row.length === 11)).toBe(true);
    const { scenario } = report.scenario;
    expect(cells.filter((row) => row[3] === 'year_power')).toHaveLength(scenario?.rows.length ?? 0);
  });
});

describe('times without a zone', () => {
  test.each([
    'hours --machine mill-1',
    'states mill-1',
    'findings mill-1',
    'jobs mill-1',
    'use-phase mill-1',
  ])('%s takes them on the clocks of the site, whatever the computer shows, and says so', async (command) => {
    const asked = ['--from', '2026-07-06T08:00', '--to', '2026-07-06T10:00'];
    const { stdout } = await run(
      process.execPath,
      [MILLWATT, ...command.split(' '), '-c', config, ...asked],
      { env: { ...process.env, COLUMNS: '200', NO_COLOR: '1', TZ: 'America/New_York' } },
    ).catch((error: { stdout: string }) => error);
    expect(stdout).toMatch(/2026-07-06 0[68]:00:00 \+02:00 to 2026-07-0[67] [01][06]:00:00 \+02:00/);
    expect(stdout).toContain('times in Europe/Berlin');
  });
});

describe('millwatt periods', () => {
  test('prints shifts of the site with their uncertainty, and what is missing for others', async () => {
    const { code, out } = await millwatt('periods', 'mill-1', '-c', config, '--by', 'shift', ...DAY);
    expect(code).toBe(0);
    // 8 h: 5 h 20 min x 1.2 kW + 2 h 40 min x 6 kW = 6.4 + 16 kWh. U as in docs/uncertainty.md at 5 % and 20 % load:
    // the root of ((6.4 x 1 + 16 x 0.5589)^2 + (6.4 x 1.5 + 16 x 0.75)^2 + (6.4 x 4.5345 + 16 x 1.3354)^2) / 3, doubled.
    expect(out).toMatch(
      /^2026-07-06 06:00 early +8\.0 h +22\.400 kWh +660 Wh, 2\.9 % +6\.667 kWh .*final r1$/m,
    );
    expect(out).toMatch(/^2026-07-06 14:00 no shift .*partial, 4\.0 h watched +provisional$/m);
    expect(out).toMatch(/^2 together +24\.0 h +33\.583 kWh +990 Wh, 2\.9 %/m);
    expect(out).toContain('(machines.mill-1.metering.spindle.ct.class)');
  }, 30_000);

  test('at 80 columns keeps states, measured share and quality', () => {
    const plan = sitePlanOf(loadCollectorConfig(config).config, '');
    const calendar = openCalendar(plan.calendar);
    const from = { machine: 'mill-1', fromMs: FROM_MS, toMs: FROM_MS + 12 * 3_600_000 };
    for (const kind of ['day', 'shift'] as const) {
      const reports = [...periodReports({ views: plant.views, plan, journal: null }, { ...from, kind })];
      const lines = periodLines(reports, 80, { hasCalendar: true, zone: calendar.zone, budget: false });
      for (const line of lines.slice(0, 8)) expect(line.length, line).toBeLessThanOrEqual(80);
      expect(lines[0]).toMatch(/states +measured +quality +status/);
      expect(lines.join(' ')).toContain('left out (lasts, spindle)');
      expect(lines.join(' ')).toContain('states in % of the time: R ready, P processing');
    }
  });

  test('names amendments and revised hours at the sums that rest on them', () => {
    const plan = sitePlanOf(loadCollectorConfig(config).config, '');
    const { zone } = openCalendar(plan.calendar);
    const query = { machine: 'mill-1', kind: 'day' as const, fromMs: FROM_MS, toMs: FROM_MS + 1 };
    const [report] = periodReports({ views: plant.views, plan, journal: null }, query);
    if (report === undefined) throw new Error('a day is reported');
    expect(report.basis.hours).toMatchObject({ count: 12, revised: 0, amended: 0 });
    const basis = {
      ...report.basis,
      amendments: ['0a1b2c3d4e5f', '1a1b2c3d4e5f'],
      hours: { ...report.basis.hours, revised: 3, amended: 2 },
    };
    const about = { hasCalendar: true, zone, budget: false };
    const lines = periodLines([{ ...report, status: 'final', revision: 5, basis }], Infinity, about);
    expect(lines[2]).toMatch(/final r5 amended$/);
    expect(lines.join('\n')).toMatch(
      /2026-07-06 rests on 12 machine-hours \(.*\), 3 of them revised, 2 with amendments 0a1b2c3d4e5f, 1a1b2c3d4e5f/,
    );
    expect(periodLines([report], Infinity, about).join('\n')).not.toContain('rests on');
  });

  test('prints the budget state by state, in a form that a pocket calculator follows', async () => {
    const { out } = await millwatt('periods', 'mill-1', '-c', config, '--budget', ...DAY);
    expect(out).toContain('serial S-1, mill-1.supply.activeEnergyImport, by its counter');
    // The example of the docs: 5.6 % at 5 % load and power factor 0.5.
    expect(out).toMatch(/^ready: 9\.600 kWh \+- 540 Wh, 5\.6 %$/m);
    expect(out).toMatch(
      /^ctPhase +4\.5345 % +rectangular +2\.6180 % +86 % .*90 minutes of arc, tan\(phi\) 1\.73$/m,
    );
    expect(out).toMatch(/^processing: 23\.983 kWh \+- 450 Wh, 1\.9 %$/m);
  }, 30_000);

  test('prints JSON and CSV, with every line of the budget in the one and a row a period in the other', async () => {
    const json = JSON.parse((await millwatt('periods', 'mill-1', '-c', config, '--json', ...DAY)).out) as {
      periods: { energy: { supplyMwh: number }; uncertainty: { supply: { total: { rows: object[] } } } }[];
    };
    expect(json).toMatchObject({ ok: true, machine: 'mill-1', kind: 'day', zone: 'Europe/Berlin' });
    expect(json.periods[0]?.energy.supplyMwh).toBe(33_583_000);
    expect(json.periods[0]?.uncertainty.supply.total.rows).toHaveLength(11);
    const [head = '', row = ''] = (
      await millwatt('periods', 'mill-1', '-c', config, '--csv', ...DAY)
    ).out.split('\r\n');
    const cells = new Map(head.split(',').map((name, index) => [name, row.split(',')[index]]));
    expect(Object.fromEntries(cells)).toMatchObject({
      period: '"2026-07-06"',
      from_utc: '2026-07-06T04:00:00.000Z',
      supply_mwh: '33583000',
      ready_uncertainty_percent: '5.6347',
      off_uncertainty_percent: '',
    });
  }, 30_000);

  test('says what to do where there is nothing to print', async () => {
    const plain = join(plant.dataFolder, 'plain.yaml');
    writeFileSync(plain, YAML(''));
    const of = async (...args: string[]) => {
      const { code, out } = await millwatt('periods', ...args);
      return [code, out];
    };
    expect(await of('mill-1', '-c', plain, '--by', 'shift')).toEqual([
      1,
      expect.stringContaining('cure: Add calendar:'),
    ]);
    expect(await of('mill-1', '-c', config)).toEqual([
      1,
      expect.stringMatching(/was not watched in this time[^]*It was from/),
    ]);
    expect(await of('mill-2', '-c', config)).toEqual([1, expect.stringContaining('Choose one of: mill-1.')]);
    expect(await of('mill-1', '-c', config, '--by', 'fortnight')).toEqual([
      2,
      expect.stringContaining('Use quarterHour'),
    ]);
    expect(await of('mill-1', '-c', config, '--from', '2026-02-30')).toEqual([
      1,
      expect.stringContaining('is not a time'),
    ]);
    expect(await of('mill-1', '-c', plain, ...DAY)).toEqual([
      0,
      expect.stringContaining('no calendar is declared'),
    ]);
    expect((await of('--help'))[1]).toContain('--by shift --from 2026-11-20');
  }, 60_000);
});

describe('millwatt use-phase', () => {
  test('prints every figure with its arithmetic and uncertainty', async () => {
    const { code, out } = await millwatt('use-phase', 'mill-1', '-c', config, ...DAY);
    expect(code).toBe(0);
    expect(out).toContain(
      '(33.583 kWh + 0 kWh of unknown state) / 3.997222 h = 8.4016 kWh/h +- 0.2466 (U = 2.94 %, k = 2)',
    );
    expect(out).toContain('ready: 9.6 kWh / 8 h = 1,200 W +- 67.6 W (k = 2)');
    expect(out).toContain('ready: 2,000 h x 1,200 W (measured for 8 h) = 2,400 kWh a year');
    // Linear by source: (2,400 x 1 + 18,000 x 0.5589) / 20,400 = 0.6108; 0.8382 and 1.7118 likewise; 2 x root of a third of
    // the sum of squares = 2.31 %, 471 kWh.
    expect(out).toMatch(
      /together 20,399\.75 kWh a year over 5,000 h \+- 470 kWh, 2\.3 % \(k = 2\) by measuring/,
    );
    expect(out).toMatch(/4\.0799 \+- 0\.0943 kWh per operating hour/);
    expect(out).toContain('processing +10 %: 3,000 h become 3,300 h');
  }, 30_000);

  test('without a declared year says how to declare one', async () => {
    const plain = join(plant.dataFolder, 'no-duty.yaml');
    writeFileSync(plain, YAML('').replace(/^ +dutyCycle.*$/m, ''));
    const { out } = await millwatt('use-phase', 'mill-1', '-c', plain, ...DAY);
    expect(out).toContain('No year of use is declared for this machine.');
    expect(out).toContain('Enter dutyCycle:');
  }, 30_000);
});
