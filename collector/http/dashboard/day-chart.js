import { element, powerText, shortDayText, timeText } from './format.js';
import { createStateRibbon } from './state-ribbon.js';

// The last 24 hours of a machine: mean power with its extremes, and below it the states.

// Served from its package beside our own files, so no path in the sources leads to it.
const { default: uPlot } = await import(new URL('uplot.js', import.meta.url).href);

const DAY_MS = 86_400_000;
const AXIS_WIDTH = 56;
const RIGHT_EDGE = 10;

const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** `show({points, stepMs, spans, nowMs})` draws; `node` goes into the page. */
export function createDayChart(machineName) {
  const node = element('figure', 'day-chart');
  const caption = element('figcaption', 'chart-caption');
  const plot = element('div', 'plot');
  const ribbon = createStateRibbon((text) => {
    caption.textContent = text ?? rest;
  });
  plot.setAttribute('role', 'img');
  node.append(caption, plot, ribbon.node);
  let chart = null;
  let shown = null;
  let rest = 'Power over the last 24 hours';

  const options = (width) => ({
    width,
    height: Math.max(150, Math.min(220, Math.round(width / 3.6))),
    padding: [8, RIGHT_EDGE, 0, 0],
    legend: { show: false },
    cursor: { y: false, points: { show: false }, drag: { setScale: false, x: false, y: false } },
    scales: {
      x: { time: true, range: () => [(shown.nowMs - DAY_MS) / 1000, shown.nowMs / 1000] },
      y: { range: (_u, low, high) => [Math.min(0, low ?? 0), Math.max(100, (high ?? 100) * 1.08)] },
    },
    axes: [
      {
        stroke: css('--soft'),
        grid: { show: false },
        ticks: { stroke: css('--line'), size: 4 },
        font: '12px system-ui, sans-serif',
        size: 26,
        gap: 4,
        space: 64,
        values: (_u, ticks) => ticks.map((second) => timeText(second * 1000)),
      },
      {
        stroke: css('--soft'),
        grid: { stroke: css('--line'), width: 1 },
        ticks: { show: false },
        font: '12px system-ui, sans-serif',
        size: AXIS_WIDTH,
        space: 36,
        values: (_u, ticks) => ticks.map((powerW) => powerText(powerW)),
      },
    ],
    series: [
      {},
      { stroke: 'transparent', points: { show: false } },
      { stroke: 'transparent', points: { show: false } },
      { stroke: css('--accent'), width: 1.75, points: { show: false } },
    ],
    bands: [{ series: [1, 2], fill: css('--accent-soft') }],
    hooks: { setCursor: [tellAtCursor] },
  });

  function tellAtCursor(u) {
    const index = u.cursor.idx;
    const mean = index === null || index === undefined ? null : u.data[3][index];
    if (mean === null || mean === undefined) {
      caption.textContent = rest;
      return;
    }
    const fromMs = u.data[0][index] * 1000;
    caption.textContent = `${timeText(fromMs)}, ${shortDayText(fromMs)}: ${powerText(mean)} (${powerText(u.data[2][index])} to ${powerText(u.data[1][index])})`;
  }

  const build = () => {
    chart?.destroy();
    chart = null;
    if (shown === null || plot.clientWidth === 0) return;
    if (shown.points.length === 0) {
      plot.replaceChildren(element('p', 'empty small', 'No power readings in the last 24 hours.'));
      return;
    }
    plot.replaceChildren();
    chart = new uPlot(options(plot.clientWidth), withHoles(shown.points, shown.stepMs), plot);
  };

  new ResizeObserver(() => {
    if (chart === null || Math.abs(chart.width - plot.clientWidth) > 1) build();
  }).observe(plot);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', build);

  return {
    node,
    /** A point each few pixels: more is noise on a small screen. */
    stepMinutes: () =>
      Math.min(30, Math.max(1, Math.round((1440 * 2.5) / Math.max(200, plot.clientWidth - AXIS_WIDTH)))),
    show(data) {
      shown = data;
      const means = data.points.map(({ mean }) => mean);
      const top = data.points.reduce((most, { max }) => Math.max(most, max), 0);
      rest =
        means.length === 0
          ? 'Power over the last 24 hours'
          : `Last 24 hours: mean ${powerText(means.reduce((sum, mean) => sum + mean, 0) / means.length)}, peak ${powerText(top)}`;
      plot.setAttribute('aria-label', `${machineName}. ${rest}`);
      caption.textContent = rest;
      if (chart === null || data.points.length === 0) build();
      else chart.setData(withHoles(data.points, data.stepMs));
      ribbon.show(data);
    },
  };
}

/** Columns for the chart; a missing step becomes a hole instead of a line across it. */
function withHoles(points, stepMs) {
  const columns = [[], [], [], []];
  let previousMs = null;
  for (const { fromMs, min, max, mean } of points) {
    if (previousMs !== null && fromMs - previousMs > 2 * stepMs)
      [(previousMs + stepMs) / 1000, null, null, null].forEach((value, index) => columns[index].push(value));
    // A point stands for its whole step.
    [(fromMs + stepMs / 2) / 1000, max, min, mean].forEach((value, index) => columns[index].push(value));
    previousMs = fromMs;
  }
  return columns;
}
