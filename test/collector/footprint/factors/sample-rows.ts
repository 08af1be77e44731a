import * as fc from 'fast-check';
import type { EmissionFactor } from '../../../../collector/footprint/factors/emission-factor.ts';
import { decimalOf, textOf } from '../../../../collector/footprint/figures/decimal.ts';
import { SAMPLE_FACTOR } from '../sample-record.ts';

/** A row that differs from the sample in what is told; its id names table, region and year. */
export function rowOf(told: Partial<EmissionFactor> & { suffix?: string }): EmissionFactor {
  const { suffix, ...columns } = told;
  const row = { ...SAMPLE_FACTOR, ...columns };
  const id = `${row.table}/${row.region}/${row.year}${suffix === undefined ? '' : `/${suffix}`}`;
  return { ...row, id, sha256: id };
}

/** Rows of few regions and years, so that many compete; values of up to three digits behind the point. */
export const arbitraryRows: fc.Arbitrary<EmissionFactor[]> = fc
  .array(
    fc.record({
      table: fc.constantFrom('a', 'b'),
      region: fc.constantFrom('VN', 'CN', 'CN-N', 'WORLD'),
      year: fc.integer({ min: 2021, max: 2026 }),
      gCo2ePerKwh: fc
        .integer({ min: 0, max: 1_500_000 })
        .map((digits) => textOf({ digits: BigInt(digits), scale: 3 })),
      gases: fc.constantFrom('CO2' as const, 'CO2e' as const),
      boundary: fc.constantFrom('direct' as const, 'life-cycle' as const, 'upstream' as const),
      basis: fc.constantFrom(
        'generation' as const,
        'consumption' as const,
        'residual' as const,
        'contract' as const,
        'on-site' as const,
        'marginal' as const,
      ),
      losses: fc.constantFrom('included' as const, 'excluded' as const, 'not-stated' as const),
      standardPercent: fc.constantFrom(null, textOf(decimalOf('3'))),
      isOfficial: fc.boolean(),
    }),
    { minLength: 1, maxLength: 30 },
  )
  .map((told) => told.map((columns, at) => rowOf({ ...columns, suffix: String(at) })));
