import { readFileSync, statSync } from 'node:fs';
import { openZone } from '../../collector/energy/calendar/zone.ts';
import { takeMarks } from '../../collector/reports/job-book.ts';
import { loadCollectorConfig } from '../../config/load.ts';
import { describeFileFault, MillwattError } from '../../protocols/errors.ts';
import { authorOf } from '../amend/author.ts';
import { createReadProgress } from '../calibrate/read-progress.ts';
import { openConfiguredJournal } from '../journal-access.ts';
import { widthOf } from '../screen.ts';
import { wrapLines } from '../text-wrap.ts';
import { readJobCsv, type BadRow } from './job-csv-rows.ts';

const FILE_BYTES_MAX = 50_000_000;
/** Marks that are entered at once. */
const CHUNK = 1000;
/** Of bad rows, so many are shown. */
const SHOWN_MAX = 50;

interface ImportOptions {
  config: string;
  by?: string;
  skipBad?: true;
  json?: true;
}

/** `millwatt jobs import MACHINE FILE`: enters the jobs of a CSV file; the collector may run meanwhile. */
export function runJobsImport(machine: string, file: string, options: ImportOptions): void {
  const { config, folder } = loadCollectorConfig(options.config);
  const configured = config.machines.map(({ id }) => id);
  if (!configured.includes(machine))
    throw new MillwattError('refuse', 'no-machine', `The configuration has no machine ${machine}.`, {
      cure: configured.length === 0 ? 'Name it under machines.' : `Choose one of: ${configured.join(', ')}.`,
    });
  const zone = config.calendar === undefined ? null : openZone(config.calendar.zone);
  const nowMs = Date.now();
  const { marks, bad, rows } = readJobCsv(readText(file), zone, nowMs);
  const journal = openConfiguredJournal(config, folder);
  try {
    const by = authorOf(options.by);
    const sound = marks.map(({ mark }) => mark);
    // Asked of a journal that takes nothing: what contradicts is known before anything is entered.
    const tried = takeMarks({ entries: journal.entries.bind(journal), appendAll: () => [] }, machine, sound, {
      by,
      atMs: nowMs,
    });
    const conflicts = 'conflicts' in tried ? tried.conflicts : [];
    const refused: BadRow[] = [
      ...bad,
      ...conflicts.map(({ index, message, cure }) => ({
        line: marks[index]?.line ?? 0,
        column: 'id',
        message,
        cure,
      })),
    ].sort((a, b) => a.line - b.line);
    if (refused.length > 0 && options.skipBad !== true) {
      if (options.json) print(JSON.stringify({ ok: false, rows, entered: 0, bad: refused }, null, 2));
      else print(badLines(refused, widthOf()).join('\n'));
      throw new MillwattError(
        'refuse',
        'bad-rows',
        `${count(new Set(refused.map(({ line }) => line)).size, 'row')} of ${file} cannot be taken; nothing was entered.`,
        { cure: 'Correct them, or leave them out with --skip-bad.' },
      );
    }
    const badLinesOf = new Set(refused.map(({ line }) => line));
    const good = marks.filter(({ line }) => !badLinesOf.has(line)).map(({ mark }) => mark);
    const sum = { accepted: 0, known: 0 };
    const progress = createReadProgress(`entering the jobs of ${machine}`, options.json === true);
    for (let at = 0; at < good.length; at += CHUNK) {
      const taken = takeMarks(journal, machine, good.slice(at, at + CHUNK), { by, atMs: nowMs });
      if ('conflicts' in taken)
        throw new MillwattError('retry', 'mark-conflict', taken.conflicts[0]?.message ?? '', {
          cure: 'Somebody else told the same marks meanwhile: import the file again.',
        });
      sum.accepted += taken.accepted;
      sum.known += taken.known;
      progress.show((at + CHUNK) / good.length);
    }
    progress.end();
    if (options.json) print(JSON.stringify({ ok: true, rows, ...sum, bad: refused }, null, 2));
    else
      print(
        [
          ...badLines(refused, widthOf()),
          `${count(rows, 'row')} read: ${count(sum.accepted, 'mark')} of ${machine} entered, ${sum.known} known before${
            badLinesOf.size === 0 ? '' : `, ${count(badLinesOf.size, 'row')} left out`
          }.`,
        ].join('\n'),
      );
  } finally {
    journal.close();
  }
}

function badLines(bad: readonly BadRow[], width: number): string[] {
  const shown = bad.slice(0, SHOWN_MAX).flatMap(({ line, column, message, cure }) =>
    wrapLines(
      // Names of a file may hold anything, a terminal's own commands among it.
      `line ${line}${column === '' ? '' : `, ${column}`}: ${message} ${cure}`.replaceAll(/\p{Cc}+/gu, ' '),
      width,
    ),
  );
  return bad.length > SHOWN_MAX ? [...shown, `... and ${bad.length - SHOWN_MAX} more`] : shown;
}

function readText(file: string): string {
  try {
    if (statSync(file).size > FILE_BYTES_MAX)
      throw new MillwattError('refuse', 'large-file', `${file} is larger than 50 MB.`, {
        cure: 'Import it in parts: rows that are known already are passed over.',
      });
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file));
  } catch (error) {
    if (error instanceof MillwattError) throw error;
    throw new MillwattError('refuse', 'no-file', `${file} cannot be read: ${describeFileFault(error)}.`, {
      cure: 'Give the path of a CSV file in UTF-8.',
    });
  }
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
