import { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { ByteWriter, ParquetWriter, type SchemaElement } from 'hyparquet-writer';

/** Rows that are in memory at once: 50 columns of them take a few MB, and some 40 ms to write. */
const GROUP_ROWS = 4096;

const KINDS = {
  text: { type: 'BYTE_ARRAY', converted_type: 'UTF8', logical_type: { type: 'STRING' } },
  /** Whole numbers of up to 63 bits, from safe integers. */
  whole: { type: 'INT64' },
  decimal: { type: 'DOUBLE' },
  /** Ms since the Unix epoch. */
  instant: {
    type: 'INT64',
    converted_type: 'TIMESTAMP_MILLIS',
    logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MILLIS' },
  },
} as const satisfies Record<string, Partial<SchemaElement>>;

/** One column of a table, and where its value comes from. */
export type ParquetColumn<Row> = { name: string } & (
  | { kind: 'text'; valueOf: (row: Row) => string | null }
  | { kind: 'whole' | 'decimal' | 'instant'; valueOf: (row: Row) => number | null }
) & {
    /** Whether null may stand in it; false where left out. */
    isNullable?: boolean;
    /** Whether the file keeps its bounds in each row group, by which readers skip groups; false where left out. */
    isSought?: boolean;
  };

/**
 * Rows as a Parquet file (snappy), as a stream of bytes: row groups of 4,096, of which one is in memory, so that a file of
 * any length takes the same room. The same rows give the same bytes. The stream fails with a RangeError on a whole number
 * that is not safe, and on null in a column that is not nullable.
 * @param meaning what the table and its units are, kept in the file's metadata under `millwatt`
 */
export function parquetOf<Row>(
  rows: Iterable<Row> | AsyncIterable<Row>,
  columns: readonly ParquetColumn<Row>[],
  meaning: string,
): Readable {
  return Readable.from(writeGroups(rows, columns, meaning), { objectMode: false, highWaterMark: 1 });
}

async function* writeGroups<Row>(
  rows: Iterable<Row> | AsyncIterable<Row>,
  columns: readonly ParquetColumn<Row>[],
  meaning: string,
): AsyncGenerator<Uint8Array> {
  const writer = new ByteWriter();
  const take = () => {
    const bytes = writer.getBytes().slice();
    // Positions in the file go on; only the room is used again.
    writer.index = 0;
    return bytes;
  };
  const file = new ParquetWriter({
    writer,
    schema: schemaOf(columns),
    kvMetadata: [{ key: 'millwatt', value: meaning }],
    createdBy: 'millwatt',
  });
  let group: Row[] = [];
  const write = () => {
    // What is written of each group at the end of the file is kept until then: no index of pages, and bounds of few columns.
    const columnData = columns.map((column) => ({
      name: column.name,
      data: group.map((row) => cellOf(column, row)),
      offsetIndex: false,
      statistics: column.isSought === true,
    }));
    const pending = file.write({ columnData, rowGroupSize: GROUP_ROWS });
    group = [];
    return pending;
  };
  for await (const row of rows) {
    group.push(row);
    if (group.length < GROUP_ROWS) continue;
    await write();
    yield take();
    // Whatever reads the stream may be quicker than we are; others want the thread, too.
    await nextTurn();
  }
  if (group.length > 0) await write();
  await file.finish();
  yield take();
}

function schemaOf<Row>(columns: readonly ParquetColumn<Row>[]): SchemaElement[] {
  return [
    { name: 'root', num_children: columns.length },
    ...columns.map(({ name, kind, isNullable = false }) => ({
      ...KINDS[kind],
      name,
      repetition_type: isNullable ? ('OPTIONAL' as const) : ('REQUIRED' as const),
    })),
  ];
}

function cellOf<Row>(column: ParquetColumn<Row>, row: Row): string | number | bigint | null {
  const value = column.valueOf(row);
  if (value === null) {
    if (column.isNullable !== true) throw new RangeError(`${column.name} has no value`);
    return null;
  }
  if (typeof value === 'string' || column.kind === 'decimal') return value;
  if (!Number.isSafeInteger(value)) throw new RangeError(`${column.name}: ${value} is not a whole number`);
  return BigInt(value);
}
