import type { QuarantinedLine } from '../../collector/influx/quarantine-file.ts';
import type { ProjectedDay } from '../../collector/influx/projected-days.ts';
import { formatSpan } from '../format.ts';
import { renderTable } from '../text-table.ts';
import type { Retried } from './quarantine-retry.ts';
import type { Rebuilt } from './rebuild.ts';

const LINES_SHOWN = 20;
const FIELDS_SHOWN = 3;

/** What is compared, and what came of it. */
export interface Comparison {
  days: ProjectedDay[];
  /** Values that InfluxDB does not have, and that it has beyond the ledger's. */
  missing: number;
  more: number;
}

/** Where the projection of a collector stands. */
export interface Standing {
  records: number;
  projected: number;
  lagRecords: number;
  quarantinedLines: number;
}

/** What a rebuild has done, for people. */
export function rebuiltLines(rebuilt: Omit<Rebuilt, 'basis'>): string[] {
  const { resumed, points, records, hours, quarantined, expired, waiting, tookMs } = rebuilt;
  return [
    `${resumed ? 'Went on where it had stopped: ' : ''}${points} points written, from ${records} records and ${hours} machine-hours, in ${formatSpan(tookMs)}.`,
    ...(expired === 0 ? [] : [`${expired} of them are older than InfluxDB keeps.`]),
    ...(waiting === 0 ? [] : [`${waiting} records wait for their wiring, or for the clock of their boot.`]),
    ...(quarantined === 0
      ? []
      : [`InfluxDB refused ${quarantined} lines: millwatt project --quarantine lists them with the reason.`]),
  ];
}

/** What was counted, for people: the days that differ, one a line. */
export function comparisonLines({ days, missing, more }: Comparison): string[] {
  const values = days.reduce((sum, { expected }) => sum + expected, 0);
  const different = days.filter((day) => day.different.length > 0);
  const head =
    different.length === 0
      ? `InfluxDB has what the ledger has: ${values} values of ${days.length} days of machines, counted one by one.`
      : `${different.length} of ${days.length} days of machines differ: InfluxDB misses ${missing} of ${values} values and has ${more} more.`;
  const rows = different
    .slice(0, LINES_SHOWN)
    .map(({ machine, dayMs, expected, found, different: fields }) => [
      machine,
      new Date(dayMs).toISOString().slice(0, 10),
      String(expected),
      String(found),
      fields
        .slice(0, FIELDS_SHOWN)
        .map((field) => `${field.field} ${field.found} of ${field.expected}`)
        .join(', '),
    ]);
  const columns = [
    { title: 'machine' },
    { title: 'day (UTC)' },
    { title: 'ledger', align: 'right' as const },
    { title: 'InfluxDB', align: 'right' as const },
    { title: 'differ', spare: 1 },
  ];
  return [
    head,
    ...(rows.length === 0 ? [] : renderTable(columns, rows)),
    ...(different.length > LINES_SHOWN ? [`... and ${different.length - LINES_SHOWN} more`] : []),
    ...(missing === 0
      ? []
      : [
          'cure: millwatt project --rebuild writes it again; what is older than the retention of the database stays missing.',
        ]),
  ];
}

/** The lines in quarantine, for people. */
export function quarantineLines(lines: readonly QuarantinedLine[]): string[] {
  if (lines.length === 0) return ['Nothing is in quarantine.'];
  return [
    `${lines.length} lines are in quarantine: InfluxDB refused them. The ledger has what they say.`,
    ...lines.slice(0, LINES_SHOWN).flatMap(({ line, reason, at }) => [`${at}  ${reason}`, `    ${line}`]),
    ...(lines.length > LINES_SHOWN ? [`... and ${lines.length - LINES_SHOWN} more; --json lists all`] : []),
    'cure: correct what InfluxDB says, then run: millwatt project --retry',
  ];
}

/** What became of quarantined lines, for people. */
export function retriedLines({ tried, stored, expired, refused, reason }: Retried): string[] {
  if (tried === 0) return ['Nothing is in quarantine.'];
  return [
    `${stored} of ${tried} lines are in InfluxDB now.`,
    ...(expired === 0 ? [] : [`${expired} are older than it keeps.`]),
    ...(refused === 0 ? [] : [`${refused} were refused again and stay in quarantine: ${reason}`]),
  ];
}

/** Where the projection stands, for people. */
export function standingLines({ records, projected, lagRecords, quarantinedLines }: Standing): string[] {
  return [
    lagRecords === 0
      ? `All ${records} records are in InfluxDB.`
      : `${projected} of ${records} records are in InfluxDB; ${lagRecords} wait.`,
    ...(quarantinedLines === 0
      ? []
      : [`${quarantinedLines} lines are in quarantine: millwatt project --quarantine lists them.`]),
  ];
}
