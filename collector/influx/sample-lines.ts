import type { Channel } from '../../protocols/telemetry/channel.ts';
import type { Reading } from '../../protocols/telemetry/decimal.ts';
import type { EventGroup, MachinePart, SampledGroup } from '../../protocols/telemetry/part.ts';
import { wallTimeMs, type RecordHeader } from '../../protocols/telemetry/record.ts';
import { scaleValue } from './exact-value.ts';
import { QUANTITY_FIELDS, statusFieldOf } from './field-names.ts';
import { encodeField, encodePoint, encodeSeries, encodeTime, type Field } from './line-protocol.ts';

/** What one machine's part of a record becomes. */
export interface SampleLines {
  lines: string[];
  /** Readings in them. */
  samples: number;
  /** Readings left out because their quality is bad, or no float can hold them. */
  bad: number;
  /** Readings left out because no channel of that name is wired. */
  unknown: number;
}

/**
 * The points of one part: readings of the same component, phase and moment share a line. Bad readings are left out, and
 * a missing one is left out too, never written as 0. Nothing in a line depends on when it is written, so that writing
 * it again changes nothing.
 */
export function linesOfPart(
  part: MachinePart,
  header: Pick<RecordHeader, 'clock' | 'epoch' | 'site'>,
  channels: ReadonlyMap<string, Channel>,
): SampleLines {
  const result: SampleLines = { lines: [], samples: 0, bad: 0, unknown: 0 };
  for (const group of part.sampled) addSampled(result, group, header, channels);
  for (const group of part.events) addEvents(result, group, header, channels);
  return result;
}

interface Column {
  field: string;
  scale: [string, string];
  readings: (Reading | null)[];
  bad: boolean[] | undefined;
}

function addSampled(
  result: SampleLines,
  group: SampledGroup,
  header: Pick<RecordHeader, 'clock' | 'epoch' | 'site'>,
  channels: ReadonlyMap<string, Channel>,
): void {
  const series = new Map<string, { columns: Column[]; tail: string }>();
  for (const [id, readings] of group.columns) {
    const channel = channels.get(id);
    if (channel?.kind !== 'measured') {
      result.unknown += readings.length;
      continue;
    }
    const { measurement, field } = QUANTITY_FIELDS[channel.quantity];
    const key = encodeSeries(measurement, [
      ['site', header.site],
      ['machine', channel.machine],
      ['component', channel.component],
      ['phase', channel.phase],
    ]);
    const entry = series.get(key) ?? {
      columns: [],
      tail: measurement === 'energy' ? `,epoch=${encodeField(header.epoch)}` : '',
    };
    entry.columns.push({ field, scale: channel.scale, readings, bad: badRows(group, id) });
    series.set(key, entry);
  }
  const times = group.timesMs.map((time) => encodeTime(wallTimeMs(header, time)));
  for (const [key, { columns, tail }] of series) {
    for (const [row, time] of times.entries()) {
      const fields = encodeRow(result, columns, row);
      if (fields !== '') result.lines.push(`${key} ${fields}${tail} ${time}`);
    }
  }
}

function encodeRow(result: SampleLines, columns: readonly Column[], row: number): string {
  let fields = '';
  for (const column of columns) {
    const reading = column.readings[row];
    if (reading === null || reading === undefined) continue;
    if (column.bad?.[row] === true) {
      result.bad++;
      continue;
    }
    const value = scaleValue(reading, column.scale);
    // Beyond what a float can hold: one such reading must not take the others of its record along.
    if (!Number.isFinite(value)) {
      result.bad++;
      continue;
    }
    if (fields !== '') fields += ',';
    fields += `${column.field}=${encodeField(value)}`;
    result.samples++;
  }
  return fields;
}

function badRows(group: SampledGroup, channel: string): boolean[] | undefined {
  const runs = group.quality.get(channel)?.filter(([, , quality]) => quality === 'bad');
  if (runs === undefined || runs.length === 0) return undefined;
  const rows = Array.from({ length: group.timesMs.length }, () => false);
  for (const [first, count] of runs) rows.fill(true, first, first + count);
  return rows;
}

function addEvents(
  result: SampleLines,
  group: EventGroup,
  header: Pick<RecordHeader, 'clock' | 'site'>,
  channels: ReadonlyMap<string, Channel>,
): void {
  const channel = channels.get(group.channel);
  if (channel?.kind !== 'status') {
    result.unknown += group.timesMs.length;
    return;
  }
  for (const [row, time] of group.timesMs.entries()) {
    const word = group.values[row] ?? null;
    const value = channel.status === 'partCount' ? wholeNumber(word) : word === null ? null : String(word);
    if (value === null) continue;
    result.samples++;
    result.lines.push(
      encodePoint({
        measurement: 'status',
        tags: [
          ['site', header.site],
          ['machine', channel.machine],
        ],
        fields: [[statusFieldOf(channel), value]],
        timeMs: wallTimeMs(header, time),
      }),
    );
  }
}

/** A part count as an integer field; null when the control gave something else. */
function wholeNumber(word: string | number | boolean | null): Field | null {
  if (typeof word === 'number') return Number.isSafeInteger(word) ? BigInt(word) : null;
  return typeof word === 'string' && /^\s*-?\d{1,18}\s*$/.test(word) ? BigInt(word.trim()) : null;
}
