import { nothing, rectangular, UNCERTAINTY_SOURCES } from './contribution.ts';
import { sayFigure } from './limit.ts';
import { stateUncertainty, type KnownUncertainty, type UnknownUncertainty } from './uncertainty-statement.ts';

/** What is unknown does not hide a total while it is together at most this share of its energy. */
export const NEGLIGIBLE_SHARE = 0.01;

/**
 * An energy of which nothing can be said, as one that may be wrong by all of it: unqualified.
 *
 * @param what it is the energy of, for the note
 */
export function doubtAll(
  what: string,
  { energyMwh, missing }: Pick<UnknownUncertainty, 'energyMwh' | 'missing'>,
): KnownUncertainty {
  const facts = missing.map(({ fact }) => fact).join(', ');
  const note = `${what}, ${sayFigure(energyMwh / 1e6)} kWh, counted as wrong by all of it, unqualified: no ${facts}`;
  return stateUncertainty(
    energyMwh,
    UNCERTAINTY_SOURCES.map((source) =>
      source === 'meter'
        ? rectangular('meter', energyMwh, { percent: 100, isQualified: false, note })
        : nothing(source, 'in the line of the meter'),
    ),
  );
}
