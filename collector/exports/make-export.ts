import type { Readable } from 'node:stream';
import { MillwattError } from '../../protocols/errors.ts';
import { uuidOf } from '../../protocols/evidence/uuid5.ts';
import type { TellMethod } from '../derivation/hour-method.ts';
import type { SiteCalendar } from '../energy/calendar/site-calendar.ts';
import type { MachineHour } from '../energy/machine-hour.ts';
import type { FootprintRecord } from '../footprint/record/footprint-record.ts';
import type { JobSource } from '../reports/job-source.ts';
import type { FootprintPlan } from '../reports/footprint/footprint-plan.ts';
import { underMethods } from '../reports/footprint/record-methods.ts';
import { stepRecord, type RecordSubject } from '../reports/footprint/record-subject.ts';
import { bytesOf, ENDINGS, writeExport, type ExportFormat } from './export-formats.ts';

const DAY_MS = 86_400_000;
const SPAN_MAX_MS = 366 * DAY_MS;
const FAULTS_TOLD = 10;

/** What exports are made from. */
export interface ExportSource {
  source: JobSource;
  plan: FootprintPlan;
  calendar: SiteCalendar;
  methodOf: TellMethod;
}

/** The record of one export: of what, over which time (wall ms), and the how-manieth issue of it. */
export interface ExportQuery {
  subject: RecordSubject;
  fromMs: number;
  toMs: number;
  issue: number;
}

/** Machines that a subject rests on, as far as the plan says: none of a line or model that it does not know. */
export function machinesOf(
  { lines, models, parts }: FootprintPlan,
  subject: RecordSubject,
): readonly string[] {
  if ('machine' in subject && subject.machine !== null) return [subject.machine];
  if (subject.kind === 'machine') return [subject.id];
  const all: Readonly<Record<string, Readonly<Record<string, { machines: readonly string[] }>>>> = {
    line: lines,
    model: models,
    part: parts,
  };
  const groups = all[subject.kind] ?? {};
  return (Object.hasOwn(groups, subject.id) ? groups[subject.id]?.machines : undefined) ?? [];
}

/** How the file of an export is called; ids may hold what file names may not. */
export function exportName({ id }: Pick<RecordSubject, 'id'>, format: ExportFormat): string {
  const name = id.replaceAll(/[^A-Za-z0-9._-]+/g, '_').replace(/^\.+/, '_');
  return `${name}.${ENDINGS[format]}`;
}

/** The number of an issue that somebody wrote. Throws an error of class `refuse` (code `usage`). */
export function readIssue(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new MillwattError('refuse', 'usage', `${JSON.stringify(text)} is no number of an issue.`, {
    cure: 'Write 1 for the first issue of a record, 2 for the one that replaces it, and so on.',
  });
}

/**
 * The record of an export, and nulls before it wherever others may have their turn. Throws errors of class `refuse`: `bad-time`
 * where it is more than 366 days, and as `stepRecord`.
 *
 * @param issuedMs wall ms of the making of this issue, which the record names
 */
export function* stepExport(
  { source, plan, calendar, methodOf }: ExportSource,
  { subject, fromMs, toMs, issue }: ExportQuery,
  issuedMs: number,
): Generator<FootprintRecord | null> {
  if (toMs - fromMs > SPAN_MAX_MS)
    throw new MillwattError('refuse', 'bad-time', 'From begin to end is more than 366 days.', {
      cure: 'Export a year at a time.',
    });
  const from = { source, plan, calendar, ports: { uuidOf, issuedMs, issue } };
  const asked = machinesOf(plan, subject).map((machine) => ({ machine, before: methodOf(machine) }));
  for (const made of stepRecord(from, subject, { fromMs, toMs }))
    yield made === null
      ? null
      : underMethods(
          made,
          asked.map((one) => ({ ...one, after: methodOf(one.machine) })),
        );
}

/**
 * The bytes of an export: the same for the same record, whoever asks. What does not pass its own check is a fault of ours, and
 * there are no bytes of it (class `refuse`, code `bad-export`), nor is there a Parquet file of what has but a share of hours (code
 * `no-hours-of-its-own`); else throws as the format does.
 */
export async function exportContent(
  { views }: Pick<JobSource, 'views'>,
  format: ExportFormat,
  record: FootprintRecord,
): Promise<Readable | string | Uint8Array> {
  if (format === 'parquet') {
    const { view, subject } = record;
    if (view === 'manufacturing')
      throw new MillwattError(
        'refuse',
        'no-hours-of-its-own',
        `Parquet is of machine-hours, and ${subject.kind} ${subject.id} has a share of those of ${subject.machines.join(', ')}.`,
        {
          cure: 'Export json or csv of it, which have what was given to it, or parquet of the machine.',
        },
      );
    const { hoursToParquet } = await import('./hours-table.ts');
    return hoursToParquet(hoursOf(views, record));
  }
  const written = await writeExport(format, record);
  const { faults } = written;
  if (faults.length === 0) return bytesOf(written);
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

/** A day at a time, so that a year of many machines is never in memory. */
function* hoursOf(views: JobSource['views'], { subject, period }: FootprintRecord): Generator<MachineHour> {
  const [fromMs, toMs] = [Date.parse(period.from), Date.parse(period.to)];
  for (const machine of subject.machines)
    for (let at = fromMs; at < toMs; at += DAY_MS)
      yield* views.hours(machine, at, Math.min(at + DAY_MS, toMs));
}
