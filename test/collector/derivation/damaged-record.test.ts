import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, it } from 'vitest';
import { flipReadably } from '../ledger/flip-readably.ts';
import type { SealedRecord } from '../../../protocols/evidence/seal.ts';
import { Bench } from './derivation-bench.ts';
import { watts } from '../../../protocols/telemetry/unit.ts';
import { PlantFeed, shiftOf, START_MS } from './plant-feed.ts';

const HOUR_MS = 3_600_000;
const SECOND_HOUR_MS = START_MS + HOUR_MS / 2;

/** Flips a bit of a record on the disk, so that it can still be read. */
function spoil(bench: Bench, { header, bytes }: SealedRecord): void {
  const folder = join(bench.folder, 'ledger');
  const file = readdirSync(folder).find((name) => name.startsWith('records-'));
  const db = new DatabaseSync(join(folder, String(file)));
  const flipped = flipReadably(bytes, bytes.length - (header.parts[0]?.bytes ?? 0));
  db.prepare('UPDATE record SET bytes = ? WHERE seq = ?').run(flipped, header.seq);
  db.close();
}

it('derives nothing from a record in which a bit has flipped, and says so of its hours', async () => {
  const bench = await Bench.open();
  const records = shiftOf(new PlantFeed(), 3);
  await bench.append(...records);
  const before = await bench.derive();
  expect(before.map(({ quality }) => quality)).toEqual(['measured', 'measured', 'measured', 'measured']);

  const damaged = records.find(
    ({ header }) => header.clock.wall + header.first >= SECOND_HOUR_MS + HOUR_MS / 4,
  );
  if (damaged === undefined) throw new Error('a record in the second hour');
  spoil(bench, damaged);

  await bench.startOver();
  const after = await bench.derive();
  expect(after[0]?.energy).toEqual(before[0]?.energy);
  expect(after[3]?.energy).toEqual(before[3]?.energy);
  expect(after[1]).toMatchObject({ quality: 'partial' });
  expect(after[1]?.reasons).toContain('gap');
  expect(after[1]?.measuredMs).toBeLessThan(HOUR_MS);
  expect(after[1]?.basis.records.flatMap(({ from, to }) => [from, to])).not.toEqual(
    before[1]?.basis.records.flatMap(({ from, to }) => [from, to]),
  );
  // In whatever order and however often it is read again.
  const all = await bench.derived();
  await bench.startOver();
  expect(await bench.derived()).toEqual(all);
  bench.model = { ...bench.model, stateMap: { READY: 'standby' as const } };
  await bench.restart();
  expect((await bench.derive())[1]).toMatchObject({ quality: 'partial' });
});

it.each(['before it was derived', 'after it was derived', 'and the collector starts again'])(
  'derives all again from a record that its agent has sent again; spoilt %s',
  async (when) => {
    const bench = await Bench.open();
    const records = shiftOf(new PlantFeed(), 3);
    await bench.append(...records);
    await bench.derive();
    await bench.startOver();
    const before = await bench.derived();
    const damaged = records.find(
      ({ header }) => header.clock.wall + header.first >= SECOND_HOUR_MS + HOUR_MS / 4,
    );
    if (damaged === undefined) throw new Error('a record in the second hour');
    spoil(bench, damaged);
    if (when === 'after it was derived') {
      // Met when the hours are computed again.
      const { model } = bench;
      bench.model = { ...model, ratedPowerW: watts(16_000) };
      await bench.restart();
      await bench.derive();
      bench.model = model;
      await bench.restart();
    } else await bench.startOver();
    expect((await bench.derive())[1]).toMatchObject({ quality: 'partial' });
    expect(bench.ledger.damaged()).toHaveLength(1);

    if (when === 'and the collector starts again') await bench.derivation.stop();
    expect(await bench.ledger.mend(damaged)).toBe(true);
    if (when === 'and the collector starts again') await bench.restart();
    expect(bench.ledger.damaged()).toEqual([]);
    expect(await bench.derived()).toEqual(before);
    // Once more it is no news, and nothing is taken twice.
    expect(await bench.ledger.mend(damaged)).toBe(false);
    expect(await bench.derived()).toEqual(before);
  },
);
