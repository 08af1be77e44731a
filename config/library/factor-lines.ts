import type { Finding } from '../finding.ts';
import { findNearest } from '../nearest.ts';
import { readCsv, type CsvField } from './factor-csv.ts';
import { canonicalDecimal } from './factor-row.ts';

/** One line of a table by its columns, and the way to say what is wrong with it. */
export interface TableLine<Column extends string> {
  /** 1-based. */
  number: number;
  /** The text of a field; empty where the column is left out. */
  text: (column: Column) => string;
  report: (column: Column, message: string, cure: string, severity?: Finding['severity']) => void;
}

/** The lines below the header of a table with these columns; what is wrong with its shape goes to `findings`. */
export function readTableLines<Column extends string>(
  text: string,
  file: string,
  columns: readonly Column[],
  mayLack: readonly string[],
  findings: Finding[],
): TableLine<Column>[] {
  const add = (place: { line: number; column: number }, path: string, message: string, cure: string) =>
    findings.push({ severity: 'error', file, line: place.line, column: place.column, path, message, cure });
  const { records, fault } = readCsv(text);
  if (fault !== undefined) add(fault, '', fault.message, fault.cure);
  const [header, ...body] = records;
  if (header === undefined) {
    if (fault === undefined)
      add({ line: 1, column: 1 }, '', 'is empty.', `Begin with the header: ${columns.join(',')}`);
    return [];
  }
  const places = readHeader(header, columns, mayLack, add);
  if (places === undefined) return [];
  return body.flatMap((fields) => {
    const [first] = fields;
    if (first === undefined) return [];
    const { line: number } = first;
    if (fields.length !== header.length) {
      const [have, want] = [fields.length, header.length];
      add(
        fields[want] ?? first,
        '',
        have === 1 && first.text === ''
          ? 'is an empty line.'
          : `has ${have} fields, and the header ${want} columns.`,
        have === 1 && first.text === '' ? 'Take it out.' : 'Put fields that hold commas in double quotes.',
      );
      return [];
    }
    const fieldOf = (column: Column) => fields[places.get(column) ?? -1];
    return [
      {
        number,
        text: (column: Column) => fieldOf(column)?.text ?? '',
        report: (column, message, cure, severity = 'error') => {
          const at = fieldOf(column) ?? first;
          findings.push({ severity, file, line: at.line, column: at.column, path: column, message, cure });
        },
      } satisfies TableLine<Column>,
    ];
  });
}

/** Where each column stands; undefined where the header cannot be used. */
function readHeader<Column extends string>(
  header: readonly CsvField[],
  columns: readonly Column[],
  mayLack: readonly string[],
  add: (place: CsvField, path: string, message: string, cure: string) => void,
): Map<Column, number> | undefined {
  const places = new Map<Column, number>();
  const [first] = header;
  let isUsable = true;
  const fault = (field: CsvField, message: string, cure: string) => {
    isUsable = false;
    add(field, field.text, message, cure);
  };
  for (const [index, field] of header.entries()) {
    const known = columns.find((column) => column === field.text);
    if (known === undefined) {
      const nearest = findNearest(field.text, columns);
      fault(
        field,
        `${JSON.stringify(field.text)} is no column of this table.`,
        /[;\t]/.test(field.text)
          ? 'Separate columns with commas.'
          : nearest === undefined
            ? `Its columns are ${columns.join(', ')}.`
            : `Write ${nearest}.`,
      );
    } else if (places.has(known)) fault(field, 'is there twice.', 'Take one of them out.');
    else places.set(known, index);
  }
  const lacking = columns.filter((column) => !places.has(column) && !mayLack.includes(column));
  if (first !== undefined && isUsable && lacking.length > 0)
    fault({ ...first, text: '' }, `The header lacks ${lacking.join(', ')}.`, `Write: ${columns.join(',')}`);
  return isUsable ? places : undefined;
}

/** A value of 0 or more; empty where it is none. */
export function readNumber<Column extends string>(
  line: TableLine<Column>,
  column: Column,
  text: string,
): string {
  const number = canonicalDecimal(text);
  if (number === undefined && text !== '')
    line.report(
      column,
      `${JSON.stringify(text)} is not a number of 0 or more.`,
      'Write digits with a point, without exponent or unit: 460.7.',
    );
  return number ?? '';
}
