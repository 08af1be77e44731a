import type { CheckLines } from './check-line.ts';
import { tellDayTimes, type ShownDay } from './check-day-times.ts';
import type { CheckedRecords } from './check-records.ts';
import { chainLeaf, compareChains, dayFault, holdsTo, type DayEntry } from './days/day-entry.ts';
import { endOfDayMs, isInDay } from './days/day-run.ts';
import { rootOfPath } from './days/merkle.ts';
import { isPackedDays, type DayShare } from './days/packed-days.ts';
import type { Manifest } from './manifest.ts';
import type { PackageFiles } from './package-files.ts';

const CHECK = 'day-roots';
const PLACE = 'roots.json';
/** A day is signed a minute after it ended, or a little later where there is much to sign. */
const SIGNED_AFTER_MS = 3_600_000;
const NAMED_DAYS = 5;

/**
 * Checks the signed days against each other and against the records; yields the share that is done, 0..1, after each day and each
 * share. Faults go to `lines`, and so does what of the records is in no root, as not proven. Throws where the days cannot be read.
 */
export function* checkRoots(
  files: PackageFiles,
  { site, collector, madeMs }: Manifest,
  { marks }: Pick<CheckedRecords, 'marks'>,
  lines: CheckLines,
): Generator<number, ShownDay[]> {
  const value = files.json(PLACE);
  if (!isPackedDays(value)) throw new Error('it holds no days as they are written');
  const { days, shares } = value;
  const steps = days.length + shares.length;
  let done = 0;
  for (const [at, day] of days.entries()) {
    const fault = dayFault({ site, collector }, day, days[at - 1]);
    if (fault !== undefined) lines.fail(CHECK, placeOfDay(day), `It ${fault}.`);
    yield ++done / steps;
  }
  const shown: ShownDay[] = days.map((entry) => ({ entry, lastMs: -Infinity }));
  const holds = holdsTo(days);
  let proven = 0;
  let before: DayShare | undefined;
  for (const share of shares) {
    const name = `${PLACE}, share of ${share.agent}, epoch ${share.epoch}, in day ${share.number}`;
    if (before !== undefined && (before.number - share.number || compareChains(before, share)) >= 0) {
      // Further on, one day could be gone over again and again.
      lines.fail(CHECK, name, 'It is out of order.');
      break;
    }
    before = share;
    const day = shown[share.number - 1];
    const fault =
      day === undefined || holds[share.number - 1] !== day.entry.to
        ? 'It is of a day that is not here, or was replaced.'
        : shareFault(share, day, marks);
    if (fault === undefined) proven += share.records;
    else lines.fail(CHECK, name, fault);
    yield ++done / steps;
  }
  if (!lines.hasFailed(CHECK)) {
    if (shown.length > 0)
      lines.pass(CHECK, PLACE, 'The collector signed each day, and each names the one before it.');
    tellReach(days, marks, { proven, madeMs }, lines);
    tellDayTimes(days, madeMs, placeOfDay, lines);
  }
  return shown;
}

/** The name of a day for people, as a place in the package. */
export function placeOfDay({ number, day }: Pick<DayEntry, 'number' | 'day'>): string {
  return `${PLACE}, day ${number} (${day})`;
}

/** What is wrong with a share; when the last record of it was taken in is noted in the day. */
function shareFault(share: DayShare, shown: ShownDay, marks: CheckedRecords['marks']): string | undefined {
  const { entry: day } = shown;
  const { records, root, firstMs, lastMs } = marks.stretch(share, day.from, day.to);
  if (records !== share.records || root !== share.root)
    return 'It is not the root of the records of this chain that the day holds.';
  const path = share.path.map((hash) => Buffer.from(hash, 'base64url'));
  if (rootOfPath(chainLeaf(share), share.index, day.chains, path)?.toString('base64url') !== day.root)
    return 'It does not lead to the root of the day.';
  shown.lastMs = Math.max(shown.lastMs, lastMs);
  if (isInDay(day.day, firstMs) && isInDay(day.day, lastMs)) return undefined;
  const when = lastMs < endOfDayMs(day.day) ? 'long before' : 'after';
  return `It holds a record that was taken in ${when} the day.`;
}

/** The first days by name, and how many more. */
function sayDays(days: readonly string[]): string {
  const more = days.length - NAMED_DAYS;
  return `${days.slice(0, NAMED_DAYS).join(', ')}${more > 0 ? ` and ${more} more days` : ''}`;
}

/** What the roots say of the records, and of which they say nothing. */
function tellReach(
  days: readonly DayEntry[],
  marks: CheckedRecords['marks'],
  { proven, madeMs }: { proven: number; madeMs: number },
  lines: CheckLines,
): void {
  const last = days.at(-1);
  const due = [...marks.daysFrom((last?.to ?? 0) + 1)].filter(
    ([day]) => endOfDayMs(day) + SIGNED_AFTER_MS < madeMs,
  );
  const lacking = due.reduce((sum, [, count]) => sum + count, 0);
  const tellLacking = () => {
    if (lacking > 0)
      lines.unproven(
        CHECK,
        PLACE,
        `${lacking} records of ${sayDays(due.map(([day]) => day))} had ended days when the package was made, by the collector's clock, and the package shows no root of them: ask for it.`,
      );
  };
  if (last === undefined) {
    lines.unproven(
      CHECK,
      PLACE,
      'The package shows no signed day of the ledger: of when records were there, only their own times speak.',
    );
    tellLacking();
    return;
  }
  const ended = holdsTo(days);
  const replaced = days.filter((day, at) => ended[at] !== day.to);
  const open = marks.countFrom(last.to + 1);
  const unshown = marks.count - open - proven;
  lines.pass(
    CHECK,
    PLACE,
    `${proven} of ${marks.count} records are in the roots of signed days, up to day ${last.number} (${last.day}).`,
  );
  tellLacking();
  if (open > lacking)
    lines.unproven(
      CHECK,
      placeOfDay(last),
      `${open - lacking} records were taken in after the last day that the package shows, on days that had not ended: they are in no root yet.`,
    );
  if (unshown > 0)
    lines.unproven(
      CHECK,
      PLACE,
      `${unshown} records of signed days are not shown to be in their roots: the ledger holds others in their places, as after damage or a restored backup.`,
    );
  for (const day of replaced)
    lines.unproven(
      CHECK,
      placeOfDay(day),
      'It was signed for other records than the ledger holds now, and a later day replaces it: the ledger was set back, as by a restored backup.',
    );
}
