// Operating states in the order in which they are shown; colours are in dashboard.css under the same names.
export const STATES = ['processing', 'ready', 'warmUp', 'standby', 'extendedStandby', 'off', 'unknown'];

const WORDS = {
  off: 'Off',
  standby: 'Standby',
  extendedStandby: 'Extended standby',
  warmUp: 'Warm-up',
  ready: 'Ready',
  processing: 'Processing',
  unknown: 'Unknown',
};

const DECIDED = {
  power: 'by measured power',
  warmUp: 'by the warm-up flag',
  control: 'by the control',
  bands: 'by power bands',
  bridged: 'bridged, the control was silent for a moment',
  none: 'nothing tells',
};

/** What decided a state, for people: `by the control: mill.control.execution=ACTIVE`. */
export const decidedText = ({ decider, basis }) =>
  `${DECIDED[decider] ?? decider}${basis === '' ? '' : `: ${basis}`}`;

/** What people call a state. */
export const wordOf = (state) => WORDS[state] ?? 'Unknown';

/** The share of each state in a record of ms, largest first in the order of STATES; states without time are left out. */
function sharesOf(timeMs) {
  const totalMs = STATES.reduce((sum, state) => sum + (timeMs[state] ?? 0), 0);
  if (totalMs === 0) return [];
  return STATES.filter((state) => timeMs[state] > 0).map((state) => ({
    state,
    share: timeMs[state] / totalMs,
    ms: timeMs[state],
  }));
}

/** A stacked bar of states with a description for those who cannot see it. */
export function stateBar(timeMs, className) {
  const bar = document.createElement('span');
  bar.className = className;
  const shares = sharesOf(timeMs);
  const text = shares.map(({ state, ms }) => `${wordOf(state)} ${Math.round(ms / 60_000)} min`).join(', ');
  bar.setAttribute('role', 'img');
  bar.setAttribute('aria-label', text === '' ? 'No time measured' : text);
  bar.title = text;
  for (const { state, share } of shares) {
    const piece = document.createElement('i');
    piece.dataset.state = state;
    piece.style.flexGrow = String(share);
    bar.append(piece);
  }
  return bar;
}
