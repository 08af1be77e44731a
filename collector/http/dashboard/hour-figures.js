import { budgetBars } from './budget-bars.js';
import { countText, dayText, element, secondText, startOfDay, timeText } from './format.js';
import { decidedText, wordOf } from './states.js';
import { REASONS } from './reasons.js';

// What one hour rests on, in sections. Every figure is shown with the arithmetic that the collector says.

/** The sections of an explanation, in the order in which a person would check it. */
export function hourSections(explanation) {
  const { hourMs, time, energy, states, sums, counters, closure, components } = explanation;
  return [
    section('Energy', 'energy', [figureList([...energy, ...time])]),
    section('States', 'states', [stateTable(states), figureList(sums)]),
    ...counters.map(({ component, figures }) =>
      section(`Counter of ${component}`, 'counter', [figureList(figures, hourMs)]),
    ),
    section('Counter against power', 'closure', [figureList(closure)]),
    section('Components', 'components', [figureList(components)]),
    section('Gaps', 'gaps', [pairs(explanation.gaps.map(gapPair))]),
    section('Decided about the counter', 'decisions', [pairs(explanation.decisions.map(decisionPair))]),
    section('Amendments', 'amendments', [pairs(explanation.amendments.map(amendmentPair))]),
    uncertaintySection(explanation.uncertainty),
    section('What is marked in it', 'reasons', [
      pairs(explanation.hour.reasons.map((reason) => [reason, REASONS[reason] ?? reason])),
    ]),
    section('Meters', 'meters', [pairs(explanation.meters.map(meterPair))]),
    section('Rests on', 'basis', [pairs(basisPairs(explanation.basis))]),
  ].filter((made) => made !== null);
}

/** A heading with what is below it; null where all of that is empty. */
function section(title, name, parts) {
  const filled = parts.filter((part) => part !== null);
  if (filled.length === 0) return null;
  const node = element('section', 'sums');
  node.dataset.section = name;
  node.append(element('h4', '', title), ...filled);
  return node;
}

function figureList(figures, hourMs = 0) {
  return pairs(
    figures.map(({ label, saying, atMs }) => [
      atMs === undefined ? label : `${label}, ${momentText(atMs, hourMs)}`,
      saying,
    ]),
  );
}

/** Labels and what is said of them; null without any. */
function pairs(rows) {
  if (rows.length === 0) return null;
  const list = element('dl', 'pairs');
  for (const [label, saying] of rows) {
    const pair = element('div');
    pair.append(element('dt', '', label), element('dd', '', tieUnits(saying)));
    list.append(pair);
  }
  return list;
}

/** A figure stays on one line with its unit. */
const tieUnits = (saying) =>
  saying
    .replaceAll(/(?<=\d) (?=(?:kWh|Wh|kW|W|h|s|A|V|l|Nm3|%)(?!\w))/g, '\u00a0')
    .replaceAll('k = 2', 'k\u00a0=\u00a02');

function stateTable(states) {
  if (states.length === 0) return null;
  const list = element('dl', 'pairs');
  for (const { state, saying, decided } of states) {
    const pair = element('div');
    const name = element('dt', 'state-name', wordOf(state));
    name.dataset.state = state;
    const said = element('dd', '', tieUnits(saying.slice(state.length + 2)));
    for (const { decider, ms, bases } of decided) {
      const how = decidedText({ decider, basis: bases.join('; ') });
      said.append(element('span', 'note', `${countText(Math.round(ms / 1000))} s ${how}`));
    }
    pair.append(name, said);
    list.append(pair);
  }
  return list;
}

/** The time of a reading, with its day where that is not the day of the hour. */
const momentText = (atMs, hourMs) =>
  startOfDay(atMs) === startOfDay(hourMs) ? secondText(atMs) : `${secondText(atMs)} on ${dayText(atMs)}`;

const gapPair = ({ fromMs, toMs, saying, reasons }) => [
  `${timeText(fromMs)} – ${timeText(toMs)}`,
  reasons.length === 0
    ? saying
    : `${saying} (${reasons.map((reason) => REASONS[reason] ?? reason).join(', ')})`,
];

const decisionPair = ({ atMs, component, kind, saying, amendment }) => [
  `${secondText(atMs)}, ${component}: ${kind}`,
  amendment === null ? saying : `${saying} (amendment ${amendment})`,
];

const amendmentPair = ({ id, by, atMs, saying }) => [
  id,
  by === null || atMs === null ? saying : `${saying} (${by}, ${dayText(atMs)})`,
];

function meterPair({
  component,
  quantity,
  point,
  source,
  protocol,
  address,
  serial,
  class: ofMeter,
  ct,
  vt,
  profile,
  device,
  scale,
}) {
  const words = [
    `${point} of ${source} (${protocol} ${address})`,
    device ?? '',
    profile === null ? '' : `profile ${profile}`,
    serial === null ? 'no serial number written down' : `serial ${serial}`,
    ofMeter === null ? 'no class written down' : `class ${ofMeter}`,
    ct === null ? '' : `current transformer ${ct}`,
    vt === null ? '' : `voltage transformer ${vt}`,
    scale[1] === '1' ? `raw x ${scale[0]}` : `raw x ${scale[0]} / ${scale[1]}`,
  ];
  return [`${component} ${quantity}`, words.filter((word) => word !== '').join(', ')];
}

function basisPairs({ algorithm, status, records, snapshots }) {
  return [
    ['status', status],
    ['algorithm', algorithm],
    ...records.map((words) => ['records', words]),
    ...snapshots.map((hash) => ['config snapshot', hash]),
  ];
}

/** The statement and its budget: each source with its share of the variance as a bar. */
function uncertaintySection(uncertainty) {
  if (uncertainty.kind === 'not-assessed')
    return section('Uncertainty', 'uncertainty', [pairs([['not assessed', uncertainty.because]])]);
  const { total, figures, missing, notes } = uncertainty;
  return section('Uncertainty', 'uncertainty', [
    figureList(figures),
    total?.kind === 'known' ? budgetBars(total.rows) : null,
    pairs(notes.map((note) => ['note', note])),
    pairs(missing.map(({ fact, remedy, key }) => [fact, key === null ? remedy : `${remedy} (${key})`])),
  ]);
}
