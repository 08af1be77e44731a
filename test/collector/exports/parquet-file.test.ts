import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { parquetMetadata, parquetReadObjects } from 'hyparquet';
import { describe, expect, it } from 'vitest';
import { HOUR_COLUMNS, hoursToParquet } from '../../../collector/exports/hours-table.ts';
import { parquetOf, type ParquetColumn } from '../../../collector/exports/parquet-file.ts';
import type { MachineHour } from '../../../collector/energy/machine-hour.ts';
import { milliwattHours } from '../../../protocols/telemetry/unit.ts';
import { requireTool } from '../../support/tools.ts';
import { plantDay } from '../http/plant-day.ts';

const NOW_MS = Date.UTC(2026, 5, 15, 20, 30);
const GROUP_ROWS = 4096;
const python = requireTool('lca');

const readBack = async (bytes: Buffer): Promise<Record<string, unknown>[]> =>
  await parquetReadObjects({ file: Uint8Array.from(bytes).buffer });

/** A day of three machines, one of which had no supply channel in an hour and lost mWh to a bridge in another. */
function sampleHours(): MachineHour[] {
  const { hours } = plantDay(NOW_MS);
  const [first, second] = hours;
  if (first === undefined || second === undefined) throw new Error('no hours');
  first.energy.supplyMwh = null;
  first.closure = null;
  first.energy.residualMwh = null;
  second.energy.componentMwh = {
    supply: milliwattHours(12),
    spindle: milliwattHours(Number.MAX_SAFE_INTEGER),
  };
  return hours;
}

/** Rows that nobody ever holds all of: they count how many were asked for. */
function* counted(total: number, seen: { count: number }): Iterable<{ at: number }> {
  for (let at = 0; at < total; at++) {
    seen.count++;
    yield { at };
  }
}
const NUMBERS: readonly ParquetColumn<{ at: number }>[] = [
  { name: 'at', kind: 'whole', valueOf: ({ at }) => at },
];

describe('machine-hours as Parquet', () => {
  it('read back cell by cell', async () => {
    const hours = sampleHours();
    const rows = await readBack(await buffer(hoursToParquet(hours)));
    expect(rows).toHaveLength(hours.length);
    for (const [index, hour] of hours.entries()) {
      const expected = Object.fromEntries(
        HOUR_COLUMNS.map((column) => {
          const value = column.valueOf(hour);
          if (value === null || typeof value === 'string' || column.kind === 'decimal')
            return [column.name, value];
          return [column.name, column.kind === 'instant' ? new Date(value) : BigInt(value)];
        }),
      );
      expect(rows[index]).toEqual(expected);
    }
    expect(rows[0]).toMatchObject({ energy_mWh: null, energy_ready_mWh: null, bridged_mWh: null });
    expect(JSON.parse(String(rows[1]?.['component_mWh_json']))).toEqual(hours[1]?.energy.componentMwh);
  });

  it('sum to the energy of the hours, exactly', async () => {
    const hours = sampleHours();
    const rows = await readBack(await buffer(hoursToParquet(hours)));
    const sum = rows.reduce((total, row) => total + ((row['energy_mWh'] as bigint | null) ?? 0n), 0n);
    expect(sum).toBe(hours.reduce((total, { energy }) => total + BigInt(energy.supplyMwh ?? 0), 0n));
    expect(sum).toBeGreaterThan(0n);
  });

  it('are a table with columns where there are none, and the same bytes each time', async () => {
    expect(await readBack(await buffer(hoursToParquet([])))).toEqual([]);
    const bytes = await buffer(hoursToParquet(sampleHours()));
    expect(await buffer(hoursToParquet(sampleHours()))).toEqual(bytes);
    const { schema, key_value_metadata: meaning } = parquetMetadata(Uint8Array.from(bytes).buffer);
    expect(schema.map(({ name }) => name)).toEqual(['root', ...HOUR_COLUMNS.map(({ name }) => name)]);
    expect(meaning?.[0]?.value).toContain('milliwatt hours');
  });

  it.skipIf(python === undefined)('are what pyarrow and pandas read', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'millwatt-parquet-'));
    try {
      const hours = sampleHours();
      writeFileSync(join(folder, 'hours.parquet'), await buffer(hoursToParquet(hours)));
      const script = `
import json, pandas, pyarrow.parquet
table = pyarrow.parquet.read_table("hours.parquet")
frame = pandas.read_parquet("hours.parquet")
print(json.dumps({
  "rows": table.num_rows,
  "types": [str(table.schema.field(name).type) for name in ("hour_start_utc", "machine", "energy_mWh", "closure")],
  "sum": int(frame["energy_mWh"].sum()),
  "nulls": int(frame["energy_mWh"].isna().sum()),
  "first": frame["hour_start_utc"].min().isoformat(),
  "machines": sorted(frame["machine"].unique()),
}))`;
      const { stdout, stderr, status } = spawnSync(python ?? '', ['-c', script], {
        cwd: folder,
        encoding: 'utf8',
      });
      expect([status, stderr]).toEqual([0, '']);
      expect(JSON.parse(stdout)).toEqual({
        rows: hours.length,
        types: ['timestamp[ms, tz=UTC]', 'string', 'int64', 'double'],
        sum: hours.reduce((total, { energy }) => total + (energy.supplyMwh ?? 0), 0),
        nulls: 1,
        first: '2026-06-14T20:00:00+00:00',
        machines: ['centre', 'lathe', 'mill'],
      });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe('a Parquet file', () => {
  it('asks for rows as it is read: one group is in memory, however many there are', async () => {
    const seen = { count: 0 };
    const total = 50 * GROUP_ROWS + 7;
    const stream = parquetOf(counted(total, seen), NUMBERS, 'numbers');
    const chunks: Uint8Array[] = [];
    let most = 0;
    let before = 0;
    for await (const chunk of stream) {
      most = Math.max(most, seen.count - before);
      before = seen.count;
      chunks.push(chunk as Uint8Array);
    }
    expect(seen.count).toBe(total);
    // One group that is read, and one that waits in the stream.
    expect(most).toBeLessThanOrEqual(2 * GROUP_ROWS);
    const rows = await readBack(Buffer.concat(chunks));
    expect(rows.map(({ at }) => Number(at))).toEqual(Array.from({ length: total }, (_, at) => at));
    expect(parquetMetadata(Uint8Array.from(Buffer.concat(chunks)).buffer).row_groups).toHaveLength(51);
  });

  it.each<[string, ParquetColumn<{ at: number }>, RegExp]>([
    [
      'a fraction',
      { name: 'half', kind: 'whole', valueOf: ({ at }) => at + 0.5 },
      /half: 0.5 is not a whole/,
    ],
    ['what is beyond 2^53', { name: 'big', kind: 'whole', valueOf: () => 2 ** 53 }, /big: 9007199254740992/],
    ['null where there is none', { name: 'gone', kind: 'text', valueOf: () => null }, /gone has no value/],
  ])('fails on %s', async (_, column, fault) => {
    await expect(buffer(parquetOf([{ at: 0 }], [column], 'x'))).rejects.toThrow(fault);
  });

  it('fails where its source fails', async () => {
    async function* broken(): AsyncIterable<{ at: number }> {
      yield await Promise.resolve({ at: 0 });
      throw new Error('the ledger is gone');
    }
    await expect(buffer(parquetOf(broken(), NUMBERS, 'x'))).rejects.toThrow('the ledger is gone');
  });
});
