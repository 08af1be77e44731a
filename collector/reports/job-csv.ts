import type { JobGroup } from '../energy/allocation/group-jobs.ts';
import type { JobReport, ReportedJob } from './job-report.ts';

/** What the rows of a table of jobs stand for. */
export const JOB_GROUPINGS = ['job', 'order', 'part'] as const;
export type JobGrouping = (typeof JOB_GROUPINGS)[number];

const MADE = [
  'good_parts',
  'scrap_parts',
  'mass_kg',
  'volume_cm3',
  'wh_per_good_part',
  'wh_per_kg',
  'wh_per_cm3',
] as const;

/**
 * A report of jobs as CSV (RFC 4180), one row a job, order or part, and a last one for what no job got; energies in Wh to the mWh,
 * what is not known is empty. Names come from outside: one that a spreadsheet would take for a formula gets an apostrophe
 * in front.
 */
export function jobsToCsv(report: JobReport, by: JobGrouping): string {
  const rows = by === 'job' ? jobRows(report) : groupRows(report, by);
  return rows.map((row) => `${row.map(cellOf).join(',')}\r\n`).join('');
}

type Cell = string | number | null;

function jobRows({ machine, jobs, unallocatedMwh }: JobReport): Cell[][] {
  const header = [
    'machine',
    'job',
    'order',
    'part',
    'program',
    'source',
    'begin_utc',
    'end_utc',
    'time_s',
    'energy_wh',
    'processing_wh',
    'divided_wh',
    'shared_wh',
    'extent',
    ...MADE,
    'basic_w',
    'tip_w',
    'u_percent_k2',
  ];
  return [
    header,
    ...jobs.map((job) => [
      machine,
      job.id,
      job.order,
      job.part,
      job.program,
      job.source,
      timeOf(job.segments[0]?.fromMs),
      timeOf(job.segments.reduce((latest, { toMs }) => Math.max(latest, toMs), 0)),
      job.energy.timeMs / 1000,
      job.energy.totalMwh / 1000,
      job.energy.directMwh / 1000,
      (job.energy.totalMwh - job.energy.directMwh) / 1000,
      job.sharedMwh === null ? null : job.sharedMwh / 1000,
      job.extent,
      ...madeOf(job),
      rounded(job.split.basicW),
      rounded(job.split.tipW),
      rounded(job.uncertainty.expandedPercent),
    ]),
    header.map((name) =>
      name === 'machine'
        ? machine
        : name === 'source'
          ? 'unallocated'
          : name === 'energy_wh'
            ? unallocatedMwh / 1000
            : null,
    ),
  ];
}

function groupRows(report: JobReport, by: 'order' | 'part'): Cell[][] {
  const groups = by === 'order' ? report.orders : report.parts;
  return [
    ['machine', by, 'jobs', 'energy_wh', 'extent', ...MADE],
    ...groups.map((group) => [
      report.machine,
      group.name,
      group.jobs.join(' '),
      group.totalMwh / 1000,
      group.extent,
      ...madeOf(group),
    ]),
    [report.machine, null, 'unallocated', report.unallocatedMwh / 1000, null, ...MADE.map(() => null)],
  ];
}

function madeOf({ goodParts, scrapParts, massKg, volumeCm3, perPart }: ReportedJob | JobGroup): Cell[] {
  return [
    goodParts,
    scrapParts,
    massKg,
    volumeCm3,
    rounded(perPart.perGoodPartWh.value),
    rounded(perPart.perKgWh.value),
    rounded(perPart.perCm3Wh.value),
  ];
}

function timeOf(atMs: number | undefined): string | null {
  return atMs === undefined || atMs === 0 ? null : new Date(atMs).toISOString();
}

/** To a thousandth: no figure is better than that. */
function rounded(value: number | null): number | null {
  return value === null ? null : Math.round(value * 1000) / 1000;
}

function cellOf(cell: Cell): string {
  if (cell === null) return '';
  if (typeof cell === 'number') return String(cell);
  const safe = /^[\s]*[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
