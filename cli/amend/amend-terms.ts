import { readAmendmentBody, type AmendmentBody } from '../../collector/journal/amendment-body.ts';
import { displayedMwh, DISPLAY_UNITS } from '../../collector/journal/displayed-energy.ts';
import { usageError } from '../../protocols/modbus/scan/scan-target.ts';
import { multiply, rational, rationalOf, toNumber, type Rational } from '../../protocols/telemetry/unit.ts';
import { readZonedTime } from '../iso-time.ts';

/** What is typed for any amendment; which of it counts depends on its kind. */
export interface TypedTerms {
  component: string;
  reason: string;
  from?: string;
  to?: string;
  at?: string;
  factor?: string;
  was?: string;
  is?: string;
  becomes?: string;
  meter?: string;
  oldLast?: string;
  newFirst?: string;
  unit?: string;
}

/** A wrong transformer ratio is never further off than this. */
const FACTOR_MAX = 1_000_000;

/** The body of an amendment from what was typed. Throws an error of class `refuse` (code `usage`) that says what to type. */
export function termsOf(kind: AmendmentBody['kind'], typed: TypedTerms): AmendmentBody {
  const { component, reason, at } = typed;
  if (at !== undefined && (typed.from !== undefined || typed.to !== undefined))
    throw usageError('--at is a moment, and --from and --to are a time.', 'Give the one or the other.');
  const isMoment = kind === 'meter-replaced' && typed.from === undefined;
  const fromMs = isMoment ? parseTime(at, '--at') : parseTime(typed.from, '--from');
  if (kind === 'meter-replaced' && !isMoment && typed.to === undefined)
    throw usageError('A time in which the meter was replaced has an end.', 'Give --at, or --from and --to.');
  const toMs = typed.to === undefined ? null : parseTime(typed.to, '--to');
  if (toMs !== null && toMs <= fromMs)
    throw usageError('The time is empty: --to is not after --from.', 'Exchange them, or correct one.');
  const read = readAmendmentBody({ kind, component, fromMs, toMs, reason, ...ownTermsOf(kind, typed) });
  if ('body' in read) return read.body;
  throw usageError(`This is no amendment: ${read.fault}.`, `See: millwatt amend ${kind} --help`);
}

function ownTermsOf(kind: AmendmentBody['kind'], typed: TypedTerms): Record<string, unknown> {
  switch (kind) {
    case 'scale':
      return scaleOf(typed);
    case 'component':
      return { becomes: typed.becomes };
    case 'same-meter':
      return { meter: typed.meter, is: typed.is };
    case 'meter-replaced': {
      const unit = typed.unit ?? 'kWh';
      if (!DISPLAY_UNITS.some((name) => name === unit))
        throw usageError(`${JSON.stringify(unit)} is no unit of a display.`, 'Use Wh, kWh or MWh.');
      requireShown('--old-last', typed.oldLast, unit);
      requireShown('--new-first', typed.newFirst, unit);
      return { oldLast: typed.oldLast, newFirst: typed.newFirst, unit };
    }
    case 'step':
      return { is: 'real' };
    case 'direction':
    case 'exclude':
      return {};
  }
}

function scaleOf({ factor, was, is }: TypedTerms): Record<string, unknown> {
  const cure = 'Write --factor 2, or --was 100/5 --is 200/5.';
  if ((factor === undefined) === (was === undefined && is === undefined))
    throw usageError('A scale takes a factor, or the ratio that was taken and the one that is true.', cure);
  if (factor === undefined && (was === undefined || is === undefined))
    throw usageError('--was and --is go together.', cure);
  const exact =
    factor === undefined
      ? quotient(parseRatio(is ?? '', '--is'), parseRatio(was ?? '', '--was'))
      : parseRatio(factor, '--factor');
  const size = toNumber(exact);
  if (exact.num === exact.den) throw usageError('A factor of 1 changes nothing.', cure);
  if (
    size > FACTOR_MAX ||
    size < 1 / FACTOR_MAX ||
    String(exact.num).length > 18 ||
    String(exact.den).length > 18
  )
    throw usageError(`A factor of ${size} is none that a transformer can be wrong by.`, cure);
  return { num: String(exact.num), den: String(exact.den), ...(factor === undefined ? { was, is } : {}) };
}

/** `2`, `0.5`, `100/5` */
function parseRatio(text: string, option: string): Rational {
  const [, over = '', under = '1'] =
    /^(\d{1,12}(?:\.\d{1,9})?)(?:\s*\/\s*(\d{1,12}(?:\.\d{1,9})?))?$/.exec(text.trim()) ?? [];
  try {
    return quotient(rationalOf(over), rationalOf(under));
  } catch {
    throw usageError(
      `${option} ${JSON.stringify(text)} is no factor or ratio above 0.`,
      'Write 2, 0.5 or 100/5. Readings with the wrong sign are amended with: millwatt amend direction',
    );
  }
}

function quotient(over: Rational, under: Rational): Rational {
  return multiply(over, rational(under.den, under.num));
}

function requireShown(option: string, shown: string | undefined, unit: string): void {
  if (shown !== undefined && displayedMwh(shown, unit) !== undefined) return;
  throw usageError(
    `${option} ${JSON.stringify(shown ?? null)} is nothing that a display shows in ${unit}.`,
    'Write the digits with a point: 12345.6',
  );
}

/** Wall ms of what was typed. Throws an error of class `refuse` (code `usage`). */
function parseTime(text: string | undefined, option: string): number {
  if (text === undefined)
    throw usageError(`${option} is missing.`, `Write it with its zone: ${option} 2026-11-22T06:30:00+01:00`);
  const read = readZonedTime(text, option);
  if (typeof read === 'number') return read;
  throw usageError(read.fault, read.cure);
}
