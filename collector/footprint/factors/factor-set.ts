import type { EmissionFactor } from './emission-factor.ts';

/** Which rows a footprint may take its averages from. Two sets are never mixed in one statement. */
export interface FactorSet {
  /** As statements name it: `default`, `official`, or the operator's own name. */
  name: string;
  allows: (row: EmissionFactor) => boolean;
}

/** The table of the default set: pinned, so that a newer table changes no record that nobody asked to change. */
export const DEFAULT_TABLE = 'ember-2026';

/** Life cycle, every country by one method: what figures are compared with. */
export const DEFAULT_SET: FactorSet = setOfTables('default', [DEFAULT_TABLE]);

/** What a state publishes for its own grid, by the state's own method: often burning alone, often CO2 alone. */
export const OFFICIAL_SET: FactorSet = { name: 'official', allows: (row) => row.isOfficial };

/** The rows of an operator's own tables, such as a supplier's or another publisher's. */
export function setOfTables(name: string, tables: readonly string[]): FactorSet {
  return { name, allows: (row) => tables.includes(row.table) };
}
