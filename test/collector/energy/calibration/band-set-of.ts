import type { BandSet } from '../../../../collector/energy/band-set.ts';
import type { Proposal } from '../../../../collector/energy/calibration/proposal.ts';

/** A proposal as the bands it would become. */
export function bandSetOf({ bands, hysteresis, dwellMs }: Proposal): BandSet {
  return { version: 1, fromMs: -Infinity, bands, hysteresis, dwellMs };
}
