import { resolve } from 'node:path';
import { openCalendar } from '../../collector/energy/calendar/site-calendar.ts';
import type { MachineHour } from '../../collector/energy/machine-hour.ts';
import type { FootprintRecord } from '../../collector/footprint/record/footprint-record.ts';
import { readViews } from '../../collector/ledger/sqlite-views.ts';
import type { JobSource } from '../../collector/reports/job-source.ts';
import {
  stepRecord,
  subjectAsked,
  type RecordSubject,
} from '../../collector/reports/footprint/record-subject.ts';
import { loadCollectorConfig } from '../../config/load.ts';
import { MillwattError } from '../../protocols/errors.ts';
import { uuidOf } from '../../protocols/evidence/uuid5.ts';
import { createReadProgress } from '../calibrate/read-progress.ts';
import { footprintPlanOf } from '../footprint-plan-of.ts';
import { readConfiguredJournal, readKey } from '../journal-access.ts';
import { requireMachine } from '../known-machine.ts';
import { style, widthOf } from '../screen.ts';
import { readSiteRange, takeSiteClock } from '../site-clock.ts';
import { sitePlanOf } from '../site-plan-of.ts';
import { wrapLines } from '../text-wrap.ts';
import {
  bytesOf,
  ENDINGS,
  EXPORT_FORMATS,
  writeExport,
  type ExportFormat,
} from '../../collector/exports/export-formats.ts';
import { requireFree, writeWhole } from './write-file.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const BACK_DAYS = 30;
const SPAN_MAX_MS = 366 * DAY_MS;
const FAULTS_TOLD = 10;

interface ExportOptions {
  config: string;
  machine?: string;
  line?: string;
  part?: string;
  job?: string;
  from?: string;
  to?: string;
  issue: string;
  output?: string;
  force?: true;
  json?: true;
}

/** `millwatt export FORMAT`: the footprint record of a period, in one file; the collector may run meanwhile. */
export async function runExport(format: string, options: ExportOptions): Promise<void> {
  const chosen = formatOf(format);
  const subject = subjectAsked(options);
  const issue = issueOf(options.issue);
  const { config, folder } = loadCollectorConfig(options.config);
  const clock = takeSiteClock(config);
  const range = readSiteRange(options, clock, BACK_DAYS * DAY_MS);
  if (range.toMs - range.fromMs > SPAN_MAX_MS)
    throw new MillwattError('refuse', 'bad-time', '--from to --to is more than 366 days.', {
      cure: 'Export a year at a time.',
    });
  const path = resolve(options.output ?? `${fileName(subject)}.${ENDINGS[chosen]}`);
  requireFree(path, options.force === true);
  const views = readViews({ folder: resolve(folder, config.data) });
  try {
    const journal = readConfiguredJournal(config, folder);
    try {
      const sitePlan = sitePlanOf(config, process.versions['tz'] ?? '');
      const key = readKey(resolve(folder, config.data)).publicKey;
      const plan = footprintPlanOf(config, folder, { key, sitePlanHash: sitePlan.hash });
      const known = views.machines();
      const line = subject.kind === 'line' ? plan.lines[subject.id] : undefined;
      for (const machine of line?.machines ?? machinesNamed(subject)) requireMachine(known, machine);
      const source: JobSource = { views, plan: sitePlan, journal };
      const ports = { uuidOf, issuedMs: Date.now(), issue };
      const from = { source, plan, calendar: openCalendar(sitePlan.calendar), ports };
      const record = await makeRecord(stepRecord(from, subject, range), range, options.json === true);
      const bytes =
        chosen === 'parquet'
          ? await writeParquet(path, source, record)
          : await writeChecked(path, chosen, record);
      say(chosen, path, bytes, record, options.json === true);
    } finally {
      journal.close();
    }
  } finally {
    views.close();
  }
}

const machinesNamed = (subject: RecordSubject): string[] =>
  'machine' in subject ? [subject.machine] : subject.kind === 'machine' ? [subject.id] : [];

function formatOf(text: string): ExportFormat {
  if (Object.hasOwn(EXPORT_FORMATS, text)) return text as ExportFormat;
  throw new MillwattError('refuse', 'usage', `There is no format ${JSON.stringify(text)}.`, {
    cure: `Formats are ${Object.keys(EXPORT_FORMATS).join(', ')}.`,
  });
}

function issueOf(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new MillwattError('refuse', 'usage', `--issue ${JSON.stringify(text)} is no number of an issue.`, {
    cure: 'Write 1 for the first issue of a record, 2 for the one that replaces it, and so on.',
  });
}

/** Ids may hold what file names may not. */
const fileName = ({ id }: RecordSubject) => id.replaceAll(/[^A-Za-z0-9._-]+/g, '_').replace(/^\.+/, '_');

/** Takes the steps, with a bar on a terminal: an hour is a step, and there are as many as the period is long. */
async function makeRecord(
  steps: Iterable<FootprintRecord | null>,
  { fromMs, toMs }: { fromMs: number; toMs: number },
  isQuiet: boolean,
): Promise<FootprintRecord> {
  const progress = createReadProgress('footprint record', isQuiet);
  const all = Math.max(1, (toMs - fromMs) / HOUR_MS);
  let count = 0;
  try {
    for (const record of steps) {
      if (record !== null) return record;
      progress.show(Math.min(0.99, ++count / all));
    }
  } finally {
    progress.end();
  }
  throw new Error('the steps end with a record');
}

/** What its own check refuses is a fault of ours, and is not written. */
async function writeChecked(
  path: string,
  format: Exclude<ExportFormat, 'parquet'>,
  record: FootprintRecord,
): Promise<number> {
  const written = await writeExport(format, record);
  const { faults } = written;
  if (faults.length > 0) {
    const told = faults.slice(0, FAULTS_TOLD).join('\n');
    throw new MillwattError(
      'refuse',
      'bad-export',
      `The ${format} export does not pass its own check:\n${told}`,
      {
        cure: 'Nothing was written. Where a name or id of your configuration is meant, correct it; else tell the makers of millwatt.',
      },
    );
  }
  return writeWhole(path, await bytesOf(written));
}

async function writeParquet(
  path: string,
  { views }: JobSource,
  { subject, period }: FootprintRecord,
): Promise<number> {
  const { hoursToParquet } = await import('../../collector/exports/hours-table.ts');
  const [fromMs, toMs] = [Date.parse(period.from), Date.parse(period.to)];
  function* hours(): Generator<MachineHour> {
    for (const machine of subject.machines)
      for (let at = fromMs; at < toMs; at += DAY_MS)
        yield* views.hours(machine, at, Math.min(at + DAY_MS, toMs));
  }
  return writeWhole(path, hoursToParquet(hours()));
}

function say(
  format: ExportFormat,
  path: string,
  bytes: number,
  record: FootprintRecord,
  isJson: boolean,
): void {
  const { id, version, view, subject, period, activity, functionalUnit, emissions, coverage, completeness } =
    record;
  const [first] = emissions;
  if (isJson) {
    const told = { format, file: path, bytes, id, version, view, period, functionalUnit };
    const figures = {
      subject: { kind: subject.kind, id: subject.id },
      energyKwh: activity.energyKwh,
      perUnitKwh: activity.perUnitKwh,
      kgCo2e: first?.kgCo2e ?? null,
      perUnitKgCo2e: first?.perUnitKgCo2e ?? null,
      isComplete: coverage.isComplete,
      ...completeness,
    };
    process.stdout.write(`${JSON.stringify({ ok: true, ...told, ...figures }, null, 2)}\n`);
    return;
  }
  const unit = { hour: 'h', piece: 'piece', kilogram: 'kg' }[functionalUnit.unit];
  const per = activity.perUnitKwh === null ? 'no figure per unit' : `${activity.perUnitKwh} kWh/${unit}`;
  const emitted =
    first === undefined
      ? 'no emissions'
      : `${first.kgCo2e} kg CO2e${first.perUnitKgCo2e === null ? '' : ` (${first.perUnitKgCo2e} kg/${unit})`}`;
  const lines = [
    `${subject.kind} ${subject.id}, ${period.name}: ${activity.energyKwh} kWh (${per}), ${emitted}, ${record.evidence.status}`,
    ...completeness.because.map((because) => style(`partial: ${because}`, 'yellow')),
    `wrote ${path} (${EXPORT_FORMATS[format]}, ${bytes} bytes; ${id}, version ${version})`,
  ];
  process.stdout.write(`${lines.flatMap((line) => wrapLines(line, widthOf())).join('\n')}\n`);
}
