import { element, energyText, powerText, timeText } from './format.js';
import { readColours } from './state-ribbon.js';
import { STATES, wordOf } from './states.js';

// One hour: power by the minute over its states, gaps hatched; below it the counter beside power x time.

// Served from its package beside our own files, so no path in the sources leads to it.
const { default: uPlot } = await import(new URL('uplot.js', import.meta.url).href);

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const AXIS_WIDTH = 64;
/** A counter that shows more than this multiple of what was booked was a glitch: it would squeeze everything else. */
const OFF_SCALE = 1.5;

const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** `show(explanation)` draws; `node` goes into the page; `end()` when it leaves it. */
export function createHourChart() {
  const node = element('figure', 'hour-chart');
  const caption = element('figcaption', 'chart-caption');
  const power = element('div', 'plot');
  const energy = element('div', 'plot');
  const legend = element('ul', 'legend');
  for (const plot of [power, energy]) plot.setAttribute('role', 'img');
  node.append(caption, power, energy, legend);
  let charts = [];
  let shown = null;
  let rest = '';

  const build = () => {
    for (const chart of charts) chart.destroy();
    charts = [];
    if (shown === null || power.clientWidth === 0) return;
    power.replaceChildren();
    energy.replaceChildren();
    const colours = readColours(node);
    charts = [
      new uPlot(powerOptions(power.clientWidth, shown, colours, tell), powerColumns(shown), power),
      new uPlot(energyOptions(energy.clientWidth, shown, tell), energyColumns(shown), energy),
    ];
  };

  function tell(u) {
    const at = u.cursor.left < 0 ? null : u.posToVal(u.cursor.left, 'x') * 1000;
    const minute = at === null ? undefined : shown.curve.find(({ minuteMs }) => minuteMs + MINUTE_MS > at);
    caption.textContent = minute === undefined ? rest : minuteText(minute, shown);
  }

  const watch = new ResizeObserver(() => {
    if (charts.length === 0 || Math.abs(charts[0].width - power.clientWidth) > 1) build();
  });
  watch.observe(power);
  const dark = matchMedia('(prefers-color-scheme: dark)');
  dark.addEventListener('change', build);

  return {
    node,
    show(explanation) {
      shown = explanation;
      rest = restText(explanation);
      caption.textContent = rest;
      power.setAttribute('aria-label', `Power by the minute. ${rest}`);
      energy.setAttribute('aria-label', energyLabel(explanation));
      legend.replaceChildren(...legendOf(explanation));
      build();
    },
    end() {
      watch.disconnect();
      dark.removeEventListener('change', build);
      for (const chart of charts) chart.destroy();
    },
  };
}

function baseOptions(width, height, { hourMs }, tell) {
  return {
    width,
    height,
    padding: [8, 20, 0, 0],
    legend: { show: false },
    cursor: {
      y: false,
      points: { show: false },
      drag: { setScale: false, x: false, y: false },
      sync: { key: 'hour', setSeries: false },
    },
    scales: { x: { time: true, range: () => [hourMs / 1000, (hourMs + HOUR_MS) / 1000] } },
    hooks: { setCursor: [tell] },
  };
}

function axes(valueText) {
  const common = { stroke: css('--soft'), font: '12px system-ui, sans-serif' };
  return [
    {
      ...common,
      grid: { show: false },
      ticks: { stroke: css('--line'), size: 4 },
      size: 26,
      gap: 4,
      space: 56,
      values: (_u, ticks) => ticks.map((second) => timeText(second * 1000)),
    },
    {
      ...common,
      grid: { stroke: css('--line'), width: 1 },
      ticks: { show: false },
      size: AXIS_WIDTH,
      space: 32,
      values: (_u, ticks) => ticks.map(valueText),
    },
  ];
}

function powerOptions(width, explanation, colours, tell) {
  const options = baseOptions(width, 190, explanation, tell);
  options.scales.y = {
    range: (_u, low, high) => [Math.min(0, low ?? 0), Math.max(100, (high ?? 100) * 1.08)],
  };
  options.hooks.drawClear = [(u) => drawGround(u, explanation, colours)];
  return {
    ...options,
    axes: axes(powerText),
    series: [
      {},
      { stroke: 'transparent', points: { show: false } },
      { stroke: 'transparent', points: { show: false } },
      { stroke: css('--text'), width: 1.5, points: { show: false } },
    ],
    bands: [{ series: [1, 2], fill: css('--curve-soft') }],
  };
}

/** States as a band of colour behind the curve, and gaps hatched over it. */
function drawGround(u, { spans, gaps }, colours) {
  const { ctx } = u;
  const { left, top, width, height } = u.bbox;
  const from = (ms) => Math.max(left, Math.min(left + width, u.valToPos(ms / 1000, 'x', true)));
  ctx.save();
  for (const { fromMs, toMs, state } of spans) {
    ctx.globalAlpha = state === 'unknown' ? 0.35 : 0.3;
    ctx.fillStyle = colours[state];
    ctx.fillRect(from(fromMs), top, from(toMs) - from(fromMs), height);
  }
  ctx.globalAlpha = 1;
  ctx.strokeStyle = css('--warn');
  ctx.lineWidth = devicePixelRatio;
  for (const gap of gaps) {
    const [x, right] = [from(gap.fromMs), from(gap.toMs)];
    ctx.save();
    ctx.beginPath();
    ctx.rect(x, top, right - x, height);
    ctx.clip();
    ctx.globalAlpha = 0.55;
    ctx.beginPath();
    for (let start = x - height; start < right; start += 9 * devicePixelRatio) {
      ctx.moveTo(start, top + height);
      ctx.lineTo(start + height, top);
    }
    ctx.stroke();
    ctx.restore();
  }
  ctx.restore();
}

function powerColumns({ curve }) {
  const middle = ({ minuteMs }) => (minuteMs + MINUTE_MS / 2) / 1000;
  // A minute that is measured without a reading of its own, of a slow meter, breaks no line; a gap does.
  const known = curve.filter(({ meanW, measuredMs }) => meanW !== null || measuredMs === 0);
  return [
    known.map(middle),
    known.map(({ maxW }) => maxW),
    known.map(({ minW }) => minW),
    known.map(({ meanW }) => meanW),
  ];
}

function energyOptions(width, explanation, tell) {
  const options = baseOptions(width, 120, explanation, tell);
  options.scales.y = { range: (_u, _low, high) => [0, Math.max(1e3, (high ?? 0) * 1.08)] };
  return {
    ...options,
    axes: axes(energyText),
    series: [
      {},
      // A gap of the counter is a straight line: so its energy is bridged.
      { stroke: css('--accent'), width: 2, points: { show: false }, spanGaps: true },
      { stroke: css('--text'), width: 1.25, dash: [5, 4], points: { show: false } },
    ],
  };
}

function energyColumns({ hourMs, curve, hour }) {
  const limitMwh = (hour.energy.supplyMwh ?? 0) * OFF_SCALE + 1000;
  const counted = curve.map(({ countedMwh }) =>
    countedMwh === null || countedMwh < 0 || countedMwh > limitMwh ? null : countedMwh,
  );
  const isCounted = counted.some((mwh) => mwh !== null);
  return [
    [hourMs / 1000, ...curve.map(({ minuteMs }) => (minuteMs + MINUTE_MS) / 1000)],
    [isCounted ? 0 : null, ...counted],
    [0, ...curve.map(({ integralMwh }) => integralMwh)],
  ];
}

function restText({ curve }) {
  const read = curve.filter(({ meanW }) => meanW !== null);
  if (read.length === 0) return 'No power readings in this hour';
  const top = Math.max(...read.map(({ maxW }) => maxW));
  return `Highest ${powerText(top)}, lowest ${powerText(Math.min(...read.map(({ minW }) => minW)))}; point at a minute for its figures`;
}

function minuteText({ minuteMs, meanW, minW, maxW, timeMs, integralMwh, countedMwh }, { gaps }) {
  const states = STATES.filter((state) => timeMs[state] > 0)
    .map((state) => `${wordOf(state)} ${Math.round(timeMs[state] / 1000)} s`)
    .join(', ');
  const isGap = gaps.some(({ fromMs, toMs }) => fromMs <= minuteMs && minuteMs < toMs);
  const power =
    meanW === null ? 'no reading' : `${powerText(meanW)} (${powerText(minW)} to ${powerText(maxW)})`;
  const counter = countedMwh === null ? '' : `; counter ${energyText(countedMwh)}`;
  return `${timeText(minuteMs)}: ${power}${states === '' ? '' : `; ${states}`}${isGap ? '; not measured all the time' : ''}${counter}; power x time ${energyText(integralMwh)}`;
}

function energyLabel({ curve, obtained, hour }) {
  const last = curve.at(-1);
  const counter = (obtained ?? hour.obtained).counterMwh;
  return `Energy since the hour began: the counter read ${energyText(counter)}, power x time is ${energyText(last?.integralMwh ?? null)}`;
}

function legendOf({ spans, gaps }) {
  const seen = new Set(spans.map(({ state }) => state));
  const entries = STATES.filter((state) => seen.has(state)).map((state) => {
    const entry = element('li', '', wordOf(state));
    entry.dataset.state = state;
    return entry;
  });
  const line = (name, text) => element('li', name, text);
  return [
    ...entries,
    ...(gaps.length === 0 ? [] : [line('gap-key', 'Not measured')]),
    line('counter-key', 'Counter'),
    line('integral-key', 'Power x time'),
  ];
}
