import type { PowerSamples } from '../../collector/energy/calibration/power-samples.ts';
import type { Proposal } from '../../collector/energy/calibration/proposal.ts';
import type { OperatingState } from '../../protocols/telemetry/operating-state.ts';
import { sayPower } from '../../collector/energy/calibration/power-words.ts';
import { formatShare, formatSpan } from '../format.ts';
import { trimHistogram } from './histogram-range.ts';
import type { Subject } from './calibrate-report.ts';
import { sayConfidence, sayState } from './state-words.ts';
import { drawStrip } from './svg-strip.ts';
import { group, text, type Box } from './svg-text.ts';

const WIDTH = 960;
const HEIGHT = 660;
const HISTOGRAM: Box = { x: 56, y: 118, width: 872, height: 220 };
const STRIP: Box = { x: 56, y: 462, width: 872, height: 128 };

/**
 * A proposal as a picture of its own: time by power with the boundaries, and the readings with the states they would have.
 * Light and dark follow whoever looks at it.
 * @param zoneOffsetMin minutes that the clock of the plant is ahead of UTC
 * @param credit a line at the bottom: whose recording it is
 */
export function drawSvg(
  proposal: Proposal,
  samples: PowerSamples,
  about: { subject: Subject; zoneOffsetMin: number; credit?: string | undefined },
): string {
  const { subject, zoneOffsetMin, credit } = about;
  const { data, confidence, hysteresis, dwellMs } = proposal;
  const hold = `hysteresis ${Math.round(hysteresis * 100)} %, ${dwellMs === 0 ? 'no dwell' : `dwell ${formatSpan2(dwellMs)}`}`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img" aria-label="Calibrated states of ${escapeText(subject.name)}">`,
    STYLE,
    `<rect class="page" width="${WIDTH}" height="${HEIGHT}" rx="10"/>`,
    text(28, 40, subject.name, 'title'),
    text(
      28,
      62,
      `${subject.what} · ${formatSpan(data.measuredMs)} of readings, ${data.samples.toLocaleString('en')} of them · ${hold}`,
      'soft',
    ),
    ...drawConfidence(confidence),
    ...drawHistogram(proposal),
    text(28, STRIP.y - 28, 'The readings, and the states they would have', 'head'),
    ...drawStrip(proposal, samples, STRIP, zoneOffsetMin),
    text(
      28,
      HEIGHT - 16,
      credit ?? 'Height of the histogram: square root of time. Power is logarithmic in both pictures.',
      'faint',
    ),
    '</svg>',
    '',
  ].join('\n');
}

function drawConfidence(confidence: number): string[] {
  const dots = Array.from({ length: 5 }, (_, index) => {
    const isFull = index < Math.round(confidence * 5);
    return `<circle cx="${WIDTH - 110 + index * 17}" cy="34" r="5.5" class="${isFull ? 'dot' : 'ring'}"/>`;
  });
  return [
    ...dots,
    text(WIDTH - 28, 62, `confidence ${confidence.toFixed(2)}, ${sayConfidence(confidence)}`, 'soft', 'end'),
  ];
}

function drawHistogram(proposal: Proposal): string[] {
  const { bands, levels } = proposal;
  const counting = proposal.boundaries.filter(({ counts }) => counts);
  const { fromDecade, binDecades, shares } = trimHistogram(proposal);
  const decades = shares.length * binDecades;
  const { x, y, width, height } = HISTOGRAM;
  const xOf = (powerW: number) => x + ((Math.log10(powerW) - fromDecade) / decades) * width;
  const highest = Math.sqrt(Math.max(...shares));
  const stateAt = (powerW: number): OperatingState =>
    bands.find(({ belowW }) => belowW === null || powerW < belowW)?.state ?? 'unknown';
  const bars = new Map<OperatingState, string>();
  shares.forEach((share, bin) => {
    if (share === 0) return;
    const state = stateAt(10 ** (fromDecade + (bin + 0.5) * binDecades));
    const left = x + (bin / shares.length) * width;
    const tall = Math.max(1, (Math.sqrt(share) / highest) * height);
    bars.set(
      state,
      `${bars.get(state) ?? ''}M${round(left)} ${round(y + height)}v${round(-tall)}h${round(width / shares.length + 0.3)}v${round(tall)}z`,
    );
  });
  const ticks = ticksOf(fromDecade, decades);
  let from = x;
  const names = bands.flatMap(({ state, belowW }) => {
    const to = belowW === null ? x + width : Math.min(x + width, Math.max(x, xOf(belowW)));
    const middle = (from + to) / 2;
    const room = to - from;
    const share = proposal.outcome.timeMs[state] ?? 0;
    const tint = `<rect x="${round(from)}" y="${y - 8}" width="${round(room)}" height="${height + 8}" class="tint ${state}"/>`;
    from = to;
    if (room < 34) return [tint];
    const name = sayState(state);
    const words = room < name.length * 7.5 ? name.split(' ').slice(-1) : [name];
    return [
      tint,
      text(middle, y - 30, words.join(' '), `name ${state}`, 'middle'),
      text(middle, y - 14, formatShare(share / proposal.data.measuredMs), 'soft small', 'middle'),
    ];
  });
  return [
    ...names,
    ...ticks.flatMap((powerW) => [
      `<path d="M${round(xOf(powerW))} ${y - 8}V${y + height}" class="grid"/>`,
      // The dotted line of a boundary would run through its figures.
      ...(counting.some((boundary) => Math.abs(xOf(boundary.powerW) - xOf(powerW)) < 26)
        ? []
        : [text(xOf(powerW), y + height + 20, sayPower(powerW), 'soft small', 'middle')]),
    ]),
    ...group([...bars].map(([state, path]) => `<path d="${path}" class="bar ${state}"/>`)),
    `<path d="M${x} ${y + height}H${x + width}" class="axis"/>`,
    ...(counting.every(({ powerW }) => xOf(powerW) > x + 90)
      ? [text(28, y + height + 44, 'boundary', 'faint'), text(28, y + height + 58, 'confidence', 'faint')]
      : []),
    ...counting.flatMap(({ powerW, confidence }) => [
      `<path d="M${round(xOf(powerW))} ${y - 40}V${y + height + 30}" class="boundary"/>`,
      text(xOf(powerW), y + height + 44, sayPower(powerW), 'strong', 'middle'),
      text(xOf(powerW), y + height + 58, confidence.toFixed(2), 'faint', 'middle'),
    ]),
    ...levels.map(
      ({ powerW }) => `<path d="M${round(xOf(powerW) - 4)} ${y + height + 1}l4 6 4 -6z" class="level"/>`,
    ),
  ];
}

function ticksOf(fromDecade: number, decades: number): number[] {
  const powers: number[] = [];
  const factors = decades < 1.8 ? [1, 2, 5] : [1];
  for (let decade = Math.floor(fromDecade); decade <= fromDecade + decades; decade++)
    for (const factor of factors) powers.push(factor * 10 ** decade);
  return powers.filter((powerW) => {
    const at = Math.log10(powerW) - fromDecade;
    return at >= 0.02 * decades && at <= 0.98 * decades;
  });
}

function formatSpan2(spanMs: number): string {
  return spanMs < 10_000 ? `${spanMs / 1000} s` : formatSpan(spanMs);
}

function escapeText(value: string): string {
  return value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

const STYLE = `<style>
svg{--page:#fff;--text:#1b2420;--soft:#5a6660;--faint:#8a948f;--line:#e0e4e1;--accent:#14695b;--processing:#1f8a66;--ready:#4c8fd6;--warmUp:#d9722e;--standby:#d8a93a;--extendedStandby:#a58a55;--off:#a3aca8;--unknown:#d5d9d7}
@media (prefers-color-scheme:dark){svg{--page:#1a201d;--text:#e8edea;--soft:#9aa7a1;--faint:#6f7a75;--line:#2c3531;--accent:#57c3aa;--processing:#35b488;--ready:#5b9ee3;--warmUp:#e2854a;--standby:#dcb24e;--extendedStandby:#a58f63;--off:#68736e;--unknown:#343d39}}
text{font:13px system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif;fill:var(--text)}
.page{fill:var(--page);stroke:var(--line)}.title{font-size:21px;font-weight:650}.head{font-weight:600}.soft{fill:var(--soft)}.small{font-size:12px}.faint{fill:var(--faint);font-size:11.5px}.strong{font-weight:650}.name{font-weight:650;font-size:14px}
.grid{stroke:var(--line);fill:none}.axis{stroke:var(--soft);fill:none}.boundary{stroke:var(--text);stroke-dasharray:2 4;fill:none}.level{fill:var(--soft)}.dot{fill:var(--accent)}.ring{fill:none;stroke:var(--line);stroke-width:2}.gap{fill:var(--line)}
.tint{opacity:.07}.bar{opacity:.92}.trace{fill:none;stroke-width:1.1}
${['processing', 'ready', 'warmUp', 'standby', 'extendedStandby', 'off', 'unknown']
  .map(
    (state) =>
      `rect.${state},path.bar.${state}{fill:var(--${state})}path.trace.${state}{stroke:var(--${state})}text.${state}{fill:var(--text)}`,
  )
  .join('\n')}
</style>`;
