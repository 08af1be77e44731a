import type { DecimalText } from '../figures/decimal.ts';

/** What a factor counts: burning the fuel, that and everything before and around it, or only what comes before. */
export type FactorBoundary = 'direct' | 'life-cycle' | 'upstream';
/** Which electricity a factor is of. `marginal` is for projects: no footprint may be computed with it. */
export type ElectricityBasis =
  | 'generation'
  | 'consumption'
  | 'residual'
  | 'contract'
  | 'on-site'
  | 'marginal';
/** Whether losses of transmission and distribution are in the factor. */
export type LossesIn = 'included' | 'excluded' | 'not-stated';

/**
 * One row of a factor table. Rows are immutable: another value is another row, with another id. A figure names the row and
 * its hash.
 */
export interface EmissionFactor {
  /** `table/region/year`, with `/n` behind it where a table has several: letters, digits, `.`, `_`, `-` and `/`. */
  id: string;
  /** The table it is from, with its vintage: `ember-2026`, or the operator's own name. */
  table: string;
  /** ISO 3166-1 alpha-2, that with a subdivision (`CN-N`), `EU` or `WORLD`. */
  region: string;
  /** Year the electricity was made in. */
  year: number;
  gCo2ePerKwh: DecimalText;
  /** `CO2`: other gases are left out, and the report says so. */
  gases: 'CO2' | 'CO2e';
  /** Set of global warming potentials (100 years); null where the source does not say. */
  gwp: 'AR4' | 'AR5' | 'AR6' | null;
  boundary: FactorBoundary;
  basis: ElectricityBasis;
  losses: LossesIn;
  /** Issued by a state's authority for its own grid. */
  isOfficial: boolean;
  /** Whether its publisher is the supplier of this electricity: only then is it primary data. */
  isSupplierSpecific: boolean;
  source: string;
  /** DOI, address or document in which the value stands. */
  reference: string;
  licence: string;
  /** Where the value was read: in the source itself, or quoted by somebody else. */
  readIn: 'source' | 'secondary';
  /** Standard uncertainty in % of the value, where the source states one; null where it does not. */
  standardPercent: DecimalText | null;
  /** SHA-256 of the row's canonical text (docs/factors.md), base64url. */
  sha256: string;
}
