import { classifyPower } from '../../collector/energy/calibration/classify-power.ts';
import {
  weighSamples,
  isJoined,
  type PowerSamples,
} from '../../collector/energy/calibration/power-samples.ts';
import type { Proposal } from '../../collector/energy/calibration/proposal.ts';
import type { OperatingState } from '../../protocols/telemetry/operating-state.ts';
import { sayPower } from '../../collector/energy/calibration/power-words.ts';
import { formatSpan } from '../format.ts';
import { text, type Box } from './svg-text.ts';

const GAP_PX = 12;
/** A gap that would be narrower than this on the axis of time is no bar: it would look many times as long as it was. */
const GAP_LEAST_PX = 2;
/** Gaps take at most this share of the width; the largest ones are shown then. */
const GAPS_SHARE_MAX = 0.3;
const RIBBON_PX = 12;
const LABEL_PX = 74;
/** Farther apart than this is a gap. */
const HOLD_PX = GAP_PX - 1;

/** What one column of pixels shows. */
interface Column {
  lowW: number;
  highW: number;
  lastW: number;
  stateMs: Map<OperatingState, number>;
  atMs: number;
}

/**
 * Power over time on a logarithmic axis, coloured by state, and a ribbon of states below it. Of gaps only those that
 * can hardly be seen have their own width: another is a narrow bar with its length written above.
 */
export function drawStrip(proposal: Proposal, raw: PowerSamples, box: Box, zoneOffsetMin: number): string[] {
  const samples = weighSamples(raw);
  const bands = classifyPower({ version: 0, fromMs: -Infinity, ...proposal }, samples);
  const leastMs = (samples.measuredMs / box.width) * GAP_LEAST_PX;
  const gapsMax = Math.floor((box.width * GAPS_SHARE_MAX) / GAP_PX);
  const all = Array.from(samples.timesMs, (atMs, row) =>
    row + 1 === samples.timesMs.length || isJoined(samples, row) ? 0 : samples.timesMs[row + 1]! - atMs,
  );
  const lengths = all.filter((spanMs) => spanMs >= Math.max(1, leastMs)).sort((a, b) => b - a);
  // They keep their own width, so that the times below stay right.
  const smallMs = all.reduce((sum, spanMs) => (spanMs < leastMs ? sum + spanMs : sum), 0);
  const shownMs = lengths[gapsMax - 1] ?? leastMs;
  const shown = Math.min(lengths.length, gapsMax);
  const scale = (box.width - shown * GAP_PX) / Math.max(1, samples.measuredMs + smallMs);
  const columns = new Map<number, Column>();
  const gaps: { x: number; spanMs: number }[] = [];
  const starts: { x: number; atMs: number }[] = [{ x: 0, atMs: samples.timesMs[0]! }];
  let left = 0;
  let drawn = 0;
  for (let row = 0; row < samples.timesMs.length; row++) {
    const at = Math.min(box.width - 1, Math.floor(left));
    const column = columns.get(at) ?? {
      lowW: Infinity,
      highW: -Infinity,
      lastW: 0,
      stateMs: new Map(),
      atMs: samples.timesMs[row]!,
    };
    columns.set(at, column);
    const powerW = Math.max(samples.powersW[row]!, proposal.histogram.floorW);
    // Joined to the reading before, so that the trace is one line between gaps.
    const beforeW =
      row > 0 && isJoined(samples, row - 1)
        ? Math.max(samples.powersW[row - 1]!, proposal.histogram.floorW)
        : powerW;
    column.lowW = Math.min(column.lowW, powerW, beforeW);
    column.highW = Math.max(column.highW, powerW, beforeW);
    column.lastW = powerW;
    const state = proposal.bands[bands[row]!]?.state ?? 'unknown';
    column.stateMs.set(state, (column.stateMs.get(state) ?? 0) + samples.weightsMs[row]!);
    if (row + 1 === samples.timesMs.length) break;
    const stepMs = samples.timesMs[row + 1]! - samples.timesMs[row]!;
    if (isJoined(samples, row) || stepMs < leastMs) left += stepMs * scale;
    else if (stepMs >= shownMs && drawn < gapsMax) {
      gaps.push({ x: left, spanMs: stepMs });
      left += GAP_PX;
      drawn++;
      starts.push({ x: left, atMs: samples.timesMs[row + 1]! });
    }
  }
  return [
    ...drawLevels(proposal, box),
    ...drawTrace(proposal, [...columns], box),
    ...drawRibbon(
      [...columns].map(([x, column]) => ({ x, state: longest(column) })),
      gaps,
      box,
    ),
    ...gaps.map(
      ({ x }) =>
        `<rect x="${round(box.x + x + 2)}" y="${box.y}" width="${GAP_PX - 4}" height="${box.height + RIBBON_PX + 6}" class="gap"/>`,
    ),
    ...labelGaps(gaps, box),
    ...labelTimes(starts, samples, scale, box, zoneOffsetMin),
  ];
}

function longest({ stateMs }: Column): OperatingState {
  return [...stateMs].reduce((a, b) => (b[1] > a[1] ? b : a))[0];
}

function drawTrace(proposal: Proposal, columns: readonly (readonly [number, Column])[], box: Box): string[] {
  const paths = new Map<OperatingState, string>();
  const yOf = yScale(proposal, box);
  for (const [index, [x, column]] of columns.entries()) {
    const state = longest(column);
    const top = yOf(column.highW);
    const bottom = Math.max(top + 1.4, yOf(column.lowW));
    const run = `M${round(box.x + x + 0.5)} ${round(top)}V${round(bottom)}`;
    // Where readings are farther apart than pixels, each holds until the next.
    const next = columns[index + 1];
    const hold =
      next === undefined || next[0] - x <= 1 || next[0] - x > HOLD_PX
        ? ''
        : `M${round(box.x + x)} ${round(yOf(column.lastW) + 0.7)}h${next[0] - x}`;
    paths.set(state, `${paths.get(state) ?? ''}${run}${hold}`);
  }
  return [...paths].map(([state, path]) => `<path d="${path}" class="trace ${state}"/>`);
}

function drawRibbon(
  columns: readonly { x: number; state: OperatingState }[],
  gaps: readonly { x: number }[],
  box: Box,
): string[] {
  const rects: string[] = [];
  let from = 0;
  for (let index = 1; index <= columns.length; index++) {
    const before = columns[index - 1]!;
    const now = columns[index];
    const start = columns[from]!;
    const isCut =
      now === undefined || gaps.some(({ x }) => before.x <= x && x < now.x && now.x - before.x >= GAP_PX - 1);
    if (!isCut && now.state === before.state) continue;
    const end = now === undefined || isCut ? before.x + 1 : now.x;
    rects.push(
      `<rect x="${box.x + start.x}" y="${box.y + box.height + 6}" width="${Math.max(1, end - start.x)}" height="${RIBBON_PX}" class="${before.state}"/>`,
    );
    from = index;
  }
  return rects;
}

function yScale({ histogram, levels }: Proposal, box: Box): (powerW: number) => number {
  const last = histogram.shares.findLastIndex((share) => share > 0);
  const most = histogram.fromDecade + (last + 4) * histogram.binDecades;
  // The floor itself only where the machine is there.
  const least = Math.max(
    histogram.fromDecade,
    Math.log10(Math.max(histogram.floorW, levels[0]!.lowW)) - 0.25,
  );
  return (powerW) =>
    box.y + box.height - Math.max(0, Math.min(1, (Math.log10(powerW) - least) / (most - least))) * box.height;
}

function drawLevels(proposal: Proposal, box: Box): string[] {
  const yOf = yScale(proposal, box);
  let lastY = Infinity;
  return proposal.boundaries
    .filter(({ counts }) => counts)
    .flatMap(({ powerW }) => {
      const y = yOf(powerW);
      const line = `<path d="M${box.x} ${round(y)}H${box.x + box.width}" class="grid"/>`;
      if (lastY - y < 13) return [line];
      lastY = y;
      return [line, text(box.x - 6, Math.round(y + 4), sayPower(powerW), 'faint', 'end')];
    });
}

function labelGaps(gaps: readonly { x: number; spanMs: number }[], box: Box): string[] {
  let free = -Infinity;
  return gaps.flatMap(({ x, spanMs }) => {
    const middle = box.x + x + GAP_PX / 2;
    if (middle - 20 < free) return [];
    free = middle + 20;
    return [text(middle, box.y - 8, formatSpan(spanMs), 'faint', 'middle')];
  });
}

/** Begin of each stretch, and round times within the long ones, where there is room. */
function labelTimes(
  starts: readonly { x: number; atMs: number }[],
  { timesMs }: PowerSamples,
  scale: number,
  box: Box,
  zoneOffsetMin: number,
): string[] {
  const y = box.y + box.height + RIBBON_PX + 24;
  const offsetMs = zoneOffsetMin * 60_000;
  const labels: string[] = [];
  let free = -Infinity;
  const put = (x: number, atMs: number) => {
    if (x < free || x > box.width - LABEL_PX / 2) return;
    labels.push(
      `<path d="M${round(box.x + x)} ${box.y + box.height + RIBBON_PX + 7}v5" class="axis"/>`,
      text(
        box.x + x,
        y,
        sayTime(atMs + offsetMs, labels.length === 0),
        'soft small',
        labels.length === 0 ? 'start' : 'middle',
      ),
    );
    free = x + (labels.length === 2 ? LABEL_PX * 1.8 : LABEL_PX);
  };
  starts.forEach(({ x, atMs }, index) => {
    const endMs = index + 1 < starts.length ? starts[index + 1]!.atMs : timesMs[timesMs.length - 1]!;
    put(x, atMs);
    const stepMs = niceStep(LABEL_PX / scale);
    for (
      let tickMs = Math.ceil((atMs + offsetMs) / stepMs) * stepMs - offsetMs;
      tickMs < endMs;
      tickMs += stepMs
    ) {
      const at = x + (tickMs - atMs) * scale;
      if (index + 1 < starts.length && at > starts[index + 1]!.x - LABEL_PX / 2) break;
      if (tickMs > atMs) put(at, tickMs);
    }
  });
  return labels;
}

function niceStep(leastMs: number): number {
  const steps = [
    1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400, 172_800, 604_800,
  ];
  return (steps.find((seconds) => seconds * 1000 >= leastMs) ?? 604_800) * 1000;
}

function sayTime(localMs: number, isFirst: boolean): string {
  const iso = new Date(localMs).toISOString();
  const time = iso.slice(11, iso.slice(17, 19) === '00' ? 16 : 19);
  return isFirst ? `${iso.slice(0, 10)} ${time}` : time === '00:00' ? iso.slice(5, 10) : time;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
