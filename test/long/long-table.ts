import { doneOf, doneOnLastCode, type KindRecord, type LongRecord } from './long-record.ts';

const BEGIN = '<!-- what the long runs reached: written by `npm run test:long` -->';
const END = '<!-- end of what the long runs reached -->';

/** The record as the table of docs/reliability.md. */
export function tableOf(record: LongRecord): string {
  const rows = Object.entries(record.kinds).map(([name, own]) => `| ${rowOf(name, own).join(' | ')} |`);
  return [
    '| run | test | wanted | reached | of these on the code last tried | failed | hours | commits | figures |',
    '|---|---|---|---|---|---|---|---|---|',
    ...rows,
  ].join('\n');
}

function rowOf(name: string, own: KindRecord): string[] {
  const { test, unit, wanted, runs, failures } = own;
  const seconds = runs.reduce((sum, run) => sum + run.seconds, 0);
  const commits = runs.map(({ commit }) => commit.slice(0, 7));
  const open = failures.filter(({ mended }) => mended === undefined).length;
  const figures = Object.entries(runs.at(-1)?.figures ?? {}).map(
    ([figure, value]) => `${figure} ${written(value)}`,
  );
  return [
    name,
    test,
    `${written(wanted)} ${unit}`,
    written(doneOf(own)),
    written(doneOnLastCode(own)),
    failures.length === 0 ? '0' : `${failures.length}, ${open} of them not mended`,
    (seconds / 3600).toFixed(2),
    commits.length > 2 ? `${commits[0]} to ${commits.at(-1)} (${commits.length})` : commits.join(', '),
    figures.join(', '),
  ];
}

/** The document with the record's table in its place. Throws where the document has no place for it. */
export function withTable(document: string, record: LongRecord): string {
  const begin = document.indexOf(BEGIN);
  const end = document.indexOf(END);
  if (begin === -1 || end < begin) throw new Error(`The document has no place for the table: ${BEGIN}`);
  return `${document.slice(0, begin + BEGIN.length)}\n\n${tableOf(record)}\n\n${document.slice(end)}`;
}

function written(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: 1 });
}
