import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { checkBrightway } from '../../../../collector/footprint/exports/brightway/check-brightway.ts';
import { readCsv } from '../../../../collector/footprint/exports/brightway/read-csv.ts';
import { writeBrightway } from '../../../../collector/footprint/exports/brightway/write-brightway.ts';
import { checkOpenlca } from '../../../../collector/footprint/exports/openlca/check-openlca.ts';
import { writeOpenlca } from '../../../../collector/footprint/exports/openlca/write-openlca.ts';
import {
  decimalOf,
  dividedBy,
  plus,
  roundTo,
  textOf,
  times,
  wholeDecimal,
} from '../../../../collector/footprint/figures/decimal.ts';
import type { FootprintRecord } from '../../../../collector/footprint/record/footprint-record.ts';
import { uuidOf } from '../../../../protocols/evidence/uuid5.ts';
import { samplePart } from '../sample-record.ts';

const SEED = process.env['MILLWATT_TEST_SEED'];
const PATH = process.env['MILLWATT_TEST_PATH'];
const REPLAY = 'npx vitest run test/collector/footprint/exports/inventory-figures.test.ts';

/** A part's record with figures as a site may have them: 1 Wh to 10 GWh, one piece to a million, two factors, losses. */
const figures = fc
  .record({
    mWh: fc.integer({ min: 1000, max: 9_000_000_000_000 }),
    count: fc.integer({ min: 1, max: 1_000_000 }),
    grams: fc.tuple(fc.integer({ min: 0, max: 15_000 }), fc.integer({ min: 0, max: 15_000 })),
    share: fc.integer({ min: 0, max: 100 }),
    losses: fc.integer({ min: 0, max: 20 }),
    expanded: fc.option(fc.tuple(fc.integer({ min: 1, max: 400 }), fc.integer({ min: 0, max: 400 }))),
  })
  .map(({ mWh, count, grams, share, losses, expanded }): FootprintRecord => {
    const record = samplePart();
    const [statement] = record.emissions;
    const energy = wholeDecimal(mWh, 6);
    const first = roundTo(times(energy, wholeDecimal(share, 2)), 6);
    const parts = [first, plus(energy, times(first, wholeDecimal(-1)))];
    const rows = record.evidence.factors.map((row, at) => ({
      ...row,
      gCo2ePerKwh: textOf(wholeDecimal(grams[at] ?? 0, 1)),
    }));
    if (statement === undefined || rows.length !== 2) throw new Error('the sample has changed');
    const used = rows.map(({ id, gCo2ePerKwh }, at) => {
      const kWh = parts[at] ?? energy;
      return {
        id,
        energyKwh: textOf(kWh),
        kgCo2e: textOf(roundTo(times(kWh, times(decimalOf(gCo2ePerKwh), wholeDecimal(1, 3))), 6)),
      };
    });
    const generated = used.map(({ kgCo2e }) => decimalOf(kgCo2e)).reduce(plus);
    const lost = roundTo(times(generated, wholeDecimal(losses, 2)), 6);
    const kg = plus(generated, lost);
    const [u, more] = expanded ?? [0, 0];
    return {
      ...record,
      activity: {
        ...record.activity,
        energyKwh: textOf(energy),
        perUnitKwh: textOf(dividedBy(energy, wholeDecimal(count), 6)),
      },
      functionalUnit: { ...record.functionalUnit, count: textOf(wholeDecimal(count)) },
      uncertainty: {
        ...record.uncertainty,
        expandedPercent: expanded === null ? null : textOf(wholeDecimal(u, 1)),
      },
      emissions: [
        {
          ...statement,
          factors: used,
          lossesKgCo2e: textOf(lost),
          kgCo2e: textOf(kg),
          perUnitKgCo2e: textOf(dividedBy(kg, wholeDecimal(count), 6)),
          expandedPercent: expanded === null ? null : textOf(wholeDecimal(u + more, 1)),
        },
      ],
      evidence: { ...record.evidence, factors: rows },
    };
  });

it('openLCA and Brightway get the same figures, and from them the emissions that the record says', () => {
  const property = fc.property(figures, (record) => {
    const files = writeOpenlca(record, { uuidOf });
    const [sheet] = writeBrightway(record, { uuidOf });
    expect(checkOpenlca(files)).toEqual([]);
    expect(checkBrightway(sheet === undefined ? [] : [sheet])).toEqual([]);
    const rows = readCsv(String(sheet?.content)).filter((row) => row.length > 10);
    const kwh = rows.find(([name, , unit]) => unit === 'kilowatt hour' && name !== 'name')?.[1] ?? '';
    const kgPerKwh = rows.find(([, , unit]) => unit === 'kilogram')?.[1] ?? '';
    expect(kwh).toBe(record.activity.perUnitKwh);
    const exchanges = files
      .filter(({ path }) => path.startsWith('processes/'))
      .flatMap(
        ({ content }) => (JSON.parse(String(content)) as { exchanges: { amount: number }[] }).exchanges,
      );
    const amounts = exchanges.map(({ amount }) => amount);
    expect(amounts).toContain(Number(kwh));
    expect(amounts).toContain(Number(kgPerKwh));
    // The kWh are rounded to 1e-6, the kg as well: 5e-7 each, the first times at most 1.8 kg/kWh.
    const kg = Number(record.emissions[0]?.perUnitKgCo2e);
    const slack = 1.5e-6 + 1e-11 * Number(kwh) + 1e-15 * kg;
    expect(Math.abs(Number(kwh) * Number(kgPerKwh) - kg)).toBeLessThan(slack);
  });
  fc.assert(property, {
    numRuns: 300,
    ...(SEED === undefined ? {} : { seed: Number(SEED) }),
    ...(PATH === undefined ? {} : { path: PATH }),
    reporter: (details) => {
      if (!details.failed) return;
      const replay = `MILLWATT_TEST_SEED=${details.seed} MILLWATT_TEST_PATH=${details.counterexamplePath}`;
      throw new Error(`${fc.defaultReportMessage(details)}\n\nto try it again: ${replay} ${REPLAY}`);
    },
  });
});
