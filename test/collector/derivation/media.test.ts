import { expect, test } from 'vitest';
import type { MeasuredChannel } from '../../../protocols/telemetry/channel.ts';
import { Bench } from './derivation-bench.ts';
import { CHANNELS, MACHINE, PlantFeed, START_MS } from './plant-feed.ts';

const AIR: MeasuredChannel = {
  kind: 'measured',
  id: `${MACHINE}.compressedAir.gasVolume`,
  machine: MACHINE,
  component: 'compressedAir',
  quantity: 'gasVolume',
  phase: 'total',
  source: 'air',
  point: '40001',
  // Raw counts of 10 litres: 1/100 Nm3.
  scale: ['1', '100'],
  counter: { behaviour: 'monotone' },
};

test('air that a meter counts is in the hour as whole norm litres, apart from energy', async () => {
  const bench = await Bench.open();
  const feed = new PlantFeed({ channels: [...CHANNELS, AIR] });
  const rows = Array.from({ length: 180 }, (_, row) => START_MS + row * 10_000);
  await bench.append(
    feed.config(),
    feed.say({
      rows: [
        {
          source: 'meter',
          everyMs: 10_000,
          timesMs: rows,
          columns: { [`${MACHINE}.supply.activePower`]: rows.map(() => 1000) },
        },
        // 3 counts (30 l) every 10 s from 1234 on.
        {
          source: 'air',
          everyMs: 10_000,
          timesMs: rows,
          columns: { [AIR.id]: rows.map((_, row) => 1234 + 3 * row) },
        },
      ],
      sealedToMs: START_MS + 1_800_000,
    }),
  );
  const [hour] = await bench.derive();
  // 179 steps of 30 l.
  expect(hour?.media).toEqual({ compressedAir: 5370 });
  expect(Object.keys(hour?.energy.componentMwh ?? {})).toEqual(['supply']);
  const [base] = bench.views.bases(MACHINE, 0, Number.MAX_SAFE_INTEGER);
  expect(base?.media['compressedAir']?.reduce((sum, litres) => sum + litres, 0)).toBe(5370);
  expect(bench.views.minute(AIR.id, START_MS)?.last).toBeCloseTo((1234 + 15) / 100, 9);
});
