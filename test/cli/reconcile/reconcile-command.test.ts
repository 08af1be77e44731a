import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, test } from 'vitest';
import { parseReading } from '../../../cli/reconcile/reconcile-command.ts';
import { openViews } from '../../../collector/ledger/sqlite-views.ts';
import type { ReconcileReport } from '../../../collector/reports/reconcile-report.ts';
import { loadKeyFile } from '../../../protocols/evidence/key-file.ts';
import { makeFolder, run } from '../../e2e/fault-rig.ts';
import { START_MS } from '../../collector/diagnostics/plant-minutes.ts';
import { baseOfHour, measuredHour } from '../../collector/diagnostics/plant-views.ts';

const CONFIG = `site: plant
broker: { url: mqtt://127.0.0.1:1883 }
data: data
machines:
  - { id: hall, ratedPower: 60kW }
  - { id: mill, ratedPower: 15kW }
  - { id: lathe, ratedPower: 15kW }
mainMeters:
  - { id: hall, covers: [mill, lathe], unmetered: [{ name: light, power: 200W }] }
  - { id: grid, covers: [hall] }
`;

/** Four hours: 3 kWh an hour in the hall, 1.8 and 1 in the machines: 12 - 7.2 - 4 = 0.8 kWh, which is the light. */
function makePlant(): string {
  const folder = makeFolder();
  writeFileSync(join(folder, 'collector.yaml'), CONFIG);
  mkdirSync(join(folder, 'data'), { mode: 0o700 });
  loadKeyFile(join(folder, 'data', 'collector-key.pem'), '');
  const views = openViews({ folder: join(folder, 'data') });
  const hours = Object.entries({ hall: 3_000_000, mill: 1_800_000, lathe: 1_000_000 }).flatMap(
    ([machine, mwh]) =>
      [0, 1, 2, 3].map((hour) => measuredHour(START_MS + hour * 3_600_000, mwh, { machine })),
  );
  views.commit({
    reader: 'derive',
    ordinal: 1,
    hours,
    bases: hours.map(baseOfHour),
    spans: ['hall', 'mill', 'lathe'].map((machine) => ({
      machine,
      spans: [
        {
          fromMs: START_MS,
          toMs: START_MS + 4 * 3_600_000,
          state: 'processing' as const,
          decider: 'control' as const,
          basis: 'ACTIVE',
        },
      ],
    })),
  });
  views.close();
  return folder;
}

async function millwatt(folder: string, ...args: string[]): Promise<{ code: number | null; output: string }> {
  const started = run(folder, [...args, '-c', 'collector.yaml']);
  return { code: await started.exited, output: started.output() };
}

it('reconcile shows the arithmetic, and does not judge without the classes of the meters', async () => {
  const folder = makePlant();
  const range = ['--from', '2026-03-02T00:00:00Z', '--to', '2026-03-02T04:00:00Z'];
  const { code, output } = await millwatt(folder, 'reconcile', 'hall', ...range);
  expect(code).toBe(1);
  expect(output).toMatch(/sum of the machines +7\.2 kWh \+ 4 kWh = 11\.2 kWh/);
  expect(output).toMatch(/difference +12 kWh - 11\.2 kWh = 0\.8 kWh, 6\.67 % of the main meter/);
  expect(output).toMatch(/light, unmetered +200 W x 4 h = 0\.8 kWh, estimated/);
  expect(output).toMatch(/remains +0\.8 kWh - 0\.8 kWh = 0 kWh/);
  expect(output).toMatch(/mill: not known: .*class/);
  expect(output).toContain('Cannot be judged: what is missing is named above.');
  const unknown = await millwatt(folder, 'reconcile', 'yard', ...range);
  expect(unknown.code).toBe(1);
  expect(unknown.output).toContain('Choose one of: hall, grid.');
});

it('reconcile keeps readings of a bill and compares over their time', async () => {
  const folder = makePlant();
  const none = await millwatt(folder, 'reconcile', 'grid', '--from', '2026-03-02', '--to', '2026-03-03');
  expect(none.code).toBe(1);
  expect(none.output.replaceAll(/\s+/g, ' ')).toContain('has no two readings that rise');
  for (const [hour, shown] of [
    ['01', '4711.5'],
    ['03', '4717.6'],
  ])
    expect(
      (
        await millwatt(
          folder,
          'reconcile',
          'grid',
          '--reading',
          `2026-03-02T${hour}:00Z=${shown} kWh`,
          '--error',
          '2%',
          '--by',
          'B. Yilmaz',
        )
      ).output,
    ).toMatch(
      new RegExp(
        `by B. Yilmaz: grid showed ${shown} kWh at .* \\+00:00, known within 1 min; its meter errs by at most 2 %\\.`,
      ),
    );
  const journal = await millwatt(folder, 'journal', '--machine', 'grid', '--kind', 'reading');
  expect(journal.code).toBe(0);
  expect(journal.output).toMatch(/reading by B\. Yilmaz\n {2}grid showed 4711\.5 kWh at /);
  expect(journal.output).toContain('2 entries, times in ');
  expect((await millwatt(folder, 'journal', 'verify')).output).toContain(
    'All 2 entries are as they were signed',
  );
  const listed = JSON.parse((await millwatt(folder, 'journal', '--json')).output);
  expect(listed).toMatchObject({
    ok: true,
    entries: [
      { seq: 1, kind: 'reading' },
      { seq: 2, machine: 'grid' },
    ],
  });
  const { output } = await millwatt(
    folder,
    'reconcile',
    'grid',
    '--from',
    '2026-03-02T00:30Z',
    '--to',
    '2026-03-02T03:30Z',
    '--json',
  );
  const report = JSON.parse(output) as ReconcileReport;
  // 4717.6 - 4711.5 = 6.1 kWh from 01:00 to 03:00, in which the hall drew 2 x 3 = 6 kWh.
  expect(report).toMatchObject({
    mainBy: 'readings',
    mainSaying: '4,717.6 kWh - 4,711.5 kWh = 6.1 kWh',
    fromMs: START_MS + 3_600_000,
    toMs: START_MS + 3 * 3_600_000,
    mainMwh: 6_100_000,
    machinesMwh: 6_000_000,
    differenceMwh: 100_000,
    verdict: 'unknown',
    missing: [{ id: 'hall' }],
  });
  expect(report.basis['hall']?.hours.count).toBe(2);
});

test.each([
  ['2026-11-01T00:00+01:00=123456.7 kWh', 123456.7],
  ['2026-11-01T00:00Z = 0 MWh', 0],
])('%s is a reading', (text, shown) => {
  expect(parseReading(text, { within: '5min', error: '1%' })).toMatchObject({
    withinMs: 300_000,
    errorPercent: 1,
  });
  expect(Number(parseReading(text, { within: '5min' }).shown)).toBe(shown);
});

test.each([
  ['2026-11-01T00:00=1 kWh', {}, 'has no zone'],
  ['2026-02-30T00:00Z=1 kWh', {}, 'is not a time'],
  ['2026-11-01T00:00Z=1 kW', {}, 'no time with a zone'],
  ['2026-11-01T00:00Z=1.2.3 kWh', {}, 'nothing that a display shows'],
  ['2026-11-01T00:00Z=1 kWh', { within: 'soon' }, '--within'],
  ['2026-11-01T00:00Z=1 kWh', { error: 'little' }, '--error'],
])('%s %o is refused', (text, options, words) => {
  expect(() => parseReading(text, { within: '1min', ...options })).toThrow(words);
});
