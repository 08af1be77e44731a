import { element, secondText } from './format.js';
import { decidedText, STATES, wordOf } from './states.js';

// The states of the last 24 hours to the pixel: each column shows how its time was spent. Pointing says what decided.

const DAY_MS = 86_400_000;

/** `show({spans, nowMs})` draws; `tell(text)` gets what is pointed at, null when nothing is. */
export function createStateRibbon(tell) {
  const node = element('div', 'band');
  const canvas = document.createElement('canvas');
  node.setAttribute('role', 'img');
  node.append(canvas);
  let shown = { spans: [], nowMs: 0 };

  const draw = () => {
    const { clientWidth: width, clientHeight: height } = node;
    if (width === 0) return;
    const scale = devicePixelRatio;
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    const context = canvas.getContext('2d');
    const colours = readColours(node);
    const startMs = shown.nowMs - DAY_MS;
    const columnMs = DAY_MS / canvas.width;
    let first = 0;
    for (let x = 0; x < canvas.width; x++) {
      const fromMs = startMs + x * columnMs;
      const toMs = fromMs + columnMs;
      while (first < shown.spans.length && shown.spans[first].toMs <= fromMs) first++;
      const timeMs = {};
      for (let index = first; index < shown.spans.length && shown.spans[index].fromMs < toMs; index++) {
        const span = shown.spans[index];
        const ms = Math.min(span.toMs, toMs) - Math.max(span.fromMs, fromMs);
        timeMs[span.state] = (timeMs[span.state] ?? 0) + ms;
      }
      let y = 0;
      for (const state of STATES) {
        if (timeMs[state] === undefined) continue;
        const share = (timeMs[state] / columnMs) * canvas.height;
        // Unknown is hatched, here as everywhere on the page.
        context.fillStyle = state !== 'unknown' || (x / scale) % 6 < 2 ? colours[state] : colours.ground;
        context.fillRect(x, y, 1, share);
        y += share;
      }
    }
  };

  node.addEventListener('pointermove', ({ offsetX }) => {
    const atMs = shown.nowMs - DAY_MS + (offsetX / Math.max(1, node.clientWidth)) * DAY_MS;
    const span = shown.spans.find(({ fromMs, toMs }) => fromMs <= atMs && atMs < toMs);
    tell(span === undefined ? null : spanText(span));
  });
  node.addEventListener('pointerleave', () => tell(null));
  new ResizeObserver(draw).observe(node);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw);

  return {
    node,
    show(data) {
      shown = data;
      node.setAttribute('aria-label', describe(data.spans));
      draw();
    },
  };
}

function spanText(span) {
  return `${secondText(span.fromMs)} to ${secondText(span.toMs)}: ${wordOf(span.state)}, ${decidedText(span)}`;
}

function describe(spans) {
  const minutes = (state) =>
    Math.round(
      spans.filter((span) => span.state === state).reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0) /
        60_000,
    );
  const spent = STATES.filter((state) => minutes(state) > 0).map(
    (state) => `${wordOf(state)} ${minutes(state)} min`,
  );
  return spent.length === 0 ? 'No states are known' : `States of the last 24 hours: ${spent.join(', ')}`;
}

/** The colour of each state as the style sheet has it just now; for unknown its stripes, and the `ground` below them. */
export function readColours(node) {
  const sample = element('i');
  node.append(sample);
  const style = getComputedStyle(sample);
  const colours = { ground: style.getPropertyValue('--unknown') };
  for (const state of STATES) {
    sample.dataset.state = state;
    colours[state] = style.getPropertyValue('--state');
  }
  sample.remove();
  return colours;
}
