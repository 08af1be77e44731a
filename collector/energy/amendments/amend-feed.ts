import type { Amendment } from '../amendment.ts';
import { amendCounter } from '../counter-value.ts';
import type { CounterColumn, MediaColumns, PowerColumn, RecordFeed } from '../record-feed.ts';
import { fateOf, isSameFate, powerFactorOf, type ColumnFate } from './column-fate.ts';

type RowGroup = RecordFeed['rows'][number];
type Column =
  | { kind: 'power'; column: PowerColumn }
  | { kind: 'flow'; column: PowerColumn }
  | { kind: 'counter'; column: CounterColumn }
  | { kind: 'volume'; column: CounterColumn };

/**
 * A record as people decided that it is to be read: `scale`, `direction`, `component`, `exclude` and `same-meter` are applied to
 * its readings by their wall time, in the order of `amendments`; the others are decided where a counter is judged. The record's
 * words, and that its agent was watching, are left as they are. The same object where nothing applies.
 *
 * @param amendments of the feed's machine, in the order in which they were entered, without revoked ones
 */
export function amendFeed(feed: RecordFeed, amendments: readonly Amendment[]): RecordFeed {
  if (amendments.length === 0) return feed;
  let isAmended = false;
  const rows = feed.rows.flatMap((group) => {
    const holding = amendments.filter((amendment) => bearsOn(amendment, group));
    if (holding.length === 0) return group;
    isAmended = true;
    return amendGroup(group, holding, feed);
  });
  return isAmended ? { ...feed, rows } : feed;
}

function bearsOn({ kind, fromMs, toMs }: Amendment, { timesMs }: RowGroup): boolean {
  if (kind === 'meter-replaced' || kind === 'step') return false;
  const first = timesMs[0] ?? Infinity;
  const last = timesMs[timesMs.length - 1] ?? -Infinity;
  // A counter read when it ends is of the time before.
  return fromMs <= last && (toMs === null || first <= toMs);
}

/** A group of rows that an amendment's edge cuts becomes several. */
function amendGroup(group: RowGroup, amendments: readonly Amendment[], feed: RecordFeed): RowGroup[] {
  const edgesMs = amendments.flatMap(({ fromMs, toMs }) => (toMs === null ? [fromMs] : [fromMs, toMs]));
  const groups: RowGroup[] = [];
  const columns = columnsOf(group);
  const fatesAt = (row: number) =>
    columns.map((column) => fateOfColumn(column, amendments, group.timesMs[row] ?? 0));
  const amendTo = (end: number) => {
    const isWhole = first === 0 && end === group.timesMs.length;
    if (isWhole && fates.every((fate, index) => isUntouched(fate, columns[index]))) return groups.push(group);
    const silenced = silencedAt(group.timesMs[first] ?? 0, feed, amendments);
    return groups.push(...amendRows(group, first, end, columns, fates, silenced));
  };
  let first = 0;
  let fates = fatesAt(0);
  for (let row = 1; row < group.timesMs.length; row++) {
    const beforeMs = group.timesMs[row - 1] ?? 0;
    const atMs = group.timesMs[row] ?? 0;
    if (!edgesMs.some((edgeMs) => beforeMs <= edgeMs && edgeMs <= atMs)) continue;
    const next = fatesAt(row);
    if (next.every((fate, index) => isSameFate(fate, fates[index] ?? null))) continue;
    amendTo(row);
    first = row;
    fates = next;
  }
  amendTo(group.timesMs.length);
  return groups;
}

function isUntouched(fate: ColumnFate | null, column: Column | undefined): boolean {
  if (fate === null || column === undefined) return false;
  const { component, turned, factor, meter } = fate;
  if (turned || factor.num !== factor.den || component !== column.column.component) return false;
  return !('definition' in column.column) || meter === column.column.definition.meter;
}

function withoutDirection({
  component,
  definition,
  values,
}: CounterColumn): MediaColumns['counters'][number] {
  return { component, definition, values };
}

function columnsOf({ powers, counters, media }: RowGroup): Column[] {
  return [
    ...powers.map((column): Column => ({ kind: 'power', column })),
    ...counters.map((column): Column => ({ kind: 'counter', column })),
    ...(media?.flows ?? []).map((column): Column => ({ kind: 'flow', column })),
    ...(media?.counters ?? []).map((column): Column => ({
      kind: 'volume',
      column: { ...column, direction: 'import' },
    })),
  ];
}

function fateOfColumn(
  { kind, column }: Column,
  amendments: readonly Amendment[],
  atMs: number,
): ColumnFate | null {
  const { component } = column;
  const meter = 'definition' in column ? column.definition.meter : null;
  const fate = fateOf({ component, meter }, amendments, atMs);
  // Gas does not flow the other way because a current transformer is turned.
  return fate !== null && (kind === 'flow' || kind === 'volume') ? { ...fate, turned: false } : fate;
}

/** Components whose energy no register of the record counts once their direction is turned. */
function silencedAt(atMs: number, feed: RecordFeed, amendments: readonly Amendment[]): Set<string> {
  const turned = new Set<string>();
  const counted = new Set<string>();
  for (const { counters } of feed.rows)
    for (const column of counters) {
      const fate = fateOfColumn({ kind: 'counter', column }, amendments, atMs);
      if (fate === null) continue;
      const isImport = column.direction === 'import';
      if (isImport !== fate.turned) counted.add(fate.component);
      else if (isImport) turned.add(fate.component);
    }
  return new Set([...turned].filter((component) => !counted.has(component)));
}

/** One group, or several where two columns become readings of one thing: each of them is a reading of its own. */
function amendRows(
  group: RowGroup,
  first: number,
  end: number,
  columns: readonly Column[],
  fates: readonly (ColumnFate | null)[],
  silenced: ReadonlySet<string>,
): RowGroup[] {
  const isWhole = first === 0 && end === group.timesMs.length;
  const timesMs = isWhole ? group.timesMs : group.timesMs.slice(first, end);
  const groups: { rows: RowGroup; taken: Set<string> }[] = [];
  const place = (name: string): RowGroup => {
    let free = groups.find(({ taken }) => !taken.has(name));
    if (free === undefined) {
      const rows = { source: group.source, everyMs: group.everyMs, timesMs, powers: [], counters: [] };
      groups.push((free = { rows, taken: new Set() }));
    }
    free.taken.add(name);
    return free.rows;
  };
  const cut = <Value>(values: readonly Value[]) => (isWhole ? values : values.slice(first, end));
  for (const [index, one] of columns.entries()) {
    const fate = fates[index];
    if (fate === null || fate === undefined) continue;
    const { component } = fate;
    if (one.kind === 'power' || one.kind === 'flow') {
      const target = place(`${one.kind} ${component}`);
      const amended = { component, values: amendPowers(cut(one.column.values), fate) };
      if (one.kind === 'power') target.powers.push(amended);
      else (target.media ??= { flows: [], counters: [] }).flows.push(amended);
      continue;
    }
    const { kind, column } = one;
    const amended = amendColumn({ ...column, values: cut(column.values) }, fate);
    const target = place(`${kind} ${component} ${amended.direction}`);
    if (kind === 'volume')
      (target.media ??= { flows: [], counters: [] }).counters.push(withoutDirection(amended));
    else target.counters.push(amended);
    if (kind === 'counter' && amended.direction === 'export' && silenced.has(component)) {
      const definition = { ...amended.definition, silent: true };
      place(`${kind} ${component} import`).counters.push({ ...amended, direction: 'import', definition });
    }
  }
  // Rows of which nothing is left still say that their agent was watching.
  if (groups.length === 0) place('');
  return groups.map(({ rows }) => rows);
}

function amendPowers(values: readonly (number | null)[], fate: ColumnFate): readonly (number | null)[] {
  const factor = powerFactorOf(fate);
  if (factor === 1) return values;
  // Adding 0 keeps a turned 0 from becoming -0, which a checkpoint would not keep.
  return values.map((value) => (value === null ? null : value * factor + 0));
}

function amendColumn(column: CounterColumn, fate: ColumnFate): CounterColumn {
  const { definition, direction, values } = column;
  const { factor, component, turned } = fate;
  const meter = fate.meter ?? definition.meter;
  const isSame = factor.num === factor.den && meter === definition.meter;
  return {
    component,
    direction: turned ? (direction === 'import' ? 'export' : 'import') : direction,
    definition: isSame ? definition : amendCounter(definition, factor, meter),
    values,
  };
}
