import { createHash } from 'node:crypto';

/** What may stand in the columns of a factor table that know a few words only. */
export const FACTOR_WORDS = {
  gases: ['CO2', 'CO2e'],
  gwp: ['AR4', 'AR5', 'AR6'],
  boundary: ['direct', 'life-cycle', 'upstream'],
  basis: ['generation', 'consumption', 'residual', 'contract', 'on-site', 'marginal'],
  losses: ['included', 'excluded', 'not-stated'],
  readIn: ['source', 'secondary'],
} as const;
type Word<Column extends keyof typeof FACTOR_WORDS> = (typeof FACTOR_WORDS)[Column][number];

/** One row of a factor table, as collector/footprint computes with it; numbers are canonical decimal texts. */
export interface FactorRow {
  /** `table/region/year`, with `/n` behind it where a table has several. */
  id: string;
  table: string;
  region: string;
  year: number;
  gCo2ePerKwh: string;
  gases: Word<'gases'>;
  gwp: Word<'gwp'> | null;
  boundary: Word<'boundary'>;
  basis: Word<'basis'>;
  losses: Word<'losses'>;
  isOfficial: boolean;
  isSupplierSpecific: boolean;
  /** Standard uncertainty, % of the value. */
  standardPercent: string | null;
  readIn: Word<'readIn'>;
  source: string;
  reference: string;
  licence: string;
  /** SHA-256 of its canonical text, base64url. */
  sha256: string;
}

/** The columns of a factor table, in the order of the canonical text. */
export const FACTOR_COLUMNS = [
  'id',
  'region',
  'year',
  'gCo2ePerKwh',
  'gases',
  'gwp',
  'boundary',
  'basis',
  'losses',
  'isOfficial',
  'isSupplierSpecific',
  'standardPercent',
  'readIn',
  'source',
  'reference',
  'licence',
] as const;
export type FactorColumn = (typeof FACTOR_COLUMNS)[number];

/**
 * The one text of a row, whatever the file's quoting, line ends or order of columns: a JSON list of texts in the order of
 * FACTOR_COLUMNS; what is not known is empty. Its SHA-256 is the row's.
 */
export function canonicalFactorText(row: Omit<FactorRow, 'sha256'>): string {
  return JSON.stringify(
    FACTOR_COLUMNS.map((column) => {
      const value = row[column];
      if (typeof value === 'boolean') return value ? 'yes' : 'no';
      return value === null ? '' : String(value);
    }),
  );
}

/** SHA-256 of a text in UTF-8, base64url. */
export function sha256Of(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('base64url');
}

/** `475.0` as `475`, `0.50` as `0.5`; undefined for anything but digits with at most one point and digits behind it. */
export function canonicalDecimal(text: string): string | undefined {
  const [, whole, fraction = ''] = /^(\d{1,20})(?:\.(\d{1,20}))?$/.exec(text) ?? [];
  if (whole === undefined) return undefined;
  const [lead, tail] = [whole.replace(/^0+(?=\d)/, ''), fraction.replace(/0+$/, '')];
  return tail === '' ? lead : `${lead}.${tail}`;
}
