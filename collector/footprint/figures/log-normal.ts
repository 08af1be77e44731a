import { decimalOf, decimalOfNumber, numberOf, type DecimalText } from './decimal.ts';

/** More digits than any meter has; fewer than those in which the last places of Math.exp and Math.log may differ. */
const PLACES = 12;

/** A log-normal distribution whose arithmetic mean is a figure. */
export interface LogNormal {
  /** e^mu, in the unit of the figure. */
  geomMean: number;
  /** e^sigma, >= 1. */
  geomSd: number;
  /** Mean and standard deviation of the natural logarithm. */
  mu: number;
  sigma: number;
}

/**
 * The log-normal distribution with a figure as its mean and a relative standard uncertainty: sigma^2 = ln(1 + u^2) and what a
 * pedigree adds to it; the median lies at mean / exp(sigma^2 / 2), which is mean / sqrt(1 + u^2) where it adds nothing. No basic
 * uncertainty is added, such as databases have for what was not measured: it would count the same doubt twice. Null where
 * there is no spread or no logarithm (u or the figure not above 0).
 * @param relative 0.0115 for 1.15 %
 * @param pedigreeVariance of the logarithm, >= 0
 */
export function logNormalOf(mean: DecimalText, relative: number, pedigreeVariance = 0): LogNormal | null {
  const value = numberOf(decimalOf(mean));
  if (!(value > 0) || !(relative > 0) || !Number.isFinite(relative)) return null;
  const variance = Math.log1p(relative * relative) + pedigreeVariance;
  const sigma = rounded(Math.sqrt(variance));
  const mu = rounded(Math.log(value) - variance / 2);
  return { geomMean: rounded(Math.exp(mu)), geomSd: rounded(Math.exp(sigma)), mu, sigma };
}

function rounded(value: number): number {
  return numberOf(decimalOfNumber(value, PLACES));
}
