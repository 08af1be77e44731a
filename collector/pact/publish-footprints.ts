import { createHash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describeError, MillwattError } from '../../protocols/errors.ts';
import { uuidOf } from '../../protocols/evidence/uuid5.ts';
import type { Log } from '../../protocols/log.ts';
import type { Period } from '../energy/calendar/period.ts';
import { machinesOf, stepExport, type ExportSource } from '../exports/make-export.ts';
import { checkPact } from '../footprint/exports/pact/check-pact.ts';
import type { ProductFootprint } from '../footprint/exports/pact/product-footprint.ts';
import { threeYearsAfter } from '../footprint/exports/pact/validity.ts';
import { pactFootprint } from '../footprint/exports/pact/write-pact.ts';
import { canonicalText } from '../footprint/record/canonical-text.ts';
import type { FootprintRecord } from '../footprint/record/footprint-record.ts';
import type { BookedFootprint, FootprintBook } from './footprint-book.ts';
import { contentOf, measuredContentOf } from './footprint-content.ts';
import { SCHEMA_PATH, type PactPlan, type PublishedSubject } from './pact-plan.ts';

const TURN_MS = 10;
const DAY_MS = 86_400_000;
const VALID_MS = 3 * 366 * DAY_MS;
/** Readings that have not come by then are not waited for. */
const AWAITED_MS = 7 * DAY_MS;

/** There is nothing to publish, and nobody has to do anything about it. */
const NOTHING: ReadonlySet<string> = new Set(['no-energy', 'no-job', 'no-part', 'no-machine']);

/** What publishing is given. */
interface PublishingOptions {
  plan: PactPlan;
  book: FootprintBook;
  from: () => ExportSource;
  /** Version of this program: another one looks at everything once more. */
  version: string;
  wallMs: () => number;
  log: Log;
  /** Called inside of the commit that publishes: what it queues is on disk together with the footprint. */
  tell: (changed: BookedFootprint[]) => void;
}

/** What a look at everything gave. */
export interface PublishedCount {
  published: number;
  /** Subjects and periods that cannot be published until somebody does something, each with why. */
  refused: { subject: string; reason: string }[];
}

/**
 * Makes the footprints of every published subject and ended period, and publishes those that are new or say something else than
 * the last issue. Others have their turn meanwhile. Ends early, without an error, once `stopped`.
 */
export async function publishFootprints(
  options: PublishingOptions,
  stopped: AbortSignal,
): Promise<PublishedCount> {
  const { plan, book, log, wallMs } = options;
  const from = options.from();
  const nowMs = wallMs();
  const count: PublishedCount = { published: 0, refused: [] };
  const before = new Map(book.refusals().map(({ subject, reason }) => [subject, reason]));
  const looked: { subject: string; basis: string }[] = [];
  let heldBack = 0;
  /** Its hours are computed anew; what it was refused for before is not forgotten meanwhile. */
  const holdBack = (subject: string) => {
    heldBack += 1;
    const reason = before.get(subject);
    if (reason !== undefined) count.refused.push({ subject, reason });
  };
  for (const entry of plan.publish) {
    const begin = Math.max(entry.sinceMs ?? 0, nowMs - VALID_MS);
    for (const period of from.calendar.periodsIn(entry.period, begin, nowMs)) {
      await nextTurn();
      if (stopped.aborted) return count;
      if (!isOffered(entry, period, nowMs)) continue;
      const subject = nameOf(entry, period);
      let current: string | undefined;
      try {
        const basis = await basisOf(options, from, entry, period);
        if (basis === undefined) {
          if (areOutdated(from, entry)) holdBack(subject);
          continue;
        }
        if (book.lookedAt(subject) === basis) {
          // What could not be published cannot yet: nothing that it would be made from has changed.
          const reason = before.get(subject);
          if (reason !== undefined) count.refused.push({ subject, reason });
          continue;
        }
        current = basis;
        const record = await recordOf(
          from,
          entry,
          period,
          { nowMs: issuedMsOf(book, wallMs()), issue: 1 },
          stopped,
        );
        if (record === undefined) return count;
        // Decided while it was made: what comes of it is looked at next time.
        if (areOutdated(from, entry)) {
          holdBack(subject);
          continue;
        }
        if (record.evidence.status !== 'final' && !entry.evenProvisional) throw notFinal();
        if (publishOne(options, subject, record)) count.published += 1;
        book.noteLook(subject, basis);
      } catch (error) {
        const isRefusal = error instanceof MillwattError && error.remedy === 'refuse';
        if (!isRefusal || !NOTHING.has(error.code))
          count.refused.push({ subject, reason: describeError(error) });
        // Whatever else went wrong with one is not the others' fault, and is tried again at the next look.
        if (isRefusal && current !== undefined) looked.push({ subject, basis: current });
      }
    }
  }
  if (heldBack > 0)
    log.info({ periods: heldBack }, 'Hours are computed anew; footprints of them are looked at afterwards.');
  // What was told an hour ago is not told again.
  for (const { subject, reason } of count.refused
    .filter((one) => before.get(one.subject) !== one.reason)
    .slice(0, 5))
    log.warn({ of: subject.replaceAll('\n', ' '), reason }, 'A footprint cannot be published.');
  if (before.size > 0 || count.refused.length > 0) book.noteRefusals(count.refused);
  for (const { subject, basis } of looked) book.noteLook(subject, basis);
  return count;
}

/** Later than all before: lists are in the order of making, and whoever pages meanwhile misses none. */
function issuedMsOf(book: FootprintBook, nowMs: number): number {
  return book.all().reduce((latest, { created }) => Math.max(latest, Date.parse(created) + 1), nowMs);
}

/** Its hours are all final, and still the record is not: what its windows lack will never come. */
const notFinal = () =>
  new MillwattError(
    'refuse',
    'not-final',
    'Its record is provisional: parts of the period were never metered.',
    {
      cure: 'Say since for the first period that was, or provisional: true, under pact.publish.',
    },
  );

/** Whole periods that have ended, begun not before what was asked for, and still valid. */
function isOffered({ sinceMs }: PublishedSubject, { fromMs, toMs }: Period, nowMs: number): boolean {
  if (toMs > nowMs || fromMs < (sinceMs ?? fromMs)) return false;
  return Date.parse(threeYearsAfter(new Date(toMs).toISOString())) > nowMs;
}

function nameOf({ subject }: PublishedSubject, { fromMs, toMs }: Period): string {
  const times = [fromMs, toMs].map((ms) => new Date(ms).toISOString());
  return [subject.kind, subject.id, 'machine' in subject ? subject.machine : '', ...times].join('\n');
}

/**
 * A hash of all that a record of this period would be made from: of every hour which revision it is, what was declared, told and
 * which program. Undefined while the period is not complete, where nothing was metered in it, and while hours are computed anew.
 */
async function basisOf(
  { version, wallMs }: PublishingOptions,
  from: ExportSource,
  entry: PublishedSubject,
  { fromMs, toMs }: Period,
): Promise<string | undefined> {
  const { source, plan } = from;
  const { subject, evenProvisional } = entry;
  const digest = createHash('sha256');
  digest.update(`${version}\n${plan.hash}\n${evenProvisional}\n`);
  const giveTurn = turnGiver();
  // What people and an MES told of jobs decides what a job got.
  if (subject.kind === 'part' || subject.kind === 'job') digest.update(`${source.journal?.lastSeq() ?? 0}\n`);
  if (areOutdated(from, entry)) return undefined;
  let count = 0;
  for (const machine of machinesOf(plan, subject)) {
    const watched = source.views.watched(machine);
    if (watched === undefined) return undefined;
    if (!evenProvisional && watched.toMs < toMs && wallMs() < toMs + AWAITED_MS) return undefined;
    for (let at = Math.max(fromMs, watched.fromMs - DAY_MS); at < toMs; at += DAY_MS) {
      for (const hour of source.views.hours(machine, at, Math.min(at + DAY_MS, toMs))) {
        if (hour.status !== 'final' && !evenProvisional) return undefined;
        count += 1;
        digest.update(`${machine} ${hour.hourMs} ${hour.revision} ${hour.status}\n`);
      }
      await giveTurn();
    }
  }
  return count === 0 ? undefined : digest.digest('base64url');
}

/** Its hours are not those that the configuration gives: they are computed anew, and nobody is told of them until then. */
const areOutdated = ({ plan, methodOf }: ExportSource, { subject }: PublishedSubject): boolean =>
  machinesOf(plan, subject).some((machine) => methodOf(machine).isOutdated);

/** Lets others have their turn wherever it is called, at most every 10 ms. */
function turnGiver(): () => Promise<void> {
  let turnMs = performance.now();
  return async () => {
    if (performance.now() - turnMs < TURN_MS) return;
    await nextTurn();
    turnMs = performance.now();
  };
}

/** The record; undefined once `stopped`. */
async function recordOf(
  from: ExportSource,
  { subject }: PublishedSubject,
  { fromMs, toMs }: Period,
  { nowMs, issue }: { nowMs: number; issue: number },
  stopped: AbortSignal,
): Promise<FootprintRecord | undefined> {
  const giveTurn = turnGiver();
  for (const record of stepExport(from, { subject, fromMs, toMs, issue }, nowMs)) {
    if (record !== null) return record;
    await giveTurn();
    if (stopped.aborted) return undefined;
  }
  throw new Error('the steps end with a record');
}

/** False where the last issue says the same, also where that was withdrawn and not restored. */
function publishOne({ plan, book, wallMs, tell }: PublishingOptions, name: string, record: FootprintRecord) {
  const content = contentOf(record);
  const twin = twinOf(book, name, record);
  const hasContent = (one: string) => {
    const last = book.issuesOf(one).at(-1);
    if (last === undefined || (last.withdrawn?.restoredMs ?? null) !== null) return false;
    return last.content === content || (last.withdrawn !== null && isMeasuredAs(book, last, record));
  };
  if (hasContent(name) || (twin !== undefined && hasContent(twin))) return false;
  // What has issues under the other name goes on there.
  const subject = twin !== undefined && book.issuesOf(name).length === 0 ? twin : name;
  const issues = book.issuesOf(subject);
  const issue = (issues.at(-1)?.issue ?? 0) + 1;
  const made = pactFootprint(
    { ...record, version: String(issue) as FootprintRecord['version'] },
    { uuidOf, ...(plan.servesSchema ? { recordSchemaUrl: `${plan.url}${SCHEMA_PATH}` } : {}) },
  );
  const faults = checkPact([{ path: `${made.id}.json`, content: JSON.stringify(made) }]);
  if (faults.length > 0)
    throw new MillwattError('refuse', 'bad-export', `Its own check fails: ${faults.slice(0, 3).join('; ')}`, {
      cure: 'Where a name or id of your configuration is meant, correct it; else tell the makers of millwatt.',
    });
  book.publish({ subject, issue, content, footprint: identified(made, issues) }, wallMs(), tell);
  return true;
}

/**
 * With an id that is made of all that it says, its time of making included, so that no other bytes ever get it: neither an export of
 * the same period, nor an issue of the same number after the book was lost or put back. A line of other machines has records of other
 * ids, and yet the earlier ones are those of what it is.
 */
function identified(made: ProductFootprint, issues: readonly BookedFootprint[]): ProductFootprint {
  const named = issues.length === 0 ? made : { ...made, precedingPfIds: issues.map(({ id }) => id) };
  const bytes = createHash('sha256').update(canonicalText({ ...named, id: '' }));
  return { ...named, id: uuidOf(`footprint offered ${bytes.digest('hex')}`) };
}

/**
 * The name under which another entry published the same record: a part of the one machine that makes it is called with that
 * machine or without.
 */
function twinOf(book: FootprintBook, name: string, record: FootprintRecord): string | undefined {
  const withoutMachine = (one: string) =>
    one
      .split('\n')
      .filter((_, at) => at !== 2)
      .join('\n');
  const same = book
    .all()
    .findLast(({ subject }) => subject !== name && withoutMachine(subject) === withoutMachine(name));
  if (same === undefined) return undefined;
  return recordsIn(book, same).some(({ id }) => id === record.id) ? same.subject : undefined;
}

const isMeasuredAs = (book: FootprintBook, issue: BookedFootprint, record: FootprintRecord) =>
  recordsIn(book, issue).some(
    (old) => old.id === record.id && measuredContentOf(old) === measuredContentOf(record),
  );

const recordsIn = (book: FootprintBook, { id }: BookedFootprint) =>
  (JSON.parse(book.textOf(id)) as ProductFootprint).extensions.map(({ data }) => data as FootprintRecord);
