import { MillwattError } from '../../../protocols/errors.ts';
import { studentT } from '../figures/student-t.ts';

/** A machine in the plot: its parameter, and what was measured of it. Units are those of whoever asks. */
export interface LinePoint {
  x: number;
  y: number;
}

/** A straight line through points, y = intercept + slope x, with what it is worth. */
export interface FittedLine {
  count: number;
  slope: number;
  intercept: number;
  /** Standard uncertainties. */
  slopeStandard: number;
  interceptStandard: number;
  /** Standard deviation of the residuals, with n - 2 degrees of freedom. */
  residualDeviation: number;
  degreesOfFreedom: number;
  /** Share of the variance of y that the line explains, 0..1; null where y does not vary. */
  rSquared: number | null;
  /** Range of x within which the line rests on points. */
  from: number;
  to: number;
  /** Mean of x, and the sum of squares of x around it. */
  meanX: number;
  squaresX: number;
}

/** What the line says of one x. */
export interface LinePrediction {
  x: number;
  y: number;
  /** Half widths at 95 %: of the line itself, and of one more point. */
  lineHalf: number;
  pointHalf: number;
  /** x is not within what the line rests on. */
  isExtrapolated: boolean;
}

/** Fewer points leave no residual: every two lie on a line. */
export const POINTS_MIN = 3;
const PROBABILITY = 0.95;

/**
 * Ordinary least squares of y on x, with its uncertainties (NIST/SEMATECH e-Handbook of statistical methods, 4.1.4.1 and 4.5.2.1;
 * Draper and Smith, chapter 1): slope Sxy / Sxx, u(slope) = s / sqrt(Sxx), u(intercept) = s sqrt(1/n + mean^2 / Sxx), s^2 = sum
 * of squared residuals / (n - 2). x is taken as exact, and all y as equally uncertain. Throws errors of class `refuse`:
 * `too-few-points`, `one-x`.
 */
export function fitLine(points: readonly LinePoint[]): FittedLine {
  const count = points.length;
  if (count < POINTS_MIN)
    throw new MillwattError(
      'refuse',
      'too-few-points',
      `${count === 1 ? '1 machine is' : `${count} machines are`} too few for a line: any two lie on one.`,
      { cure: `Measure at least ${POINTS_MIN} machines with different values of the parameter.` },
    );
  const meanX = sum(points.map(({ x }) => x)) / count;
  const meanY = sum(points.map(({ y }) => y)) / count;
  const squaresX = sum(points.map(({ x }) => (x - meanX) ** 2));
  const squaresY = sum(points.map(({ y }) => (y - meanY) ** 2));
  // A mean is rounded: of equal values it may not be one of them.
  if (points.every(({ x }) => x === points[0]?.x) || squaresX <= count * (1e-12 * meanX) ** 2)
    throw new MillwattError(
      'refuse',
      'one-x',
      `All machines have the same value of the parameter, ${points[0]?.x}.`,
      {
        cure: 'Take machines that differ in it; of one model, `millwatt export json --model` tells the scatter.',
      },
    );
  const slope = sum(points.map(({ x, y }) => (x - meanX) * (y - meanY))) / squaresX;
  const intercept = meanY - slope * meanX;
  const left = sum(points.map(({ x, y }) => (y - meanY - slope * (x - meanX)) ** 2));
  const degreesOfFreedom = count - 2;
  const residualDeviation = Math.sqrt(left / degreesOfFreedom);
  return {
    count,
    slope,
    intercept,
    slopeStandard: residualDeviation / Math.sqrt(squaresX),
    interceptStandard: residualDeviation * Math.sqrt(1 / count + meanX ** 2 / squaresX),
    residualDeviation,
    degreesOfFreedom,
    rSquared: points.every(({ y }) => y === points[0]?.y) ? null : 1 - left / squaresY,
    from: Math.min(...points.map(({ x }) => x)),
    to: Math.max(...points.map(({ x }) => x)),
    meanX,
    squaresX,
  };
}

/**
 * What the line says of an x, with t(n - 2) at 95 % (same sources): the line is uncertain by t s sqrt(1/n + (x - mean)^2 / Sxx),
 * one more machine by t s sqrt(1 + 1/n + (x - mean)^2 / Sxx).
 */
export function predictAt(line: FittedLine, x: number): LinePrediction {
  const { slope, intercept, count, meanX, squaresX, residualDeviation, degreesOfFreedom, from, to } = line;
  const t = studentT(PROBABILITY, degreesOfFreedom);
  const own = 1 / count + (x - meanX) ** 2 / squaresX;
  return {
    x,
    y: intercept + slope * x,
    lineHalf: t * residualDeviation * Math.sqrt(own),
    pointHalf: t * residualDeviation * Math.sqrt(1 + own),
    isExtrapolated: x < from || x > to,
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
