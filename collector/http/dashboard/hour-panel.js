import { getJson, NeedsToken } from './collector-client.js';
import { dayText, element, timeText } from './format.js';
import { createHourChart } from './hour-chart.js';
import { hourSections } from './hour-figures.js';

// The panel that explains one hour. It asks only when it is opened, and it is a dialog: Escape closes it.

const HOUR_MS = 3_600_000;

/**
 * `open({machine, name, hourMs})`, `close()`; `node` goes into the page.
 * `onGo(hourMs)` when another hour is asked for, `onClose()` when it was closed, `onNeedsToken()`.
 */
export function createHourPanel({ onGo, onClose, onNeedsToken }) {
  const node = element('dialog', 'hour-panel');
  node.setAttribute('aria-labelledby', 'hour-title');
  const title = element('h2', '', '');
  title.id = 'hour-title';
  // Where reading begins: else the first button would have the focus.
  title.tabIndex = -1;
  title.autofocus = true;
  const subtitle = element('p', 'note');
  const before = makeButton('‹', 'The hour before');
  const after = makeButton('›', 'The hour after');
  const close = makeButton('Close', 'Close (Escape)');
  const words = element('div', 'hour-words');
  words.append(title, subtitle);
  const buttons = element('div', 'hour-buttons');
  buttons.append(before, after, close);
  const head = element('header', 'hour-head');
  head.append(words, buttons);
  const body = element('div', 'hour-body');
  node.append(head, body);
  let shown = null;
  let chart = null;

  const clear = () => {
    chart?.end();
    chart = null;
    body.replaceChildren();
  };

  async function load(asked) {
    clear();
    const { machine, name, hourMs } = asked;
    title.textContent = `${name}, ${timeText(hourMs)} – ${timeText(hourMs + HOUR_MS)}`;
    subtitle.textContent = dayText(hourMs);
    const status = element('p', 'note', 'Asking the collector …');
    status.setAttribute('role', 'status');
    body.append(status);
    try {
      const explanation = await getJson(
        `/api/v1/machines/${machine}/hours/${new Date(hourMs).toISOString().slice(0, 16)}Z/explanation`,
      );
      if (shown !== asked) return;
      show(explanation);
    } catch (error) {
      if (shown !== asked) return;
      if (error instanceof NeedsToken) {
        node.close();
        onNeedsToken();
        return;
      }
      status.className = 'problem';
      status.setAttribute('role', 'alert');
      status.textContent = error.message;
    }
  }

  function show(explanation) {
    const { hourMs, hour } = explanation;
    const utc = (ms) => new Date(ms).toISOString().slice(11, 16);
    subtitle.textContent = `${dayText(hourMs)} · ${utc(hourMs)} to ${utc(hourMs + HOUR_MS)} UTC · ${hour.status === 'final' ? `final, revision ${hour.revision}` : 'provisional'}`;
    chart = createHourChart();
    const grid = element('div', 'hour-sections');
    grid.append(...hourSections(explanation));
    body.replaceChildren(chart.node, grid);
    chart.show(explanation);
  }

  before.addEventListener('click', () => onGo(shown.hourMs - HOUR_MS));
  after.addEventListener('click', () => onGo(shown.hourMs + HOUR_MS));
  close.addEventListener('click', () => node.close());
  // What lies outside the dialog's box is its backdrop.
  node.addEventListener('click', (event) => {
    if (event.target === node) node.close();
  });
  node.addEventListener('close', () => {
    const { machine, hourMs } = shown ?? {};
    shown = null;
    clear();
    onClose({ machine, hourMs });
  });

  return {
    node,
    close: () => node.close(),
    open(asked) {
      if (shown?.machine === asked.machine && shown.hourMs === asked.hourMs) return;
      shown = asked;
      if (!node.open) node.showModal();
      void load(asked);
    },
  };
}

function makeButton(text, label) {
  const button = element('button', '', text);
  button.type = 'button';
  button.title = label;
  button.setAttribute('aria-label', label);
  return button;
}
