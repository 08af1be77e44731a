import { listMarks, takeMarks, type BookedMark } from '../../collector/reports/job-book.ts';
import { loadCollectorConfig } from '../../config/load.ts';
import { MillwattError } from '../../protocols/errors.ts';
import { authorOf } from '../amend/author.ts';
import { formatTime } from '../format.ts';
import { openConfiguredJournal, readConfiguredJournal } from '../journal-access.ts';
import { widthOf } from '../screen.ts';
import { takeSiteClock } from '../site-clock.ts';
import { renderTable } from '../text-table.ts';

const SHOWN_MAX = 200;

/** `millwatt jobs marks MACHINE`: what was told of its jobs, with what was taken back. */
export function runJobMarks(machine: string, options: { config: string; all?: true; json?: true }): void {
  const { config, folder } = loadCollectorConfig(options.config);
  takeSiteClock(config);
  const journal = readConfiguredJournal(config, folder);
  try {
    const marks = listMarks(journal, machine);
    const shown = options.all ? marks : marks.slice(-SHOWN_MAX);
    process.stdout.write(
      options.json
        ? `${JSON.stringify({ ok: true, machine, marks }, null, 2)}\n`
        : `${markLines(shown, marks.length, widthOf()).join('\n')}\n`,
    );
  } finally {
    journal.close();
  }
}

/** `millwatt jobs withdraw MACHINE ID...`: takes marks back, each by its id or the beginning of it; the journal keeps both. */
export function runJobsWithdraw(
  machine: string,
  ids: readonly string[],
  options: { config: string; by?: string; json?: true },
): void {
  const { config, folder } = loadCollectorConfig(options.config);
  const journal = openConfiguredJournal(config, folder);
  try {
    const taken = takeMarks(
      journal,
      machine,
      completeIds(listMarks(journal, machine), ids).map((id) => ({ kind: 'withdraw', id })),
      { by: authorOf(options.by), atMs: Date.now() },
    );
    if ('conflicts' in taken) {
      const [first] = taken.conflicts;
      throw new MillwattError('refuse', 'mark-conflict', first?.message ?? '', {
        cure: `See millwatt jobs marks ${machine} for the ids.`,
      });
    }
    process.stdout.write(
      options.json
        ? `${JSON.stringify({ ok: true, machine, ...taken })}\n`
        : `${taken.withdrawn} of ${ids.length} taken back${taken.known === 0 ? '' : `, ${taken.known} before`}.\n`,
    );
  } finally {
    journal.close();
  }
}

/** Of an ambiguous beginning, so many ids are named. */
const NAMED_MAX = 5;

/** The ids that are meant: each as it is written, or the only one of a mark that stands which begins so. */
export function completeIds(
  marks: readonly Pick<BookedMark, 'mark' | 'withdrawn'>[],
  ids: readonly string[],
): string[] {
  return ids.map((id) => {
    if (marks.some(({ mark }) => mark.id === id)) return id;
    const found = marks.flatMap(({ mark, withdrawn }) =>
      withdrawn === null && mark.id.startsWith(id) ? [mark.id] : [],
    );
    if (found.length <= 1) return found[0] ?? id;
    const named = found.slice(0, NAMED_MAX).join(', ');
    throw new MillwattError(
      'refuse',
      'mark-ambiguous',
      `${found.length} marks begin with ${id}: ${named}${found.length > NAMED_MAX ? ', ...' : ''}.`,
      { cure: 'Write more of the id. Nothing was taken back.' },
    );
  });
}

function markLines(marks: readonly BookedMark[], count: number, width: number): string[] {
  if (marks.length === 0) return ['Nothing was told of its jobs.'];
  const rows = marks.map(({ mark, by, withdrawn }) =>
    [
      mark.id,
      formatTime(mark.atMs),
      mark.kind,
      mark.job ?? '',
      mark.channel,
      by,
      withdrawn === null ? '' : `taken back by ${withdrawn.by}`,
    ].map((cell) => cell.replaceAll(/\p{Cc}+/gu, ' ')),
  );
  return [
    ...(count > marks.length
      ? [`${count - marks.length} earlier marks are left out; --all shows them.`]
      : []),
    ...renderTable(
      [
        { title: 'id' },
        { title: 'time' },
        { title: 'kind' },
        { title: 'job' },
        { title: 'path', spare: 1 },
        { title: 'told by', spare: 2 },
        { title: '' },
      ],
      rows,
      width,
    ),
  ];
}
