/** Two figures of a boundary are enough: more would promise what no histogram knows. */
const DIGITS = 2;
/** Closer than the histogram's own bins. */
const DIGITS_MAX = 3;

/**
 * A boundary as it is proposed: with two significant digits, or with three where two would take it more than half the way
 * to one of the levels that it is between, or past it.
 * @param lowerW power of the level below, W
 * @param upperW power of the level above, W
 */
export function roundBoundary(exactW: number, lowerW: number, upperW: number): number {
  const rounded = Number(exactW.toPrecision(DIGITS));
  const isNear = rounded > Math.sqrt(exactW * lowerW) && rounded < Math.sqrt(exactW * upperW);
  return isNear ? rounded : Number(exactW.toPrecision(DIGITS_MAX));
}
