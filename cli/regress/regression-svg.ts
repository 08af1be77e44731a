import { predictAt } from '../../collector/footprint/regression/fit-line.ts';
import {
  significantText,
  type RegressionReport,
} from '../../collector/reports/footprint/regression-report.ts';
import { text } from '../calibrate/svg-text.ts';
import { BAND_STEPS, scaleOf } from './regression-scale.ts';

const [WIDTH, HEIGHT] = [880, 540];
const BOX = { x: 70, y: 64, width: 780, height: 380 };
const STYLE = `text{font-family:system-ui,sans-serif;font-size:13px;fill:#1b1f24}.title{font-size:17px;font-weight:600}.dim{fill:#57606a}
.grid{stroke:#d8dee4}.axis{stroke:#57606a;fill:none}.line{stroke:#0a5fb4;stroke-width:2;fill:none}.mean{fill:#0a5fb4;opacity:.16}
.one{stroke:#0a5fb4;stroke-width:1.2;stroke-dasharray:5 4;fill:none}.unit{fill:#b4450a}.bar{stroke:#b4450a;stroke-width:1.4}
.asked{fill:#fff;stroke:#0a5fb4;stroke-width:2}`;

/** The plot: machines with U (k = 2) of their meters, the line, and the bands of the line and of one more machine at 95 %. */
export function regressionSvg(report: RegressionReport): string {
  const { over, basis, units, line, predictions, period } = report;
  const { x, y } = scaleOf(report);
  const px = (value: number) => round(BOX.x + ((value - x.from) / (x.to - x.from)) * BOX.width);
  const py = (value: number) => round(BOX.y + BOX.height - ((value - y.from) / (y.to - y.from)) * BOX.height);
  const band = Array.from({ length: BAND_STEPS + 1 }, (_, n) =>
    predictAt(line, x.from + ((x.to - x.from) * n) / BAND_STEPS),
  );
  const path = (points: readonly { x: number; y: number }[]) =>
    points.map((point, index) => `${index === 0 ? 'M' : 'L'}${px(point.x)} ${py(point.y)}`).join('');
  const edge = (of: 'lineHalf' | 'pointHalf', sign: 1 | -1) =>
    band.map((at) => ({ x: at.x, y: at.y + sign * at[of] }));
  const { slope, intercept, rSquared, residualDeviation, count } = line;
  const s = (value: number) => significantText(value, 4);
  const equation = `kWh/h = ${s(intercept)} ${slope < 0 ? '−' : '+'} ${s(Math.abs(slope))} × ${over}`;
  const worth = `n = ${count}${rSquared === null ? '' : `, R² = ${significantText(rSquared, 3)}`}, residuals s = ${s(residualDeviation)} kWh/h`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img">`,
    `<title>${escape(`kWh per machine-hour over ${over}`)}</title>`,
    `<style>${STYLE}</style><rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    `<clipPath id="box"><rect x="${BOX.x}" y="${BOX.y}" width="${BOX.width}" height="${BOX.height}"/></clipPath>`,
    text(BOX.x, 28, `kWh per machine-hour (${basis}) over ${over}, ${period.name}`, 'title'),
    text(BOX.x, 49, `${equation};  ${worth}`, 'dim'),
    ...y.marks.flatMap((mark) => [
      `<line class="grid" x1="${BOX.x}" x2="${BOX.x + BOX.width}" y1="${py(mark)}" y2="${py(mark)}"/>`,
      text(BOX.x - 8, py(mark) + 4, String(mark), 'dim', 'end'),
    ]),
    ...x.marks.map((mark) => text(px(mark), BOX.y + BOX.height + 20, String(mark), 'dim', 'middle')),
    text(BOX.x + BOX.width / 2, BOX.y + BOX.height + 42, over, '', 'middle'),
    text(14, BOX.y - 8, 'kWh/h', 'dim'),
    '<g clip-path="url(#box)">',
    `<path class="mean" d="${path([...edge('lineHalf', 1), ...edge('lineHalf', -1).reverse()])}Z"/>`,
    `<path class="one" d="${path(edge('pointHalf', 1))}"/><path class="one" d="${path(edge('pointHalf', -1))}"/>`,
    `<path class="line" d="${path(band)}"/>`,
    ...units.map(({ parameter, kwhPerHour, expandedPercent }) => {
      const [at, value] = [px(Number(parameter)), Number(kwhPerHour)];
      const half = (value * Number(expandedPercent ?? 0)) / 100;
      const bar =
        half === 0
          ? ''
          : `<line class="bar" x1="${at}" x2="${at}" y1="${py(value - half)}" y2="${py(value + half)}"/>`;
      return `${bar}<circle class="unit" cx="${at}" cy="${py(value)}" r="4.5"/>`;
    }),
    ...predictions.map(
      (one) =>
        `<rect class="asked" x="${px(one.x) - 5}" y="${py(one.y) - 5}" width="10" height="10" transform="rotate(45 ${px(one.x)} ${py(one.y)})"/>`,
    ),
    '</g>',
    ...units.map(({ machine, parameter, kwhPerHour }) => {
      const [at, value] = [px(Number(parameter)), Number(kwhPerHour)];
      // On the side of the point that the line leaves free.
      const isAbove = value >= intercept + slope * Number(parameter);
      const isLeft = isAbove === slope >= 0;
      return text(
        at + (isLeft ? -8 : 8),
        py(value) + (isAbove ? -8 : 17),
        machine,
        'dim',
        isLeft ? 'end' : 'start',
      );
    }),
    `<path class="axis" d="M${BOX.x} ${BOX.y}V${BOX.y + BOX.height}H${BOX.x + BOX.width}"/>`,
    text(
      BOX.x,
      HEIGHT - 18,
      `● machine, bar: U (k = 2) of its meters  |  shaded: the line, 95 %  |  dashed: one more machine, 95 %${predictions.length > 0 ? '  |  ◇ asked for' : ''}`,
      'dim',
    ),
    '</svg>',
    '',
  ].join('\n');
}

const round = (value: number) => Math.round(value * 10) / 10;
const escape = (words: string) => words.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
