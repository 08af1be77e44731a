import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { verifyLedger } from '../../../collector/ledger/verify-ledger.ts';
import type { SealedRecord } from '../../../protocols/evidence/seal.ts';
import { Bench } from '../derivation/derivation-bench.ts';
import { MACHINE, PlantFeed } from '../derivation/plant-feed.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const EVERY_MS = 600_000;
/** Of March six days, of April twelve. */
const FROM_MS = Date.UTC(2026, 2, 26);
const DAYS = 18;
const PIECE_MS = 6 * HOUR_MS;
/** More with MILLWATT_TEST_LONG=1, for the long run. */
const RUNS = process.env['MILLWATT_TEST_LONG'] === '1' ? 200 : 4;

interface Piece {
  record: SealedRecord;
  fromMs: number;
  toMs: number;
}

/** Six hours a record: a meter with a counter, and a control that tells words; some are silent, some come late. */
function plantOf(pieces: readonly { watts: number; silent: boolean }[]): {
  config: SealedRecord;
  records: Piece[];
} {
  const feed = new PlantFeed({ bootMs: FROM_MS - 60_000 });
  const config = feed.config();
  let mwh = 0;
  const records = pieces.map(({ watts, silent }, index) => {
    const fromMs = FROM_MS + index * PIECE_MS;
    const timesMs = Array.from({ length: PIECE_MS / EVERY_MS }, (_, row) => fromMs + row * EVERY_MS);
    const powers = timesMs.map((_, row) => watts + 13 * (row % 5));
    const counters = powers.map((power) => {
      const before = mwh;
      mwh += Math.round((power * EVERY_MS) / HOUR_MS) * 1000;
      return before;
    });
    const record = feed.say({
      rows: silent
        ? []
        : [
            {
              source: 'meter',
              everyMs: EVERY_MS,
              timesMs,
              columns: {
                [`${MACHINE}.supply.activePower`]: powers,
                [`${MACHINE}.supply.activeEnergyImport`]: counters,
              },
            },
          ],
      words: [
        {
          channel: `${MACHINE}.control.execution`,
          source: 'control',
          timesMs: [fromMs + 1000],
          values: [watts > 1000 ? 'ACTIVE' : 'READY'],
        },
      ],
      sealedToMs: fromMs + PIECE_MS,
    });
    return { record, fromMs, toMs: fromMs + PIECE_MS };
  });
  return { config, records };
}

const piece = fc.record({
  watts: fc.integer({ min: 50, max: 9000 }),
  silent: fc.integer({ min: 0, max: 7 }).map((draw) => draw === 0),
});
const pieces = fc.array(piece, {
  minLength: (DAYS * DAY_MS) / PIECE_MS,
  maxLength: (DAYS * DAY_MS) / PIECE_MS,
});
const lateness = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 80, maxLength: 80 });

async function open(config: SealedRecord) {
  const bench = await Bench.open();
  bench.clock.stepTo(FROM_MS);
  await bench.append(config);
  return bench;
}

function verify(bench: Bench) {
  const steps = verifyLedger({
    folder: `${bench.folder}/ledger`,
    isKnownKey: () => true,
    readEnd: () => undefined,
    faultsMax: 9,
  });
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

test('whenever readings are let go, every figure stays as it was, also when the views are computed again', async () => {
  const prunings = fc.array(fc.integer({ min: 0, max: 71 }), { minLength: 1, maxLength: 3 });
  await fc.assert(
    fc.asyncProperty(pieces, lateness, prunings, async (said, late, prunedAt) => {
      const { config, records } = plantOf(said);
      const [plain, pruned] = [await open(config), await open(config)];
      // Late ones up to three pieces late.
      const arrivals = records
        .map((one, index) => ({ ...one, atMs: one.toMs + (late[index] ?? 0) * PIECE_MS }))
        .sort((a, b) => a.atMs - b.atMs);
      for (const [index, { record, atMs }] of arrivals.entries()) {
        for (const bench of [plain, pruned]) {
          bench.clock.stepTo(atMs);
          await bench.append(record);
        }
        if (prunedAt.includes(index)) await pruned.letGo();
      }
      const endMs = FROM_MS + DAYS * DAY_MS + 4 * PIECE_MS;
      plain.clock.stepTo(endMs);
      pruned.clock.stepTo(endMs);
      const expected = await plain.derived();
      expect(await pruned.derived()).toEqual(expected);
      expect(await pruned.letGo()).toMatchObject({ monthsPruned: 1, stuck: '' });
      expect(await pruned.derived()).toEqual(expected);
      expect(pruned.ledger.sizeBytes()).toBeLessThan(plain.ledger.sizeBytes());
      await pruned.restart();
      expect(await pruned.derived()).toEqual(expected);
      await pruned.startOver();
      expect(await pruned.derived()).toEqual(expected);
      const verdict = verify(pruned);
      expect(verdict).toMatchObject({ faults: 0, records: records.length + 1 });
      expect(verdict.months[0]?.headOnly).toBeGreaterThan(15);
      await plain.close();
      await pruned.close();
    }),
    { numRuns: RUNS, endOnFailure: true },
  );
}, 120_000);
