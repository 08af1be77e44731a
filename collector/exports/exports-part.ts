import type { ExportSource } from './make-export.ts';

/** What a server that hands out exports needs of its collector. */
export interface ExportsPart {
  /**
   * What records are made from. Throws errors of class `refuse`: `no-footprint` where the configuration says nothing of
   * footprints, and as `loadFactors` where a table of factors cannot be read.
   */
  from: () => ExportSource;
  /** Machines that the ledger knows. */
  machines: () => readonly string[];
  /** Wall ms of what a person wrote, a date being a day of the site; throws an error of class `refuse` (code `bad-time`). */
  readTime: (text: string, name: string) => number;
}
