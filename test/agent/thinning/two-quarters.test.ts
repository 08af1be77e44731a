import { expect, test } from 'vitest';
import { countSamples } from '../../../protocols/telemetry/part.ts';
import { BOOT_MS, cutParts, EXECUTION, MACHINE, measured, ThinningPlant } from './thinning-plant.ts';

/* The arithmetic stands in test/cases/thinning/two-quarters/arithmetic.md. */
const MINUTE_MS = 60_000;
const FIRST_MS = Date.UTC(2026, 2, 2, 10, 10, 30) - BOOT_MS;
const WORD_MS = Date.UTC(2026, 2, 2, 10, 21) - BOOT_MS;
const TO_MS = FIRST_MS + 24 * MINUTE_MS;
const COUNTER = `${MACHINE}.supply.activeEnergyImport`;
const POWER = `${MACHINE}.supply.activePower`;

test('of a dozen readings over two quarter hours those stay that the hand-worked case keeps, and so does the hour', () => {
  const plant = new ThinningPlant([
    measured('supply', 'activePower'),
    measured('supply', 'activeEnergyImport', { scale: ['1', '1'] }),
    measured('supply', 'voltage'),
    EXECUTION,
  ]);
  const rows = Array.from({ length: 12 }, (_, row) => row);
  const parts = cutParts(
    [
      {
        source: 'meter',
        everyMs: 2 * MINUTE_MS,
        timesMs: rows.map((row) => FIRST_MS + row * 2 * MINUTE_MS),
        columns: {
          [POWER]: rows.map(() => 3000),
          [COUNTER]: rows.map((row) => 1000 + row * 100),
          [`${MACHINE}.supply.voltage`]: rows.map(() => 230),
        },
      },
    ],
    [[WORD_MS, 'ACTIVE']],
    4 * MINUTE_MS,
    TO_MS,
  );
  expect(parts.reduce((sum, part) => sum + countSamples(part), 0)).toBe(37);

  const thinned = plant.thin(parts);
  const kept = (channel: string) =>
    thinned.sampled
      .flatMap(({ everyMs, timesMs, columns }) =>
        timesMs.flatMap((atMs, index) => {
          const value = columns.get(channel)?.[index];
          return value === undefined ? [] : [[(atMs - FIRST_MS) / (2 * MINUTE_MS), value, everyMs] as const];
        }),
      )
      .sort(([a], [b]) => a - b);
  expect(kept(COUNTER)).toEqual([
    [0, 1000, 120_000],
    [1, 1100, 120_000],
    [2, 1200, 120_000],
    [3, 1300, 900_000],
    [9, 1900, 120_000],
    [10, 2000, 120_000],
    [11, 2100, 120_000],
  ]);
  expect(kept(POWER)).toEqual(rows.map((row) => [row, 3000, 120_000]));
  expect(kept(`${MACHINE}.supply.voltage`)).toEqual([]);
  expect(thinned.events).toEqual([
    { channel: EXECUTION.id, source: EXECUTION.source, timesMs: [WORD_MS], values: ['ACTIVE'] },
  ]);
  expect(countSamples(thinned)).toBe(20);

  for (const sealed of [parts, [thinned]]) {
    const hour = plant.hours(sealed, TO_MS).find(({ energy }) => (energy.supplyMwh ?? 0) > 0);
    expect(hour?.energy.supplyMwh).toBe(1_100_000);
    expect(hour?.timeMs.processing).toBe(11.5 * MINUTE_MS);
    expect(hour?.energy.stateMwh.processing).toBe(575_000);
  }
});
