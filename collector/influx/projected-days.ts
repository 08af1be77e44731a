import { MillwattError } from '../../protocols/errors.ts';
import { BootClocks } from '../derivation/boot-clocks.ts';
import { isDated } from '../derivation/dated-record.ts';
import type { LedgerView } from '../ledger/read-ledger.ts';
import type { LedgerRecord } from '../ledger/ledger.ts';
import type { Views } from '../ledger/views.ts';
import { HOUR_MEASUREMENT } from './hour-line.ts';
import type { InfluxStore } from './influx-store.ts';
import type { ReaderMemory } from './ledger-batches.ts';
import { timeOfLine } from './line-protocol.ts';
import { createRecordReader, type RecordReader } from './record-lines.ts';

const DAY_MS = 86_400_000;
const MEASUREMENTS = ['power', 'energy', 'status', HOUR_MEASUREMENT];
/** Every hour has it. */
const HOUR_FIELD = 'seconds_span';

/** How many values of a machine and UTC day the ledger has, and InfluxDB; a value is one field of one point. */
export interface ProjectedDay {
  machine: string;
  /** Begin of the day, ms since the Unix epoch. */
  dayMs: number;
  expected: number;
  found: number;
  /** Fields of which InfluxDB has fewer or more, such as `power.p_w`. */
  different: { field: string; expected: number; found: number }[];
}

/** What is compared. */
export interface CompareParts {
  ledger: Pick<LedgerView, 'configRecord' | 'readMachine'>;
  views: Pick<Views, 'hourTimes' | 'machines'>;
  store: Pick<InfluxStore, 'query'>;
  site: string;
  /** The last record that was projected, and what was known of clocks by then. */
  lastOrdinal: number;
  memory: ReaderMemory | undefined;
}

/**
 * Counts machine by machine and day by day what the ledger would write and what InfluxDB holds, in [fromMs, toMs) wall ms.
 * Throws an error of class `refuse` (code `influx-refused`) where the server does not answer InfluxQL, and `retry`.
 */
export async function* compareDays(
  parts: CompareParts,
  fromMs: number,
  toMs: number,
): AsyncGenerator<ProjectedDay> {
  const clocks = new BootClocks(parts.memory?.boots);
  const reader = createRecordReader(parts.ledger);
  for (const machine of parts.views.machines()) {
    for (let dayMs = Math.floor(fromMs / DAY_MS) * DAY_MS; dayMs < toMs; dayMs += DAY_MS) {
      const range = { fromMs: Math.max(dayMs, fromMs), toMs: Math.min(dayMs + DAY_MS, toMs) };
      const expected = countLedger({ ...parts, clocks, reader }, machine, range);
      const hours = parts.views.hourTimes(machine, range.fromMs, range.toMs).length;
      if (hours > 0) expected.set(`${HOUR_MEASUREMENT}.${HOUR_FIELD}`, hours);
      const found = await countInflux(parts, machine, range);
      if (expected.size === 0 && found.size === 0) continue;
      const fields = [...new Set([...expected.keys(), ...found.keys()])].sort();
      const all = fields.map((field) => ({
        field,
        expected: expected.get(field) ?? 0,
        found: found.get(field) ?? 0,
      }));
      yield {
        machine,
        dayMs,
        expected: all.reduce((sum, one) => sum + one.expected, 0),
        found: all.reduce((sum, one) => sum + one.found, 0),
        different: all.filter((one) => one.expected !== one.found),
      };
    }
  }
}

interface Range {
  fromMs: number;
  toMs: number;
}

/** Values by field; one that the ledger has twice is one in InfluxDB. */
function countLedger(
  parts: CompareParts & { clocks: BootClocks; reader: RecordReader },
  machine: string,
  range: Range,
): Map<string, number> {
  const seen = new Map<string, Set<number>>();
  for (const record of recordsOf(parts, machine, range)) {
    let lines: readonly string[] = [];
    try {
      lines = parts.reader.read(record)?.lines ?? [];
    } catch {
      // The projection leaves it out, and counts it.
    }
    for (const line of lines) {
      const timeMs = timeOfLine(line);
      if (timeMs < range.fromMs || timeMs >= range.toMs) continue;
      const end = line.indexOf(' ');
      const series = line.slice(0, end);
      if (!series.includes(`,machine=${machine},`) && !series.endsWith(`,machine=${machine}`)) continue;
      for (const field of fieldsOf(line, end)) {
        const key = `${series} ${field}`;
        const times = seen.get(key) ?? new Set();
        times.add(timeMs);
        seen.set(key, times);
      }
    }
  }
  const counts = new Map<string, number>();
  for (const [key, times] of seen) {
    const field = `${key.slice(0, key.indexOf(','))}.${key.slice(key.lastIndexOf(' ') + 1)}`;
    counts.set(field, (counts.get(field) ?? 0) + times.size);
  }
  return counts;
}

/** Records with readings of a machine in a part of time, by the clock that holds for each. */
function* recordsOf(
  { ledger, clocks, lastOrdinal }: CompareParts & { clocks: BootClocks },
  machine: string,
  { fromMs, toMs }: Range,
): Iterable<LedgerRecord> {
  const isOurs = (record: LedgerRecord) => record.ordinal <= lastOrdinal && record.header.kind === 'readings';
  for (const record of ledger.readMachine(machine, fromMs, toMs))
    if (isOurs(record) && clocks.dated(record) === record && isDated(record)) yield record;
  for (const label of clocks.labelled(machine, fromMs, toMs))
    for (const record of ledger.readMachine(machine, label.fromMs, label.toMs)) {
      const { agent, boot, clock } = record.header;
      if (agent !== label.agent || boot !== label.boot || clock.state !== 'unsynced') continue;
      const dated = isOurs(record) ? clocks.dated(record) : undefined;
      if (dated !== undefined && isDated(dated)) yield dated;
    }
}

/** Names of the fields of a line, whatever its texts hold. */
function fieldsOf(line: string, from: number): string[] {
  return [...line.slice(from).matchAll(/[ ,]([A-Za-z0-9_.-]+)=(?:"(?:[^"\\]|\\.)*"|[^,\s"]+)/g)].map(
    ([, field = '']) => field,
  );
}

async function countInflux(
  { store, site }: Pick<CompareParts, 'store' | 'site'>,
  machine: string,
  { fromMs, toMs }: Range,
): Promise<Map<string, number>> {
  const from = MEASUREMENTS.map((name) => `"${name}"`).join(', ');
  const series = await store.query(
    `SELECT COUNT(*) FROM ${from} WHERE "site" = '${site}' AND "machine" = '${machine}' AND time >= ${fromMs}ms AND time < ${toMs}ms`,
  );
  const counts = new Map<string, number>();
  for (const { name, columns, rows } of series) {
    const [row] = rows;
    for (const [index, column] of columns.entries()) {
      if (!column.startsWith('count_')) continue;
      const field = column.slice('count_'.length);
      if (name === HOUR_MEASUREMENT && field !== HOUR_FIELD) continue;
      const count = row?.[index] ?? 0;
      if (typeof count !== 'number')
        throw new MillwattError(
          'refuse',
          'influx-refused',
          `InfluxDB counts ${JSON.stringify(count)} values.`,
        );
      if (count > 0) counts.set(`${name}.${field}`, count);
    }
  }
  return counts;
}
