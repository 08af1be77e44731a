import { MINUTE_MS } from '../energy/hour-account.ts';
import { readAmendmentBody, readRevocationBody } from '../journal/amendment-body.ts';
import { sayUtc } from '../journal/amendment-list.ts';
import { sayAmendment } from '../journal/amendment-saying.ts';
import type { EntryKind, JournalEntry } from '../journal/journal.ts';
import { readKeyActBody } from '../journal/key-acts.ts';
import { entryId } from '../journal/seal-entry.ts';
import { fingerprint } from '../../protocols/evidence/keys.ts';
import type { CommissionEvidence } from './commission-evidence.ts';
import type { ToldMark } from './job-told-mark.ts';
import type { ReadingEvidence } from './reconcile-readings.ts';

/** An entry of the journal as it is shown: who told what, and when. */
export interface ListedEntry {
  seq: number;
  id: string;
  kind: EntryKind;
  /** The machine or the main meter; null for what concerns the site. */
  machine: string | null;
  /** When it was entered, wall ms, and by whom. */
  enteredMs: number;
  by: string;
  /** One sentence or a few. */
  saying: string;
  /** SHA-256 of the entry, for whoever checks it. */
  hash: string;
}

/** An entry with its sentence. @param sayTime writes wall ms; in UTC without */
export function listEntry(entry: JournalEntry, sayTime: (atMs: number) => string = sayUtc): ListedEntry {
  const { seq, kind, machine, atMs, by, hash } = entry;
  const saying = sayEntry(entry, sayTime) ?? 'This millwatt does not understand it.';
  return { seq, id: entryId(entry), kind, machine, enteredMs: atMs, by, saying, hash };
}

/** Undefined for what a newer millwatt wrote in another way. */
function sayEntry(
  { kind, machine, body }: JournalEntry,
  sayTime: (atMs: number) => string,
): string | undefined {
  const of = machine ?? 'the site';
  switch (kind) {
    case 'amendment': {
      const read = readAmendmentBody(body);
      return 'body' in read
        ? `${sayAmendment(of, read.body, sayTime)} Because: ${read.body.reason}`
        : undefined;
    }
    case 'revocation': {
      const read = readRevocationBody(body);
      return 'body' in read
        ? `Amendment ${entryId({ hash: read.body.amendment })} of ${of} counts no more. Because: ${read.body.reason}`
        : undefined;
    }
    case 'job':
      // Only what `readToldMark` read is ever entered.
      return sayMark(body as unknown as ToldMark, of, sayTime);
    case 'commissioning':
      return sayCommissioning(body as unknown as CommissionEvidence, of, sayTime);
    case 'reading':
      return sayReading(body as unknown as ReadingEvidence, of, sayTime);
    case 'key':
      return sayKeyAct(body, sayTime);
  }
}

function sayKeyAct(told: JournalEntry['body'], sayTime: (atMs: number) => string): string | undefined {
  const read = readKeyActBody(told);
  if ('fault' in read) return undefined;
  const { body } = read;
  const key = `Key ${fingerprint(body.key)} of agent ${body.agent}`;
  return body.act === 'revoke'
    ? `${key} was revoked since ${sayTime(body.sinceMs)}. Because: ${body.reason}`
    : `${key} was compared and confirmed.${body.note === '' ? '' : ` Note: ${body.note}`}`;
}

function sayMark(mark: ToldMark, of: string, sayTime: (atMs: number) => string): string {
  if (mark.kind === 'withdraw') return `Mark ${mark.id} of ${of} was taken back.`;
  const path = mark.channel === '' ? '' : ` on ${mark.channel}`;
  if (mark.kind === 'begin') {
    const told = [
      ...(mark.order === null ? [] : [`order ${mark.order}`]),
      ...(mark.part === null ? [] : [`part ${mark.part}`]),
    ];
    return `Job ${mark.job} of ${of}${path} began at ${sayTime(mark.atMs)}${told.length === 0 ? '' : ` (${told.join(', ')})`}: mark ${mark.id}.`;
  }
  const figures = [
    [mark.goodParts, 'good parts'],
    [mark.scrapParts, 'scrap parts'],
    [mark.massKg, 'kg'],
    [mark.volumeCm3, 'cm3'],
  ].flatMap(([value, noun]) => (value === null ? [] : [`${value} ${noun}`]));
  return `${mark.job === null ? 'What was under way' : `Job ${mark.job}`} of ${of}${path} ended at ${sayTime(mark.atMs)}${figures.length === 0 ? '' : ` with ${figures.join(', ')}`}: mark ${mark.id}.`;
}

function sayCommissioning(
  evidence: CommissionEvidence,
  of: string,
  sayTime: (atMs: number) => string,
): string | undefined {
  if (evidence.v !== 1) return undefined;
  const { verdict, minutes, fromMs, toMs, checks, note } = evidence;
  const failed = checks.filter(({ result }) => result === 'fail');
  return [
    `Commissioning of ${of}: ${verdict}, by ${minutes} minutes from ${sayTime(fromMs)} to ${sayTime(toMs)}.`,
    ...(failed.length === 0
      ? []
      : [`Failed: ${failed.map(({ component, check }) => `${component} ${check}`).join(', ')}.`]),
    ...(note === '' ? [] : [`Note: ${note}`]),
  ].join(' ');
}

function sayReading(
  evidence: ReadingEvidence,
  of: string,
  sayTime: (atMs: number) => string,
): string | undefined {
  return evidence.v === 1
    ? `${sayReadingEvidence(of, evidence, sayTime)}${evidence.note === '' ? '' : ` Note: ${evidence.note}`}`
    : undefined;
}

/** `grid showed 123456.7 kWh at 2026-11-01 00:00:00Z, known within 1 min; its meter errs by at most 2 %.` */
export function sayReadingEvidence(
  mainMeter: string,
  { shown, unit, readAtMs, withinMs, errorPercent }: ReadingEvidence,
  sayTime: (atMs: number) => string,
): string {
  const within = withinMs < MINUTE_MS ? `${withinMs / 1000} s` : `${withinMs / MINUTE_MS} min`;
  const error =
    errorPercent === null
      ? 'nobody said by how much its meter errs'
      : `its meter errs by at most ${errorPercent} %`;
  return `${mainMeter} showed ${shown} ${unit} at ${sayTime(readAtMs)}, known within ${within}; ${error}.`;
}
