import type { ExportFile } from '../export-file.ts';
import { readCsv } from './read-csv.ts';

/** A row of a table of exchanges, by column; what is empty is left out. */
type Row = Readonly<Record<string, string>>;
interface Activity {
  place: string;
  name: string;
  fields: Row;
  exchanges: { place: string; row: Row }[];
}

const NUMBER = /^-?\d+(\.\d+)?$/;
/** What Brightway's biosphere database is matched by: name, categories and unit. */
const BIOSPHERE: readonly string[] = [
  'Carbon dioxide, fossil|air|kilogram',
  'Carbon dioxide, in air|natural resource::in air|kilogram',
];
const MEAN_TOLERANCE = 1e-6;

/**
 * What Brightway's CSV importer would stumble over or leave unlinked: activities that lack what they are found by, inputs
 * that lead to no activity or to several, amounts that are no plain numbers. Each fault names the file, the row and the
 * value. `unlinked`: names of products that a supplier is yet to be named for.
 */
export function checkBrightway(
  files: readonly ExportFile[],
  { unlinked = [] }: { unlinked?: readonly string[] } = {},
): string[] {
  return files.flatMap(({ path, content }) => {
    const text = typeof content === 'string' ? content : new TextDecoder().decode(content);
    return [...checkSheet(readCsv(text), unlinked)].map((fault) => `${path}: ${fault}`);
  });
}

function* checkSheet(rows: readonly string[][], unlinked: readonly string[]): Iterable<string> {
  const databases = rows.filter(([first]) => first === 'Database');
  if (databases.length !== 1) yield `${databases.length} databases, not 1`;
  for (const [index, row] of rows.entries())
    for (const cell of row)
      if (cell.includes('::') && !BIOSPHERE.some((flow) => flow.includes(`|${cell}|`)))
        yield `row ${index + 1}: ${JSON.stringify(cell)} would be split at its colons`;
  const activities = readActivities(rows);
  if (activities.length === 0) yield 'no activity';
  const codes = new Set<string>();
  for (const { place, name, fields, exchanges } of activities) {
    for (const field of ['code', 'location', 'unit', 'reference product'])
      if (fields[field] === undefined) yield `${place}: ${JSON.stringify(name)} has no ${field}`;
    const code = fields['code'] ?? '';
    if (codes.has(code)) yield `${place}: the code ${code} is there twice`;
    codes.add(code);
    const products = exchanges.filter(({ row }) => row['type'] === 'production');
    if (products.length !== 1) yield `${place}: ${products.length} productions, not 1`;
    for (const { place: at, row } of products)
      if (keyOf(row) !== keyOf({ ...fields, name }))
        yield `${at}: the production is not of ${JSON.stringify(name)}`;
    for (const { place: at, row } of exchanges)
      for (const fault of checkExchange(row, activities, unlinked)) yield `${at}: ${fault}`;
  }
}

function* checkExchange(
  row: Row,
  activities: readonly Activity[],
  unlinked: readonly string[],
): Iterable<string> {
  const { type, amount = '', name = '' } = row;
  if (!NUMBER.test(amount)) yield `amount ${JSON.stringify(amount)} is no plain number`;
  if (type === 'biosphere') {
    const flow = `${name}|${row['categories'] ?? ''}|${row['unit'] ?? ''}`;
    if (!BIOSPHERE.includes(flow)) yield `the flow ${JSON.stringify(flow)} is not known`;
  } else if (type === 'technosphere' || type === 'production') {
    const makers = activities.filter((one) => keyOf({ ...one.fields, name: one.name }) === keyOf(row));
    const isOpen = makers.length === 0 && unlinked.includes(row['reference product'] ?? '');
    if (makers.length !== 1 && !isOpen)
      yield `${JSON.stringify(name)} leads to ${makers.length} activities, not 1`;
  } else yield `type ${JSON.stringify(type)} is not known`;
  yield* checkSpread(row);
}

function* checkSpread(row: Row): Iterable<string> {
  const { 'uncertainty type': kind, loc = '', scale = '', amount = '' } = row;
  if (kind === undefined) return;
  if (kind !== '2') yield `uncertainty type ${kind} is none that we write`;
  if (!NUMBER.test(loc) || !NUMBER.test(scale) || Number(scale) <= 0)
    yield `loc ${JSON.stringify(loc)} and scale ${JSON.stringify(scale)} are no plain numbers`;
  const mean = Math.exp(Number(loc) + Number(scale) ** 2 / 2);
  if (!(Math.abs(mean / Number(amount) - 1) < MEAN_TOLERANCE))
    yield `the distribution has the mean ${mean}, the amount is ${amount}`;
}

/** By what Brightway finds the activity that an exchange is of; it does not look at capital letters. */
function keyOf(row: Row): string {
  return ['name', 'unit', 'reference product', 'location']
    .map((field) => row[field] ?? '')
    .join('|')
    .toLowerCase();
}

function readActivities(rows: readonly string[][]): Activity[] {
  const activities: Activity[] = [];
  let columns: readonly string[] | 'next' | null = null;
  for (const [index, row] of rows.entries()) {
    const [first = '', second = ''] = row;
    const place = `row ${index + 1}`;
    const current = activities.at(-1);
    if (first === 'Activity') {
      activities.push({ place, name: second, fields: {}, exchanges: [] });
      columns = null;
    } else if (current === undefined || row.every((cell) => cell === '')) continue;
    else if (first === 'Exchanges') columns = 'next';
    else if (columns === 'next') columns = row;
    else if (columns === null) current.fields = { ...current.fields, [first]: second };
    else {
      const cells = columns.flatMap((column, at) => (row[at] ? [[column, row[at]]] : []));
      current.exchanges.push({ place, row: Object.fromEntries(cells) as Row });
    }
  }
  return activities;
}
