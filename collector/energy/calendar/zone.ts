import { MillwattError } from '../../../protocols/errors.ts';

/** The years whose clocks are known: from the start of the first to the start of the last, UTC. */
const FROM_MS = Date.UTC(1900, 0, 1);
const TO_MS = Date.UTC(2200, 0, 1);
/** A clock that is changed and changed back within so long would not be seen; the shortest stay since 1970 (Boa Vista, 2000) is a week. */
const PROBE_MS = 86_400_000;

/** A stretch of time in which the clocks of a zone have one offset. */
export interface OffsetSpan {
  /** Wall ms (UTC), [from, to). */
  fromMs: number;
  toMs: number;
  /** Local time minus UTC, ms; east is positive. */
  offsetMs: number;
}

/** A time zone of the IANA database, as far as the clocks on its walls are concerned. */
export interface Zone {
  /** As the operator wrote it. */
  readonly name: string;
  /**
   * The stretches of one offset that cover [fromMs, toMs), in order and joined; the first and the last may reach further.
   * Throws an error of class `refuse` (code `time-out-of-range`) outside the years 1900 to 2199.
   */
  readonly spansBetween: (fromMs: number, toMs: number) => OffsetSpan[];
}

/**
 * The zone of a name such as `Europe/Berlin`. Offsets come from the zone data of the runtime, one year at a time and kept:
 * a day is probed once and a change searched by halving, so that asking again costs no formatting.
 * Throws an error of class `refuse` (code `unknown-zone`).
 */
export function openZone(name: string): Zone {
  const measure = openClock(name);
  const years = new Map<number, OffsetSpan[]>();
  const spansOf = (year: number): OffsetSpan[] => {
    let spans = years.get(year);
    if (spans === undefined) {
      spans = findSpans(measure, Date.UTC(year, 0, 1), Date.UTC(year + 1, 0, 1));
      years.set(year, spans);
    }
    return spans;
  };
  const spansBetween = (fromMs: number, toMs: number): OffsetSpan[] => {
    if (!(fromMs >= FROM_MS && toMs <= TO_MS))
      throw new MillwattError('refuse', 'time-out-of-range', 'The clocks of that time are not known.', {
        cure: 'Ask for a time between the years 1900 and 2199.',
      });
    const found: OffsetSpan[] = [];
    const last = yearOf(Math.max(fromMs, toMs - 1));
    for (let year = yearOf(fromMs); year <= last; year++)
      for (const span of spansOf(year)) {
        if (span.toMs <= fromMs || span.fromMs >= Math.max(toMs, fromMs + 1)) continue;
        const before = found[found.length - 1];
        if (before !== undefined && before.offsetMs === span.offsetMs) before.toMs = span.toMs;
        else found.push({ ...span });
      }
    return found;
  };
  return { name, spansBetween };
}

function findSpans(measure: (atMs: number) => number, fromMs: number, toMs: number): OffsetSpan[] {
  const spans: OffsetSpan[] = [];
  let startMs = fromMs;
  let offsetMs = measure(fromMs);
  for (let at = fromMs; at < toMs; at += PROBE_MS) {
    const end = Math.min(at + PROBE_MS, toMs);
    // The last moment of the year, not the first of the next: what changes there belongs to that.
    const last = end === toMs ? end - 1 : end;
    const next = measure(last);
    if (next === offsetMs) continue;
    let [before, after] = [at, last];
    while (after - before > 1) {
      const middle = Math.floor((before + after) / 2);
      if (measure(middle) === offsetMs) before = middle;
      else after = middle;
    }
    spans.push({ fromMs: startMs, toMs: after, offsetMs });
    [startMs, offsetMs] = [after, next];
  }
  spans.push({ fromMs: startMs, toMs, offsetMs });
  return spans;
}

/** What a clock of the zone shows minus UTC, ms. */
function openClock(name: string): (atMs: number) => number {
  const unknown = (cause?: unknown): MillwattError =>
    new MillwattError('refuse', 'unknown-zone', `${name} is no time zone that this machine knows.`, {
      cure: 'Write the zone by its name in the IANA database, such as Europe/Berlin, America/New_York, Asia/Kolkata or UTC.',
      cause,
    });
  // The runtime takes a bare offset too, but such a zone knows no summer time, and the operator would notice in spring.
  if (!/^[A-Za-z]/.test(name)) throw unknown();
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat('en-US-u-ca-gregory-nu-latn', {
      timeZone: name,
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
    });
  } catch (error) {
    throw unknown(error);
  }
  return (atMs) => {
    const wholeMs = Math.floor(atMs / 1000) * 1000;
    const [month = 1, day = 1, year = 0, hour = 0, minute = 0, second = 0] = (
      format.format(wholeMs).match(/\d+/g) ?? []
    ).map(Number);
    return Date.UTC(year, month - 1, day, hour, minute, second) - wholeMs;
  };
}

function yearOf(atMs: number): number {
  return new Date(atMs).getUTCFullYear();
}
