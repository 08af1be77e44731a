import type { MilliwattHours } from '../../../protocols/telemetry/unit.ts';
import { group, sayEnergy } from './say-figures.ts';

/** A figure, or why there is none; either way with its arithmetic or reason in words. */
export interface PartFigure {
  value: number | null;
  saying: string;
}

/** Energy of a job by what it made. Scrap is carried by the good parts (footprint method, manufacturing energy). */
export interface PartEnergy {
  goodParts: number | null;
  scrapParts: number | null;
  /** E_job / good parts, Wh. */
  perGoodPartWh: PartFigure;
  /** E_job / (good + scrap parts), Wh: what a part took to make, good or not. For comparison, never for a footprint. */
  perMadePartWh: PartFigure;
  /** Energy that would have gone into scrap if every part took the same, Wh; it is within perGoodPartWh. */
  scrapWh: PartFigure;
  /** Specific energy E_job / m, Wh/kg. */
  perKgWh: PartFigure;
  /** Specific energy E_job / V, Wh/cm3 (x 3.6 = J/mm3). */
  perCm3Wh: PartFigure;
}

/**
 * Energy per part, per kg and per cm3 of a job. Where a divisor is 0 or was not told the figure is null and says why.
 *
 * @param name what it is the energy of, for the text: `job 4711`
 * @param energyMwh total of the job; null where it is not known
 */
export function derivePerPart(
  name: string,
  energyMwh: MilliwattHours | null,
  made: {
    goodParts: number | null;
    scrapParts: number | null;
    massKg: number | null;
    volumeCm3: number | null;
  },
): PartEnergy {
  const { goodParts, scrapParts, massKg, volumeCm3 } = made;
  const madeParts = goodParts === null || scrapParts === null ? null : goodParts + scrapParts;
  const by = (divisor: number | null, unit: string) => divideBy(name, energyMwh, divisor, unit);
  const perMade = by(madeParts, madeParts === 1 ? 'part made' : 'parts made');
  return {
    goodParts,
    scrapParts,
    perGoodPartWh: by(goodParts, goodParts === 1 ? 'good part' : 'good parts'),
    perMadePartWh: perMade,
    scrapWh: scrapEnergy(name, perMade, energyMwh, scrapParts, madeParts),
    perKgWh: by(massKg, 'kg'),
    perCm3Wh: by(volumeCm3, 'cm3'),
  };
}

function divideBy(
  name: string,
  energyMwh: MilliwattHours | null,
  divisor: number | null,
  unit: string,
): PartFigure {
  const none = (why: string) => ({ value: null, saying: `${name}: none, ${why}` });
  if (energyMwh === null) return none('its energy as a whole is not known');
  if (divisor === null) return none(`nobody told ${unit}`);
  if (!Number.isFinite(divisor) || divisor < 0) return none(`${divisor} ${unit} cannot be`);
  if (divisor === 0) return none(`${sayEnergy(energyMwh)} and 0 ${unit}: there is nothing to carry it`);
  const value = energyMwh / 1000 / divisor;
  return {
    value,
    saying: `${name}: ${sayEnergy(energyMwh)} / ${group(divisor)} ${unit} = ${group(value)} Wh`,
  };
}

function scrapEnergy(
  name: string,
  perMade: PartFigure,
  energyMwh: MilliwattHours | null,
  scrapParts: number | null,
  madeParts: number | null,
): PartFigure {
  if (perMade.value === null || energyMwh === null || scrapParts === null || madeParts === null)
    return { value: null, saying: perMade.saying };
  const value = perMade.value * scrapParts;
  return {
    value,
    // Typed with the rounded energy of a part, it would miss the last digits.
    saying: `${name}: ${group(scrapParts)} scrap x ${sayEnergy(energyMwh)} / ${group(madeParts)} made = ${group(value)} Wh`,
  };
}
