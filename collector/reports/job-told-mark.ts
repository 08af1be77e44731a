import type { BeginMark, EndMark } from '../energy/allocation/job-mark.ts';

/** A mark as an MES or a file tells it, with the id it was given there; `withdraw` takes the mark of that id back. */
export type ToldMark =
  | ({ id: string } & BeginMark)
  | ({ id: string } & EndMark)
  | { kind: 'withdraw'; id: string };

/** What is wrong with one field of one mark. */
export interface MarkFault {
  field: string;
  message: string;
  cure: string;
}

const KINDS = ['begin', 'end', 'withdraw'] as const;
const FIELDS = {
  begin: ['id', 'kind', 'at', 'channel', 'job', 'order', 'part'],
  end: ['id', 'kind', 'at', 'channel', 'job', 'goodParts', 'scrapParts', 'massKg', 'volumeCm3'],
  withdraw: ['id', 'kind'],
} as const;

const ID = /^[A-Za-z0-9][A-Za-z0-9_.:/@+-]{0,99}$/;
const CHANNEL = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;
const TEXT_MAX = 80;
const FIGURE_MAX = 1e9;
const EARLIEST_MS = Date.UTC(2000, 0);
const DAY_MS = 86_400_000;
const TIME = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d)$/;

/**
 * Reads one mark, or says everything that is wrong with it.
 *
 * @param value `{id, kind, at, ...}` as it came
 * @param nowMs a mark may lie at most a day ahead of it
 */
export function readToldMark(value: unknown, nowMs: number): { mark: ToldMark } | { faults: MarkFault[] } {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return { faults: [{ field: '', message: 'It is no object.', cure: 'Send {"id", "kind", "at", ...}.' }] };
  const fields = new Map<string, unknown>(Object.entries(value));
  const faults: MarkFault[] = [];
  const kind = KINDS.find((one) => one === fields.get('kind'));
  if (kind === undefined) faults.push(fault('kind', fields.get('kind'), 'Write begin, end or withdraw.'));
  else
    for (const name of fields.keys())
      if (!(FIELDS[kind] as readonly string[]).includes(name))
        faults.push({
          field: name.slice(0, 40),
          message: `A mark of kind ${kind} has no ${JSON.stringify(name.slice(0, 40))}.`,
          cure: `Use ${FIELDS[kind].join(', ')}.`,
        });
  const text = (name: string, isNeeded: boolean): string | null => {
    const given = fields.get(name) ?? null;
    const plain = typeof given === 'number' && Number.isSafeInteger(given) ? String(given) : given;
    if (plain === null && !isNeeded) return null;
    const isText = typeof plain === 'string' && plain.trim() !== '' && plain.length <= TEXT_MAX;
    if (isText && !/[\p{Cc}\p{Cs}]/u.test(plain)) return plain.trim();
    faults.push(fault(name, given, `Write 1 to ${TEXT_MAX} characters on one line.`));
    return null;
  };
  const figure = (name: string, isWhole: boolean): number | null => {
    const given = fields.get(name) ?? null;
    if (given === null) return null;
    const isFigure = typeof given === 'number' && given >= 0 && given <= FIGURE_MAX;
    if (isFigure && (!isWhole || Number.isSafeInteger(given))) return given;
    faults.push(
      fault(name, given, isWhole ? 'Write a whole number from 0 on.' : 'Write a number from 0 on.'),
    );
    return null;
  };
  const matching = (name: string, pattern: RegExp, cure: string): string => {
    const given = fields.get(name);
    if (typeof given === 'string' && pattern.test(given)) return given;
    faults.push(fault(name, given, cure));
    return '';
  };
  const id = matching(
    'id',
    ID,
    'Give every mark an id of its own: 1 to 100 letters, digits and _ . : / @ + -, such as 4711/10-begin.',
  );
  // All that is wrong at once: who corrects the kind should not have to come again for the time.
  if (kind === undefined && fields.has('at')) readTime(fields.get('at'), nowMs, faults);
  if (kind === undefined || kind === 'withdraw')
    return faults.length > 0 ? { faults } : { mark: { kind: 'withdraw', id } };
  const atMs = readTime(fields.get('at'), nowMs, faults);
  const channel =
    (fields.get('channel') ?? '') === ''
      ? ''
      : matching('channel', CHANNEL, 'Write the path as the channels of the machine call it, or nothing.');
  const mark: ToldMark =
    kind === 'begin'
      ? {
          id,
          kind,
          atMs,
          channel,
          job: text('job', true) ?? '',
          order: text('order', false),
          part: text('part', false),
        }
      : {
          id,
          kind,
          atMs,
          channel,
          job: text('job', false),
          goodParts: figure('goodParts', true),
          scrapParts: figure('scrapParts', true),
          massKg: figure('massKg', false),
          volumeCm3: figure('volumeCm3', false),
        };
  return faults.length > 0 ? { faults } : { mark };
}

function readTime(given: unknown, nowMs: number, faults: MarkFault[]): number {
  const atMs =
    typeof given === 'number' && Number.isSafeInteger(given)
      ? given
      : typeof given === 'string' && TIME.test(given) && isDay(given)
        ? Date.parse(given)
        : Number.NaN;
  if (atMs >= EARLIEST_MS && atMs <= nowMs + DAY_MS) return atMs;
  const cure =
    atMs > nowMs
      ? 'It lies more than a day ahead: correct the clock of whoever sends it.'
      : 'Write a time with its zone, such as 2026-03-02T06:30:00+01:00, or ms since 1970.';
  faults.push(fault('at', given, cure));
  return 0;
}

/** False for 30 February, which JavaScript would take for a day in March. */
function isDay(text: string): boolean {
  const day = text.slice(0, 10);
  const ms = Date.parse(day);
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(day);
}

function fault(field: string, given: unknown, cure: string): MarkFault {
  if (given === undefined || given === null || given === '')
    return { field, message: `${field} is missing.`, cure };
  // What is nested without end cannot be written out again, and says nothing.
  const shown =
    typeof given === 'object' ? (Array.isArray(given) ? 'a list' : 'an object') : JSON.stringify(given);
  const short = shown.length > 60 ? `${shown.slice(0, 60)}...` : shown;
  return { field, message: `${field} is ${short}, which cannot be used.`, cure };
}
