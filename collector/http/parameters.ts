import { duration } from '../../config/scalars.ts';
import { ApiError, badParameter } from './api-error.ts';

/** Query parameters as they came; anything but one text each is refused by the readers below. */
export type Query = Readonly<Record<string, unknown>>;

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
/** Time lies between 2000 and 2100. */
const EARLIEST_MS = Date.UTC(2000, 0);
const LATEST_MS = Date.UTC(2100, 0);
const TIME_CURE = 'Give an ISO time with its zone, such as 2026-03-01T06:00:00Z, or ms since 1970.';

/** Refuses parameters that the route does not know: a misspelt one must not be ignored. */
export function requireKnown(query: Query, known: readonly string[]): void {
  for (const name of Object.keys(query))
    if (!known.includes(name))
      throw new ApiError(
        400,
        `Parameter ${JSON.stringify(name.slice(0, 40))} is not known here.`,
        known.length === 0 ? 'This address takes no parameters.' : `Use ${known.join(', ')}.`,
      );
}

/** One text, or undefined when it is not given. */
export function readText(query: Query, name: string): string | undefined {
  const value = query[name];
  if (value === undefined || (typeof value === 'string' && value.length <= 256)) return value;
  throw badParameter(name, value, `Give ${name} once, as a short text.`);
}

/** `from` and `to` in ms since the Unix epoch; without them, the last 24 hours. */
export function readRange(query: Query, nowMs: number, longestMs: number): { fromMs: number; toMs: number } {
  const toMs = readTime(query, 'to') ?? nowMs;
  const fromMs = readTime(query, 'from') ?? toMs - DAY_MS;
  if (fromMs >= toMs) throw badParameter('from', query['from'], 'Let `from` lie before `to`.');
  if (toMs - fromMs > longestMs)
    throw badParameter('from', query['from'], `Ask for at most ${longestMs / DAY_MS} days at a time.`);
  return { fromMs, toMs };
}

/** A time in ms since the Unix epoch, between 2000 and 2100; undefined where it is not given. */
export function readTime(query: Query, name: string): number | undefined {
  // A plus sign in an address means a space, unless someone has written it as %2B.
  const text = readText(query, name)?.replace(/ (\d\d:\d\d)$/, '+$1');
  if (text === undefined) return undefined;
  const hasZone = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d))?$/.test(text);
  const timeMs = /^\d{1,15}$/.test(text)
    ? Number(text)
    : hasZone && isDay(text)
      ? Date.parse(text)
      : Number.NaN;
  if (timeMs >= EARLIEST_MS && timeMs <= LATEST_MS) return timeMs;
  throw badParameter(name, text, TIME_CURE);
}

/** False for 30 February, which JavaScript would take for a day in March. */
function isDay(text: string): boolean {
  const day = text.slice(0, 10);
  const ms = Date.parse(day);
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(day);
}

/** The width of a chart's points in whole minutes as ms; without one, as wide as gives about 500 points. */
export function readStep(query: Query, spanMs: number, pointsMax: number): number {
  const text = readText(query, 'step');
  if (text === undefined) return Math.ceil(spanMs / 500 / MINUTE_MS) * MINUTE_MS;
  const read = duration.safeParse(text);
  const stepMs = read.success ? read.data : Number.NaN;
  if (!(stepMs >= MINUTE_MS) || stepMs % MINUTE_MS !== 0)
    throw badParameter('step', text, 'Give whole minutes, such as 1min, 5min or 1h.');
  if (spanMs / stepMs > pointsMax)
    throw badParameter('step', text, `At most ${pointsMax} points fit: take a wider step or a shorter time.`);
  return stepMs;
}

/** `json` or `csv`. */
export function readFormat(query: Query): 'json' | 'csv' {
  const text = readText(query, 'format') ?? 'json';
  if (text === 'json' || text === 'csv') return text;
  throw badParameter('format', text, 'Use json or csv.');
}
