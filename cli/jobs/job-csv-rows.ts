import { createHash } from 'node:crypto';
import { parseDay } from '../../collector/energy/calendar/civil-date.ts';
import { readLocal } from '../../collector/energy/calendar/local-time.ts';
import type { Zone } from '../../collector/energy/calendar/zone.ts';
import { readToldMark, type ToldMark } from '../../collector/reports/job-told-mark.ts';
import { MillwattError } from '../../protocols/errors.ts';

/** Columns of the file: one row a job, or a part of one. */
const COLUMNS = [
  'id',
  'job',
  'order',
  'part',
  'channel',
  'begin',
  'end',
  'good_parts',
  'scrap_parts',
  'mass_kg',
  'volume_cm3',
] as const;
type Column = (typeof COLUMNS)[number];
type Row = Partial<Record<Column, string>>;

const FIGURES = [
  ['good_parts', 'goodParts'],
  ['scrap_parts', 'scrapParts'],
  ['mass_kg', 'massKg'],
  ['volume_cm3', 'volumeCm3'],
] as const;

/** A row that cannot be taken, for a person to mend. */
export interface BadRow {
  /** Line of the file, from 1. */
  line: number;
  column: string;
  message: string;
  cure: string;
}

/** Marks of a file, each with the line it came from. */
export interface CsvMarks {
  marks: { line: number; mark: ToldMark }[];
  bad: BadRow[];
  rows: number;
}

/**
 * Reads a file of jobs: a header, then one row a job with its begin and its end. Cells are parted by commas, semicolons
 * or tabs, and may be quoted (RFC 4180). A time without a zone is on the clocks of the plant;
 * where nobody declared them (`zone` is null), its row is refused.
 *
 * @throws MillwattError (refuse) `bad-csv` where the header is not usable
 */
export function readJobCsv(text: string, zone: Zone | null, nowMs: number): CsvMarks {
  const first = text.replace(/^\uFEFF/, '').split(/\r\n|\r|\n/, 1)[0] ?? '';
  const separator =
    [',', ';', '\t'].toSorted((a, b) => first.split(b).length - first.split(a).length)[0] ?? ',';
  const [header, ...lines] = parseCsv(text.replace(/^\uFEFF/, ''), separator);
  const names = readHeader(header?.cells ?? []);
  const out: CsvMarks = { marks: [], bad: [], rows: 0 };
  const seen = new Map<string, number>();
  for (const { line, cells } of lines) {
    if (cells.every((cell) => cell.trim() === '')) continue;
    out.rows++;
    if (cells.length > names.length) {
      out.bad.push({
        line,
        column: '',
        message: `The row has ${cells.length} cells, the header ${names.length}.`,
        cure: 'Quote cells that hold the separator.',
      });
      continue;
    }
    const row: Row = {};
    for (const [index, name] of names.entries()) {
      const cell = cells[index]?.trim() ?? '';
      if (cell !== '') row[name] = cell;
    }
    const read = readRow(row, { zone, nowMs, decimalComma: separator !== ',' });
    const faults = read.faults.map((fault) => ({ line, ...fault }));
    for (const mark of read.marks) {
      const before = seen.get(mark.id);
      if (before !== undefined)
        faults.push({
          line,
          column: 'id',
          message: `${mark.id} is in line ${before} already.`,
          cure: 'Give every row an id of its own.',
        });
      else seen.set(mark.id, line);
    }
    out.bad.push(...faults);
    if (faults.length === 0) for (const mark of read.marks) out.marks.push({ line, mark });
  }
  return out;
}

interface Reading {
  /** Null where no calendar is declared. */
  zone: Zone | null;
  nowMs: number;
  /** 3,5 is three and a half. */
  decimalComma: boolean;
}

type RowFault = Omit<BadRow, 'line'>;

function readRow(row: Row, reading: Reading): { marks: ToldMark[]; faults: RowFault[] } {
  const faults: RowFault[] = [];
  if (row.begin === undefined && row.end === undefined)
    return {
      marks: [],
      faults: [
        {
          column: 'begin',
          message: 'The row has neither a begin nor an end.',
          cure: 'Write when the job began, and when it ended.',
        },
      ],
    };
  const begin = readTime('begin', row.begin, reading, faults);
  const end = readTime('end', row.end, reading, faults);
  if (typeof begin === 'number' && typeof end === 'number' && end < begin)
    faults.push({ column: 'end', message: 'The job ends before it begins.', cure: 'Correct the times.' });
  // Without an id of its own, a job is known by its number, its path and its begin, so that a file may be read again.
  const id = row.id ?? rowId(row.job ?? '', row.channel, begin ?? end);
  const of = row.channel === undefined ? {} : { channel: row.channel };
  const marks: ToldMark[] = [];
  const take = (mark: Record<string, unknown>, columnOf: Record<string, string>) => {
    const read = readToldMark(mark, reading.nowMs);
    if ('mark' in read) marks.push(read.mark);
    else
      for (const { field, message, cure } of read.faults) {
        const column = columnOf[field] ?? field;
        const isKnown = faults.some((one) => one.column === column);
        if (!isKnown) faults.push({ column, message: message.replace(/^\w+ is /, `${column} is `), cure });
      }
  };
  if (begin !== undefined)
    take(
      {
        id: `${id}/begin`,
        kind: 'begin',
        at: begin,
        ...of,
        job: row.job,
        ...(row.order === undefined ? {} : { order: row.order }),
        ...(row.part === undefined ? {} : { part: row.part }),
      },
      { at: 'begin' },
    );
  if (end !== undefined) {
    const mark: Record<string, unknown> = { id: `${id}/end`, kind: 'end', at: end, ...of };
    if (row.job !== undefined) mark['job'] = row.job;
    for (const [column, field] of FIGURES) {
      const text = row[column];
      if (text !== undefined) mark[field] = readNumber(text, reading.decimalComma);
    }
    take(mark, {
      at: 'end',
      goodParts: 'good_parts',
      scrapParts: 'scrap_parts',
      massKg: 'mass_kg',
      volumeCm3: 'volume_cm3',
    });
  } else
    for (const [column] of FIGURES)
      if (row[column] !== undefined)
        faults.push({
          column,
          message: `${column} is told of a job that has no end.`,
          cure: 'Write when it ended, or leave the cell empty until it has.',
        });
  return { marks, faults };
}

/** Undefined where nothing is written, NaN where it is wrong: that is among the faults then. */
function readTime(
  column: string,
  text: string | undefined,
  { zone }: Reading,
  faults: RowFault[],
): number | undefined {
  if (text === undefined) return undefined;
  const [, day = '', hour, minute, second = '0', zoned] =
    /^(\d{4}-\d\d-\d\d)[T ](\d\d):(\d\d)(?::(\d\d(?:\.\d{1,3})?))?(Z|[+-]\d\d:?\d\d)?$/.exec(text) ?? [];
  const dayNumber = parseDay(day);
  const bad = (message: string, cure: string) => {
    faults.push({ column, message, cure });
    return Number.NaN;
  };
  const cure = 'Write it as 2026-03-02 06:30 (clocks of the plant) or 2026-03-02T06:30:00+01:00.';
  if (dayNumber === null || Number(hour) > 23 || Number(minute) > 59 || Number(second) >= 60)
    return bad(`${column} is ${JSON.stringify(text.slice(0, 40))}, which is no time.`, cure);
  if (zoned !== undefined) return Date.parse(text.replace(' ', 'T'));
  if (zone === null)
    return bad(
      `${column} ${text} has no zone, and no calendar says on which clocks the plant is.`,
      'Add calendar: { zone: Europe/Berlin } to collector.yaml, or write it as 2026-03-02T06:30:00+01:00.',
    );
  const local = readLocal(zone, dayNumber, Number(hour) * 60 + Number(minute));
  if (local.shown === 'once') return local.atMs + Math.round(Number(second) * 1000);
  return bad(
    local.shown === 'twice'
      ? `${column} ${text} was twice that day: the clocks were put back.`
      : `${column} ${text} was not that day: the clocks were put forward over it.`,
    'Write it with its offset, such as 2026-10-25T02:30:00+01:00.',
  );
}

/** What is no number stays text, to be refused by name. */
function readNumber(text: string, decimalComma: boolean): number | string {
  const plain = decimalComma ? text.replace(',', '.') : text;
  return /^\d{1,12}(\.\d{1,12})?$/.test(plain) ? Number(plain) : text;
}

/** `4711/10@2026-03-02T05:30Z`, `4711/10:path2@...`: job, path and begin, which no other row has. */
function rowId(job: string, channel: string | undefined, atMs: number | undefined): string {
  const time = atMs === undefined || Number.isNaN(atMs) ? '' : new Date(atMs).toISOString();
  const short = time.replace(/(:00)?\.000Z$/, 'Z');
  return `${plainName(job)}${channel === undefined ? '' : `:${plainName(channel)}`}@${short}`;
}

/** What an id may hold of a name; where that is not all of it, with the beginning of its hash: two must not become one. */
function plainName(text: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9_./+-]{0,39}$/.test(text)) return text;
  const plain = text.replaceAll(/[^A-Za-z0-9_./+-]+/g, '_').slice(0, 24);
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 8);
  return `${/^[A-Za-z0-9]/.test(plain) ? '' : 'x'}${plain}-${hash}`;
}

function readHeader(cells: readonly string[]): Column[] {
  const names = cells.map((cell) => cell.trim().toLowerCase());
  const unknown = names.find((name) => !(COLUMNS as readonly string[]).includes(name));
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  const missing = ['job', 'begin'].find((name) => !names.includes(name));
  if (unknown === undefined && twice === undefined && missing === undefined) return names as Column[];
  throw new MillwattError(
    'refuse',
    'bad-csv',
    twice !== undefined
      ? `The header names ${twice} twice.`
      : unknown !== undefined
        ? `The header has a column ${JSON.stringify(unknown.slice(0, 40))}, which is not known.`
        : `The header has no column ${missing}.`,
    { cure: `The first line names the columns, of: ${COLUMNS.join(', ')}.` },
  );
}

/** Rows of a text (RFC 4180), each with the line it begins in. */
function parseCsv(text: string, separator: string): { line: number; cells: string[] }[] {
  const rows: { line: number; cells: string[] }[] = [];
  let row = { line: 1, cells: [''] };
  let line = 1;
  let quoted = false;
  const append = (char: string) => {
    row.cells[row.cells.length - 1] += char;
  };
  for (let at = 0; at < text.length; at++) {
    const char = text[at] ?? '';
    if (char === '\n') line++;
    if (quoted) {
      if (char !== '"') append(char);
      else if (text[at + 1] === '"') {
        append('"');
        at++;
      } else quoted = false;
    } else if (char === '"' && row.cells[row.cells.length - 1]?.trim() === '') {
      row.cells[row.cells.length - 1] = '';
      quoted = true;
    } else if (char === separator) row.cells.push('');
    else if (char === '\n') {
      rows.push(row);
      row = { line, cells: [''] };
    } else if (char !== '\r') append(char);
  }
  if (row.cells.length > 1 || row.cells[0] !== '') rows.push(row);
  return rows;
}
