import { predictAt } from '../../collector/footprint/regression/fit-line.ts';
import type { RegressionReport } from '../../collector/reports/footprint/regression-report.ts';

/** Ranges of a plot, and what it shows within them. */
export interface PlotScale {
  x: Axis;
  y: Axis;
}

/** From, to and where its marks are, in the unit of the figure. */
export interface Axis {
  from: number;
  to: number;
  marks: number[];
}

const MARKS = 6;
/** Points of a band: straight between them. */
export const BAND_STEPS = 60;

/** Ranges that hold all machines and all that was asked for, with the band of one more machine where that is not far off. */
export function scaleOf({ units, line, predictions }: RegressionReport): PlotScale {
  const xs = [...units.map(({ parameter }) => Number(parameter)), ...predictions.map(({ x }) => x)];
  const [least, most] = [Math.min(...xs), Math.max(...xs)];
  const margin = 0.06 * (most - least);
  const x = { from: least - margin, to: most + margin };
  const ys = [
    ...units.map(({ kwhPerHour }) => Number(kwhPerHour)),
    ...predictions.map(({ y }) => y),
    ...[x.from, x.to].map((at) => line.intercept + line.slope * at),
  ];
  const band = Math.max(...[x.from, x.to].map((at) => predictAt(line, at).pointHalf));
  const spread = Math.max(...ys) - Math.min(...ys) || Math.abs(ys[0] ?? 0) || 1;
  // A band of a few machines is wider than any plot: the machines come first.
  const room = Math.min(band, 0.8 * spread) + 0.04 * spread;
  const y = { from: Math.max(0, Math.min(...ys) - room), to: Math.max(...ys) + room };
  return { x: axisOf(x), y: axisOf(y) };
}

/** Marks at round values: 1, 2 or 5 times a power of ten apart. */
function axisOf({ from, to }: { from: number; to: number }): Axis {
  const rough = (to - from) / MARKS;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((one) => one * power >= rough) ?? 10);
  const marks: number[] = [];
  for (let n = Math.ceil(from / step); n * step <= to; n++) marks.push(Number((n * step).toPrecision(12)));
  return { from, to, marks };
}
