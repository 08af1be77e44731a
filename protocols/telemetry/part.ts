import { MillwattError } from '../errors.ts';
import { decodeColumn, encodeColumn } from './column.ts';
import type { Reading } from './decimal.ts';
import { isChannelId, isCount, isId, isLevelId } from './ids.ts';
import { QUALITIES, type Quality } from './quantity.ts';

/** A run of readings whose quality is not good: [first row, rows, quality]. */
export type QualityRun = [first: number, count: number, quality: Quality];

/** Readings that one source gave for one machine, poll by poll: one time column, a value column a channel. */
export interface SampledGroup {
  source: string;
  /** Nominal time between two readings in effect, ms; more than twice that is a gap. */
  everyMs: number;
  /** Monotonic ms in the boot, strictly rising. */
  timesMs: number[];
  /** Raw readings by channel id, as long as `timesMs`; null is "no value", never 0. */
  columns: Map<string, (Reading | null)[]>;
  /** Only for channels that had readings of lesser quality. */
  quality: Map<string, QualityRun[]>;
}

/** A status channel's changes: each value holds until the next, while its source is up. */
export interface EventGroup {
  channel: string;
  source: string;
  timesMs: number[];
  values: (string | number | boolean | null)[];
}

/** When a source came up or went down, and why: the reason of a gap. */
export interface LinkGroup {
  source: string;
  timesMs: number[];
  up: boolean[];
  /** One short word each: `timeout`, `refused`, `silent`; empty for up. */
  reasons: string[];
}

/** All that one record says of one machine. */
export interface MachinePart {
  machine: string;
  sampled: SampledGroup[];
  events: EventGroup[];
  links: LinkGroup[];
}

/** The JSON text of a part (docs/record-format.md, "Part"). Key order is fixed, so equal parts have equal text. */
export function encodePart(part: MachinePart): string {
  return JSON.stringify({
    v: 1,
    machine: part.machine,
    sampled: part.sampled.map((group) => ({
      source: group.source,
      every: group.everyMs,
      t: deltas(group.timesMs),
      cols: Object.fromEntries([...group.columns].map(([id, column]) => [id, encodeColumn(column)])),
      ...(group.quality.size === 0 ? {} : { q: Object.fromEntries(group.quality) }),
    })),
    events: part.events.map((group) => ({
      channel: group.channel,
      source: group.source,
      t: deltas(group.timesMs),
      v: group.values,
    })),
    links: part.links.map((group) => ({
      source: group.source,
      t: deltas(group.timesMs),
      up: group.up.map(Number),
      why: group.reasons,
    })),
  });
}

/** Reads a part's text; throws an error of class `quarantine` that names what is wrong with it. */
export function decodePart(text: string): MachinePart {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw malformed('is not JSON', cause);
  }
  const root = asObject(json, 'part');
  if (root['v'] !== 1) throw malformed(`has version ${quote(root['v'])}, not 1`);
  const machine = root['machine'];
  if (!isLevelId(machine)) throw malformed('names no usable machine');
  return {
    machine,
    sampled: asArray(root['sampled'], 'sampled').map((group) => decodeSampled(group, machine)),
    events: asArray(root['events'], 'events').map((group) => decodeEvents(group, machine)),
    links: asArray(root['links'], 'links').map(decodeLinks),
  };
}

/** How many readings a part holds: values and nulls of sampled columns, plus events. */
export function countSamples(part: MachinePart): number {
  let count = 0;
  for (const group of part.sampled) count += group.timesMs.length * group.columns.size;
  for (const group of part.events) count += group.timesMs.length;
  return count;
}

function decodeSampled(value: unknown, machine: string): SampledGroup {
  const group = asObject(value, 'sampled group');
  const timesMs = decodeTimes(group['t'], true);
  const everyMs = group['every'];
  if (typeof everyMs !== 'number' || !Number.isSafeInteger(everyMs) || everyMs <= 0)
    throw malformed('has a group without a cadence');
  const columns = new Map<string, (Reading | null)[]>();
  for (const [id, column] of Object.entries(asObject(group['cols'], 'columns'))) {
    requireChannelOf(machine, id);
    const readings = decodeColumn(asObject(column, 'column'));
    if (readings === undefined || readings.length !== timesMs.length)
      throw malformed(`has a bad column ${id}`);
    columns.set(id, readings);
  }
  const quality = new Map<string, QualityRun[]>();
  for (const [id, runs] of Object.entries(asObject(group['q'] === undefined ? {} : group['q'], 'quality'))) {
    if (!columns.has(id)) throw malformed(`gives quality for channel ${quote(id)} that it does not hold`);
    quality.set(id, decodeRuns(runs, timesMs.length));
  }
  return { source: asId(group['source']), everyMs, timesMs, columns, quality };
}

function decodeRuns(value: unknown, rows: number): QualityRun[] {
  let free = 0;
  return asArray(value, 'quality').map((entry) => {
    const run = decodeRun(entry, rows);
    if (run[0] < free) throw malformed('has quality runs that overlap or do not rise');
    free = run[0] + run[1];
    return run;
  });
}

function decodeRun(value: unknown, rows: number): QualityRun {
  const [first, count, name] = asArray(value, 'quality run');
  const quality = QUALITIES.find((known) => known === name);
  const fits =
    Number.isSafeInteger(first) &&
    Number.isSafeInteger(count) &&
    (first as number) >= 0 &&
    (count as number) > 0;
  if (quality === undefined || !fits || (first as number) + (count as number) > rows)
    throw malformed('has a bad quality run');
  return [first as number, count as number, quality];
}

function decodeEvents(value: unknown, machine: string): EventGroup {
  const group = asObject(value, 'event group');
  const timesMs = decodeTimes(group['t'], false);
  const values = asArray(group['v'], 'event values').map((entry) => {
    if (entry === null || typeof entry === 'string' || typeof entry === 'boolean') return entry;
    // Adding 0 turns the "-0" that JSON may hold into 0.
    if (typeof entry === 'number' && Number.isFinite(entry)) return entry + 0;
    throw malformed('has an event value that is no word, number or truth value');
  });
  const channel = requireChannelOf(machine, group['channel']);
  if (values.length !== timesMs.length) throw malformed('has a bad event group');
  return { channel, source: asId(group['source']), timesMs, values };
}

function decodeLinks(value: unknown): LinkGroup {
  const group = asObject(value, 'link group');
  const timesMs = decodeTimes(group['t'], false);
  const up = asArray(group['up'], 'link states').map((flag) => {
    if (flag === 0 || flag === 1) return flag === 1;
    throw malformed('has a link state that is neither 0 nor 1');
  });
  const reasons = asArray(group['why'], 'link reasons').map((reason) => {
    if (typeof reason === 'string') return reason;
    throw malformed('has a link reason that is no word');
  });
  if (up.length !== timesMs.length || reasons.length !== timesMs.length)
    throw malformed('has a bad link group');
  return { source: asId(group['source']), timesMs, up, reasons };
}

/** A part speaks of one machine only: proving that machine then needs no other part. */
function requireChannelOf(machine: string, id: unknown): string {
  if (isChannelId(id) && id.startsWith(`${machine}.`)) return id;
  throw malformed(`names channel ${quote(id)}, which is none of machine ${machine}`);
}

/** First value, then differences. */
function deltas(timesMs: number[]): number[] {
  return timesMs.map((time, row) => (row === 0 ? time : time - (timesMs[row - 1] ?? 0)));
}

function decodeTimes(value: unknown, strictlyRising: boolean): number[] {
  let time = 0;
  return asArray(value, 'times').map((delta, row) => {
    if (typeof delta !== 'number' || !Number.isSafeInteger(delta))
      throw malformed('has a time that is no integer');
    if (row > 0 && (strictlyRising ? delta <= 0 : delta < 0)) throw malformed('has times that do not rise');
    time += delta;
    if (!isCount(time)) throw malformed('has a time out of range');
    return time;
  });
}

function asId(value: unknown): string {
  if (isId(value)) return value;
  throw malformed(`names source ${quote(value)}`);
}

function asArray(value: unknown, what: string): unknown[] {
  if (Array.isArray(value)) return value as unknown[];
  throw malformed(`has no list of ${what}`);
}

function asObject(value: unknown, what: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw malformed(`has no ${what}`);
}

/** A hostile value as a short text: only words and numbers are shown, and not all of a long one. */
function quote(value: unknown): string {
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'a list' : 'an object';
  return JSON.stringify(typeof value === 'string' ? value.slice(0, 80) : value) ?? 'nothing';
}

function malformed(what: string, cause?: unknown): MillwattError {
  return new MillwattError('quarantine', 'malformed-part', `A machine's part of a record ${what}.`, {
    cause,
  });
}
