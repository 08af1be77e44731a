import type { Finding } from '../finding.ts';
import { readNumber, readTableLines, type TableLine } from './factor-lines.ts';
import { sha256Of } from './factor-row.ts';

/** Values of single hours for one row of a factor table, in g/kWh. What the row says of gases, boundary and losses holds for them. */
export interface HourlyFactors {
  /** Id of the row. */
  factor: string;
  /** By the beginning of the hour, `2026-06-01T00:00:00.000Z`; canonical decimal texts, in order of time. */
  gCo2ePerKwh: ReadonlyMap<string, string>;
  /** SHA-256 of its canonical text, base64url. */
  sha256: string;
}

const COLUMNS = ['factor', 'begin', 'gCo2ePerKwh'] as const;

/**
 * The series that a text of hourly values holds, with every fault at once; undefined where it cannot be used.
 * @param known ids of the rows there are
 */
export function checkHourlyFactors(
  text: string,
  file: string,
  known: ReadonlySet<string>,
): { series: HourlyFactors[] | undefined; findings: Finding[] } {
  const findings: Finding[] = [];
  const values = new Map<string, Map<string, string>>();
  for (const line of readTableLines(text, file, COLUMNS, [], findings)) {
    const factor = line.text('factor');
    if (!known.has(factor))
      line.report(
        'factor',
        `${JSON.stringify(factor)} is no row of a factor table.`,
        'Give it a row with its boundary, gases, losses and the value of the year, and name that row here.',
      );
    const written = line.text('gCo2ePerKwh');
    if (written === '') line.report('gCo2ePerKwh', 'is empty.', 'Leave hours without a value out.');
    const value = readNumber(line, 'gCo2ePerKwh', written);
    const begin = readHour(line);
    if (begin === undefined) continue;
    const series = values.get(factor) ?? new Map<string, string>();
    if (series.has(begin))
      line.report('begin', `${begin} of ${factor} is there already.`, 'Take one of them out.');
    values.set(factor, series.set(begin, value));
  }
  if (findings.some(({ severity }) => severity === 'error')) return { series: undefined, findings };
  const series = [...values].map(([factor, hours]) => {
    const gCo2ePerKwh = new Map([...hours].sort(([a], [b]) => (a < b ? -1 : 1)));
    return { factor, gCo2ePerKwh, sha256: sha256Of(canonicalHoursText(factor, gCo2ePerKwh)) };
  });
  return { series, findings };
}

/** The one text of a series: a JSON list of its row's id and of [hour, value] in order of time. */
export function canonicalHoursText(factor: string, gCo2ePerKwh: ReadonlyMap<string, string>): string {
  return JSON.stringify([factor, ...gCo2ePerKwh]);
}

function readHour(line: TableLine<(typeof COLUMNS)[number]>): string | undefined {
  const text = line.text('begin');
  const [, hour] = /^(\d{4}-\d\d-\d\dT\d\d):00(?::00(?:\.000)?)?Z$/.exec(text) ?? [];
  const instant = `${hour}:00:00.000Z`;
  const ms = Date.parse(instant);
  // The calendar turns 31 June into 1 July: what it gives back must be what was written.
  if (hour !== undefined && Number.isFinite(ms) && new Date(ms).toISOString() === instant) return instant;
  line.report(
    'begin',
    `${JSON.stringify(text)} does not begin an hour of UTC.`,
    'Write 2026-06-01T00:00Z: local hours are turned into UTC first.',
  );
  return undefined;
}
