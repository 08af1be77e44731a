import type { ListedEntry } from '../../collector/reports/journal-listing.ts';
import { formatTime } from '../format.ts';
import { style } from '../screen.ts';
import { wrapLines } from '../text-wrap.ts';

/**
 * Entries for people, in their order: a line with id, time, person and kind, and what it says. Marks of jobs of one machine by one
 * person that follow each other on one day are one, unless they are wanted apart.
 */
export function* journalLines(
  entries: Iterable<ListedEntry>,
  width: number,
  { marksApart }: { marksApart: boolean },
): Generator<string> {
  let marks: { first: ListedEntry; last: ListedEntry; count: number } | undefined;
  const sayMarks = function* (): Generator<string> {
    if (marks === undefined) return;
    const { first, last, count } = marks;
    marks = undefined;
    if (count === 1) return yield* sayOne(first, width);
    yield* sayLines(
      `${first.id} to ${last.id}`,
      first,
      `${count} marks of jobs of ${first.machine ?? 'the site'}: millwatt journal --kind job lists each.`,
      width,
    );
  };
  for (const entry of entries) {
    if (entry.kind === 'job' && !marksApart) {
      if (marks !== undefined && isAlike(marks.first, entry)) {
        marks.last = entry;
        marks.count++;
        continue;
      }
      yield* sayMarks();
      marks = { first: entry, last: entry, count: 1 };
      continue;
    }
    yield* sayMarks();
    yield* sayOne(entry, width);
  }
  yield* sayMarks();
}

function isAlike(a: ListedEntry, b: ListedEntry): boolean {
  const day = ({ enteredMs }: ListedEntry) => formatTime(enteredMs).slice(0, 10);
  return a.machine === b.machine && a.by === b.by && day(a) === day(b);
}

function sayOne(entry: ListedEntry, width: number): Generator<string> {
  return sayLines(entry.id, entry, entry.saying, width);
}

function* sayLines(
  ids: string,
  { kind, enteredMs, by }: ListedEntry,
  saying: string,
  width: number,
): Generator<string> {
  // Names come from outside, and may hold a terminal's own commands.
  const plain = (text: string) => text.replaceAll(/\p{Cc}+/gu, ' ');
  yield* wrapLines(plain(`${ids}  ${formatTime(enteredMs)}  ${kind} by ${by}`), width).map((line) =>
    style(line, 'bold'),
  );
  yield* wrapLines(plain(`  ${saying}`), width);
}
