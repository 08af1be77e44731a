import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openCollectorJournal } from '../cli/journal-access.ts';
import { openViews } from '../collector/ledger/sqlite-views.ts';
import { silentLog } from '../protocols/log.ts';
import { machineName, PLANT_FROM_MS, writeMachine } from '../test/support/many-hours.ts';

/*
 * The memory of footprints of many machines over a long time: `millwatt export` of a line, as a record, CSV and Parquet, over views that
 * the real store wrote, with an old generation of 64 MB at most: the process ends where more lives. Peak resident memory of the command's
 * process, of a tenth, a third and all of the days: what it grows by is garbage that was not collected yet, and it stops growing. The
 * reference in the same run: the same hours read into one array, with no bound. Minutes of channels are left out: they are read an hour at
 * a time, and would make the file ten times as large.
 *
 *   node bench/footprint-memory.ts [machines, default 100] [days, default 10]
 */
const MACHINES = Number(process.argv[2] ?? 100);
const DAYS = Number(process.argv[3] ?? 10);
const DAY_MS = 86_400_000;
const MB = 1024 * 1024;
const LIMIT_MB = 300;
const OLD_MB = 64;
const MILLWATT = join(import.meta.dirname, '../cli/millwatt.ts');
/** Prints the peak of the process that it is loaded into, KiB. */
const PEAK =
  'data:text/javascript,process.on("exit",()=>process.stderr.write(`peak ${process.resourceUsage().maxRSS}`))';

const folder = mkdtempSync(join(tmpdir(), 'millwatt-bench-'));
try {
  const began = performance.now();
  const views = openViews({ folder });
  for (let index = 0; index < MACHINES; index++) writeMachine(views, index, DAYS);
  views.close();
  openCollectorJournal(folder, silentLog).close();
  writeFileSync(join(folder, 'collector.yaml'), yaml());
  const size = statSync(join(folder, 'views.db')).size / MB;
  const hours = MACHINES * DAYS * 24;
  console.log(
    `${MACHINES} machines x ${DAYS} days = ${hours} machine-hours, views of ${size.toFixed(0)} MB, written in ${seconds(began)} s`,
  );
  let isWithin = true;
  const sizes = [...new Set([DAYS / 10, DAYS / 3, DAYS].map((days) => Math.max(1, Math.round(days))))];
  for (const format of ['json', 'csv', 'parquet']) {
    const runs = sizes.map((days) => ({ days, ...exportOf(format, days) }));
    const peaks = runs.map(({ days, peakMb }) => `${peakMb.toFixed(0)} MB of ${days * MACHINES * 24} hours`);
    const perHourMs = (1000 * (runs.at(-1)?.s ?? 0)) / hours;
    console.log(`export ${format}: peak ${peaks.join(', ')}; ${perHourMs.toFixed(2)} ms an hour`);
    if (runs.some(({ peakMb }) => peakMb > LIMIT_MB)) isWithin = false;
  }
  const arrays = sizes.map((days) => `${reference(days).toFixed(0)} MB of ${days * MACHINES * 24} hours`);
  console.log(`reference, all hours in one array: peak ${arrays.join(', ')}`);
  if (!isWithin) {
    console.log(`MISSED: more than ${LIMIT_MB} MB`);
    process.exitCode = 1;
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function exportOf(format: string, days: number): { peakMb: number; s: number } {
  const began = performance.now();
  const from = new Date(PLANT_FROM_MS).toISOString();
  const to = new Date(PLANT_FROM_MS + days * DAY_MS).toISOString();
  const { stderr, status } = spawnSync(
    process.execPath,
    [
      `--max-old-space-size=${OLD_MB}`,
      '--import',
      PEAK,
      MILLWATT,
      ...`export ${format} --line all --force --from ${from} --to ${to}`.split(' '),
      '-c',
      join(folder, 'collector.yaml'),
      '-o',
      join(folder, 'out'),
    ],
    { encoding: 'utf8' },
  );
  return { peakMb: peakOf(stderr, status), s: (performance.now() - began) / 1000 };
}

function reference(days: number): number {
  const code = `import { readViews } from ${JSON.stringify(join(import.meta.dirname, '../collector/ledger/sqlite-views.ts'))};
    const views = readViews({ folder: ${JSON.stringify(folder)} });
    const all = views.machines().map((machine) => [...views.hours(machine, 0, ${PLANT_FROM_MS + days * DAY_MS})]);
    console.log(all.length);`;
  const { stderr, status } = spawnSync(
    process.execPath,
    ['--import', PEAK, '--input-type=module', '-e', code],
    {
      encoding: 'utf8',
    },
  );
  return peakOf(stderr, status);
}

function peakOf(stderr: string, status: number | null): number {
  const [, kib] = /peak (\d+)$/.exec(stderr) ?? [];
  if (status !== 0 || kib === undefined) throw new Error(`the process failed: ${stderr}`);
  return Number(kib) / 1024;
}

function yaml(): string {
  const machines = Array.from({ length: MACHINES }, (_, index) => machineName(index));
  return [
    'site: plant',
    'broker: { url: mqtt://127.0.0.1:1883 }',
    'data: .',
    'calendar: { zone: UTC }',
    'footprint:',
    '  company: { name: Example Machining Co, ids: [urn:lei:5493001KJTIIGC8Y1R12], country: VN }',
    '  region: VN',
    `  lines: [{ id: all, machines: [${machines.join(', ')}] }]`,
    'machines:',
    ...machines.map((id) => `  - { id: ${id}, ratedPower: 15kW }`),
    '',
  ].join('\n');
}

function seconds(began: number): string {
  return ((performance.now() - began) / 1000).toFixed(1);
}
