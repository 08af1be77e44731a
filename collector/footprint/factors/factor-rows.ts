import { decimalOf, textOf } from '../figures/decimal.ts';
import type { EmissionFactor } from './emission-factor.ts';

/** A row as its table's reader gives it: numbers are texts that nobody vouches for yet. */
export type FactorTexts = Omit<EmissionFactor, 'gCo2ePerKwh' | 'standardPercent'> & {
  gCo2ePerKwh: string;
  standardPercent: string | null;
};

/** Rows to compute with, their numbers in canonical text. Throws an error of class `refuse` (code `bad-decimal`) on what is no number. */
export function emissionFactorsOf(rows: readonly FactorTexts[]): EmissionFactor[] {
  return rows.map((row) => ({
    ...row,
    gCo2ePerKwh: textOf(decimalOf(row.gCo2ePerKwh)),
    standardPercent: row.standardPercent === null ? null : textOf(decimalOf(row.standardPercent)),
  }));
}

/** Values of single hours of UTC for one row, g/kWh; what the row says of gases, boundary and losses holds for them. */
export interface HourlyValues {
  /** Id of the row. */
  factor: string;
  /** By the beginning of the hour: `2026-06-01T00:00:00.000Z`. */
  gCo2ePerKwh: ReadonlyMap<string, string>;
  /** SHA-256 of the whole series, base64url. */
  sha256: string;
}
